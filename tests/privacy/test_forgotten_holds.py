"""What was put on hold after the backup stays when the backup comes back."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django.utils.timezone import localdate

from privacy import ledger, tasks
from privacy.models import DataKey, LedgerEntry, LedgerHead, Suspension
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.holds import place_hold, release_hold, review_hold
from privacy.services.restoring.replay import Gate, gate_state, replay_erasures
from tests import factories
from tests.privacy.failing import dying_at
from tests.privacy.restored import backup_in, findings, is_there, purge_later, put_back, replayed

pytestmark = pytest.mark.django_db(transaction=True)

REVIEW = localdate() + timedelta(days=90)
LATER = REVIEW + timedelta(days=90)


@pytest.fixture
def backup(tmp_path):
    return backup_in(tmp_path)


@pytest.fixture
def chats(account):
    """Two chats that are due the day after tomorrow."""
    return [factories.chat(account, closed_at=timezone.now() - timedelta(days=28)) for _ in range(2)]


@pytest.fixture
def hold(supervisor):
    def place(unit, **values) -> Suspension:
        words = {"basis": "claim", "reason": "Claim of March", "review_on": REVIEW}
        return place_hold(unit=unit, by=supervisor, **(words | values))

    return place


# --- Holds


def test_hold_that_is_newer_than_the_backup_is_placed_again(chats, hold, backup, supervisor):
    copy = backup()
    placed = hold(chats[0])

    replayed(copy)

    again = Suspension.objects.get()
    assert (again.pk, again.unit, again.unit_id) == (placed.pk, "chat.conversation", chats[0].pk)
    assert (again.kind, again.basis, again.review_on, again.by) == ("hold", "claim", REVIEW, supervisor)
    assert again.reason == "Made again from the ledger after a restore: the words of the reason are lost."
    assert (purge_later().held, is_there(*chats)) == (1, [True, False])
    assert findings() == [("hold.placed", "rebuilt", "", "")]


def test_nothing_is_erased_or_served_before_the_hold_is_back(chats, hold, backup):
    copy = backup()
    hold(chats[0])
    put_back(copy)

    tasks.purge()
    with pytest.raises(CommandError, match="doesn't know what was decided since"):
        call_command("purge", stdout=StringIO())
    page = Client().get("/sign-in/")

    assert (page.status_code, "doesn't know what was decided since" in page.content.decode()) == (503, True)
    assert is_there(*chats) == [True, True]
    assert gate_state() is Gate.UNAWARE_MAIN


def test_placed_again_it_can_be_released_and_then_it_goes(chats, hold, backup, supervisor):
    copy = backup()
    hold(chats[0])
    replayed(copy)

    release_hold(hold=Suspension.objects.get(), by=supervisor, reason="Settled")

    assert (purge_later().erased, is_there(*chats)) == (2, [False, False])


def test_hold_that_was_placed_and_released_since_stays_released(chats, hold, backup, supervisor):
    copy = backup()
    placed = hold(chats[0])
    release_hold(hold=placed, by=supervisor, reason="Settled")

    replayed(copy)

    again = Suspension.objects.get()
    assert (again.released_by, again.release_reason[:10]) == (supervisor, "Made again")
    assert again.released_at is not None
    assert (purge_later().held, is_there(*chats)) == (0, [False, False])


def test_hold_of_the_backup_that_was_released_since_is_released_again(chats, hold, backup, supervisor):
    older = hold(chats[0])
    copy = backup()
    release_hold(hold=older, by=supervisor, reason="Settled")

    replayed(copy)

    older.refresh_from_db()
    assert (older.released_by, older.reason) == (supervisor, "Claim of March")
    assert (purge_later().held, is_there(*chats)) == (0, [False, False])


def test_review_since_moves_the_day_of_a_hold_again(chats, hold, backup, supervisor):
    older = hold(chats[0])
    copy = backup()
    review_hold(hold=older, by=supervisor, review_on=LATER)

    replayed(copy)

    older.refresh_from_db()
    assert (older.review_on, older.released_at) == (LATER, None)


@pytest.mark.parametrize("kind", ["restriction", "request"])
def test_restriction_and_request_of_a_person_stop_their_erasure_again(kind, account, visitor, hold, backup):
    closed_at = timezone.now() - timedelta(days=28)
    mine = [
        factories.chat(account, contact=visitor, closed_at=closed_at),
        factories.ticket(account, requester=visitor, closed_at=closed_at),
    ]
    copy = backup()
    hold(visitor, kind=kind, basis="person")

    replayed(copy)

    again = Suspension.objects.get()
    assert (again.kind, again.basis, again.unit_id) == (kind, "person", visitor.pk)
    assert (purge_later().erased, is_there(*mine, visitor)) == (0, [True, True, True])


def test_hold_on_what_the_backup_does_not_have_holds_nothing_else(account, chats, hold, backup):
    copy = backup()
    hold(factories.chat(account))

    replayed(copy)

    assert (Suspension.objects.count(), findings()) == (0, [("hold.placed", "lost", "", "")])
    assert purge_later().erased == 2


def test_hold_on_what_was_erased_since_is_not_placed_again(chats, hold, backup, supervisor):
    copy = backup()
    release_hold(hold=hold(chats[0]), by=supervisor, reason="Settled")
    erase_units(type(chats[0]), [chats[0].pk], account_id=chats[0].account_id, reason="by_hand")
    copy.put_back()
    assert gate_state() is Gate.STALE_MAIN

    assert replay_erasures() == 3

    assert (Suspension.objects.count(), is_there(*chats)) == (0, [False, True])


def test_nothing_of_a_kind_goes_where_nobody_can_tell_what_is_on_hold(chats, hold, backup):
    """The vault lost a key: the chat on hold may be the one that can't be read any more."""
    copy = backup()
    hold(chats[0])
    DataKey.objects.filter(pk=chats[0].key_id).delete()

    replayed(copy)

    assert findings() == [("hold.placed", "paused", "chat", "")]
    assert (purge_later().erased, is_there(*chats)) == (0, [True, True])


