"""The intermediate archive: what is over leaves everybody's sight, and is erased at an end of its own."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from freezegun import freeze_time

from chat.models import Conversation
from helpdesk.models import Contact, Ticket
from helpdesk.services.retention import Decision, change_retention
from helpdesk.services.tickets import answer_ticket
from privacy import ledger
from privacy.cadences import Cadence, Every
from privacy.models import DataKey, LedgerEntry, RetentionPolicy, Suspension
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.people.consent import Given
from privacy.services.people.export import export_person
from privacy.services.people.notices import current_notice
from privacy.services.people.rights import UnknownContact, contact_with_id
from privacy.services.rules.archive import give_back
from privacy.services.rules.lag import whole_lag
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import erased_at
from privacy.terms import Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

CLOSED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def archiving(account):
    """Tickets of the account: thirty days, then ten in the archive."""
    _archive(account, 10)
    return account


def _archive(account, amount: int | None, unit: str = Unit.DAYS, category: str = "ticket", **values) -> None:
    RetentionPolicy.objects.filter(account=account, category=category).update(
        archive_amount=amount, archive_unit=unit, **values
    )


def _ticket(account, at: datetime = CLOSED, **values) -> Ticket:
    return factories.ticket(account, created_at=at, closed_at=at, last_activity_at=at, **values)


def _decide(account, by, *, at: datetime, **decided) -> None:
    with freeze_time(at):
        change_retention(account=account, decisions={"ticket": Decision(**decided)}, by=by, reason="Tidy up")


def _steps(*moments: datetime) -> list[str]:
    """Return where the only ticket is after a purge at each of these moments."""
    places = []
    for moment in moments:
        purge(now=moment)
        found = Ticket.objects.values_list("archived_at", flat=True).first() if Ticket.objects.exists() else 0
        places.append("gone" if found == 0 else "archive" if found else "list")
    return places


def test_ticket_goes_to_the_archive_and_then_for_good(archiving):
    ticket = _ticket(archiving)
    second = timedelta(seconds=1)

    steps = _steps(
        CLOSED + 30 * DAY - second, CLOSED + 30 * DAY, CLOSED + 40 * DAY - second, CLOSED + 40 * DAY
    )

    assert steps == ["list", "archive", "archive", "gone"]
    assert not Contact.objects.exists()
    assert not DataKey.objects.filter(pk=ticket.key_id).exists()


def test_what_was_promised_is_what_happens(archiving):
    ticket = _ticket(archiving)
    policy = policy_in_force(account_id=archiving.pk, category="ticket")
    promised = erased_at(policy, ticket)

    assert promised == CLOSED + 40 * DAY
    assert _steps(promised - 10 * DAY, promised - timedelta(seconds=1), promised) == [
        "archive",
        "archive",
        "gone",
    ]


def test_archive_that_was_filled_late_is_late_by_as_much_and_says_so(archiving):
    """The archive's term counts from the day on which the ticket came there."""
    _ticket(archiving)

    steps = _steps(CLOSED + 33 * DAY, CLOSED + 42 * DAY, CLOSED + 43 * DAY)

    assert steps == ["archive", "archive", "gone"]


def test_chats_have_an_archive_too(account):
    _archive(account, 1, Unit.WEEKS, category="chat")
    factories.chat(account, created_at=CLOSED, closed_at=CLOSED)

    purge(now=CLOSED + 30 * DAY)
    archived_at = Conversation.objects.get().archived_at
    purge(now=CLOSED + 37 * DAY)

    assert archived_at == CLOSED + 30 * DAY
    assert not Conversation.objects.exists()


def test_term_of_the_archive_ends_with_a_shorter_month(account):
    factories.policy(account, "ticket", amount=1)
    _archive(account, 1, Unit.MONTHS)
    _ticket(account, datetime(2026, 1, 30, 12, tzinfo=UTC))

    steps = _steps(
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        datetime(2026, 2, 28, 11, 59, tzinfo=UTC),
        datetime(2026, 2, 28, 12, 0, tzinfo=UTC),
    )

    assert steps == ["archive", "archive", "gone"]


