"""An account's settings and its allowlist, as they were decided after the backup that was restored."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from helpdesk.account_codes import NOW, mark_of, value_from
from helpdesk.models import Account
from helpdesk.services.silence import note_shorter_silence
from privacy.ledger.decisions import Found, Outcome
from privacy.models import LedgerEntry, Mechanism, Withdrawal
from privacy.services.rules.policies import policies_in_force
from privacy.services.rules.waits import settle_waits

# Where the ledger says that a setting was changed, and not to what: what opens nothing and stores nothing.
CLOSED: dict[str, Any] = {
    "is_active": False,
    "allowlist_enabled": True,
    "allowed_origins": "",
    "consent_mechanism": Mechanism.FIELD,
    "withdrawal": Withdrawal.STOP,
    "mask_slips": True,
    "keep_address": False,
    "keep_browser": False,
    "keep_page": False,
}
# What decides about when something is closed, and so erased, or which rules may be obeyed.
ERASES = {"plan", "time_zone", "idle_minutes", "silent_ticket_days"}


def rebuild_settings(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Set again what was changed; where the ledger doesn't say to what, something is closed or paused."""
    for entry in entries:
        account = Account.objects.select_for_update(no_key=True).filter(pk=entry.account_id).first()
        if account is None:
            yield Found(entry, Outcome.LOST)
            continue
        rules = list(policies_in_force(account.pk))
        before = {field.name: getattr(account, field.attname) for field in Account._meta.concrete_fields}
        yield from [_set(account, entry, name) for name in entry.params.get("fields", ())]
        note_shorter_silence(account, before)
        account.save()
        settle_waits(account.pk, rules, now=timezone.now())  # what another plan cuts short waits a day


def rebuild_allowlists(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Take the networks off again that were taken off; those that were added have to be added again."""
    for entry in entries:
        account = Account.objects.filter(pk=entry.account_id).first()
        if account is None:
            yield Found(entry, Outcome.LOST)
            continue
        marks = entry.params.get("lines")
        if marks is None and not entry.params.get("removed", 1):
            yield Found(entry, Outcome.LOST)  # only added: what is left is narrower than what was decided
            continue
        gone = [
            line
            for line in account.allowed_networks.all()
            if mark_of(account, line.network) not in (marks or ())
        ]
        account.allowed_networks.filter(pk__in=[line.pk for line in gone]).delete()
        is_whole = marks is not None and account.allowed_networks.count() == len(marks)
        yield Found(entry, _outcome(is_whole, closes=marks is None))


def _set(account: Account, entry: LedgerEntry, name: str) -> Found:
    code = entry.params.get(NOW + name)
    try:
        if code is not None:
            _put(account, name, value_from(account, name, code))
            is_whole = name != "allowed_origins" or len(account.origins) == len(code)
            return Found(entry, _outcome(is_whole), about=name)
    except ValidationError:
        pass  # a plan, say, that was made after the backup
    if name in CLOSED:
        _put(account, name, CLOSED[name])
        return Found(entry, Outcome.CLOSED, about=name)
    return Found(entry, Outcome.PAUSED if name in ERASES else Outcome.LOST, about=name)


def _put(account: Account, name: str, value: Any) -> None:
    setattr(account, Account._meta.get_field(name).attname if name == "plan" else name, value)


def _outcome(is_whole: bool, *, closes: bool = False) -> str:
    if closes:
        return Outcome.CLOSED
    return Outcome.REBUILT if is_whole else Outcome.LOST