def test_release_of_a_hold_on_something_else_releases_nothing(account, chats, hold, backup, supervisor):
    """Numbers may come twice where a backup was put back: what a release is about is its pseudonym."""
    older = hold(chats[0])
    copy = backup()
    release_hold(hold=older, by=supervisor, reason="Settled")
    copy.put_back()
    Suspension.objects.update(unit_id=chats[1].pk)

    replay_erasures()

    assert Suspension.objects.get().released_at is None
    assert findings() == [("hold.released", "lost", "", "")]


# --- More than one restore


def test_second_restore_of_the_same_backup_holds_the_same(chats, hold, backup, supervisor):
    copy = backup()
    placed = hold(chats[0])
    replayed(copy)
    second = hold(chats[1])
    assert second.pk > placed.pk
    release_hold(hold=Suspension.objects.get(pk=placed.pk), by=supervisor, reason="Settled")

    replayed(copy)

    again = [(each.pk, each.unit_id, each.released_at is None) for each in Suspension.objects.order_by("pk")]
    assert again == [(placed.pk, chats[0].pk, False), (second.pk, chats[1].pk, True)]
    assert (purge_later().held, is_there(*chats)) == (1, [False, True])
    assert ledger.verify().ok


def test_number_that_another_hold_has_is_not_taken_from_it(chats, hold, backup):
    """As after a restore of a time when nothing was placed again: two holds have one number in the ledger."""
    copy = backup()
    first = hold(chats[0])
    copy.put_back()
    LedgerHead.objects.update(seq=first_seq() - 1)
    Suspension.objects.create(
        pk=first.pk, account=chats[1].account, unit="chat.conversation", unit_id=chats[1].pk,
        basis="claim", reason="Another", review_on=REVIEW,
    )  # fmt: skip

    replay_erasures()

    assert set(Suspension.objects.values_list("unit_id", flat=True)) == {chat.pk for chat in chats}
    assert purge_later().held == 2


def test_replay_of_a_database_that_knows_everything_changes_nothing(chats, hold):
    placed = hold(chats[0])

    assert (gate_state(), replay_erasures()) == (Gate.OPEN, 0)

    placed.refresh_from_db()
    assert (placed.reason, findings()) == ("Claim of March", [])


# --- A crash in the middle


@pytest.mark.parametrize(
    "statement",
    [
        'INSERT INTO "privacy_suspension"',
        'INSERT INTO "privacy_forgottendecision"',
        'INSERT INTO "privacy_outboxline"',
        'UPDATE "privacy_ledgerhead"',
    ],
)
def test_crash_in_the_middle_of_a_replay_keeps_the_gate_closed(statement, chats, hold, backup):
    copy = backup()
    hold(chats[0])
    put_back(copy)

    with dying_at("default", statement):
        replay_erasures()

    assert (gate_state(), Suspension.objects.count(), findings()) == (Gate.UNAWARE_MAIN, 0, [])
    replay_erasures()
    assert (gate_state(), Suspension.objects.count()) == (Gate.OPEN, 1)
    assert findings() == [("hold.placed", "rebuilt", "", "")]


