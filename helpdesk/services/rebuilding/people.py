"""Who may come in and see what: taken back and given as it was after the backup that was restored."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

from helpdesk.models import Account, ManagerAssignment, SupportGrant, User
from privacy.ledger.decisions import Found, Outcome
from privacy.models import ArchiveReader, LedgerEntry
from privacy.services.restoring.pseudonyms import with_references

Again = Callable[[User, LedgerEntry], str]


def rebuild_people(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Switch people off and on again, give them their role, and take a password away that was replaced."""
    yield from _each(
        entries,
        "person",
        {
            "person.deactivated": lambda person, entry: _change(person, is_active=False),
            "person.reactivated": lambda person, entry: _change(person, is_active=True),
            "person.role_changed": _give_role,
            "person.password_changed": _take_password,
        },
    )


def rebuild_assignments(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Let exactly those managers look after an account who did."""
    yield from _each(
        entries,
        "manager",
        {
            "manager.assigned": lambda person, entry: _link(ManagerAssignment, person, entry),
            "manager.withdrawn": lambda person, entry: _unlink(ManagerAssignment, person, entry),
        },
    )


def rebuild_readers(entries: list[LedgerEntry]) -> Iterator[Found]:
    """Let exactly those people open an account's archive who could."""
    yield from _each(
        entries,
        "reader",
        {
            "archive.reader_added": lambda person, entry: _link(ArchiveReader, person, entry),
            "archive.reader_removed": lambda person, entry: _unlink(ArchiveReader, person, entry),
        },
    )


def rebuild_support(entries: list[LedgerEntry]) -> Iterator[Found]:
    """End again the support access that ended; what was granted has to be granted anew."""
    for entry in entries:
        grant = None
        if entry.action != "support.granted":
            grant = SupportGrant.objects.filter(pk=_uuid(entry.params.get("grant"))).first()
        if grant is not None and grant.ended_at is None:
            because = entry.params.get("because", SupportGrant.End.EXPIRED)
            known = because in SupportGrant.End.values
            grant.ended_at = entry.at
            grant.ended_because = because if known else SupportGrant.End.OWNER
            grant.save(update_fields=["ended_at", "ended_because"])
        yield Found(entry, Outcome.REBUILT if grant else Outcome.LOST)


def _each(entries: list[LedgerEntry], whose: str, again: dict[str, Again]) -> Iterator[Found]:
    """Do again what was done with people, in its order; whom nobody knows any more is left alone."""
    names = {entry.params.get(whose, "") for entry in entries}
    matches = with_references(User._base_manager.all(), names)
    for entry in entries:
        person: Any = matches.rows.get(entry.params.get(whose, ""))
        outcome = again[entry.action](person, entry) if person else Outcome.LOST
        yield Found(entry, outcome)


def _change(person: User, **values: Any) -> str:
    for name, value in values.items():
        setattr(person, name, value)
    person.save(update_fields=list(values))
    return Outcome.REBUILT


def _give_role(person: User, entry: LedgerEntry) -> str:
    role = entry.params.get("after")
    if role not in User.AGENT_ROLES or person.role not in User.AGENT_ROLES:
        return Outcome.LOST
    return _change(person, role=role)


def _take_password(person: User, entry: LedgerEntry) -> str:
    """Let nobody in with the old password: somebody may know it, which is why it was changed."""
    person.set_unusable_password()
    _change(person, password=person.password)
    return Outcome.CLOSED


def _link(model: Any, person: User, entry: LedgerEntry) -> str:
    if not Account.objects.filter(pk=entry.account_id).exists():
        return Outcome.LOST
    model.objects.get_or_create(account_id=entry.account_id, user=person)
    return Outcome.REBUILT


def _unlink(model: Any, person: User, entry: LedgerEntry) -> str:
    model.objects.filter(account_id=entry.account_id, user=person).delete()
    return Outcome.REBUILT


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(text)
    except (TypeError, ValueError):
        return None
