"""Holds in the pages: who may place and release them, what is read, and who is asked to look again."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate

from chat.models import Conversation
from chat.services.conversations import hash_token
from helpdesk.models import StaffMail, Ticket, User
from helpdesk.services.hold_reviews import tell_of_due_reviews
from privacy.categories import Category
from privacy.models import LedgerEntry, Suspension
from privacy.services.erasing.holds import place_hold, release_hold
from privacy.terms import Rule
from tests import factories
from tests.helpdesk.tickets import opened, visitor_with_link

pytestmark = pytest.mark.django_db(transaction=True)

SOON = localdate() + timedelta(days=90)
WORDS = {"basis": "claim", "reason": "Claim of March", "review_on": SOON.isoformat()}


@pytest.fixture
def ticket(account) -> Ticket:
    return opened(account)


@pytest.fixture
def closed_chat(account) -> Conversation:
    return factories.chat(account, closed_at=timezone.now())


@pytest.fixture
def held(supervisor) -> Callable[..., Suspension]:
    def place(unit, **values) -> Suspension:
        words = {"basis": "claim", "reason": "Claim of March", "review_on": SOON}
        return place_hold(unit=unit, by=supervisor, **(words | values))

    return place


def page(unit, action: str = "kept", *args) -> str:
    stem = "ticket" if isinstance(unit, Ticket) else "chat"
    return reverse(f"{stem}_{action}", args=[unit.pk, *args])


def told(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


# --- On the page of a chat or ticket


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_supervisor_places_a_hold_and_releases_it(kind, request, supervisor_client, supervisor):
    unit = request.getfixturevalue(kind)

    supervisor_client.post(page(unit, "hold"), WORDS | {"of": "this"})

    placed = Suspension.objects.get()
    assert (placed.unit_id, placed.by, placed.review_on) == (unit.pk, supervisor, SOON)
    assert "on hold since" in supervisor_client.get(page(unit)).content.decode()

    supervisor_client.post(page(unit, "hold_release", placed.pk), {"reason": "Settled"})

    placed.refresh_from_db()
    assert (placed.release_reason, placed.released_by) == ("Settled", supervisor)
    assert "1 hold was released" in supervisor_client.get(page(unit)).content.decode()


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_whole_person_is_put_on_hold_from_one_of_their_pages(kind, request, owner_client):
    unit = request.getfixturevalue(kind)
    person = unit.requester if kind == "ticket" else unit.contact

    owner_client.post(page(unit, "hold"), WORDS | {"of": "person"})

    placed = Suspension.objects.get()
    assert (placed.unit, placed.unit_id) == ("helpdesk.contact", person.pk)
    assert "Everything of the person" in owner_client.get(page(unit)).content.decode()


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_agent_reads_why_and_decides_nothing(kind, request, agent_client, held):
    unit = request.getfixturevalue(kind)
    placed = held(unit)

    said = agent_client.get(page(unit)).content.decode()

    assert "on hold since" in said
    assert "Release" not in said
    assert agent_client.post(page(unit, "hold"), WORDS | {"of": "this"}).status_code == 403
    release = agent_client.post(page(unit, "hold_release", placed.pk), {"reason": "Settled"})
    assert release.status_code == 403
    assert Suspension.objects.get() == placed
    assert Suspension.objects.get().released_at is None


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_stranger_finds_nothing(kind, request, other_account, signed_in, held):
    unit = request.getfixturevalue(kind)
    placed = held(unit)
    stranger = signed_in(factories.user(User.Role.OWNER, account=other_account))

    assert stranger.get(page(unit)).status_code == 404
    assert stranger.post(page(unit, "hold"), WORDS | {"of": "this"}).status_code == 404
    assert stranger.post(page(unit, "hold_release", placed.pk), {"reason": "x"}).status_code == 404
    assert stranger.post(reverse("holds_release", args=[placed.pk]), {"reason": "x"}).status_code == 404
    assert Suspension.objects.get().released_at is None


def test_hold_of_another_ticket_is_not_released_here(ticket, account, supervisor_client, held):
    other = held(opened(account))

    answer = supervisor_client.post(page(ticket, "hold_release", other.pk), {"reason": "Settled"})

    assert answer.status_code == 404
    assert Suspension.objects.get().released_at is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("basis", "because"),
        ("reason", ""),
        ("reason", "two\nlines"),
        ("review_on", ""),
        ("review_on", localdate().isoformat()),
        ("review_on", (localdate() + timedelta(days=2000)).isoformat()),
        ("of", "everything"),
    ],
)
def test_what_will_not_do_is_refused_beside_its_field(field, value, ticket, supervisor_client):
    answer = supervisor_client.post(page(ticket, "hold"), WORDS | {"of": "this"} | {field: value})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Suspension.objects.exists()


def test_release_needs_a_reason(ticket, supervisor_client, held):
    placed = held(ticket)

    answer = supervisor_client.post(page(ticket, "hold_release", placed.pk), {"reason": " "})

    assert answer.status_code == 422
    assert 'id="release-' in answer.content.decode()
    assert Suspension.objects.get().released_at is None


def test_release_of_what_was_due_at_once_leads_back_to_the_list(account, supervisor_client, held):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, closed_at=timezone.now())
    placed = held(chat)

    answer = supervisor_client.post(page(chat, "hold_release", placed.pk), {"reason": "Settled"})

    assert answer.url == reverse("chat_closed")
    assert told(answer) == ["The hold is released, and what was due is erased."]
    assert not Conversation.objects.exists()


def test_second_release_says_that_it_was_done(ticket, supervisor, supervisor_client, held):
    placed = held(ticket)
    release_hold(hold=placed, by=supervisor, reason="Settled")

    answer = supervisor_client.post(page(ticket, "hold_release", placed.pk), {"reason": "Again"})

    assert told(answer) == ["Somebody released this hold a moment ago."]
    assert Suspension.objects.get().release_reason == "Settled"


# --- What everybody reads


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_agents_read_the_hold_instead_of_the_day_of_erasure(kind, request, agent_client, held):
    unit = request.getfixturevalue(kind)
    held(unit)

    said = agent_client.get(page(unit, "detail")).content.decode()

    assert "On hold: kept until the hold is released (review on" in said
    assert "Will be erased on" not in said.replace("desk__when", "")
    assert page(unit) in said


def test_lists_wear_a_chip_with_the_same_number_of_queries(
    account, agent_client, held, django_assert_num_queries
):
    for _ in range(3):
        held(opened(account))
        factories.chat(account, closed_at=timezone.now())
    held(Conversation.objects.first())

    with django_assert_num_queries(6):
        tickets = agent_client.get(reverse("ticket_list")).content.decode()
    chats = agent_client.get(reverse("chat_closed")).content.decode()

    assert tickets.count(">On hold<") == 3
    assert chats.count(">On hold<") == 1


def test_requester_reads_that_it_is_kept_and_nothing_of_the_reason(ticket, held):
    held(ticket.requester)

    said = visitor_with_link(ticket).get(reverse("ticket_thread", args=[ticket.pk])).content.decode()

    assert "Kept for legal reasons for now" in said
    assert "March" not in said
    assert "hold" not in said.lower().split("<main")[1].split("</main")[0]


def test_visitor_of_a_chat_reads_that_it_is_kept(account, client, held):
    chat = factories.chat(account, token="t" * 43)
    assert chat.token_hash == hash_token("t" * 43)
    held(chat)

    said = client.get(
        reverse("visitor_conversation", args=[account.public_id]), headers={"X-Chat-Token": "t" * 43}
    ).content.decode()

    assert "Kept for legal reasons for now" in said


@pytest.mark.parametrize("kind", ["ticket", "closed_chat"])
def test_erasing_by_hand_says_that_something_keeps_it(kind, request, supervisor_client, held):
    unit = request.getfixturevalue(kind)
    held(unit)

    answer = supervisor_client.post(page(unit, "erase"))

    assert answer.url == page(unit, "detail")
    assert told(answer)[0].startswith("Something keeps this ")
    assert type(unit).objects.filter(pk=unit.pk).exists()


def test_closing_a_chat_on_hold_says_that_it_is_kept(account, agent, agent_client, held):
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    chat = factories.chat(account, agent=agent)
    held(chat)

    answer = agent_client.post(page(chat, "close"))

    assert told(answer)[0].startswith("The chat is closed. On hold: kept until")
    assert Conversation.objects.get().status == Conversation.Status.CLOSED


def test_closing_a_ticket_on_hold_asks_for_no_erasure(account, ticket, agent_client, held):
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    held(ticket)

    answer = agent_client.post(page(ticket, "close"))

    assert told(answer) == [f"Ticket #{ticket.number} is closed."]
    assert Ticket.objects.get().closed_at is not None


# --- The list of holds


def test_manager_places_a_hold_by_id_and_never_sees_what_it_is_about(ticket, manager_client, manager):
    ticket.subject = "A secret matter"
    ticket.save()

    manager_client.post(reverse("admin:holds_place"), WORDS | {"of": str(ticket.pk)})

    placed = Suspension.objects.get()
    assert (placed.unit, placed.unit_id, placed.by) == ("helpdesk.ticket", ticket.pk, manager)
    said = manager_client.get(reverse("admin:holds")).content.decode()
    assert str(ticket.pk) in said
    assert "secret" not in said
    assert "Vera" not in said


def test_manager_reaches_only_the_accounts_that_are_theirs(other_account, manager_client, held):
    foreign = opened(other_account)
    placed = held(foreign)

    by_id = manager_client.post(reverse("admin:holds_place"), WORDS | {"of": str(foreign.pk)})

    assert by_id.status_code == 422
    assert list(by_id.context["form"].errors) == ["of"]
    assert str(foreign.pk) not in manager_client.get(reverse("admin:holds")).content.decode()
    for action, words in (("review", {"review_on": SOON.isoformat()}), ("release", {"reason": "x"})):
        url = reverse(f"admin:holds_{action}", args=[placed.pk])
        assert manager_client.post(url, words).status_code == 404
    assert Suspension.objects.get().released_at is None


@pytest.mark.parametrize("of", ["", "nothing", "280c5b1e-ae08-43d3-9e02-fe178c3f15ef"])
def test_id_of_nothing_is_refused(of, manager_client):
    answer = manager_client.post(reverse("admin:holds_place"), WORDS | {"of": of})

    assert list(answer.context["form"].errors) == ["of"]


def test_overdue_reviews_come_first_and_in_red(account, manager_client, held):
    later, overdue = held(opened(account)), held(opened(account), review_on=localdate() - timedelta(days=3))

    answer = manager_client.get(reverse("admin:holds"))

    assert [hold.pk for hold in answer.context["holds"]] == [overdue.pk, later.pk]
    assert answer.content.decode().count("badge--danger") == 1
    assert "Review overdue since" in answer.content.decode()


@pytest.mark.parametrize("who", ["manager_client", "supervisor_client"])
def test_hold_is_reviewed_and_released_in_the_list(who, request, account, held):
    placed = held(opened(account), review_on=localdate() - timedelta(days=3))
    stem = "admin:holds" if who == "manager_client" else "holds"
    client = request.getfixturevalue(who)

    client.post(reverse(f"{stem}_review", args=[placed.pk]), {"review_on": SOON.isoformat()})
    assert Suspension.objects.get().review_on == SOON

    refused = client.post(reverse(f"{stem}_release", args=[placed.pk]), {"reason": ""})
    assert refused.status_code == 422
    client.post(reverse(f"{stem}_release", args=[placed.pk]), {"reason": "Settled"})
    assert Suspension.objects.get().release_reason == "Settled"
    assert "Settled" in client.get(reverse(stem), {"released": "1"}).content.decode()


def test_agents_do_not_see_the_list(agent_client):
    assert agent_client.get(reverse("holds")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_the_same_number_of_queries(
    count, account, manager_client, held, django_assert_num_queries
):
    for _ in range(count):
        held(opened(account))

    with django_assert_num_queries(9), django_assert_num_queries(1, using="vault"):
        manager_client.get(reverse("admin:holds"))


# --- Reviews are chased


def test_due_review_is_told_once_to_those_who_answer_for_the_account(
    account, ticket, supervisor, owner, manager, agent, operator, held
):
    held(ticket)
    noon = timezone.now().replace(year=SOON.year, month=SOON.month, day=SOON.day, hour=12)

    assert tell_of_due_reviews(now=noon - timedelta(days=1)) == 0
    assert tell_of_due_reviews(now=noon) == 1
    assert tell_of_due_reviews(now=noon + timedelta(days=5)) == 0

    mails = StaffMail.objects.all()
    assert {mail.user for mail in mails} == {supervisor, owner, manager}
    by_reader = {mail.user: mail.body for mail in mails}
    assert "/admin/holds/" in by_reader[manager]
    assert "/agent/holds/" in by_reader[supervisor]
    assert "March" not in by_reader[manager]
    assert LedgerEntry.objects.filter(action="hold.review_due").count() == 1


def test_overdue_review_is_told_again_every_seven_days(ticket, supervisor, held):
    held(ticket, review_on=localdate())
    now = timezone.now()

    told = [tell_of_due_reviews(now=now + timedelta(days=day)) for day in range(15)]

    assert [day for day, holds in enumerate(told) if holds] == [0, 7, 14]
    assert StaffMail.objects.filter(user=supervisor).count() == 3


def test_next_review_is_told_again(account, ticket, supervisor, supervisor_client, held):
    placed = held(ticket, review_on=localdate() - timedelta(days=3))
    tell_of_due_reviews()

    supervisor_client.post(reverse("holds_review", args=[placed.pk]), {"review_on": SOON.isoformat()})

    assert tell_of_due_reviews() == 0
    assert tell_of_due_reviews(now=timezone.now() + timedelta(days=100)) == 1
    assert StaffMail.objects.filter(user=supervisor).count() == 2


def test_released_hold_is_not_chased(ticket, supervisor, held):
    release_hold(hold=held(ticket, review_on=date(2020, 1, 1)), by=supervisor, reason="Settled")

    assert tell_of_due_reviews() == 0
    assert not StaffMail.objects.exists()


def test_operators_are_told_where_nobody_answers_for_an_account(account, operator):
    place_hold(
        unit=opened(account), by=None, basis="claim", reason="Claim of March", review_on=date(2020, 1, 1)
    )

    tell_of_due_reviews()

    assert StaffMail.objects.get().user == operator


# --- Asked by an id


def test_evidence_page_explains_what_is_still_here(ticket, manager_client, held):
    said = manager_client.get(reverse("admin:privacy_evidence"), {"of": str(ticket.pk)}).content.decode()
    assert "It isn&#x27;t erased" in said
    assert "it isn&#x27;t closed, so no clock runs yet" in said

    held(ticket.requester)
    said = manager_client.get(reverse("admin:privacy_evidence"), {"of": str(ticket.pk)}).content.decode()
    assert "on hold since" in said


def test_evidence_page_explains_nothing_of_other_accounts(other_account, manager_client):
    foreign = opened(other_account)

    answer = manager_client.get(reverse("admin:privacy_evidence"), {"of": str(foreign.pk)})

    assert answer.context["answer"] is None
    assert list(answer.context["form"].errors) == ["of"]
