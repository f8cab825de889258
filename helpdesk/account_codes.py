"""Settings of an account as codes, as far as the ledger may keep them: a restored database has them again."""

from collections.abc import Iterable
from typing import Any

from django.db.models import BooleanField, Field, IntegerField

from helpdesk.models import Account
from privacy.encryption.blind_index import blind_index

NOW = "now."


def codes_of(account: Account, changed: Iterable[str]) -> dict[str, Any]:
    """Return what these settings are now, each under its name with ``now.`` before it.

    Switches, numbers, choices and the time zone; sites as keyed marks. Words, which may name somebody, are
    left out.
    """
    codes: dict[str, Any] = {}
    for name in changed:
        field = Account._meta.get_field(name)
        value = getattr(account, field.attname)
        if name == "allowed_origins":
            codes[NOW + name] = marks_of(account, account.origins)
        elif name == "time_zone":
            codes[NOW + name] = value.replace("/", ".")
        elif _is_code(field):
            codes[NOW + name] = value
    return codes


def value_from(account: Account, name: str, code: Any) -> Any:
    """Return the value that :func:`codes_of` wrote down; of sites those that the account still knows.

    Raises ``ValidationError`` for what is no value any more, such as a plan that was removed.
    """
    if name == "allowed_origins":
        return "\n".join(site for site in account.origins if mark_of(account, site) in code)
    if name == "time_zone":
        code = code.replace(".", "/")
    return Account._meta.get_field(name).clean(code, account)


def marks_of(account: Account, places: Iterable[str]) -> list[str]:
    """Return keyed marks of sites or networks: whoever knows one can look for it, nobody can read it."""
    return sorted(mark_of(account, place) for place in places)


def mark_of(account: Account, place: str) -> str:
    return blind_index(place, account_id=account.pk, use="place")


def _is_code(field: Field) -> bool:
    return field.name == "plan" or bool(field.choices) or isinstance(field, BooleanField | IntegerField)