def test_runs_of_a_cadence_fill_and_empty_the_archive(archiving):
    """Wednesdays at three, in Paris: both steps wait for the next run."""
    archiving.time_zone = "Europe/Paris"
    archiving.save()
    RetentionPolicy.objects.filter(account=archiving, category="ticket").update(
        every=Every.WEEKLY, weekday=2, hour=3
    )
    _ticket(archiving)  # over on Saturday, 31 January
    into, out = datetime(2026, 2, 4, 2, tzinfo=UTC), datetime(2026, 2, 18, 2, tzinfo=UTC)
    minute = timedelta(minutes=1)

    steps = _steps(into - minute, into, out - minute, out)

    assert steps == ["list", "archive", "archive", "gone"]


def test_archiving_twice_changes_nothing(archiving):
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)
    entries, archived_at = LedgerEntry.objects.count(), Ticket.objects.get().archived_at

    report = purge(now=CLOSED + 31 * DAY)

    assert (report.due, report.archived) == (0, 0)
    assert LedgerEntry.objects.count() == entries
    assert Ticket.objects.get().archived_at == archived_at


def test_archive_leaves_evidence(archiving):
    _ticket(archiving)
    _ticket(archiving)

    report = purge(now=CLOSED + 30 * DAY)

    filled = LedgerEntry.objects.get(action="archive.filled")
    run = LedgerEntry.objects.get(action="purge.run")
    assert (report.archived, report.erased) == (2, 0)
    assert (filled.account_id, filled.params["category"], filled.params["units"]) == (
        archiving.pk,
        "ticket",
        2,
    )
    assert run.params["archived"] == 2


def test_answer_that_takes_a_ticket_out_of_the_archive_leaves_evidence(archiving):
    archived = _ticket(archiving, archived_at=CLOSED + 30 * DAY)
    kept = _ticket(archiving)
    agreed = Given.to_all(current_notice(archiving))

    for ticket in (archived, kept):
        answer_ticket(participant=ticket.participants.get(), body="It is torn again.", given=agreed)

    left = LedgerEntry.objects.get(action="archive.left")
    assert (left.account_id, left.params) == (archiving.pk, {"ticket": ledger.reference(archived)})
    assert Ticket.objects.get(pk=archived.pk).archived_at is None


def test_what_waits_in_the_archive_is_not_overdue_and_what_stays_is(archiving):
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)

    assert whole_lag(now=CLOSED + 39 * DAY).units == 0
    assert whole_lag(now=CLOSED + 41 * DAY) == (1, DAY.total_seconds())


def test_hold_keeps_it_in_the_archive_until_it_is_released(archiving, agent):
    ticket = _ticket(archiving)
    hold = factories.hold(ticket)

    assert _steps(CLOSED + 30 * DAY, CLOSED + 100 * DAY) == ["archive", "archive"]
    assert purge(now=CLOSED + 100 * DAY).held == 1
    Suspension.objects.filter(pk=hold.pk).update(released_at=CLOSED + 100 * DAY)
    assert _steps(CLOSED + 100 * DAY) == ["gone"]


def test_archive_switched_on_later_counts_for_what_is_still_there(account, manager):
    _ticket(account)

    _decide(
        account,
        manager,
        at=CLOSED + 29 * DAY,
        term=Term(Rule.AFTER, 30, Unit.DAYS),
        archive=Term(Rule.AFTER, 2, Unit.DAYS),
    )

    assert _steps(CLOSED + 30 * DAY, CLOSED + 32 * DAY) == ["archive", "gone"]


def test_archive_switched_off_is_emptied_after_the_cooling_off(archiving, manager):
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)
    off = CLOSED + 31 * DAY

    _decide(archiving, manager, at=off, term=Term(Rule.AFTER, 30, Unit.DAYS))

    minute = timedelta(minutes=1)
    assert _steps(off + minute, off + DAY - minute, off + DAY) == ["archive", "archive", "gone"]


