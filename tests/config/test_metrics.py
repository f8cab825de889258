"""What Prometheus is told: totals of the deployment, for whoever brings the token."""

from datetime import timedelta

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from helpdesk.services.staff_mail import queue_staff_mail
from privacy import ledger
from privacy.gate import gate
from privacy.models import Heartbeat, LedgerEntry
from privacy.services.restoring.replay import Gate
from privacy.terms import Unit
from tests import factories
from tests.helpdesk.tickets import opened

pytestmark = pytest.mark.django_db

TOKEN = "a-token-of-the-tests-0123456789-abcdef"


@pytest.fixture
def scrape(client, settings):
    """Return a function that asks as Prometheus does and returns the samples by name."""
    settings.LETHE_METRICS_TOKEN = TOKEN

    def ask() -> dict[str, float]:
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        families = text_string_to_metric_families(answer.content.decode())
        samples = [sample for family in families for sample in family.samples]
        assert {name for sample in samples for name in sample.labels} <= {"account"}
        return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}

    return ask


def overdue(account, **late):
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    closed_at = timezone.now() - timedelta(hours=1) - timedelta(**late)
    return factories.chat(account, closed_at=closed_at, created_at=closed_at)


def test_quiet_deployment_measures_nothing_overdue(scrape):
    Heartbeat.objects.create(part="beat", seen_at=timezone.now() - timedelta(seconds=30))

    measured = scrape()

    assert measured.pop("lethe_beat_age_seconds") == pytest.approx(30, abs=10)
    assert measured == {
        "lethe_purge_overdue_units": 0,
        "lethe_purge_overdue_seconds": 0,
        "lethe_ledger_entries": LedgerEntry.objects.count(),
        "lethe_outgoing_mail_queued": 0,
    }


def test_totals_are_those_of_all_accounts(scrape, account, other_account, manager):
    overdue(account, minutes=10)
    overdue(other_account, minutes=20)
    overdue(other_account, minutes=30)
    opened(account)
    queue_staff_mail(user=manager, template="purge_caught_up", account=account)
    before = scrape()["lethe_ledger_entries"]
    ledger.append("one")

    measured = scrape()

    assert measured["lethe_purge_overdue_units"] == 3
    assert measured["lethe_purge_overdue_seconds"] == pytest.approx(1800, abs=10)
    assert measured[f"lethe_account_overdue_units {account.public_id}"] == 1
    assert measured[f"lethe_account_overdue_units {other_account.public_id}"] == 2
    assert measured[f"lethe_account_overdue_seconds {account.public_id}"] == pytest.approx(600, abs=10)
    assert measured["lethe_outgoing_mail_queued"] == 2
    assert measured["lethe_ledger_entries"] == before + 1 == LedgerEntry.objects.count()


def test_timetable_that_was_never_seen_has_no_age(scrape):
    assert "lethe_beat_age_seconds" not in scrape()


def test_what_cannot_be_measured_is_left_out_and_the_rest_arrives(scrape, monkeypatch, caplog):
    def away():
        raise OSError("the vault is away")

    monkeypatch.setattr(metrics, "MEASURES", [away, *metrics.MEASURES[2:]])

    assert scrape() == {"lethe_outgoing_mail_queued": 0}
    assert "could not be measured" in caplog.text


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": TOKEN},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer naïve"},
    ],
)
def test_nobody_is_told_anything_without_the_token(client, settings, operator, sent):
    settings.LETHE_METRICS_TOKEN = TOKEN
    client.force_login(operator, backend="helpdesk.authentication.EmailBackend")

    answer = client.get("/metrics", headers=sent)

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("sent", ["Bearer ", "Bearer", f"Bearer {TOKEN}"])
def test_there_is_no_such_page_without_the_setting(client, settings, sent):
    settings.LETHE_METRICS_TOKEN = ""

    assert client.get("/metrics", headers={"Authorization": sent}).status_code == 404


def test_token_in_the_address_opens_nothing(client, settings):
    settings.LETHE_METRICS_TOKEN = TOKEN

    assert client.get("/metrics", {"token": TOKEN}).status_code == 401


def test_figures_are_kept_by_nobody_on_the_way(client, settings):
    settings.LETHE_METRICS_TOKEN = TOKEN

    answers = [client.get("/metrics", headers=h) for h in ({}, {"Authorization": f"Bearer {TOKEN}"})]

    assert ["no-store" in answer["Cache-Control"] for answer in answers] == [True, True]
    assert [bool(answer.cookies) for answer in answers] == [False, False]


def test_a_restored_deployment_is_measured_while_its_gate_is_closed(scrape, monkeypatch):
    monkeypatch.setattr(gate, "state", lambda: Gate.STALE_MAIN)

    assert "lethe_purge_overdue_units" in scrape()


def test_figures_name_nobody_and_accounts_by_their_public_id_only(client, settings, account, operator):
    settings.LETHE_METRICS_TOKEN = TOKEN
    chat = overdue(account, minutes=10)

    told = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).content.decode()

    secrets = [account.name, operator.email, str(chat.pk), settings.SECRET_KEY]
    assert [secret for secret in secrets if secret in told] == []
