"""Who may open an account's archive, and each opening: with a purpose, and on record."""

from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction

from helpdesk.archive import find_archived
from helpdesk.models import Account, User
from helpdesk.permissions import names_readers, reads_archive
from privacy import ledger
from privacy.encryption.rows import SealedModel
from privacy.models import ArchiveOpening, ArchiveReader


class NotInArchive(Exception):
    """It was erased or taken out meanwhile, is another account's, or never was."""


def set_readers(*, account: Account, people: Iterable[User], by: User) -> None:
    """Let exactly these people of the account open its archive; each change is in the ledger.

    Raises ``PermissionDenied`` for whoever may not decide that, operators among them, and for readers who
    are not of the account.
    """
    wanted = {person.pk: person for person in people}
    if not names_readers(by, account) or any(p.account_id != account.pk for p in wanted.values()):
        raise PermissionDenied
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        now = {reader.user_id: reader for reader in account.archive_readers.select_related("user")}
        for pk in now.keys() - wanted.keys():
            _record("archive.reader_removed", now[pk].user, by)
            now[pk].delete()
        for pk in wanted.keys() - now.keys():
            ArchiveReader.objects.create(account=account, user=wanted[pk])
            _record("archive.reader_added", wanted[pk], by)


def open_archived(*, kind: str, pk: UUID, by: User, purpose: str) -> SealedModel:
    """Note that somebody opens something in the archive of their account, and return it for this one look.

    The words of ``purpose`` stay with the account; the ledger gets who, what and when. Raises
    ``PermissionDenied`` for anybody who isn't named, and :class:`NotInArchive`.
    """
    account = by.account
    if account is None or not reads_archive(by):
        raise PermissionDenied
    with transaction.atomic():
        row = find_archived(account, kind=kind, pk=pk)
        if row is None:
            raise NotInArchive
        ArchiveOpening.objects.create(
            account=account, user=by, unit=row._meta.label_lower, unit_id=pk, purpose=purpose
        )
        ledger.record(
            "archive.opened",
            account_id=account.pk,
            unit=row._meta.label_lower,
            thing=ledger.reference(row),
            who=ledger.reference(by),
        )
    return row


def _record(action: str, reader: User, by: User) -> None:
    ledger.record(
        action, account_id=reader.account_id, reader=ledger.reference(reader), who=ledger.reference(by)
    )
