"""Consent of a ticket's requester: asked again, taken home, taken back by one button, also from a mail."""

import pytest
from django.test import Client
from django.urls import reverse

from helpdesk.models import Contact, OutgoingMail, Ticket, TicketMessage
from helpdesk.services.tickets import ConsentWithdrawn, answer_ticket, reply_ticket
from helpdesk.ticket_links import token_of, withdrawal_link_of
from privacy.models import ConsentRecord
from privacy.services.people.consent import ConsentMissing, Given
from privacy.services.people.notices import current_notice
from tests import factories
from tests.helpdesk.tickets import opened, requester_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ticket(account) -> Ticket:
    return opened(account)


@pytest.fixture
def browser(ticket) -> Client:
    """The requester's browser, with the link from the mail opened."""
    client = Client()
    client.post(reverse("ticket_open"), {"token": token_of(requester_of(ticket))})
    return client


def states():
    return [record.state for record in ConsentRecord.objects.order_by("at", "pk")]


def answer(browser, ticket, **given):
    return browser.post(reverse("ticket_answer", args=[ticket.pk]), {"message": "Nine."} | given)


def test_new_words_are_asked_with_the_next_answer(account, ticket, browser):
    notice = factories.asks(account, "I agree to something new.")

    page = browser.get(reverse("ticket_thread", args=[ticket.pk])).text
    refused = answer(browser, ticket)
    taken = answer(browser, ticket, consent_answer="on", notice=str(notice.version))

    assert "I agree to something new." in page
    assert (refused.status_code, taken.status_code) == (422, 302)
    assert [message.body for message in TicketMessage.objects.filter(ticket=ticket)][1:] == ["Nine."]
    assert states() == ["given", "given"]
    assert "I agree to something new." not in browser.get(reverse("ticket_thread", args=[ticket.pk])).text


def test_answer_without_the_new_consent_is_refused_by_the_service(account, ticket):
    factories.asks(account, "I agree to something new.")

    with pytest.raises(ConsentMissing):
        answer_ticket(participant=requester_of(ticket), body="Nine.")

    answer_ticket(participant=requester_of(ticket), body="Nine.", given=Given.to_all(current_notice(account)))
    assert TicketMessage.objects.filter(ticket=ticket).count() == 2


def test_every_mail_leads_to_the_withdrawal(ticket, agent):
    reply_ticket(ticket=ticket, agent=agent, body="Which page?")

    link = withdrawal_link_of(requester_of(ticket))
    assert [link in mail.body for mail in OutgoingMail.objects.all()] == [True, True]


def test_mail_of_an_account_that_asks_nothing_offers_no_withdrawal(account):
    factories.asks_nothing(account)

    opened(account)

    assert "/tickets/withdraw/" not in OutgoingMail.objects.get().body


def test_link_of_the_mail_withdraws_with_one_button_and_erases(account, ticket):
    token = token_of(requester_of(ticket))

    page = Client().get(reverse("ticket_withdraw"))
    done = Client().post(reverse("ticket_withdraw"), {"token": token})

    assert page.status_code == 200
    assert "Your consent is withdrawn" in done.text
    assert (Ticket.objects.count(), Contact.objects.count()) == (0, 0)
    assert states() == ["given", "withdrawn"]


@pytest.mark.parametrize("token", ["", "x" * 43])
def test_link_that_opens_nothing_withdraws_nothing(ticket, token):
    answer = Client().post(reverse("ticket_withdraw"), {"token": token})

    assert answer.status_code == 404
    assert "This link opens nothing" in answer.text
    assert states() == ["given"]


def test_withdrawal_that_stops_closes_the_ticket_and_agents_answer_no_more(account, ticket, browser, agent):
    account.withdrawal = "stop"
    account.save()

    browser.post(reverse("ticket_consent_withdraw", args=[ticket.pk]))

    ticket.refresh_from_db()
    assert ticket.status == "closed"
    with pytest.raises(ConsentWithdrawn):
        reply_ticket(ticket=ticket, agent=agent, body="One more thing.")
    assert states() == ["given", "withdrawn"]


def test_agent_is_told_why_nothing_more_is_done(account, ticket, browser, agent_client):
    account.withdrawal = "stop"
    account.save()
    browser.post(reverse("ticket_consent_withdraw", args=[ticket.pk]))

    page = agent_client.get(reverse("ticket_detail", args=[ticket.pk])).text
    sent = agent_client.post(reverse("ticket_reply", args=[ticket.pk]), {"reply": "But"}, follow=True).text

    assert "has withdrawn their consent" in page
    assert "has withdrawn their consent" in sent
    assert TicketMessage.objects.filter(ticket=ticket).count() == 1


def test_requester_who_comes_back_agrees_again(account, ticket, browser, agent):
    account.withdrawal = "stop"
    account.save()
    browser.post(reverse("ticket_consent_withdraw", args=[ticket.pk]))

    refused = answer(browser, ticket)
    taken = answer(browser, ticket, consent_answer="on", notice="1")

    assert (refused.status_code, taken.status_code) == (422, 302)
    assert states() == ["given", "withdrawn", "given"]
    assert reply_ticket(ticket=ticket, agent=agent, body="Welcome back.").body == "Welcome back."


def test_copy_of_the_consent_goes_to_its_requester_only(account, ticket, browser):
    address = reverse("ticket_consent_copy", args=[ticket.pk])

    text, data = browser.get(address), browser.get(address, {"as": "json"}).json()

    assert factories.AGREE in text.text
    assert text["Content-Disposition"] == 'attachment; filename="consent.txt"'
    assert [(each["purpose"], each["state"]) for each in data["answers"]] == [("answer", "given")]
    assert Client().get(address).status_code == 404
