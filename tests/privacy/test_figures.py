"""What stays where an account wants figures: facts about nobody, and nothing that leads back."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from chat.models import Conversation
from chat.services.conversations import end_chat, start_chat
from chat.services.erasing import erase_chat
from chat.services.ratings import end_with_rating
from helpdesk.models import Ticket
from helpdesk.services.tickets import close_ticket
from privacy.models import AtEnd, ConsentNotice, DailyCount, LedgerEntry, RetentionPolicy, Skeleton
from privacy.services.erasing.erasure import erase_person
from privacy.services.erasing.purge import purge
from privacy.services.erasing.unfinished import finish_open_erasures
from privacy.services.people.consent import Given
from privacy.services.people.export import export_person
from privacy.services.restoring.replay import replay_erasures
from privacy.terms import Rule, Unit
from tests import factories
from tests.chat.visiting import TOKEN, visit
from tests.privacy.backups import Backup
from tests.privacy.failing import dying_at

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, 34, 56, 789000, tzinfo=UTC)
LATER = AT + timedelta(days=31)


@pytest.fixture
def backup(tmp_path):
    return lambda: Backup("default", tmp_path)


@pytest.fixture
def counting(account):
    """The account keeps figures of its chats and tickets."""
    RetentionPolicy.objects.filter(account=account).update(at_end=AtEnd.SKELETON)
    return account


def _chat(account, at: datetime = AT, **values) -> Conversation:
    return factories.chat(account, created_at=at, closed_at=at, closed_by="visitor", **values)


def test_figures_of_a_chat_stay_when_it_is_erased(counting, agent):
    _chat(counting, agent=agent, status="closed", accepted_at=AT, rating=4)

    purge(now=LATER)

    left = Skeleton.objects.get()
    assert (left.account, left.category, left.day) == (counting, "chat", AT.date())
    assert left.facts == {
        "status": "closed",
        "created_at": "2026-03-01T12:00:00+00:00",
        "accepted_at": "2026-03-01T12:00:00+00:00",
        "closed_at": "2026-03-01T12:00:00+00:00",
        "closed_by": "visitor",
        "rating": 4,
    }
    assert not Conversation.objects.exists()


def test_figures_of_a_ticket_stay_when_it_is_erased(counting):
    factories.ticket(counting, created_at=AT, closed_at=AT)

    purge(now=LATER)

    assert Skeleton.objects.get().facts == {
        "status": "closed",
        "created_at": "2026-03-01T12:00:00+00:00",
        "closed_at": "2026-03-01T12:00:00+00:00",
    }


def test_nothing_in_them_leads_back(counting, agent):
    chat = _chat(counting, agent=agent, status="closed", accepted_at=AT, says=("A heron?",))
    ticket = factories.ticket(counting, created_at=AT, closed_at=AT, subject="Heron")
    ids = [chat, chat.contact, agent, *chat.messages.all(), ticket, ticket.requester]

    purge(now=LATER)

    left = json.dumps(list(Skeleton.objects.values()), default=str)
    for row in ids:
        for known in (row.pk, row.key_id):
            assert str(known) not in left
            assert known.hex not in left
    assert not re.search(r"heron|visitor\d", left, re.IGNORECASE)
    assert not re.search(r":(?!00)\d\d:|:00:(?!00)\d\d|\.\d", left)  # no minute, no second, no fraction
    assert set(Skeleton.objects.values_list("facts__created_at", flat=True)) == {"2026-03-01T12:00:00+00:00"}


def test_their_order_says_nothing_about_who_came_first(counting):
    """Forty chats of different hours don't end up in the order of their ends by chance."""
    hours = [AT - timedelta(hours=number) for number in range(40)]
    for hour in hours:
        _chat(counting, hour)

    purge(now=LATER)

    order = list(Skeleton.objects.order_by("pk").values_list("facts__closed_at", flat=True))
    assert len(order) == 40
    assert order not in (sorted(order), sorted(order, reverse=True))


def test_no_figures_stay_where_the_account_erases_everything(account):
    _chat(account)

    purge(now=LATER)

    assert not Conversation.objects.exists()
    assert not Skeleton.objects.exists()


def test_figures_stay_when_the_close_itself_erases(counting, agent):
    RetentionPolicy.objects.filter(account=counting).update(rule=Rule.AT_ONCE)
    chat, ticket = factories.chat(counting, agent=agent), factories.ticket(counting)

    end_chat(conversation=chat, side="agent")
    close_ticket(ticket=ticket, by=agent)

    assert sorted(Skeleton.objects.values_list("category", flat=True)) == ["chat", "ticket"]
    assert not Conversation.objects.exists()
    assert not Ticket.objects.exists()


def test_figures_of_a_chat_that_became_a_ticket_stay(counting):
    factories.chat(counting, token=TOKEN)
    left = {"name": "", "email": "vera@mail.example", "message": "Hi", "consent_answer": "on", "notice": "1"}

    assert visit("visitor_leave_message", counting, data=left).status_code == 201

    assert Skeleton.objects.get().category == "chat"


