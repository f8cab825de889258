"""Keeping where a visitor came from beside their chat or ticket, as far as the account wants it."""

from django.db.models import Model
from django.utils import timezone

from helpdesk.models.technical import TechnicalRecord
from helpdesk.technical import Technical, still_kept
from privacy import vault
from privacy.encryption.rows import read_lost_as
from privacy.models import DataKey


def keep_technical(record: type[TechnicalRecord], technical: Technical, **unit: Model) -> None:
    """Seal what is kept beside a chat or ticket, in the caller's transaction.

    Where nothing is kept there is neither a row nor a key.
    """
    (row,) = unit.values()
    if technical.is_empty:
        return
    record._base_manager.create(
        account_id=row.account_id,  # type: ignore[attr-defined]
        key_id=vault.create_key(kind=DataKey.Kind.TECHNICAL, account_id=row.account_id),  # type: ignore[attr-defined]
        created_at=technical.noted_at or timezone.now(),
        network=technical.network,
        browser=technical.browser,
        page=technical.page,
        **unit,
    )


def noted_with(record: TechnicalRecord | None) -> Technical:
    """Return what stands in a record and is still wanted, to go on with another thing and its first moment.

    Empty where there is none, and where nobody can read it any more.
    """
    if record is None:
        return Technical()
    read_lost_as("", [record])
    noted = Technical(str(record.network), str(record.browser), str(record.page), record.created_at)
    return still_kept(noted, record.account)
