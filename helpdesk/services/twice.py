"""The same words sent twice in a moment are one message: somebody clicked twice, or waited for an answer.

It is looked for under a lock, the ticket's or the account's, so that the second one sees the first. Nothing
that was typed or chosen may get lost, so whatever differs in the least is another message.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

import redis
from django.core.cache import cache
from django.core.files import File
from django.utils import timezone
from django.utils.crypto import salted_hmac

from helpdesk.models import Account, Ticket, TicketFile, TicketMessage, User
from helpdesk.services.files import clean_name, content_of
from privacy.encryption.errors import SealError

MOMENT = timedelta(seconds=30)
FORM_SECONDS = 600  # how long a form that was sent is known


def said_just_now(
    ticket: Ticket,
    *,
    kind: str,
    body: str,
    leaves: str = "",
    agent: User | None = None,
    files: Sequence[File] = (),
) -> TicketMessage | None:
    """Return the ticket's newest message, where the same person said just this a moment ago.

    ``leaves`` is the status in which such a message leaves a ticket. Where it has another by now, say because
    it was closed in between, the words are said anew.
    """
    last = ticket.messages.filter(created_at__gt=timezone.now() - MOMENT).last()
    if last is None or (last.kind, last.agent_id) != (kind, agent.pk if agent else None):
        return None
    if last.body != body or ticket.status != (leaves or ticket.status):
        return None
    return last if _are_the_same(list(last.files.all()), files) else None


def mark_of(account: Account, *, form: str, given: Sequence[str], files: Sequence[File]) -> str:
    """Return a mark of what was sent with a copy of a form, by its code; nothing can be read from it."""
    digests = [(file.name, _digest(file.chunks()).hex()) for file in files]
    said = json.dumps([account.pk, form, *given, *digests])
    return "form:" + salted_hmac("helpdesk.twice", said, algorithm="sha256").hexdigest()


def opened_by(mark: str) -> Ticket | None:
    """Return the ticket that this mark has opened already, as far as it is known and still there."""
    with suppress(redis.RedisError):  # two tickets are better than none
        if pk := cache.get(mark):
            return Ticket.objects.filter(pk=pk).first()
    return None


def remember_opened(mark: str, ticket: Ticket) -> None:
    """Remember that this mark has opened a ticket; nothing is lost where that isn't stored after all."""
    with suppress(redis.RedisError):
        cache.set(mark, str(ticket.pk), FORM_SECONDS)


def _are_the_same(stored: Sequence[TicketFile], sent: Sequence[File]) -> bool:
    """Tell whether these are the same files; their contents are read only where names and sizes agree."""
    names = sorted((file.name, file.size) for file in stored)
    if names != sorted((clean_name(file.name or ""), file.size or 0) for file in sent):
        return False
    try:
        digests = sorted((file.name, _digest([content_of(file)])) for file in stored)
    except (OSError, SealError):
        return False  # what can't be read any more has to be sent again
    return digests == sorted((clean_name(file.name or ""), _digest(file.chunks())) for file in sent)


def _digest(chunks: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.digest()
