"""Why something is here, or gone: one sentence with the rule, the clock, the date and the version."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from chat.models import ChatFile, Conversation
from helpdesk.models import Ticket
from helpdesk.services.files import store_files
from helpdesk.services.retention import Decision, change_retention
from privacy.cadences import Cadence, Every
from privacy.categories import Category
from privacy.models import LedgerEntry, Suspension
from privacy.services.erasing.erasure import erase_units
from privacy.services.erasing.holds import place_hold
from privacy.services.erasing.purge import purge
from privacy.services.evidence.erased import NothingErased
from privacy.services.evidence.explaining import explain, explain_erased
from privacy.terms import Rule, Term, Unit
from tests import factories
from tests.chat.sending import send

pytestmark = pytest.mark.django_db(transaction=True)

CLOSED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BY_PLATFORM = "(the terms of the platform)"


def days(amount: int) -> Term:
    return Term(Rule.AFTER, amount, Unit.DAYS)


def test_open_chat_has_no_clock(account):
    chat = factories.chat(account)

    assert explain(chat, now=NOW) == (
        "Still here: it isn't closed, so no clock runs yet;"
        f" the rule is “Erased 30 days after it is closed” {BY_PLATFORM}."
    )


def test_closed_ticket_waits_for_its_run(account, manager):
    weekly = Decision(days(30), cadence=Cadence(Every.WEEKLY, hour=3, weekday=6))
    change_retention(account=account, decisions={Category.TICKET: weekly}, by=manager)
    ticket = factories.ticket(account, closed_at=CLOSED)

    assert explain(ticket, now=NOW) == (
        "Still here: its clock runs since March 1, 2026, noon (UTC), and the run of April 5, 2026, 3 a.m."
        " (UTC) erases it; the rule is “Erased 30 days after it is closed, in a run every Sunday at 03:00”"
        " (version 1 of the account's policy)."
    )


def test_times_are_those_of_the_account(account):
    account.time_zone = "Asia/Tokyo"
    account.save()
    chat = factories.chat(account, closed_at=CLOSED)

    assert "since March 1, 2026, 9 p.m. (Asia/Tokyo), and the run of March 31, 2026, 9 p.m." in explain(
        chat, now=NOW
    )


def test_what_is_due_says_that_the_next_run_erases_it(account):
    chat = factories.chat(account, closed_at=CLOSED - timedelta(days=40))

    assert "due since Feb. 19, 2026, noon (UTC), so the next run erases it" in explain(chat, now=NOW)


def test_what_is_kept_until_deleted_says_so(account):
    factories.policy(account, Category.CHAT, rule=Rule.KEEP)
    chat = factories.chat(account, closed_at=CLOSED)

    assert explain(chat, now=NOW) == (
        "Still here: no term ends, until somebody deletes it by hand;"
        f" the rule is “Kept until somebody deletes it” {BY_PLATFORM}."
    )


def test_hold_comes_before_every_rule(account, supervisor):
    chat = factories.chat(account, closed_at=CLOSED - timedelta(days=40))
    placed = place_hold(
        unit=chat.contact,
        by=supervisor,
        basis=Suspension.Basis.CLAIM,
        reason="Claim of March",
        review_on=date(2026, 9, 1),
    )
    Suspension.objects.filter(pk=placed.pk).update(created_at=CLOSED)

    assert explain(chat, now=NOW) == (
        "Still here: on hold since March 1, 2026, noon (UTC) (legal hold, for legal claims (Article"
        " 17(3)(e))), to be reviewed on Sept. 1, 2026; without that, its clock runs since Jan. 20, 2026, noon"
        " (UTC), and the run of Feb. 19, 2026, noon (UTC) would have erased it; the rule is “Erased 30 days"
        f" after it is closed” {BY_PLATFORM}."
    )


@pytest.mark.parametrize(
    ("values", "otherwise"),
    [
        ({"closed_at": CLOSED}, "and the run of March 31, 2026, noon (UTC) would erase it; the rule"),
        ({}, "without that, it isn't closed, so no clock runs yet; the rule"),
    ],
)
def test_hold_says_what_would_come_without_it(account, supervisor, values, otherwise):
    ticket = factories.ticket(account, **values)
    place_hold(
        unit=ticket,
        by=supervisor,
        basis=Suspension.Basis.CLAIM,
        reason="Claim of March",
        review_on=date(2026, 9, 1),
    )

    assert otherwise in explain(ticket, now=NOW)


def test_cooling_off_says_until_when(account, manager):
    chat = factories.chat(account, closed_at=timezone.now() - timedelta(days=10))
    change_retention(account=account, decisions={Category.CHAT: Decision(days(3))}, by=manager)

    said = explain(chat)

    assert said.startswith("Still here: a shorter term was decided on ")
    assert said.endswith(
        "; the rule is “Erased 3 days after it is closed” (version 1 of the account's policy)."
    )


def test_archive_is_named_before_and_after_it_begins(account, manager):
    archived = Decision(days(30), archive=days(60))
    change_retention(account=account, decisions={Category.TICKET: archived}, by=manager)
    before = factories.ticket(account, closed_at=CLOSED)
    inside = factories.ticket(account, closed_at=CLOSED, archived_at=CLOSED + timedelta(days=30))

    assert "on March 31, 2026, noon (UTC) it goes to the archive, until May 30, 2026" in explain(
        before, now=NOW
    )
    assert "in the archive since March 31, 2026, noon (UTC), and erased on May 30, 2026" in explain(
        inside, now=NOW
    )


def test_person_waits_for_the_last_of_what_is_theirs(account, visitor):
    factories.policy(account, Category.CONTACT, amount=7)
    factories.chat(account, contact=visitor)
    assert "something else of this person is kept" in explain(visitor, now=NOW)

    visitor.bare_since = CLOSED
    assert "the run of March 8, 2026, noon (UTC) erases it" in explain(visitor, now=NOW)


def test_file_has_a_rule_of_its_own(account):
    factories.policy(account, Category.TICKET_FILE, amount=7)
    ticket = factories.ticket(account, closed_at=CLOSED)
    store_files(ticket.messages.get(), [SimpleUploadedFile("scan.png", b"pixels")])

    said = explain(ticket.files.get(), now=NOW)

    assert "the run of March 8, 2026, noon (UTC) erases it, and it goes with its ticket at the latest" in said
    assert "“Erased 7 days after it is closed”" in said


def test_file_of_a_chat_goes_with_its_chat_at_the_latest(account):
    factories.policy(account, Category.CHAT_FILE, amount=7)
    (file,) = send(factories.chat(account))
    Conversation.objects.update(status="closed", closed_at=CLOSED)

    said = explain(ChatFile.objects.get(pk=file.pk), now=NOW)

    assert "the run of March 8, 2026, noon (UTC) erases it, and it goes with its chat at the latest" in said


# --- What is gone


def test_erased_chat_is_explained_by_its_id(account, manager, long_ago):
    change_retention(
        account=account, decisions={Category.CHAT: Decision(days(3))}, by=manager, skip_cooling=True
    )
    chat = factories.chat(account, closed_at=long_ago)
    purge()
    begun = LedgerEntry.objects.get(action="erasure.begun", params__unit="chat.conversation")

    said = explain_erased(chat.pk, among=LedgerEntry.objects.all(), zone=UTC)

    assert said.startswith("Erased on ")
    assert said.endswith(
        f"(entry {begun.seq}): its time was over; the rule was “3 days after it is closed”"
        " (version 1 of the account's policy)."
    )


def test_ticket_erased_by_hand_obeyed_no_rule(account):
    ticket = factories.ticket(account)
    erase_units(Ticket, [ticket.pk], account_id=account.pk, reason="by_hand")

    said = explain_erased(ticket.pk, among=LedgerEntry.objects.all(), zone=UTC)

    assert said.endswith("somebody of the account ordered it by hand.")
    assert "rule" not in said


def test_what_was_erased_elsewhere_is_not_explained(account, other_account, long_ago):
    chat = factories.chat(account, closed_at=long_ago)
    erase_units(Conversation, [chat.pk], account_id=account.pk, reason="by_hand")

    with pytest.raises(NothingErased):
        explain_erased(chat.pk, among=LedgerEntry.objects.filter(account_id=other_account.pk), zone=UTC)
