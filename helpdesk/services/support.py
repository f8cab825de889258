"""Support access: granted by an owner for some hours, ended by hand, the clock, or what it rests on."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import Account, ManagerAssignment, SupportGrant, User
from helpdesk.permissions import grants_support
from helpdesk.services.staff_mail import queue_staff_mail
from privacy import ledger
from privacy.encryption.errors import KeyLost

log = logging.getLogger(__name__)

HOURS = (1, 4, 24, 72)
End = SupportGrant.End


class NotEligible(Exception):
    """The person is neither an operator nor a manager of this account, or is switched off."""


class AlreadyGranted(Exception):
    """The person has access to this account already."""


class NotInForce(Exception):
    """The access has ended already."""


def grant_support(
    *, account: Account, person: User, hours: int, reason: str, with_files: bool, by: User
) -> SupportGrant:
    """Let a manager or operator read the chats and tickets of an account for some hours; they get a mail.

    ``hours`` is one of :data:`HOURS`. ``reason`` is sealed under the key of ``person``; the ledger gets none
    of it. Raises ``PermissionDenied`` for anybody but an owner, :class:`NotEligible` and
    :class:`AlreadyGranted`.
    """
    if hours not in HOURS:
        raise ValueError(f"Support access is for {HOURS} hours, not {hours}.")
    with transaction.atomic():
        by = User.objects.select_for_update(no_key=True, of=("self",)).select_related("account").get(pk=by.pk)
        # Whoever switches the account off, unassigns or deactivates waits, and then finds this grant.
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if not grants_support(by, account):
            raise PermissionDenied
        person = _eligible(account, person)
        _end(account.support_grants.filter(user=person, until__lte=timezone.now()), because=End.EXPIRED)
        if account.support_grants.filter(user=person, ended_at=None).exists():
            raise AlreadyGranted
        now = timezone.now()
        grant = SupportGrant.objects.create(
            account=account,
            user=person,
            key_id=person.key_id,
            given_by=by,
            reason=reason.strip(),
            with_files=with_files,
            created_at=now,
            until=now + timedelta(hours=hours),
        )
        _record("support.granted", grant, by=by, hours=hours, files=with_files)
        link = settings.LETHE_BASE_URL + reverse("admin:support")
        queue_staff_mail(user=person, template="support_granted", account=account, grant=grant, link=link)
    return grant


def end_support(*, grant: SupportGrant, by: User) -> None:
    """End an access at once: the next request under it finds nothing.

    Raises ``PermissionDenied`` for anybody but an owner, and :class:`NotInForce`.
    """
    if not grants_support(by, grant.account):
        raise PermissionDenied
    if not _end(SupportGrant.objects.filter(pk=grant.pk), because=End.OWNER, by=by):
        raise NotInForce


def end_support_of_person(*, person: User, by: User) -> int:
    """End what somebody who is switched off could read, and what they had granted; returns how many."""
    read = _end(person.support_grants.all(), because=End.READER_OFF, by=by)
    return read + end_support_given_by(person=person, by=by)


def end_support_given_by(*, person: User, by: User) -> int:
    """End what somebody had granted, when they are an owner no more; returns how many."""
    return _end(SupportGrant.objects.filter(given_by=person), because=End.GIVER_OFF, by=by)


def end_support_of_manager(*, account: Account, manager: User, by: User) -> int:
    """End what a manager could read of an account that they look after no longer; returns how many."""
    return _end(account.support_grants.filter(user=manager), because=End.UNASSIGNED, by=by)


def end_support_to_account(*, account: Account, by: User) -> int:
    """End everybody's access to an account that is switched off; returns how many."""
    return _end(account.support_grants.all(), because=End.ACCOUNT_OFF, by=by)


def expire_support(*, now: datetime | None = None) -> int:
    """Note in the ledger which accesses ran out; returns how many. Nobody could read since then anyway."""
    return _end(SupportGrant.objects.filter(until__lte=now or timezone.now()), because=End.EXPIRED)


def _eligible(account: Account, person: User) -> User:
    found = User.objects.looking_after(account).select_for_update(no_key=True, of=("self",))
    locked = found.filter(pk=person.pk).first()
    if locked is None:
        raise NotEligible
    if locked.role == User.Role.MANAGER:
        # Asked again under a lock: PostgreSQL doesn't look again at what stands beside a row it waited for.
        assigned = ManagerAssignment.objects.select_for_update().filter(user=locked, account=account)
        if assigned.first() is None:
            raise NotEligible
    return locked


@transaction.atomic
def _end(grants: QuerySet[SupportGrant], *, because: str, by: User | None = None) -> int:
    """End those that are not over; one whose time had come is noted as run out, whoever ends it."""
    running = grants.filter(ended_at=None).select_related("user").order_by("pk")
    ended = 0
    for grant in running.select_for_update(no_key=True, of=("self",)):
        now = timezone.now()  # once it is locked: nothing is opened any more from here on
        ran_out = grant.until <= now
        grant.ended_at = grant.until if ran_out else now
        grant.ended_because = End.EXPIRED if ran_out else because
        grant.ended_by = None if ran_out else by
        grant.save(update_fields=["ended_at", "ended_because", "ended_by"])
        if ran_out:
            _record("support.expired", grant, until=grant.until)
        else:
            _record("support.ended", grant, by=by, because=str(because))
        ended += not ran_out or because == End.EXPIRED
    return ended


def _record(action: str, grant: SupportGrant, *, by: User | None = None, **params: object) -> None:
    ledger.record(
        action,
        account_id=grant.account_id,
        grant=grant.pk,
        reader=_pseudonym(grant.user),
        who=_pseudonym(by),
        **params,
    )


def _pseudonym(person: User | None) -> str:
    try:
        return ledger.reference(person)
    except KeyLost:  # a lost key of one of them must keep nobody's access open
        log.exception("Nobody can tell any more under which name somebody stands in the ledger.")
        return ""
