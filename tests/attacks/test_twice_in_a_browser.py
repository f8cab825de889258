"""Impatient clicks on the button of a form."""

import time

import pytest

from helpdesk.models import Ticket
from helpdesk.services.tickets import open_ticket
from tests.browser.conftest import _beside_playwright, browser
from tests.browser.test_tickets import site, visit
from tests.helpdesk.tickets import form_of

__all__ = ["_beside_playwright", "browser", "site", "visit"]

CLICKS = """() => {
  const button = [...document.querySelectorAll("button")].find((b) => b.textContent.includes("Send ticket"));
  for (const delay of [0, 150, 300]) setTimeout(() => button.click(), delay);
}"""

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_impatient_clicks_open_one_ticket(visit, account, monkeypatch):
    def open_slowly(**values):
        time.sleep(1)
        return open_ticket(**values)

    monkeypatch.setattr("helpdesk.views.tickets_public.open_ticket", open_slowly)
    page = visit()
    page.goto(form_of(account))
    page.get_by_label("Email", exact=True).fill("vera@mail.example")
    page.get_by_label("Subject").fill("Torn page")
    page.get_by_label("Message", exact=True).fill("Page nine is torn.")
    page.get_by_role("checkbox").check()

    page.evaluate(CLICKS)
    page.wait_for_url("**/tickets/sent/**")
    page.wait_for_timeout(1500)

    assert Ticket.objects.count() == 1


def test_form_that_the_browser_refused_is_sent_afterwards(visit, account):
    page = visit()
    page.goto(form_of(account))
    page.get_by_label("Email", exact=True).fill("vera@mail.example")
    page.get_by_label("Subject").fill("Torn page")
    page.get_by_label("Message", exact=True).fill("Page nine is torn.")
    page.get_by_role("button", name="Send ticket").click()
    page.get_by_role("checkbox").check()

    page.get_by_role("button", name="Send ticket").click()

    page.wait_for_url("**/tickets/sent/**")

    assert Ticket.objects.count() == 1
