"""The intermediate archive as people see it: numbers and dates in a list, words only in an opening."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from helpdesk.models import Account, User
from helpdesk.ticket_list import PAGE_SIZE, REACH
from privacy.categories import Category
from privacy.declarations import PersonalData, roots
from privacy.encryption.rows import UNREADABLE, SealedModel, share_keys
from privacy.models import ArchiveOpening
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import expiry_under
from privacy.services.rules.suspensions import stops_of

OPENINGS_SHOWN = 50


@dataclass(frozen=True)
class Tab:
    """One kind of thing that can be in the archive, and how many of it are."""

    kind: str
    label: str
    count: int


@dataclass(frozen=True)
class Archive:
    """A page of what an account has in its archive; each row has ``expiry`` and says who it is by number."""

    page: Page
    tabs: list[Tab]
    kind: str


@dataclass(frozen=True)
class Opened:
    """One archived thing with its words, for one look; each entry has ``attached``, its files."""

    row: Any
    kind: str
    person: Any
    entries: list[Any]
    answers: list[Any]


def kinds() -> dict[str, PersonalData]:
    """Return what can be in the archive, by the category that stands in addresses."""
    return {str(unit.category): unit for unit in roots() if unit.archive}


def read_archive(account: Account, *, kind: str = "", page: str = "1") -> Archive:
    """Return a page of the archive of an account, newest first. An odd kind means the first one."""
    known = kinds()
    kind = kind if kind in known else next(iter(known))
    unit = known[kind]
    rows = _archived(unit, account).order_by(f"-{unit.archive}", "-pk")
    found = Paginator(rows[:REACH], PAGE_SIZE).get_page(page)
    found.object_list = list(found.object_list)
    policy = policy_in_force(account_id=account.pk, category=unit.category)
    stops = stops_of(found.object_list)
    for row in found.object_list:
        row.expiry = expiry_under(policy, row, stops.get(row.pk))
    tabs = [
        Tab(name, str(each.model._meta.verbose_name_plural), _archived(each, account)[:REACH].count())
        for name, each in known.items()
    ]
    return Archive(found, tabs, kind)


def find_archived(account: Account, *, kind: str, pk: Any) -> SealedModel | None:
    """Return something that is in the archive of an account; ``None`` for everything else."""
    unit = kinds().get(kind)
    return _archived(unit, account).filter(pk=pk).first() if unit else None


def read_opened(row: Any, *, user: User) -> Opened:
    """Return what was said in something that was opened, with one query for all keys."""
    unit = next(unit for unit in roots() if unit.model is type(row))
    person, entries = getattr(row, unit.person), list(row.messages.select_related("agent"))
    files = list(row.files.all()) if hasattr(row, "files") else []
    for entry in entries:
        entry.attached = [file for file in files if file.message_id == entry.pk]
    answers = list(row.answers.all())
    share_keys([user, row, person, *entries, *files, *answers], lost=UNREADABLE)
    return Opened(row, str(Category(unit.category)), person, entries, answers)


def read_openings(account: Account) -> list[ArchiveOpening]:
    """Return the newest openings of an account's archive, with who it was."""
    found = ArchiveOpening.objects.filter(account=account).select_related("user")
    openings = list(found.order_by("-at", "-pk")[:OPENINGS_SHOWN])
    share_keys([opening.user for opening in openings], lost=UNREADABLE)
    name_openings(openings)
    return openings


def name_openings(openings: Sequence[Any]) -> None:
    """Give each opening its ``thing``: the number of what was opened, or that it is erased since."""
    for unit in kinds().values():
        label, name = unit.model._meta.label_lower, unit.model._meta.verbose_name
        of_it = [opening for opening in openings if opening.unit == label]
        left = unit.rows().in_bulk([opening.unit_id for opening in of_it])
        for opening in of_it:
            row = left.get(opening.unit_id)
            opening.thing = str(row) if row else f"{name} {str(opening.unit_id)[-6:]}, {_('erased')}"


def _archived(unit: PersonalData, account: Account) -> Any:
    return unit.rows().filter(account=account, **{f"{unit.archive}__isnull": False})