def test_crash_amid_the_erasures_forgets_no_hold(account, chats, hold, backup):
    gone = factories.chat(account)
    copy = backup()
    hold(chats[0])
    erase_units(type(gone), [gone.pk], account_id=account.pk, reason="by_hand")
    hold(chats[1])
    copy.put_back()

    with dying_at("default", 'DELETE FROM "chat_message"'):
        replay_erasures()
    assert gate_state() is Gate.STALE_MAIN
    with dying_at("default", 'INSERT INTO "privacy_suspension"', 2):
        replay_erasures()
    assert gate_state() is Gate.UNAWARE_MAIN
    replay_erasures()

    assert (gate_state(), Suspension.objects.count(), is_there(gone)) == (Gate.OPEN, 2, [False])
    assert purge_later().held == 2


# --- Nobody opens the gate by accident, and nobody closes it


def test_worker_of_a_restored_copy_does_not_make_it_look_aware(chats, hold, account, backup):
    copy = backup()
    hold(chats[0])
    put_back(copy)

    ledger.record("policy.seen", account_id=account.pk)
    ledger.drain_outbox()
    erase_units(type(chats[1]), [chats[1].pk], account_id=account.pk, reason="by_hand")
    ledger.drain_outbox()

    assert gate_state() is Gate.UNAWARE_MAIN


def test_hold_placed_in_a_restored_copy_does_not_hide_the_forgotten_one(chats, hold, backup):
    copy = backup()
    hold(chats[0])
    copy.put_back()
    mine = hold(chats[1])
    assert gate_state() is Gate.UNAWARE_MAIN

    replay_erasures()

    assert (gate_state(), mine.unit_id) == (Gate.OPEN, chats[1].pk)
    assert set(Suspension.objects.values_list("unit_id", flat=True)) == {chat.pk for chat in chats}
    assert Suspension.objects.get(unit_id=chats[1].pk).reason == "Claim of March"


@pytest.mark.parametrize(
    ("alias", "statement"),
    [
        ("vault", 'INSERT INTO "privacy_ledgerentry"'),
        ("default", 'UPDATE "privacy_ledgerhead"'),
        ("default", 'DELETE FROM "privacy_outboxline"'),
    ],
)
def test_crash_after_a_decision_leaves_the_gate_open(alias, statement, chats, hold):
    ledger.append("policy.seen")
    ledger.drain_outbox()

    with dying_at(alias, statement):
        hold(chats[0])

    assert (gate_state(), Suspension.objects.count()) == (Gate.OPEN, 1)
    ledger.drain_outbox()
    assert (gate_state(), LedgerEntry.objects.filter(action="hold.placed").count()) == (Gate.OPEN, 1)
    assert LedgerHead.objects.get().seq == first_seq("hold.placed")


def test_decision_beside_an_erasure_that_is_not_remembered_yet_leaves_the_gate_open(account, chats, hold):
    """One worker dies between *done* and the memory of it; another one's decision comes behind that."""
    ledger.drain_outbox()
    with dying_at("default", 'UPDATE "privacy_ledgerhead"', 3):  # behind the chat's and its contact's *begun*
        erase_units(type(chats[1]), [chats[1].pk], account_id=account.pk, reason="by_hand")
    hold(chats[0])
    assert LedgerHead.objects.get().seq < first_seq("hold.placed")

    assert gate_state() is Gate.OPEN
    ledger.drain_outbox()

    assert LedgerHead.objects.get().seq >= first_seq("hold.placed")
    assert gate_state() is Gate.OPEN


def test_backup_that_still_has_the_line_of_a_decision_knows_it(chats, hold, backup):
    with dying_at("vault", 'INSERT INTO "privacy_ledgerentry"'):
        hold(chats[0])
    copy = backup()
    ledger.drain_outbox()

    copy.put_back()

    assert (gate_state(), Suspension.objects.get().reason) == (Gate.OPEN, "Claim of March")


def test_planted_decision_is_not_obeyed(chats, hold, backup, supervisor):
    older = hold(chats[0])
    copy = backup()
    release_hold(hold=older, by=supervisor, reason="Settled")
    LedgerEntry.objects.filter(action="hold.released").update(signature="00" * 64)
    put_back(copy)

    with pytest.raises(CommandError, match="isn't signed by us"):
        call_command("replay_erasures", stdout=StringIO())

    older.refresh_from_db()
    assert (older.released_at, gate_state()) == (None, Gate.UNAWARE_MAIN)


def first_seq(action: str = "hold.placed") -> int:
    return LedgerEntry.objects.filter(action=action).order_by("seq").values_list("seq", flat=True)[0]
