"""Changing an account's settings: one page, one service, all of it or nothing."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from helpdesk.account_codes import codes_of, marks_of
from helpdesk.allowlist import would_lock_out
from helpdesk.client_ip import ClientAddress
from helpdesk.logos import Logo
from helpdesk.models import Account, AllowedNetwork, User
from helpdesk.services.accounts import assign_managers
from helpdesk.services.logos import keep_logo
from helpdesk.services.minimums import Minimums
from helpdesk.services.retention import Decision, change_retention, note_plan
from helpdesk.services.silence import note_shorter_silence
from helpdesk.services.support import end_support_to_account
from privacy import ledger
from privacy.models import Plan
from privacy.services.people.notices import current_notice, publish_notice
from privacy.services.rules.policies import policies_in_force

DECIDED_BY_OPERATORS = {"plan", "is_active"}
BY_OTHER_FIELDS = {"logo_mark"}  # settings that a control of another name decides

Networks = Iterable[tuple[str, str]]  # network and note


class ChangedMeanwhile(Exception):
    """Somebody else saved the account after this person had opened its page; nothing was saved."""


def change_account(
    *,
    account: Account,
    by: User,
    address: ClientAddress,
    revision: str | None = None,
    values: Mapping[str, Any],
    logo: Logo | None = None,
    decisions: Mapping[str, Decision] | None = None,
    minimums: Minimums | None = None,
    reason: str = "",
    skip_cooling: bool = False,
    networks: Networks | None = None,
    managers: Iterable[User] | None = None,
) -> Account:
    """Save what ``by`` decided about an account, all of it or nothing, and return the account as it is now.

    ``None`` leaves a part as it is. ``revision`` is what :func:`revision_of` said when the page was opened.
    ``NO_LOGO`` takes the logo away; ``minimums``, ``reason`` and ``skip_cooling`` are about retention, as
    :func:`change_retention` says. Raises :class:`ChangedMeanwhile`, ``PermissionDenied`` for what operators
    decide, and ``ValidationError`` for bad values or an allowlist that would lock out ``by``.
    """
    with transaction.atomic():
        if "plan" in values:  # before the account, as who changes a plan locks them
            Plan.objects.select_for_update(no_key=True).get(pk=values["plan"].pk)
        account = Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if revision is not None and revision != revision_of(account):
            raise ChangedMeanwhile
        if logo is not None:
            values = {**values, "logo_mark": keep_logo(account=account, logo=logo)}
        before = list(policies_in_force(account.pk))
        _set_values(account, values, by)
        if "plan" in values:
            note_plan(account=account, before=before, by=by, reason=_("Another plan"))
        change_retention(
            account=account,
            decisions=decisions or {},
            minimums=minimums,
            by=by,
            reason=reason,
            skip_cooling=skip_cooling,
            before=before,
        )
        publish_notice(account=account)
        if networks is not None:
            _set_networks(account, networks, by)
        if managers is not None:
            assign_managers(account=account, managers=managers, by=by)
        refuse_lock_out(
            enabled=account.allowlist_enabled,
            networks=account.allowed_networks.values_list("network", flat=True),
            by=by,
            address=address,
        )
    return account


def refuse_lock_out(*, enabled: bool, networks: Iterable[str], by: User, address: ClientAddress) -> None:
    """Raise ``ValidationError`` where the list is on and empty, or leaves out the person who saves it.

    Operators aren't subject to it; for everybody else an address that isn't certain counts as left out.
    """
    if not enabled:
        return
    networks = list(networks)
    if not networks:
        raise ValidationError(
            _("The list is on but empty: nobody could sign in. Add a network first."), "empty"
        )
    if by.role == User.Role.OPERATOR:
        return
    if address.address is None or not address.confident:
        raise ValidationError(
            _("We can't tell for certain from which address you come, so this list could lock you out."),
            "unsure",
        )
    if would_lock_out(networks, address):
        raise ValidationError(
            _("This list would lock you out: your address %(address)s is in none of its networks."),
            "locks_out",
            {"address": address.address},
        )


def revision_of(account: Account) -> str:
    """Return a code that changes with every change of the account's settings."""
    notice = current_notice(account)
    state = [
        [str(value) for value in _values_of(account).values()],
        account.policy_versions.count(),
        sorted(account.allowed_networks.values_list("network", "note")),
        notice.version if notice else 0,
    ]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]


def _values_of(account: Account) -> dict[str, Any]:
    fields = (
        field for field in Account._meta.concrete_fields if field.editable or field.name in BY_OTHER_FIELDS
    )
    return {field.name: getattr(account, field.attname) for field in fields}


def _set_values(account: Account, values: Mapping[str, Any], by: User) -> None:
    before = _values_of(account)
    for name, value in values.items():
        setattr(account, name, value)
    after = _values_of(account)
    changed = sorted(name for name in after if after[name] != before[name])
    if DECIDED_BY_OPERATORS & set(changed) and by.role != User.Role.OPERATOR:
        raise PermissionDenied
    if not changed:
        return
    note_shorter_silence(account, before)
    if "policy_url" in changed:  # read by the next round
        account.policy_read_at, account.policy_trouble = None, ""
    account.full_clean()
    account.save()
    ledger.record(
        "account.changed",
        account_id=account.pk,
        who=ledger.reference(by),
        fields=changed,
        **codes_of(account, changed),
    )
    if not account.is_active:
        end_support_to_account(account=account, by=by)


def _set_networks(account: Account, networks: Networks, by: User) -> None:
    wanted = dict(networks)
    now = dict(account.allowed_networks.values_list("network", "note"))
    if wanted == now:
        return
    account.allowed_networks.exclude(network__in=wanted).delete()
    for network, note in wanted.items():
        if now.get(network) != note:
            line = account.allowed_networks.filter(network=network).first()
            line = line or AllowedNetwork(account=account, network=network)
            line.note = note
            line.full_clean()
            line.save()
    ledger.record(
        "allowlist.changed",
        account_id=account.pk,
        who=ledger.reference(by),
        added=len(wanted.keys() - now.keys()),
        removed=len(now.keys() - wanted.keys()),
        networks=len(wanted),
        lines=marks_of(account, wanted),
    )
