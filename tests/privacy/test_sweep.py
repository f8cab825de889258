"""What a crash left behind is swept, and nothing that anybody still needs."""

import os
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from helpdesk.models import Contact, TicketFile
from privacy import ledger, tasks, vault
from privacy.encryption.files import sealed_storage, store_file, stored_files
from privacy.encryption.sealing import new_data_key
from privacy.models import DataKey, Heartbeat, LedgerEntry, Tombstone
from privacy.services.erasing.purge import purge
from privacy.services.erasing.sweep import sweep_files, sweep_keys, sweep_people, vacuum_keys
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def later():
    return timezone.now() + timedelta(minutes=61)


def test_key_whose_row_never_came_is_destroyed_after_an_hour(account, visitor, later):
    unused = vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)

    assert sweep_keys() == 0
    assert sweep_keys(now=later) == 1

    assert not DataKey.objects.filter(pk=unused).exists()
    assert Tombstone.objects.get().key_id == unused
    assert LedgerEntry.objects.get(action="keys.swept").params == {"keys": [unused.hex]}
    assert Contact.objects.get().name == "Vera Visitor"
    assert ledger.verify().ok


def test_keys_of_every_kind_of_row_and_standing_keys_stay(account, agent, later):
    factories.chat(account, agent=agent)
    factories.ticket(account)
    factories.contact(account)
    ledger.append("policy.changed")
    before = DataKey.objects.count()

    assert sweep_keys(now=later) == 0

    assert DataKey.objects.count() == before


def test_second_sweep_finds_nothing(account, later):
    vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    sweep_keys(now=later)

    assert sweep_keys(now=later) == 0


def test_more_keys_than_a_batch(account, later, monkeypatch):
    monkeypatch.setattr("privacy.services.erasing.sweep.BATCH", 3)
    vault.create_keys(kind=DataKey.Kind.CHAT, account_id=account.pk, count=7)
    kept = factories.contact(account)

    assert sweep_keys(now=later) == 7

    assert DataKey.objects.filter(pk=kept.key_id).exists()
    assert ledger.verify().ok


def test_file_that_no_row_names_is_deleted_after_an_hour(account, later):
    ticket = factories.ticket(account)
    message = ticket.messages.get()
    kept = store_file(vault.open_key(message.key_id), [b"kept"])
    TicketFile.objects.create(
        account=account,
        ticket=ticket,
        message=message,
        key_id=message.key_id,
        name="kept.txt",
        stored_as=kept,
        size=4,
    )
    orphan = store_file(new_data_key(), [b"orphan"])

    assert sweep_files() == 0
    for name in (kept, orphan):
        path = sealed_storage().path(name)
        os.utime(path, (0, 0))
    assert sweep_files() == 1

    assert list(stored_files()) == [kept]
    assert LedgerEntry.objects.get(action="files.swept").params == {"files": 1}


@pytest.mark.postgres
def test_vacuum_writes_the_keys_to_a_new_file(account):
    vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk)
    query = "SELECT pg_relation_filenode('privacy_datakey')"
    with connections["vault"].cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchone()

        vacuum_keys()

        cursor.execute(query)
        assert cursor.fetchone() != before


# --- Tasks


def test_tasks_are_those_of_the_timetable(settings):
    ours = {
        entry["task"]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if entry["task"].startswith("privacy.")
    }

    known = {name for name, task in vars(tasks).items() if hasattr(task, "delay")}
    assert ours == {
        f"privacy.tasks.{name}" for name in known - {"back_up"}
    }  # that only where it is asked for


def test_each_task_may_run_twice(account, long_ago):
    chat = factories.chat(account, closed_at=long_ago)

    for task in (tasks.purge, tasks.drain_outbox, tasks.sweep_keys, tasks.beat_heartbeat) * 2:
        task()

    assert not type(chat).objects.exists()
    assert Heartbeat.objects.count() == 1
    assert ledger.verify().ok


def test_purge_that_is_still_running_is_not_joined_by_another(account, long_ago):
    chat = factories.chat(account, closed_at=long_ago)

    with tasks._purging:
        tasks.purge()
    assert type(chat).objects.count() == 1
    tasks.purge()

    assert type(chat).objects.count() == 0


def test_contact_of_whom_nothing_is_left_is_found_and_erased(account):
    """A merging that broke off leaves such a contact, and no erasure will ever come by."""
    left, busy = factories.contact(account), factories.ticket(account).requester

    found = sweep_people()
    purge(account_id=account.pk)

    assert found == 1
    assert list(Contact.objects.all()) == [busy]
    assert not DataKey.objects.filter(pk=left.key_id).exists()


def test_clock_of_a_contact_who_writes_again_stops(account, long_ago):
    contact = factories.contact(account, bare_since=long_ago)
    factories.chat(account, contact=contact)

    assert sweep_people() == 0
    assert Contact.objects.get().bare_since is None


def test_clock_of_a_bare_contact_is_not_wound_again(account, long_ago):
    factories.contact(account, bare_since=long_ago)

    assert sweep_people() == 0
    assert Contact.objects.get().bare_since == long_ago
