"""Rows for tests: plain functions with defaults; where a service matters, the service makes the row."""

import hashlib
from datetime import date
from itertools import count
from typing import Any

from django.utils import timezone

from chat.models import Conversation, Message
from helpdesk.models import (
    Account,
    AllowedNetwork,
    Contact,
    FormField,
    ManagerAssignment,
    Ticket,
    TicketMessage,
    TicketParticipant,
    User,
)
from privacy import vault
from privacy.categories import Category
from privacy.models import Basis, ConsentNotice, DataKey, RetentionPolicy, Suspension
from privacy.models.consent import Question
from privacy.services.people.notices import publish_notice
from privacy.services.people.purposes import declare_answering
from privacy.terms import Rule, Unit

PASSWORD = "calm-river-of-tests"
AGREE = "I agree that my message is stored."
_number = count(1)


def account(*, name: str = "Bramble Books", networks: tuple[str, ...] = (), **values: Any) -> Account:
    """Make an account with a published notice and thirty days for chats and tickets.

    ``networks`` turn its allowlist on.
    """
    made = Account.objects.create(name=name, allowlist_enabled=bool(networks), **values)
    asked = declare_answering(account=made, names={"en": "To answer you"}, questions={"en": AGREE})
    question = Question(asked.key, asked.is_required, asked.questions)
    ConsentNotice.objects.create(account=made, version=1, questions=[question.as_json()])
    for category in (Category.CHAT, Category.TICKET):
        policy(made, category)
    for network in networks:
        AllowedNetwork.objects.create(account=made, network=network)
    return made


def asks(account: Account, words: str) -> ConsentNotice:
    """Let an account ask for consent in other words, and return the new version of its notice."""
    account.purposes.update(questions={"en": words})
    return publish_notice(account=account)


def asks_nothing(account: Account) -> None:
    """Let an account answer people on another basis than consent."""
    account.purposes.update(basis=Basis.CONTRACT)
    publish_notice(account=account)


def asks_by(account: Account, mechanism: str) -> ConsentNotice:
    """Let an account ask in another way."""
    account.consent_mechanism = mechanism
    account.save()
    return publish_notice(account=account)


def asks_for(account: Account, key: str, words: str) -> ConsentNotice:
    """Let an account ask for consent to one more purpose, which may be refused."""
    account.purposes.create(
        key=key, names={"en": key}, basis=Basis.CONSENT, questions={"en": words}, position=2
    )
    return publish_notice(account=account)


def published(account: Account) -> ConsentNotice:
    """Return the notice that the account's settings make at this moment."""
    return publish_notice(account=account)


def policy(
    account: Account,
    category: str,
    *,
    rule: str = Rule.AFTER,
    amount: int = 30,
    unit: str = Unit.DAYS,
) -> RetentionPolicy:
    """Set how long an account keeps one category."""
    made, _created = RetentionPolicy.objects.update_or_create(
        account=account, category=category, defaults={"rule": rule, "amount": amount, "unit": unit}
    )
    return made


def field(account: Account, key: str, *, form: str = "ticket", **values: Any) -> FormField:
    """Let an account ask one thing more on a form."""
    return FormField.objects.create(
        account=account, form=form, key=key, **{"labels": {"en": f"Your {key}"}} | values
    )


def user(role: str = User.Role.AGENT, *, account: Account | None = None, **values: Any) -> User:
    """Make somebody who signs in, with the password of the tests."""
    number = next(_number)
    values = {"email": f"{role}{number}@staff.example", "name": f"{role.title()} {number}"} | values
    return User.objects.create_user(
        password=values.pop("password", PASSWORD), role=role, account=account, **values
    )


def manager(*accounts: Account, **values: Any) -> User:
    """Make an account manager who looks after ``accounts``."""
    made = user(User.Role.MANAGER, **values)
    for each in accounts:
        ManagerAssignment.objects.create(user=made, account=each)
    return made


def contact(account: Account, **values: Any) -> Contact:
    """Make a person outside, under a key of their own."""
    number = next(_number)
    values = {"name": f"Visitor {number}", "email": f"visitor{number}@mail.example"} | values
    key_id = vault.create_key(kind=DataKey.Kind.CONTACT, account_id=account.pk)
    return Contact.objects.create(account=account, key_id=key_id, **values)


def chat(
    account: Account,
    *,
    says: tuple[str, ...] = ("Where is my order?",),
    agent: User | None = None,
    token: str | None = None,
    **values: Any,
) -> Conversation:
    """Make a chat in which the visitor said something; it waits, or is ``agent``'s."""
    values.setdefault("contact", None)
    values["contact"] = values["contact"] or contact(account)
    if agent:
        values = {"status": Conversation.Status.ACTIVE, "accepted_at": timezone.now()} | values
    if values.get("closed_at"):
        values.setdefault("status", Conversation.Status.CLOSED)
    token = token or f"token-of-chat-{next(_number)}"
    made = Conversation.objects.create(
        account=account,
        agent=agent,
        key_id=vault.create_key(kind=DataKey.Kind.CHAT, account_id=account.pk),
        token_hash=hashlib.sha256(token.encode()).hexdigest(),
        last_seq=len(says),
        **values,
    )
    for seq, body in enumerate(says, start=1):
        Message.objects.create(
            account=account,
            conversation=made,
            key_id=made.key_id,
            seq=seq,
            side=Conversation.Side.VISITOR,
            body=body,
        )
    return made


def ticket(
    account: Account,
    *,
    subject: str = "A torn page",
    says: tuple[str, ...] = ("Page nine is torn.",),
    token: str | None = None,
    **values: Any,
) -> Ticket:
    """Make a ticket whose requester wrote something; ``token`` opens their link."""
    requester = values.pop("requester", None) or contact(account)
    if values.get("closed_at"):
        values.setdefault("status", Ticket.Status.CLOSED)
    account.last_ticket_number += 1
    account.save(update_fields=["last_ticket_number"])
    thread_key = vault.create_key(kind=DataKey.Kind.PARTICIPANT, account_id=account.pk)
    made = Ticket.objects.create(
        account=account,
        number=account.last_ticket_number,
        requester=requester,
        subject=subject,
        key_id=thread_key,
        **values,
    )
    requester_in_it = TicketParticipant.objects.create(
        account=account,
        ticket=made,
        contact=requester,
        key_id=thread_key,
        token_hash=hashlib.sha256(token.encode()).hexdigest() if token else None,
    )
    for body in says:
        TicketMessage.objects.create(
            account=account,
            ticket=made,
            participant=requester_in_it,
            key_id=requester_in_it.key_id,
            kind=TicketMessage.Kind.REQUEST,
            body=body,
        )
    return made


def hold(unit: Any, *, review_on: date | None = None) -> Suspension:
    """Put a legal hold on a chat, a ticket or a contact, without the service and its evidence."""
    return Suspension.objects.create(
        account=unit.account,
        unit=unit._meta.label_lower,
        unit_id=unit.pk,
        basis=Suspension.Basis.CLAIM,
        reason="A claim is open",
        review_on=review_on or timezone.localdate(),
    )
