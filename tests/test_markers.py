"""A person with markers everywhere is erased, and then no marker is anywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, models
from django.test import Client
from django.urls import reverse

from chat.models import ChatAnswer, ChatFile, Conversation, Message
from chat.services.conversations import accept_chat, end_chat, start_chat
from chat.services.messages import post_message
from helpdesk.models import Contact, Ticket, TicketAnswer, TicketFile, TicketMessage
from helpdesk.services.files import content_of
from helpdesk.services.tickets import add_note, close_ticket, open_ticket, reply_ticket
from privacy.categories import Category
from privacy.encryption.files import sealed_storage, stored_files
from privacy.models import DataKey
from privacy.services.erasing.purge import purge
from privacy.services.people.consent import Given
from privacy.services.people.notices import current_notice
from privacy.services.tracing.traces import find_traces
from privacy.terms import Rule
from tests import factories
from tests.backend import ON_POSTGRES

pytestmark = pytest.mark.django_db(transaction=True)

CHAT, TICKET = "chatmarkerquoll", "ticketmarkerquoll"
NAME, ADDRESS = "Quollina Markerson", "quollina@markerson.example"
SHOP, CAME_FROM, QUERY = "https://shop.example", "198.51.100.77", "querymarkerquoll"
BROWSER = "Mozilla/5.0 (Windows NT 10.0; rv:141.0; browsermarkerquoll) Gecko/20100101 Firefox/141.0"
NEVER = (CAME_FROM, "browsermarkerquoll", QUERY, "Firefox/141")  # kept by nobody, whatever is on


@pytest.fixture
def told(account, agent):
    """A chat and a ticket of one person, with markers in everything that takes words."""
    factories.policy(account, Category.CHAT, rule=Rule.AT_ONCE)
    factories.policy(account, Category.TICKET, rule=Rule.AT_ONCE)
    person = {"account": account, "name": NAME, "email": ADDRESS}
    agreed = {"given": Given.to_all(current_notice(account))}
    for form in ("chat", "ticket"):
        factories.field(account, "thing", form=form)
        factories.field(account, "short", form=form, term_amount=9)
    started = {key: f"{CHAT} {key}" for key in ("thing", "short")}
    chat, token = start_chat(**person, question=f"{CHAT} one", **agreed, answers=started)
    accept_chat(conversation=chat, agent=agent)
    post_message(conversation=chat, side="agent", body=f"{CHAT} two", agent=agent)
    for side in ("visitor", "agent"):
        file = SimpleUploadedFile(f"{CHAT}-{side}.txt", f"{CHAT} file of the {side}".encode())
        post_message(conversation=chat, side=side, body="", files=[file])
    ticket = open_ticket(
        **person,
        subject=f"{TICKET} subject",
        message=f"{TICKET} message",
        files=[SimpleUploadedFile(f"{TICKET}.txt", f"{TICKET} file".encode())],
        **agreed,
        answers={key: f"{TICKET} {key}" for key in ("thing", "short")},
    )
    reply_ticket(ticket=ticket, agent=agent, body=f"{TICKET} reply")
    add_note(ticket=ticket, agent=agent, body=f"{TICKET} note")
    look_around(account, agent, chat, token, ticket)
    return chat, ticket


def look_around(account, agent, chat, token, ticket):
    """Open the pages and make the mistakes that could leave something in a cache, queue, log or session."""
    client = Client()
    client.force_login(agent, backend="helpdesk.authentication.EmailBackend")
    for name, thing in (("chat_detail", chat), ("ticket_detail", ticket)):
        assert CHAT in (page := client.get(reverse(name, args=[thing.pk])).text) or TICKET in page
    client.get("/agent/tickets/", {"q": f"{CHAT} {TICKET}", "status": NAME})
    visitor = Client(headers={"x-chat-token": token})
    said = visitor.get(reverse("visitor_conversation", args=[account.public_id]))
    assert f"{CHAT} one" in said.text
    for file in ChatFile.objects.filter(conversation=chat):
        for answer in (
            visitor.get(reverse("visitor_file", args=[account.public_id, file.pk])),
            client.get(reverse("chat_file", args=[chat.pk, file.pk])),
        ):
            assert f"{CHAT} file".encode() in answer.content
    stranger = Client()
    stranger.post(reverse("sign_in"), {"username": ADDRESS, "email": ADDRESS, "password": f"{CHAT} {TICKET}"})
    stranger.get(f"/no/such/{CHAT}/{TICKET}/", {"email": ADDRESS}, headers={"user-agent": NAME})
    stranger.post(reverse("chat_start", args=[account.public_id]), {"name": NAME, "question": f"{CHAT}\x00"})
    current_app.send_task("helpdesk.tasks.send_mail")


def everything_stored() -> Iterator[tuple[str, str]]:
    """Yield all that is stored anywhere, as it lies there, with a name for the place."""
    for alias in connections:
        with connections[alias].cursor() as cursor:
            for table in connections[alias].introspection.table_names(cursor):
                cursor.execute(f'SELECT * FROM "{table}"')
                columns = [column[0] for column in cursor.description]
                for row in cursor.fetchall():
                    yield from ((f"{table}.{c}", str(v)) for c, v in zip(columns, row, strict=True))
    for path in Path(settings.LETHE_DATA_DIR).rglob("*"):
        if path.is_file():
            yield str(path), f"{path.name} {path.read_bytes().decode('latin-1')}"
    if not ON_POSTGRES:
        yield from ((f"cache {key}", f"{key} {value!r}") for key, value in cache._cache.items())
    else:
        client = redis.Redis.from_url(settings.LETHE_REDIS_URL)
        yield from ((f"redis {key!r}", f"{key!r} {client.dump(key)!r}") for key in client.scan_iter())


def places_with(*markers: str) -> list[str]:
    wanted = [marker.lower() for marker in markers]
    return [place for place, value in everything_stored() if any(m in value.lower() for m in wanted)]


def copy_of(model: type[models.Model]) -> list[models.Model]:
    """Return the rows of a backup: read as they lie in the table, opened by nobody yet."""
    names = [field.attname for field in model._meta.concrete_fields]
    with connections["default"].cursor() as cursor:
        columns = ", ".join(f'"{f.column}"' for f in model._meta.concrete_fields)
        cursor.execute(f'SELECT {columns} FROM "{model._meta.db_table}"')
        rows = cursor.fetchall()
    converted = [
        [
            field.from_db_value(value, None, None)
            if hasattr(field, "from_db_value")
            else field.to_python(value)
            if isinstance(field, models.UUIDField)
            else value
            for field, value in zip(model._meta.concrete_fields, row, strict=True)
        ]
        for row in rows
    ]
    return [model.from_db("default", names, values) for values in converted]


def visit_from_a_marked_place(account):
    """Chat, write a ticket and make mistakes, with a marked address, browser and page."""
    headers = {"user-agent": BROWSER, "referer": f"{SHOP}/tea/?{QUERY}"}
    visitor = Client(headers=headers, REMOTE_ADDR=CAME_FROM)
    public, page = account.public_id, f"{SHOP}/tea/?{QUERY}=1#{QUERY}"
    filled = {"name": "V", "email": "v@mail.example", "consent_answer": "on", "notice": "1", "page": page}
    token = visitor.post(reverse("chat_start", args=[public]), filled | {"question": "Hello?"})[
        "X-Chat-Token"
    ]
    with_token = Client(headers=headers | {"x-chat-token": token}, REMOTE_ADDR=CAME_FROM)
    with_token.get(reverse("visitor_conversation", args=[public]))
    with_token.post(reverse("visitor_messages", args=[public]), {"body": "Anybody?"})
    with_token.post(reverse("visitor_typing", args=[public]))
    said = filled | {"subject": "Tea", "message": "Where is it?"}
    assert visitor.post(reverse("ticket_new", args=[public]), said).status_code == 302
    visitor.post(reverse("ticket_new", args=[public]), said | {"consent_answer": ""})
    visitor.get(f"/no/such/page/?{QUERY}")
    visitor.get(reverse("privacy_notice", args=[public]))
    odd = "multipart/form-data; boundary=b; charset=hex"
    careless = Client(raise_request_exception=False, headers=headers, REMOTE_ADDR=CAME_FROM)
    careless.generic("POST", reverse("chat_start", args=[public]), b"--", odd)


def test_where_a_visitor_comes_from_is_nowhere_by_default(account, agent):
    account.allowed_origins = SHOP
    account.save()

    visit_from_a_marked_place(account)

    assert (Conversation.objects.count(), Ticket.objects.count()) == (1, 1)
    parts = (*NEVER, "198.51.100", "Firefox 141")  # the page stands in the proof of consent
    assert places_with(*parts) == []
    for part in parts:
        assert find_traces(part).as_json() == {"matches": []}


def test_where_a_visitor_comes_from_is_only_there_shortened_and_sealed(account, agent):
    account.allowed_origins = SHOP
    account.keep_address = account.keep_browser = account.keep_page = True
    account.save()

    visit_from_a_marked_place(account)

    assert places_with(*NEVER, "198.51.100", "Firefox 141") == []
    for part in NEVER:
        assert find_traces(part).as_json() == {"matches": []}
    for part, places in {"198.51.100.0/24": 2, "Firefox 141 on Windows": 2, f"{SHOP}/tea/": 1}.items():
        assert len(find_traces(part).as_json()["matches"]) == places


def copies_of_files(model: type[models.Model]) -> list[bytes]:
    """Return what lies on the disk of the files of a model."""
    return [Path(sealed_storage().path(file.stored_as)).read_bytes() for file in copy_of(model)]


def test_nothing_is_stored_in_the_clear(told):
    assert places_with(CHAT, TICKET, NAME, ADDRESS) == []
    assert not find_traces(CHAT).none_found
    assert not find_traces(TICKET).none_found
    assert not find_traces(ADDRESS).none_found


def test_chat_is_gone_from_every_copy_while_the_ticket_lives(told, account):
    chat, ticket = told
    answers = copy_of(ChatAnswer)
    messages, contacts, tickets = copy_of(Message), copy_of(Contact), copy_of(Ticket)
    files, pages = copy_of(ChatFile), copies_of_files(ChatFile)
    key_id = Conversation.objects.get(pk=chat.pk).key_id

    end_chat(conversation=chat, side="visitor")

    assert find_traces(CHAT).as_json() == {"matches": []}
    assert [message.body for message in messages if message.body] == []
    assert [answer.words for answer in answers] == ["", ""]
    assert [file.name for file in files if file.name] == []
    assert CHAT.encode() not in b"".join(pages)
    for file in files:
        assert file.stored_as not in set(stored_files())
        with pytest.raises(FileNotFoundError):
            content_of(file)
    assert len(files) == len(pages) == 2
    assert sorted(contact.email for contact in contacts) == ["", ADDRESS]
    assert [each.subject for each in tickets] == [f"{TICKET} subject"]
    assert not DataKey.objects.filter(pk=key_id).exists()
    assert not find_traces(TICKET).none_found
    assert Ticket.objects.get(pk=ticket.pk).subject == f"{TICKET} subject"


def test_person_is_nowhere_once_everything_is_closed(told, account, agent):
    chat, ticket = told
    files = [*copy_of(TicketFile), *copy_of(ChatFile)]
    answers = [*copy_of(TicketAnswer), *copy_of(ChatAnswer)]
    copies = [*copy_of(Message), *copy_of(TicketMessage)], copy_of(Contact), files
    stored = [file.stored_as for file in copies[2]]
    assert len(stored) == 3
    assert set(stored) <= set(stored_files())

    end_chat(conversation=chat, side="visitor", rating=5)
    close_ticket(ticket=ticket, by=agent)

    for marker in (CHAT, TICKET, NAME, ADDRESS, "Markerson"):
        assert find_traces(marker).as_json() == {"matches": []}
    assert places_with(CHAT, TICKET, NAME, ADDRESS, "markerson") == []
    assert not set(stored) & set(stored_files())
    assert (Conversation.objects.count(), Ticket.objects.count(), Contact.objects.count()) == (0, 0, 0)
    messages, contacts, files = copies
    assert [m.body for m in messages if m.body] == []
    assert [a.words for a in answers] == [""] * 4
    assert [c.name + c.email for c in contacts if c.name or c.email] == []
    assert [f.name for f in files if f.name] == []
    counts = {c.name: c.value for c in account.daily_counts.all()}
    assert counts["chats_started"] == counts["chats_closed"] == counts["chat_rating_5"] == 1
    assert purge().due == 0
