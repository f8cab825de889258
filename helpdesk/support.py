"""Support access as people see it: what was granted and opened, and what there is to open."""

import re
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch, QuerySet

from helpdesk.archive import Tab, kinds, name_openings
from helpdesk.models import SupportGrant, SupportOpening, User
from helpdesk.ticket_list import PAGE_SIZE, REACH
from privacy.declarations import PersonalData
from privacy.encryption.rows import UNREADABLE, SealedModel, share_keys

PAST_SHOWN = 10
LATEST_SHOWN = 5
_NUMBER = re.compile(r"[0-9]{1,9}")
_PART_OF_AN_ID = re.compile(r"[0-9a-f-]{1,36}")


@dataclass(frozen=True)
class Granted:
    """An owner's view: what is in force, and a page of what is over. Each has ``latest``, newest openings."""

    running: list[Any]
    past: Page


@dataclass(frozen=True)
class Readable:
    """A reader's list: numbers and dates of one kind of thing, and not a word."""

    page: Page
    tabs: list[Tab]
    kind: str
    number: str


def read_grants(*, user: User, page: str = "1") -> Granted:
    """Return the grants of an owner's account; each has ``latest`` and ``openings_count``."""
    mine = SupportGrant.objects.visible_to(user).select_related("user", "given_by", "ended_by")
    mine = mine.annotate(openings_count=Count("openings")).order_by("-created_at", "-pk")
    newest = SupportOpening.objects.order_by("-at", "-pk")[:LATEST_SHOWN]
    mine = mine.prefetch_related(Prefetch("openings", newest, to_attr="latest"))
    running = list(mine.filter(pk__in=SupportGrant.objects.in_force().values("pk")))
    past = Paginator(mine.exclude(pk__in=[grant.pk for grant in running]), PAST_SHOWN).get_page(page)
    past.object_list = list(past.object_list)
    shown = [*running, *past.object_list]
    share_keys([user, *shown], lost=UNREADABLE)
    name_openings([opening for grant in shown for opening in grant.latest])
    return Granted(running, past)


def read_openings_under(grant: SupportGrant, *, page: str = "1") -> Page:
    """Return a page of what was opened under a grant, newest first; each has ``thing``, its name."""
    found = Paginator(grant.openings.order_by("-at", "-pk"), PAGE_SIZE).get_page(page)
    found.object_list = list(found.object_list)
    name_openings(found.object_list)
    return found


def read_readable(grant: SupportGrant, *, kind: str = "", number: str = "", page: str = "1") -> Readable:
    """Return a page of what may be opened under a grant, newest first. An odd kind means the first one.

    ``number`` picks the one ticket of that number, or the chats whose id ends in it.
    """
    known = kinds()
    kind = kind if kind in known else next(iter(known))
    rows = _readable(known[kind], grant).order_by("-created_at", "-pk")
    if number := number.strip():
        rows = _numbered(rows, number.lower().split()[-1].removeprefix("#"))
    found = Paginator(rows[:REACH], PAGE_SIZE).get_page(page)
    found.object_list = list(found.object_list)
    tabs = [
        Tab(name, str(unit.model._meta.verbose_name_plural), _readable(unit, grant)[:REACH].count())
        for name, unit in known.items()
    ]
    return Readable(found, tabs, kind, number)


def find_readable(grant: SupportGrant, *, kind: str, pk: UUID) -> SealedModel | None:
    """Return a chat or ticket that a grant lets its reader open; ``None`` for everything else."""
    unit = kinds().get(kind)
    if unit is None:
        return None
    # With its person: both may be erased while they are shown.
    return _readable(unit, grant).select_related(unit.person).filter(pk=pk).first()


def find_readable_file(
    grant: SupportGrant, *, kind: str, pk: UUID, file_pk: UUID
) -> tuple[SealedModel | None, Any]:
    """Return what a file belongs to, and the file; ``None`` for both unless the owner granted files too."""
    row = find_readable(grant, kind=kind, pk=pk) if grant.with_files else None
    if row is None or not hasattr(row, "files"):
        return None, None
    return row, cast("Any", row).files.filter(pk=file_pk).first()


def _readable(unit: PersonalData, grant: SupportGrant) -> QuerySet:
    """Return what a grant opens of one kind: of its account, and never what is in the archive."""
    return unit.rows().filter(account=grant.account_id, **{f"{unit.archive}__isnull": True})


def _numbered(rows: QuerySet, number: str) -> QuerySet:
    if "number" not in {field.name for field in rows.model._meta.get_fields()}:
        return rows.filter(pk__endswith=number) if _PART_OF_AN_ID.fullmatch(number) else rows.none()
    return rows.filter(number=int(number)) if _NUMBER.fullmatch(number) else rows.none()
