"""What shorter limits of silence, as they stand on the page of an account, would close."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import ngettext

from helpdesk.models import Account
from helpdesk.services.silence import LIMITS, closed_by
from privacy.categories import Category


def closed_by_limits(account: Account, data: Mapping[str, Any] | None, now: datetime) -> dict[str, QuerySet]:
    """Return what each limit that was posted would close and the one in force leaves open, by category."""
    return {
        category: closed_by(account, category, amount, now)
        for category, limit in LIMITS.items()
        if (amount := _posted(data, limit.field)) and amount < getattr(account, limit.field)
    }


def closing_in_words(closing: Mapping[str, QuerySet]) -> list[str]:
    """Return a sentence for each limit that closes something."""
    said = []
    for category, rows in closing.items():
        number = rows.count()
        if number and category == Category.TICKET:
            said.append(
                ngettext(
                    "%(number)d silent ticket would be closed a day after you save.",
                    "%(number)d silent tickets would be closed a day after you save.",
                    number,
                )
                % {"number": number}
            )
        elif number:
            said.append(
                ngettext(
                    "%(number)d silent chat would be closed, a day after you save at the latest.",
                    "%(number)d silent chats would be closed, a day after you save at the latest.",
                    number,
                )
                % {"number": number}
            )
    return said


def _posted(data: Mapping[str, Any] | None, field: str) -> int | None:
    """Return a limit as posted; ``None`` for what is none and will be refused beside its field."""
    try:
        return Account._meta.get_field(field).clean(data.get(field), None) if data else None  # type: ignore[union-attr]
    except ValidationError:
        return None