def test_shorter_archive_cools_off_like_a_shorter_term(archiving, manager):
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)
    cut = CLOSED + 35 * DAY
    thirty, one = Term(Rule.AFTER, 30, Unit.DAYS), Term(Rule.AFTER, 1, Unit.DAYS)

    _decide(archiving, manager, at=cut, term=thirty, archive=one)

    policy = policy_in_force(account_id=archiving.pk, category="ticket")
    assert erased_at(policy, Ticket.objects.get()) == cut + DAY
    minute = timedelta(minutes=1)
    assert _steps(cut + minute, cut + DAY - minute, cut + DAY) == ["archive", "archive", "gone"]


def test_longer_archive_needs_no_cooling_off(archiving, manager):
    _decide(
        archiving,
        manager,
        at=CLOSED,
        term=Term(Rule.AFTER, 30, Unit.DAYS),
        archive=Term(Rule.AFTER, 20, Unit.DAYS),
    )

    assert not archiving.cooling_offs.exists()


def test_longer_term_leaves_the_archive_its_own_end(archiving, manager):
    """What was promised when it came to the archive holds, however long the active term is by now."""
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)

    _decide(
        archiving,
        manager,
        at=CLOSED + 31 * DAY,
        term=Term(Rule.AFTER, 5, Unit.YEARS),
        archive=Term(Rule.AFTER, 10, Unit.DAYS),
    )

    assert _steps(CLOSED + 39 * DAY, CLOSED + 40 * DAY) == ["archive", "gone"]


@pytest.mark.parametrize("term", [Term(Rule.KEEP), Term(Rule.AFTER, 5, Unit.YEARS)], ids=str)
def test_nothing_is_forgotten_in_an_archive_that_is_no_more(archiving, manager, term):
    _ticket(archiving)
    _ticket(archiving, CLOSED + 20 * DAY)  # still in the list
    purge(now=CLOSED + 30 * DAY)
    _decide(archiving, manager, at=CLOSED + 31 * DAY, term=term)

    given = give_back(now=CLOSED + 31 * DAY)

    assert given == 1
    assert Ticket.objects.filter(archived_at=None).count() == 2
    assert LedgerEntry.objects.get(action="archive.given_back").params["units"] == 1


def test_give_back_leaves_a_working_archive_alone(archiving):
    _ticket(archiving)
    purge(now=CLOSED + 30 * DAY)

    assert give_back(now=CLOSED + 31 * DAY) == 0
    assert Ticket.objects.get().archived_at


def test_ticket_that_was_opened_again_meanwhile_stays_out(archiving):
    ticket = _ticket(archiving)
    Ticket.objects.filter(pk=ticket.pk).update(status="open", closed_at=None)

    assert _steps(CLOSED + 300 * DAY) == ["list"]


def test_rights_of_a_person_reach_the_archive(archiving):
    ticket = _ticket(archiving, subject="Torn page nine")
    person = ticket.requester
    purge(now=CLOSED + 30 * DAY)

    copied = export_person(person)["categories"]["ticket"]
    assert copied["helpdesk.ticket"][0]["subject"] == "Torn page nine"
    found = StringIO()
    with pytest.raises(SystemExit):
        call_command("find_traces", "Torn page nine", stdout=found)
    assert "helpdesk.ticket.subject" in found.getvalue()

    erase_person(person, reason="objection")

    assert not Ticket.objects.exists()
    with pytest.raises(UnknownContact):
        contact_with_id(str(person.pk))


def test_cadence_and_archive_need_a_plan_with_schedules(archiving):
    archiving.plan_id = "standard"
    archiving.save()
    _ticket(archiving)

    policy = policy_in_force(account_id=archiving.pk, category="ticket")

    assert (policy.archive, policy.cadence) == (None, Cadence(Every.CONTINUOUS))
    assert _steps(CLOSED + 30 * DAY) == ["gone"]
