"""Technical data of a chat: by its form, in the agent's pane, and on its way into a ticket."""

import http.client

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from chat.models import Conversation, TechnicalData
from helpdesk.models import Ticket, TicketTechnicalData
from privacy.categories import Category
from privacy.models import DataKey
from privacy.services.people.export import export_person
from privacy.terms import Rule
from tests import factories
from tests.chat.visiting import answers, visit

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = "https://shop.example"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"
WHOLE = ("203.0.113.0/24", "Firefox 141 on Windows", f"{SHOP}/tea/")
LEFT = {"name": "V", "email": "v@mail.example", "message": "Call me", "consent_answer": "on", "notice": "1"}


@pytest.fixture
def keeping(account):
    """The account, which keeps all three parts."""
    account.keep_address = account.keep_browser = account.keep_page = True
    account.allowed_origins = SHOP
    account.save()
    return account


def start(account, *, page: str = f"{SHOP}/tea/?email=vera@mail.example#top"):
    """Start a chat by its form; returns the token."""
    client = Client(headers={"user-agent": FIREFOX}, REMOTE_ADDR="203.0.113.7")
    answer = client.post(reverse("chat_start", args=[account.public_id]), answers(page=page))
    assert answer.status_code == 201
    return answer["X-Chat-Token"]


def parts(row) -> tuple[str, str, str]:
    return row.network, row.browser, row.page


def test_chat_keeps_all_three_shortened_under_a_key_of_their_own(keeping):
    start(keeping)

    row = TechnicalData.objects.get()
    assert parts(row) == WHOLE
    assert row.conversation == Conversation.objects.get()
    assert row.key_id != row.conversation.key_id


@pytest.mark.parametrize("name", ["address", "browser", "page"])
def test_chat_keeps_no_part_that_is_off(keeping, name):
    setattr(keeping, f"keep_{name}", False)
    keeping.save()

    start(keeping)

    kept = dict(zip(["address", "browser", "page"], parts(TechnicalData.objects.get()), strict=True))
    assert {part for part, value in kept.items() if not value} == {name}


def test_chat_keeps_nothing_by_default(account):
    account.allowed_origins = SHOP
    account.save()

    start(account)

    assert not TechnicalData.objects.exists()
    assert not DataKey.objects.filter(kind=DataKey.Kind.TECHNICAL).exists()


@pytest.mark.parametrize("page", ["", "https://evil.example/", "x" * 5000, "\x00", f"{SHOP}/a b"])
def test_odd_page_is_not_kept_and_refuses_nobody(keeping, page):
    start(keeping, page=page)

    assert TechnicalData.objects.get().page == ""


def test_chat_that_is_erased_at_once_takes_it_along(keeping):
    factories.policy(keeping, Category.CHAT, rule=Rule.AT_ONCE)
    token = start(keeping)
    key_id = TechnicalData.objects.get().key_id

    visit("visitor_end", keeping, token=token, data={})

    assert not Conversation.objects.exists()
    assert not TechnicalData.objects.exists()
    assert not DataKey.objects.filter(pk=key_id).exists()


def test_agent_sees_it_about_the_visitor_with_until_when(keeping, agent_client):
    start(keeping)
    factories.policy(keeping, Category.TECHNICAL, amount=7)

    pane = agent_client.get(reverse("chat_detail", args=[Conversation.objects.get().pk]))

    assert pane.context["pane"].technical.parts == list(WHOLE)
    for part in WHOLE:
        assert part in pane.text
    assert "Erased 7 days after it is closed, and with the rest at the latest" in pane.text


def test_agent_reads_once_that_its_key_is_lost(keeping, agent_client):
    start(keeping)
    DataKey.objects.filter(pk=TechnicalData.objects.get().key_id).delete()

    pane = agent_client.get(reverse("chat_detail", args=[Conversation.objects.get().pk]))

    assert pane.status_code == 200
    assert pane.context["pane"].technical.parts == ["can't be read: its key is lost"]


def test_page_that_holds_markup_is_shown_as_text(keeping, agent_client):
    start(keeping, page=f"{SHOP}/<script>alert(1)</script>/")

    pane = agent_client.get(reverse("chat_detail", args=[Conversation.objects.get().pk]))

    assert f"{SHOP}/&lt;script&gt;alert(1)&lt;/script&gt;/" in pane.text
    assert "<script>alert(1)" not in pane.text


def test_copy_for_the_person_has_it(keeping):
    start(keeping)

    copied = export_person(Conversation.objects.get().contact)["categories"]["technical"]

    (row,) = copied["chat.technicaldata"]
    assert (row["network"], row["browser"], row["page"]) == WHOLE


def leave(account, token):
    answer = visit("visitor_leave_message", account, token=token, data=LEFT)
    assert answer.status_code == 201
    return Ticket.objects.get()


def test_ticket_that_a_chat_becomes_goes_on_with_what_was_noted_when_it_began(keeping):
    token = start(keeping)
    began, key_id = TechnicalData.objects.values_list("created_at", "key_id").get()

    ticket = leave(keeping, token)

    row = TicketTechnicalData.objects.get(ticket=ticket)
    assert parts(row) == WHOLE
    assert row.created_at == began
    assert not TechnicalData.objects.exists()
    assert not DataKey.objects.filter(pk=key_id).exists()


def test_ticket_takes_nothing_along_that_was_switched_off_or_is_gone(keeping):
    token = start(keeping)
    keeping.keep_address = keeping.keep_page = False
    keeping.save()

    assert parts(leave(keeping, token).technical) == ("", "Firefox 141 on Windows", "")


def test_ticket_is_opened_also_where_the_key_is_lost(keeping):
    token = start(keeping)
    DataKey.objects.filter(pk=TechnicalData.objects.get().key_id).delete()

    leave(keeping, token)

    assert not TicketTechnicalData.objects.exists()


def test_logs_of_the_web_process_name_no_visitor(web, account):
    """There is no access log; what is logged of a visitor's mistakes says neither address nor browser."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", web.port, timeout=10, source_address=("127.0.0.99", 0)
    )
    headers = {"User-Agent": "Quollbrowser/7.7", "Referer": f"{SHOP}/?quollquery"}
    page, start_of = (reverse(name, args=[account.public_id]) for name in ("chat_page", "chat_start"))

    statuses = []
    for method, path in [
        ("GET", page),
        ("GET", "/no/such/page/"),
        ("POST", start_of),
        ("GET", "/%zz?quollquery"),
    ]:
        connection.request(method, path, headers=headers)
        (answer := connection.getresponse()).read()
        statuses.append(answer.status)
    connection.close()

    logged = (settings.LETHE_LOG_DIR / "lethe.log").read_text()
    assert statuses == [200, 404, 422, 404]
    assert "Not Found: (no page of ours)" in logged
    for told in ("127.0.0.99", "Quollbrowser", "quollquery", "shop.example"):
        assert told not in logged
