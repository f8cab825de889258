"""Rows for a bench, made in bulk but sealed as the services seal them."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections
from django.utils import timezone

from chat.models import ChatFile, Conversation, Message
from chat.services.conversations import hash_token
from helpdesk.models import Account, Contact, Ticket, TicketFile, TicketMessage, TicketParticipant, User
from privacy import vault
from privacy.encryption.files import store_file
from privacy.encryption.rows import share_keys
from privacy.models import DataKey
from tests import factories

BATCH = 2_000
RECEIPT = b"Two books, paid on Monday."
WORDS = "The parcel came, but one of the two books in it has a torn page. Could you send another one? " * 3


class Room(NamedTuple):
    """A chat that an agent answers, and what its two sides need to take part."""

    chat: Conversation
    token: str
    account: Account
    cookie: str


def rooms(number: int, *, accounts: int) -> list[Room]:
    """Make active chats, spread over accounts with one agent each."""
    return [room for i in range(accounts) for room in _rooms_of_account(number // accounts, f"Shop {i}")]


def _rooms_of_account(number: int, name: str) -> list[Room]:
    account = factories.account(name=name)
    agent = factories.user(account=account, name="Ada Agent")
    tokens = [secrets.token_urlsafe(32) for _ in range(number)]
    made = chats(account, tokens, agent=agent, status="active", accepted_at=timezone.now())
    cookie = sign_in(agent)
    return [Room(chat, token, account, cookie) for chat, token in zip(made, tokens, strict=True)]


def sign_in(user: User) -> str:
    """Return the cookies of somebody who signed in."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "helpdesk.authentication.EmailBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    csrf = f"{settings.CSRF_COOKIE_NAME}={'c' * 32}"
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}; {csrf}"


def settle() -> None:
    """Bring PostgreSQL's statistics up to date, as autovacuum does within a minute: plans depend on them."""
    for connection in connections.all():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM (ANALYZE)")


def contacts(account: Account, number: int) -> list[Contact]:
    keys = vault.create_keys(kind=DataKey.Kind.CONTACT, account_id=account.pk, count=number)
    made = [
        Contact(account=account, name="Vera Visitor", email=f"vera{i}@mail.example", key_id=key)
        for i, key in enumerate(keys)
    ]
    share_keys(made)
    return Contact.objects.bulk_create(made, batch_size=BATCH)


def chats(
    account: Account, tokens: list[str], *, says: int = 0, files: bool = False, **values
) -> list[Conversation]:
    """Make a chat for each token, with ``says`` messages of the visitor, and a small file where asked for."""
    keys = vault.create_keys(kind=DataKey.Kind.CHAT, account_id=account.pk, count=len(tokens))
    made = [
        Conversation(
            account=account, contact=who, key_id=key, token_hash=hash_token(token), last_seq=says, **values
        )
        for who, key, token in zip(contacts(account, len(tokens)), keys, tokens, strict=True)
    ]
    Conversation.objects.bulk_create(made, batch_size=BATCH)
    messages = [
        Message(
            account=account,
            conversation=chat,
            key_id=chat.key_id,
            seq=seq,
            side="visitor",
            body=WORDS,
            files_sent=int(files and seq == 1),
        )
        for chat in made
        for seq in range(1, says + 1)
    ]
    share_keys(messages)
    Message.objects.bulk_create(messages, batch_size=BATCH)
    if files:
        _attach_to_chats(account, [message for message in messages if message.files_sent])
    return made


def _attach_to_chats(account: Account, messages: list[Message]) -> None:
    keys = vault.create_keys(kind=DataKey.Kind.FILE, account_id=account.pk, count=len(messages))
    opened = vault.open_keys(keys)
    attached = [
        ChatFile(
            account=account,
            conversation_id=message.conversation_id,
            message=message,
            key_id=key,
            name="receipt.txt",
            kind="text",
            size=len(RECEIPT),
            stored_as=store_file(opened[key] or b"", [RECEIPT]),
        )
        for key, message in zip(keys, messages, strict=True)
    ]
    share_keys(attached)
    ChatFile.objects.bulk_create(attached, batch_size=BATCH)


def tickets(account: Account, number: int, *, first: int = 1, files: bool = False, **values) -> None:
    """Make tickets of one message, each of a contact of its own, and with a file where asked for."""
    now = timezone.now()
    keys = vault.create_keys(kind=DataKey.Kind.PARTICIPANT, account_id=account.pk, count=number)
    made = [
        Ticket(
            account=account,
            number=first + i,
            requester=who,
            key_id=key,
            subject=f"A torn page in order {first + i}",
            created_at=now - timedelta(seconds=i),
            last_activity_at=now - timedelta(seconds=i),
            **values,
        )
        for i, (who, key) in enumerate(zip(contacts(account, number), keys, strict=True))
    ]
    share_keys(made)
    Ticket.objects.bulk_create(made, batch_size=BATCH)
    _threads(account, made, files=files)


def _threads(account: Account, made: list[Ticket], *, files: bool) -> None:
    people = [
        TicketParticipant(account=account, ticket=ticket, contact=ticket.requester, key_id=ticket.key_id)
        for ticket in made
    ]
    TicketParticipant.objects.bulk_create(people, batch_size=BATCH)
    texts = [
        TicketMessage(
            account=account,
            ticket=person.ticket,
            participant=person,
            key_id=person.key_id,
            kind=TicketMessage.Kind.REQUEST,
            body=WORDS,
        )
        for person in people
    ]
    share_keys(texts)
    TicketMessage.objects.bulk_create(texts, batch_size=BATCH)
    if files:
        _attach(account, texts)


def _attach(account: Account, texts: list[TicketMessage]) -> None:
    opened = vault.open_keys([text.key_id for text in texts])
    attached = [
        TicketFile(
            account=account,
            ticket=text.ticket,
            message=text,
            key_id=text.key_id,
            name="photo.jpg",
            size=4096,
            stored_as=store_file(opened[text.key_id] or b"", [b"x" * 4096]),
        )
        for text in texts
    ]
    share_keys(attached)
    TicketFile.objects.bulk_create(attached, batch_size=BATCH)
