"""The requester's way to their thread: a link with a token, then a cookie that only that thread receives.

The token is derived from the participant's data key, so every mail carries the same link, the database
keeps only its hash, and it dies with the key. It is as unguessable as the key: 256 random bits.
"""

import base64
import hashlib
import hmac
import re
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from helpdesk.models import Ticket, TicketParticipant

COOKIE = "__Secure-ticket" if settings.LETHE_PRODUCTION else "lethe_ticket"
COOKIE_SECONDS = 12 * 3600
SALT = "helpdesk.ticket"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def token_of(participant: TicketParticipant) -> str:
    """Return the token of a participant's link; raises :class:`ValueError` once their key is destroyed."""
    key = participant.sealing_keys[participant.key_id]
    if key is None:
        raise ValueError("An erased participant has no link.")
    digest = hmac.new(key, b"lethe ticket link" + participant.pk.bytes, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def hash_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def link_of(participant: TicketParticipant) -> str:
    """Return the address for a mail. The token is in the fragment, which no server or scanner sees."""
    return f"{settings.LETHE_BASE_URL}{reverse('ticket_open')}#{token_of(participant)}"


def withdrawal_link_of(participant: TicketParticipant) -> str:
    """Return the address for a mail under which the consent is withdrawn with one button."""
    return f"{settings.LETHE_BASE_URL}{reverse('ticket_withdraw')}#{token_of(participant)}"


def participant_with_token(tokens: list[str]) -> TicketParticipant | None:
    """Find the participant whose link somebody opened; anything but one whole token matches nobody.

    ``tokens`` is what was posted: a token, or the link it came in.
    """
    if len(tokens) != 1:
        return None
    token = tokens[0].strip().rpartition("#")[2]
    if not _TOKEN.fullmatch(token):
        return None
    return _participants().filter(token_hash=hash_token(token)).first()


def cookie_for(participant: TicketParticipant) -> str:
    """Return the value of the cookie that stands for an opened link; it dies with the token."""
    return signing.dumps([str(participant.pk), participant.token_hash], salt=SALT)


def cookie_path(ticket_id: UUID) -> str:
    return reverse("ticket_thread", args=[ticket_id])


def participant_with_cookie(cookie: str, ticket_id: UUID) -> TicketParticipant | None:
    """Find the participant of this ticket whose link was opened in this browser."""
    opened = _opened(cookie)
    if opened is None:
        return None
    pk, token_hash = opened
    return _participants().filter(pk=pk, ticket_id=ticket_id, token_hash=token_hash).first()


def was_opened_here(cookie: str) -> bool:
    """Tell whether the cookie was ours: the thread it opened is gone if it opens nothing any more."""
    return _opened(cookie) is not None


def _opened(cookie: str) -> tuple[str, str] | None:
    try:
        pk, token_hash = signing.loads(cookie, salt=SALT, max_age=COOKIE_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return (pk, token_hash) if token_hash else None


def _participants():
    rows = TicketParticipant.objects.select_related("ticket__account", "contact")
    return rows.filter(ticket__account__is_active=True)


def thread_address(ticket: Ticket) -> str:
    return reverse("ticket_thread", args=[ticket.pk])