def test_who_asks_to_be_erased_or_is_erased_by_hand_leaves_no_figures(counting, owner):
    person, chat = _chat(counting).contact, _chat(counting)

    erase_person(person, reason="objection")
    erase_chat(conversation=chat, by=owner)

    assert not Conversation.objects.exists()
    assert not Skeleton.objects.exists()


def test_archive_keeps_the_whole_until_its_own_end(counting):
    RetentionPolicy.objects.filter(account=counting).update(archive_amount=1, archive_unit=Unit.DAYS)
    _chat(counting)

    purge(now=LATER)
    in_archive = Skeleton.objects.count()
    purge(now=LATER + timedelta(days=1))

    assert (in_archive, Skeleton.objects.count(), Conversation.objects.count()) == (0, 1, 0)


def test_crash_writes_figures_once(counting):
    _chat(counting)
    _chat(counting)
    with dying_at("vault", "DELETE"):
        purge(now=LATER)
    assert Skeleton.objects.count() == 2

    finish_open_erasures(older_than=timedelta())
    purge(now=LATER)

    assert Skeleton.objects.count() == 2
    assert LedgerEntry.objects.filter(action="erasure.done").exists()


def test_crash_before_the_rows_went_writes_figures_once(counting):
    _chat(counting)
    with dying_at("default", "DELETE"):
        purge(now=LATER)
    assert (Skeleton.objects.count(), Conversation.objects.count()) == (0, 1)

    finish_open_erasures(older_than=timedelta())

    assert (Skeleton.objects.count(), Conversation.objects.count()) == (1, 0)


def test_replay_after_a_restore_keeps_the_figures(counting, backup):
    _chat(counting)
    copy = backup()
    purge(now=LATER)
    facts = Skeleton.objects.get().facts
    copy.put_back()
    assert not Skeleton.objects.exists()

    replay_erasures()

    assert Skeleton.objects.get().facts == facts
    assert not Conversation.objects.exists()


def test_replay_adds_nothing_to_a_copy_that_has_the_figures(counting, backup):
    _chat(counting)
    purge(now=LATER)
    copy = backup()
    copy.put_back()

    replay_erasures()

    assert Skeleton.objects.count() == 1


def test_figures_have_a_term_of_their_own(counting):
    factories.policy(counting, "report", amount=1, unit=Unit.YEARS)
    _chat(counting)
    purge(now=LATER)
    DailyCount.objects.create(account=counting, day=AT.date(), name="chats_closed", value=1)
    a_year_after = datetime(2027, 3, 2, tzinfo=UTC)

    purge(now=a_year_after - timedelta(minutes=1))
    kept = (Skeleton.objects.count(), DailyCount.objects.count())
    purge(now=a_year_after)

    assert kept == (1, 1)
    assert (Skeleton.objects.count(), DailyCount.objects.count()) == (0, 0)


# --- The rating


def _ended_with(account, rating: int) -> Conversation:
    chat = factories.chat(account, token=TOKEN)
    visit("visitor_end", account, data={"rating": str(rating)})
    return chat


def test_rating_stays_with_a_chat_of_which_figures_will_stay(counting):
    chat = _ended_with(counting, 5)

    chat.refresh_from_db()
    assert chat.rating == 5
    assert DailyCount.objects.get(name="chat_rating_5").value == 1


def test_rating_stays_with_no_chat_elsewhere(account):
    chat = _ended_with(account, 5)

    chat.refresh_from_db()
    assert chat.rating is None
    assert DailyCount.objects.get(name="chat_rating_5").value == 1


def test_rating_stays_where_the_other_side_was_quicker(counting, agent):
    chat = factories.chat(counting, agent=agent, token=TOKEN)
    end_chat(conversation=chat, side="agent")

    end_with_rating(conversation=chat, token=TOKEN, rating=2)

    chat.refresh_from_db()
    assert chat.rating == 2


def test_visitor_is_told_what_becomes_of_the_rating(account):
    factories.chat(account, token=TOKEN)
    without = visit("visitor_conversation", account).content.decode()
    RetentionPolicy.objects.filter(account=account).update(at_end=AtEnd.SKELETON)
    with_figures = visit("visitor_conversation", account).content.decode()

    assert "Counted without you: nobody can tell who gave it." in without
    assert "Kept with this chat until it is erased, then only as a number about nobody." in with_figures


def test_person_gets_a_copy_of_the_rating_that_is_kept(counting):
    chat = _ended_with(counting, 3)

    copied = export_person(chat.contact)["categories"]["chat"]["chat.conversation"]

    assert [row["rating"] for row in copied] == [3]


def test_start_keeps_no_rating(counting):
    notice = ConsentNotice.objects.get(account=counting)
    started = start_chat(
        account=counting, name="", email="", question="Hi", given=Given.to_all(notice)
    ).conversation

    assert started.rating is None
