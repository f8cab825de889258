"""Who receives data of an account's visitors."""

from django.db import transaction

from helpdesk.models import Recipient, User
from privacy import ledger


def save_recipient(*, recipient: Recipient, by: User) -> Recipient:
    """Save a recipient, new or changed; the notice names it from now on. Raises ``ValidationError``."""
    with transaction.atomic():
        action = "recipient.changed" if recipient.pk else "recipient.added"
        recipient.full_clean()
        recipient.save()
        _record(action, recipient, by)
    return recipient


def remove_recipient(*, recipient: Recipient, by: User) -> None:
    """Take somebody off the list who receives nothing any more."""
    with transaction.atomic():
        _record("recipient.removed", recipient, by)
        recipient.delete()


def _record(action: str, recipient: Recipient, by: User) -> None:
    ledger.record(
        action,
        account_id=recipient.account_id,
        who=ledger.reference(by),
        role=str(recipient.role),
        outside=bool(recipient.country),
    )
