"""The public form: what it asks, refuses and says."""

import pytest
from django.urls import reverse

from helpdesk.models import Contact, Ticket
from privacy.models import DataKey
from tests import factories
from tests.helpdesk.tickets import (
    WORDS,
    form_of,
    posted,
)

pytestmark = pytest.mark.django_db


def test_form_says_when_tickets_are_erased_and_sets_no_cookie(client, account):
    page = client.get(form_of(account))

    assert "Erased 30 days after it is closed" in page.text
    assert "I agree that my message is stored." in page.text
    assert page.cookies == {}
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_form_opens_a_ticket(client, account):
    answer = client.post(form_of(account), posted(account))

    assert answer.url == reverse("ticket_sent", args=[account.public_id])
    assert client.get(answer.url).status_code == 200
    ticket = Ticket.objects.get()
    assert (ticket.subject, ticket.requester.name) == ("Torn page", "Vera")
    assert [message.body for message in ticket.messages.all()] == ["Page nine is torn."]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("consent_answer", ""),
        ("email", ""),
        ("subject", ""),
        ("message", ""),
        ("email", "vera@mail.example, other@mail.example"),
        ("email", "vera@mail.example\nBcc: other@mail.example"),
        ("subject", "Torn\npage"),
        ("subject", "Torn\u2028page"),
        ("message", "NUL \x00"),
        ("message", "x" * 20_001),
        ("notice", "99"),
    ],
)
def test_refused_form_stores_nothing_and_keeps_what_was_typed(client, account, field, value):
    keys = DataKey.objects.count()

    page = client.post(form_of(account), posted(account, name="Vera Visitor", **{field: value}))

    assert page.status_code == 422
    assert 'value="Vera Visitor"' in page.text
    assert page.context["form"].errors.keys() == {field}
    assert (Ticket.objects.count(), Contact.objects.count(), DataKey.objects.count()) == (0, 0, keys)


def test_form_drops_what_it_does_not_ask_for(client, account):
    account.ticket_name = "off"
    account.save()

    client.post(form_of(account), posted(account, number="7", status="closed", assignee="1"))

    ticket = Ticket.objects.get()
    assert (ticket.requester.name, ticket.number, ticket.status) == ("", 1, "open")


def test_form_without_consent_where_the_account_asks_for_none(client, account):
    factories.asks_nothing(account)

    answer = client.post(form_of(account), WORDS)

    assert answer.status_code == 302
    assert Ticket.objects.count() == 1


TOO_LONG = [
    ("name", "n" * 101, "At most 100 characters fit here; there are 101."),
    ("email", "e" * 250 + "@mail.example", "An email address has at most 254 characters; this one has 263."),
    ("subject", "s" * 300, "At most 200 characters fit here; there are 300."),
    ("message", "m" * 20_500, "At most 20000 characters fit here; there are 20500."),
]


@pytest.mark.parametrize(("field", "value", "says"), TOO_LONG)
def test_what_is_too_long_is_told_beside_the_field_and_not_cut(client, account, field, value, says):
    asked = client.get(form_of(account)).text
    page = client.post(form_of(account), posted(account, **{field: value}))

    assert "maxlength" not in asked
    assert page.context["form"].errors == {field: [says]}
    assert value in page.text
    assert Ticket.objects.count() == 0


@pytest.mark.parametrize("field", ["name", "email", "subject", "message"])
def test_character_that_cannot_be_shown_is_told_once(client, account, field):
    page = client.post(form_of(account), posted(account, **{field: "nul \x00"}))

    says = "This text has characters that can't be shown. Please type it again."
    assert page.context["form"].errors == {field: [says]}


@pytest.mark.parametrize("name", ["ticket_new", "ticket_sent"])
def test_pages_of_an_unknown_or_inactive_account_are_not_found(client, account, name):
    account.is_active = False
    account.save()

    assert client.get(reverse(name, args=[account.public_id])).status_code == 404
    assert client.get(reverse(name, args=["0123456789abcdef"])).status_code == 404
    assert client.get(reverse("privacy_notice", args=["0123456789abcdef"])).status_code == 404
