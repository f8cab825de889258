"""Each chat, ticket and file that is opened under support access: checked under a lock, and on record."""

import logging
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from helpdesk.client_ip import ClientAddress
from helpdesk.models import SupportGrant, SupportOpening, User
from helpdesk.permissions import support_grants_of
from helpdesk.services.staff_mail import queue_staff_mail
from helpdesk.support import find_readable, find_readable_file
from privacy import ledger
from privacy.encryption.errors import SealError
from privacy.encryption.rows import SealedModel

log = logging.getLogger(__name__)


class NotGranted(Exception):
    """There is no such access from here and now, or nothing of that id under it."""


def open_supported(*, grant_id: UUID, kind: str, pk: UUID, by: User, address: ClientAddress) -> SealedModel:
    """Note that somebody opens a chat or ticket under an access in force, and return it for this look.

    At the first use the owners of the account get a mail. Raises :class:`NotGranted`.
    """
    with transaction.atomic():
        grant = _locked(grant_id, by, address)
        row = find_readable(grant, kind=kind, pk=pk)
        if row is None:
            raise NotGranted
        _note("support.opened", grant, row, by)
    return row


def open_supported_file(
    *, grant_id: UUID, kind: str, pk: UUID, file_pk: UUID, by: User, address: ClientAddress
) -> Any:
    """Note that somebody takes a file of a chat or ticket, and return it; only where files were granted too.

    Raises :class:`NotGranted`.
    """
    with transaction.atomic():
        grant = _locked(grant_id, by, address)
        row, file = find_readable_file(grant, kind=kind, pk=pk, file_pk=file_pk)
        if row is None or file is None:
            raise NotGranted
        _note("support.file_opened", grant, row, by, file)
    return file


def _locked(grant_id: UUID, by: User, address: ClientAddress) -> SupportGrant:
    """Return an access that nobody ends before this opening is on record; who was quicker has ended it."""
    mine = SupportGrant.objects.filter(pk=grant_id, user=by)
    list(mine.select_for_update(no_key=True).values_list("pk"))
    # In a statement of its own: PostgreSQL doesn't look again at what it read before it waited for a lock.
    found = support_grants_of(by, address).filter(pk=grant_id).select_related("account").first()
    if found is None:
        raise NotGranted
    return found


def _note(
    action: str, grant: SupportGrant, row: SealedModel, by: User, file: SealedModel | None = None
) -> None:
    unit, is_first = row._meta.label_lower, grant.first_used_at is None
    SupportOpening.objects.create(grant=grant, unit=unit, unit_id=row.pk, is_file=file is not None)
    ledger.record(
        action,
        account_id=grant.account_id,
        grant=grant.pk,
        unit=unit,
        thing=ledger.reference(row),
        who=ledger.reference(by),
        **({"file": ledger.reference(file)} if file else {}),
    )
    if is_first:
        grant.first_used_at = timezone.now()
        grant.save(update_fields=["first_used_at"])
        _tell_owners(grant, by)


def _tell_owners(grant: SupportGrant, reader: User) -> None:
    owners = User.objects.filter(account=grant.account, role=User.Role.OWNER, is_active=True)
    link = settings.LETHE_BASE_URL + reverse("support_access")
    for owner in owners.select_related("account"):
        try:
            queue_staff_mail(
                user=owner,
                template="support_used",
                account=grant.account,
                grant=grant,
                reader=reader,
                link=link,
            )
        except SealError:  # a lost key of one of them must not keep it from the others
            log.exception("User %s can't be told that support access is used.", owner.pk)
