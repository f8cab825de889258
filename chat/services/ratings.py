"""How visitors found a chat: counted once for each chat, and kept without the person.

Where an account keeps figures of erased chats, a rating that is given at the end stays with the chat until
then. Everywhere else nothing says of which chat it is.

A chat that the visitor doesn't end themselves may be erased before they can rate it. So a ticket for that
comes with the chat: a signed number, made from the visitor's token, which the server doesn't keep. Nothing
that is stored tells of which chat a ticket is, and all tickets of a chat have the same number.
"""

import logging

import redis
from django.core import signing
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from chat.models import Conversation
from chat.services.conversations import end_chat, keep_rating
from chat.services.messages import ChatEnded
from helpdesk.models import Account
from privacy.services.counts import count

log = logging.getLogger(__name__)

SALT = "chat.rating"
TICKET_SECONDS = 24 * 3600


class RatingRefused(Exception):
    """The ticket is forged, of another account, or too old."""


class AlreadyRated(Exception):
    """The chat of this ticket was rated before."""


def rating_ticket(*, account: Account, token: str) -> str:
    """Return what lets the holder of a chat's token rate it once within a day, even when it is erased."""
    return signing.dumps([account.pk, _number(token)], salt=SALT)


def rate(*, account: Account, ticket: str, rating: int) -> None:
    """Count a rating (1 to 5) for a ticket; raises :class:`RatingRefused` or :class:`AlreadyRated`."""
    try:
        account_id, number = signing.loads(ticket, salt=SALT, max_age=TICKET_SECONDS)
    except signing.BadSignature as error:
        raise RatingRefused from error
    if account_id != account.pk:
        raise RatingRefused
    if not _is_first(number):
        raise AlreadyRated
    count(account=account, name=f"chat_rating_{rating}")


def end_with_rating(*, conversation: Conversation, token: str, rating: int | None) -> None:
    """End a chat for its visitor and count their rating once, also where the other side was quicker."""
    counted = rating if rating and _is_first_or_unknown(_number(token)) else None
    try:
        is_ended_here = end_chat(conversation=conversation, side=Conversation.Side.VISITOR, rating=counted)
    except ChatEnded:
        is_ended_here = False
    if counted and not is_ended_here:
        keep_rating(conversation, counted)


def _number(token: str) -> str:
    return salted_hmac(SALT, token, algorithm="sha256").hexdigest()[:32]


def _is_first(number: str) -> bool:
    return cache.add(f"rating:{number}", 1, TICKET_SECONDS)


def _is_first_or_unknown(number: str) -> bool:
    """Tell the same where a chat is being ended, which must not fail because the cache is away."""
    try:
        return _is_first(number)
    except redis.RedisError:
        log.warning("The cache is away: a rating is counted that might be a second one.")
        return True
