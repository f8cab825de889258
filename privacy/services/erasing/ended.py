"""Parts that say themselves when they go, before their chat or ticket does."""

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import NamedTuple

from django.db.models import BooleanField, ExpressionWrapper, Q

from privacy.declarations import PersonalData, parts_that_end
from privacy.services.erasing.halving import erase_what_can_be
from privacy.services.erasing.reasons import Reason
from privacy.services.rules.due import Due, batch_size
from privacy.services.rules.suspensions import suspended


class Ended(NamedTuple):
    """Parts of one account whose time is over; ``held`` counts what something stops."""

    part: PersonalData
    account_id: int
    due: list[Due]
    held: int


def ended_parts(now: datetime, *, account_id: int | None = None) -> Iterator[Ended]:
    """Yield what has ended by a moment, of one account or of all, in batches."""
    for part in parts_that_end():
        rows = part.rows().filter(**{f"{part.ends}__lte": now})
        if account_id is not None:
            rows = rows.filter(account=account_id)
        rows = rows.annotate(held_back=ExpressionWrapper(suspended(part), output_field=BooleanField()))
        found = rows.order_by("account", part.ends, "pk")
        listed = list(found.values_list("account", "pk", part.ends, "held_back"))
        for account, of_account in groupby(listed, lambda row: row[0]):
            while batch := list(islice(of_account, batch_size())):
                due = [Due(pk, at) for _account, pk, at, held in batch if not held]
                yield Ended(part, account, due, len(batch) - len(due))


def erase_ended(ended: Ended, *, now: datetime) -> tuple[int, int]:
    """Erase such parts with their keys, and return how many went and how many failed."""
    erasures, failed = erase_what_can_be(
        ended.part,
        [pk for pk, _at in ended.due],
        reason=Reason("own_term", ended.account_id),
        still=Q(**{f"{ended.part.ends}__lte": now}),
    )
    label = ended.part.model._meta.label_lower
    said = [erasure.begun.params for erasure in erasures]
    return sum(each["units"] for each in said if each["unit"] == label), failed
