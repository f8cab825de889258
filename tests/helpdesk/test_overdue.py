"""When erasures are overdue people are told: the right ones, once, and again when it is over."""

import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connections

from helpdesk.models import OverdueAlert, StaffMail
from helpdesk.services.overdue import tell_of_overdue
from helpdesk.tasks import tell_of_overdue as task
from privacy.gate import gate
from privacy.models import DataKey, LedgerEntry
from privacy.services.erasing.purge import purge
from privacy.services.restoring.replay import Gate
from privacy.terms import Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_folders(own_folders):
    """The ledger of these tests is read as a whole."""


@pytest.fixture
def hourly(account):
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    return account


def overdue_by(account, **late):
    closed_at = NOW - timedelta(hours=1) - timedelta(**late)
    return factories.chat(account, closed_at=closed_at, created_at=closed_at)


def told() -> list[tuple[str, str]]:
    """Return who was told what, in the order of the addresses."""
    return sorted((mail.to, mail.template) for mail in StaffMail.objects.all())


def entries(action: str) -> list[tuple[int, dict]]:
    return [(e.account_id, e.params) for e in LedgerEntry.objects.filter(action=action)]


def test_nobody_is_told_within_fifteen_minutes(hourly, manager, operator):
    overdue_by(hourly, minutes=15)

    assert tell_of_overdue(now=NOW) == 0

    assert told() == []
    assert OverdueAlert.objects.count() == 0


def test_managers_of_the_account_and_operators_are_told(hourly, manager, operator, owner, agent, stranger):
    factories.manager(stranger.account)
    factories.manager(hourly, is_active=False)
    factories.user("operator", is_active=False)
    overdue_by(hourly, minutes=20)
    overdue_by(hourly, minutes=3)

    assert tell_of_overdue(now=NOW) == 1

    assert told() == sorted([(manager.email, "purge_overdue"), (operator.email, "purge_overdue")])
    assert entries("purge.overdue") == [(hourly.pk, {"units": 2, "seconds": 1200})]


def test_mail_says_which_account_how_many_since_when_and_what_to_do(hourly, manager):
    overdue_by(hourly, minutes=20)

    tell_of_overdue(now=NOW)

    mail = StaffMail.objects.get()
    assert mail.subject == "Bramble Books: data is overdue for erasure"
    words = ["Bramble Books", "1 item should", "March 31, 2026, 11:40 a.m. UTC", "worker", "beat", "/readyz"]
    words += ["manage.py purge", "docs/operations.md", "http://127.0.0.1:8000/admin/"]
    assert [word for word in words if word not in mail.body] == []


def test_mail_names_nobody_whose_data_is_overdue(hourly, manager):
    visitor = factories.contact(hourly, name="Quollina Markerson", email="quollina@markerson.example")
    chat = factories.chat(hourly, contact=visitor, says=("quollmarker",), closed_at=NOW - timedelta(hours=3))

    tell_of_overdue(now=NOW)

    mail = StaffMail.objects.get()
    text = (mail.subject + mail.body).lower()
    assert [word for word in ("quoll", "markerson", str(chat.pk)) if word in text] == []


def test_people_are_told_once_an_incident(hourly, manager):
    overdue_by(hourly, minutes=20)

    said = [tell_of_overdue(now=NOW + timedelta(minutes=minute)) for minute in range(5)]

    assert said == [1, 0, 0, 0, 0]
    assert told() == [(manager.email, "purge_overdue")]
    assert len(entries("purge.overdue")) == 1


def test_people_are_told_when_it_is_over_and_of_the_next_time(hourly, manager):
    overdue_by(hourly, minutes=20)
    tell_of_overdue(now=NOW)

    purge(now=NOW)
    said = [tell_of_overdue(now=NOW + timedelta(minutes=minute)) for minute in (10, 11)]
    overdue_by(hourly, minutes=16)
    tell_of_overdue(now=NOW + timedelta(minutes=11))

    assert said == [1, 0]
    assert [template for _to, template in told()] == ["purge_caught_up", "purge_overdue", "purge_overdue"]
    assert entries("purge.caught_up") == [(hourly.pk, {"units": 1, "seconds": 30 * 60})]
    assert len(entries("purge.overdue")) == 2
    over = next(mail for mail in StaffMail.objects.all() if mail.template == "purge_caught_up")
    assert "from March 31, 2026, 11:40 a.m. to March 31, 2026, 12:10 p.m. UTC" in over.body


def test_incident_is_not_over_while_the_purge_just_keeps_up(hourly, manager):
    overdue_by(hourly, minutes=20)
    tell_of_overdue(now=NOW)
    purge(now=NOW)
    overdue_by(hourly, minutes=5)

    assert tell_of_overdue(now=NOW) == 0

    assert OverdueAlert.objects.get().account == hourly
    assert tell_of_overdue(now=NOW - timedelta(seconds=1)) == 1


def test_each_account_has_its_own_incident(hourly, other_account, manager):
    theirs = factories.manager(other_account)
    factories.policy(other_account, "chat", amount=1, unit=Unit.HOURS)
    overdue_by(hourly, minutes=20)
    overdue_by(other_account, minutes=30)

    assert tell_of_overdue(now=NOW) == 2

    assert told() == sorted([(manager.email, "purge_overdue"), (theirs.email, "purge_overdue")])


def test_lost_key_of_one_does_not_keep_it_from_the_others(hourly, manager, operator, caplog):
    DataKey.objects.filter(pk=manager.key_id).delete()
    overdue_by(hourly, minutes=20)

    with caplog.at_level(logging.ERROR):
        tell_of_overdue(now=NOW)

    assert told() == [(operator.email, "purge_overdue")]
    assert f"User {manager.pk} can't be told" in caplog.text


def test_two_workers_tell_once(hourly, manager):
    overdue_by(hourly, minutes=20)
    said, start = [], threading.Barrier(2)

    def work():
        start.wait(10)
        said.append(tell_of_overdue(now=NOW))
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert sorted(said) == [0, 1]
    assert told() == [(manager.email, "purge_overdue")]


def test_timetable_looks_each_minute(settings):
    line = settings.CELERY_BEAT_SCHEDULE["tell-of-overdue"]

    assert (line["task"], line["schedule"]) == (task.name, 60.0)


@pytest.mark.parametrize(("state", "alerts"), [(Gate.OPEN, 1), (Gate.STALE_MAIN, 0)])
def test_restored_database_is_not_complained_about_before_its_replay(hourly, monkeypatch, state, alerts):
    monkeypatch.setattr(gate, "state", lambda: state)
    overdue_by(hourly, minutes=20)

    task()

    assert OverdueAlert.objects.count() == alerts
