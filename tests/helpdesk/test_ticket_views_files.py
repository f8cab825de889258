"""Files of tickets: as downloads, to those who take part."""

import pytest
from django.urls import reverse

from helpdesk.models import Ticket, TicketFile
from helpdesk.ticket_links import COOKIE
from tests.helpdesk.tickets import (
    answer_of,
    form_of,
    opened,
    pdf,
    posted,
    visitor_with_link,
)

pytestmark = pytest.mark.django_db


def test_files_travel_both_ways_as_downloads(account, agent, agent_client):
    ticket = opened(account)
    visitor = visitor_with_link(ticket)
    visitor.post(answer_of(ticket), {"message": "Here.", "files": [pdf(), pdf("b.html")]})
    file = TicketFile.objects.filter(ticket=ticket).first()

    for browser, name in ((visitor, "ticket_thread_file"), (agent_client, "ticket_file_download")):
        answer = browser.get(reverse(name, args=[ticket.pk, file.pk]))
        assert answer.content == b"%PDF torn"
        assert answer["Content-Disposition"] == 'attachment; filename="page.pdf"'
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_files_are_closed_to_others(client, account, stranger_client, agent_client):
    ticket, other = opened(account, files=[pdf()]), opened(account, email="other@mail.example")
    file = TicketFile.objects.get()
    elsewhere = visitor_with_link(other)
    elsewhere.cookies[COOKIE]["path"] = "/"

    for browser in (client, elsewhere):
        assert browser.get(reverse("ticket_thread_file", args=[ticket.pk, file.pk])).status_code == 404
        assert browser.get(reverse("ticket_thread_file", args=[other.pk, file.pk])).status_code == 404
    assert stranger_client.get(reverse("ticket_file_download", args=[ticket.pk, file.pk])).status_code == 404
    assert agent_client.get(reverse("ticket_file_download", args=[other.pk, file.pk])).status_code == 404


@pytest.mark.parametrize(
    "files",
    [[pdf(f"{n}.pdf") for n in range(6)], [pdf(content=b"")], [pdf(content=b"x" * (10 * 2**20 + 1))]],
    ids=["too many", "empty", "too large"],
)
def test_refused_files_store_nothing(client, account, files):
    page = client.post(form_of(account), posted(account, files=files))

    assert page.status_code == 422
    assert page.context["form"].errors.keys() == {"files"}
    assert Ticket.objects.count() == 0
