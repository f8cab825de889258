"""The intermediate archive: out of the lists when the active term is over, erased at its own end."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from privacy import ledger
from privacy.declarations import PersonalData, units_in
from privacy.services.rules.due import clock_of
from privacy.services.rules.policies import Policy, policies_in_force


def give_back(*, now: datetime | None = None) -> int:
    """Take out of the archive what its rule puts there no more and doesn't erase either; returns how many.

    An archive that was switched off would hide it for ever where the term became longer meanwhile.
    """
    now, given = now or timezone.now(), 0
    for policy in policies_in_force():
        if policy.paused:  # whether it has an archive is not certain either
            continue
        for unit in units_in(policy.category):
            if unit.archive and policy.archive is None:
                given += _give_back(unit, policy, now)
    return given


def _give_back(unit: PersonalData, policy: Policy, now: datetime) -> int:
    rows = unit.rows().filter(account=policy.account_id, **{f"{unit.archive}__isnull": False})
    if (latest := policy.latest_start(now)) is not None:
        rows = rows.filter(**{f"{clock_of(unit, policy)}__gt": latest})
    return _move(rows, unit, None, action="archive.given_back", policy=policy)


def put_away(unit: PersonalData, ids: list, *, policy: Policy, now: datetime) -> int:
    """Take units that are over out of the lists; returns how many went. One opened again meanwhile stays."""
    rows = unit.rows().filter(pk__in=ids, **{f"{unit.over}__isnull": False, unit.archive: None})
    return _move(rows, unit, now, action="archive.filled", policy=policy)


def _move(rows: QuerySet, unit: PersonalData, since: datetime | None, *, action: str, policy: Policy) -> int:
    with transaction.atomic():
        moved = rows.update(**{unit.archive: since})
        if moved:
            ledger.record(
                action,
                account_id=policy.account_id,
                category=policy.category,
                units=moved,
                version=policy.version,
            )
    return moved
