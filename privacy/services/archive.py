"""The intermediate archive: out of the lists when the active term is over, erased at its own end."""

from datetime import datetime

from django.db import transaction

from privacy import ledger
from privacy.declarations import PersonalData
from privacy.services.policies import Policy


def put_away(unit: PersonalData, ids: list, *, policy: Policy, now: datetime) -> int:
    """Take units that are over out of the lists; returns how many went. One opened again meanwhile stays."""
    with transaction.atomic():
        rows = unit.rows().filter(pk__in=ids, **{f"{unit.over}__isnull": False, unit.archive: None})
        moved = rows.update(**{unit.archive: now})
        if moved:
            ledger.record(
                "archive.filled",
                account_id=policy.account_id,
                category=policy.category,
                units=moved,
                version=policy.version,
            )
    return moved
