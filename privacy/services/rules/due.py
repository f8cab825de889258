"""What is due under a rule at a moment: to be erased, or to go to the archive; and what is held back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)

from privacy.declarations import PersonalData, roots, rows_in, units_in
from privacy.services.rules.policy import Policy
from privacy.services.rules.suspensions import suspended

BATCH = 500
DAY = timedelta(days=1)
SHORT_BATCH = 200  # SQLite has one writer: whoever writes meanwhile waits for the whole batch


class Due(NamedTuple):
    """A row and the moment of the run that should have taken it."""

    pk: Any
    at: datetime


@dataclass
class Batch:
    """Some of what is due, in the order of its clock; ``held`` counts what something stops."""

    erase: list[Due] = field(default_factory=list)
    archive: list[Due] = field(default_factory=list)
    held: int = 0


def batch_size() -> int:
    """Return how many units at most go in one transaction."""
    return min(BATCH, SHORT_BATCH) if connection.vendor == "sqlite" else BATCH


def everything_due(policy: Policy, now: datetime) -> Iterator[tuple[PersonalData, Batch]]:
    """Yield what is due under a rule, of everything that is declared in its category."""
    for declared in [*units_in(policy.category), *rows_in(policy.category)]:
        for batch in due_batches(declared, policy, now):
            yield declared, batch


def promising(policies: Iterable[Policy], now: datetime) -> set[tuple[int, str]]:
    """Return the accounts and categories in which something may be due, the others surely not.

    Rules that are equal are asked about together, so that a thousand accounts with nothing to erase cost a
    handful of queries.
    """
    alike: dict[Any, set[int]] = defaultdict(set)
    for policy in policies:
        if (latest := policy.latest_start(now)) is not None:
            alike[policy.category, policy.counts_from, latest, policy.latest_archived(now)].add(
                policy.account_id
            )
    found: set[tuple[int, str]] = set()
    for (category, clock, latest, archived), accounts in alike.items():
        for declared in [*units_in(category), *rows_in(category)]:
            account = declared.account or "account"
            field = _field(declared, clock)
            due = Q(**{f"{field}__lte": latest})
            if archived and declared.archive:
                due = due & Q(**{declared.archive: None}) | Q(**{f"{declared.archive}__lte": archived})
            rows = declared.rows().filter(due, **{f"{account}__in": accounts})
            if declared.over:
                rows = rows.filter(**{f"{declared.over}__isnull": False})
            found.update((pk, category) for pk in rows.order_by().values_list(account, flat=True).distinct())
    return found


def due_batches(declared: PersonalData, policy: Policy, now: datetime) -> Iterator[Batch]:
    """Yield what is due of one kind of thing of one account, oldest clock first.

    It is read page by page after the last one seen, so a unit that fails is passed by, and what is added
    meanwhile is found by the next pass.
    """
    latest = policy.latest_start(now)
    if latest is None:
        return
    clock = clock_of(declared, policy)
    ready = candidates(declared, policy).filter(_may_have_waited(declared, policy, now))
    rows = ready.filter(**{f"{clock}__lte": latest})
    if policy.archive and declared.archive:
        archived = ready.filter(**{f"{declared.archive}__lte": policy.latest_archived(now)})
        yield from _read(declared, policy, archived, declared.archive, now)
        rows = rows.filter(**{declared.archive: None})
    yield from _read(declared, policy, rows, clock, now)


def clock_of(declared: PersonalData, policy: Policy) -> str:
    """Return the field from which the term of such a row runs."""
    return _field(declared, policy.counts_from)


def clocks_of(declared: PersonalData, policy: Policy) -> list[str]:
    """Return the same field, and those of the rules from before for which the rule waits."""
    return [clock_of(declared, rule) for rule in (policy, *policy.formers)]


def moment_of(start: date | None, policy: Policy) -> datetime | None:
    """Return from when a term runs, also where a row knows the day only: from its end."""
    if start is None or isinstance(start, datetime):
        return start
    return datetime.combine(start, time.max, policy.zone)


def step_of(
    declared: PersonalData, policy: Policy, starts: Sequence[date | None], archived_at: datetime | None
) -> tuple[str, datetime | None]:
    """Return the next step of a row, ``erase`` or ``archive``, and the run at which it is taken.

    ``starts`` are what the row has in the fields of :func:`clocks_of`.
    """
    start, *earlier = (moment_of(each, policy) for each in starts)
    step = "archive" if policy.archive and declared.archive and archived_at is None else "erase"
    return step, policy.leaves_at(start, archived_at, earlier=earlier)


def candidates(declared: PersonalData, policy: Policy) -> QuerySet:
    """Return what the term of a rule may end for at all: of its account, over, and ready to go."""
    rows = declared.rows().filter(declared.ripe, **{declared.account or "account": policy.account_id})
    if declared.over:
        rows = rows.filter(**{f"{declared.over}__isnull": False})
    if declared.erase_when_bare:
        for root in roots():
            if root.person_model is declared.model and root.model is not declared.model:
                rows = rows.filter(~Exists(root.rows().filter(**{root.person: OuterRef("pk")})))
    return rows


def _field(declared: PersonalData, clock: str) -> str:
    return declared.clocks.get(clock) or declared.clocks.get(declared.usual_clock) or declared.since


def _may_have_waited(declared: PersonalData, policy: Policy, now: datetime) -> Q:
    """Return the condition for rows that don't surely wait after a change of the rule.

    They began after it, or might have gone by now under the rule from before. It keeps the purge from reading
    everything that waits at every pass.
    """
    wait = policy.wait
    if wait is None or wait.until <= now:
        return Q()
    began_later = Q(**{f"{clock_of(declared, policy)}__gte": wait.since - DAY})  # also where it is a date
    latest = wait.former.latest_start(now)
    if latest is None:
        return began_later
    over = Q(**{f"{clock_of(declared, wait.former)}__lte": latest})
    if wait.former.archive and declared.archive:
        latest = wait.former.latest_archived(now)
        over &= Q(**{declared.archive: None}) | Q(**{f"{declared.archive}__lte": latest})
    return began_later | (over & _may_have_waited(declared, wait.former, now))


def _read(
    declared: PersonalData, policy: Policy, rows: QuerySet, order: str, now: datetime
) -> Iterator[Batch]:
    after, clocks = None, clocks_of(declared, policy)
    archived = F(declared.archive) if declared.archive else Value(None, output_field=DateTimeField())
    rows = rows.annotate(
        held_back=ExpressionWrapper(suspended(declared), output_field=BooleanField()), put_away=archived
    ).order_by(order, "pk")
    while page := list(
        _after(rows, order, after).values_list("pk", order, "put_away", "held_back", *clocks)[: batch_size()]
    ):
        after = page[-1][1], page[-1][0]
        batch = Batch()
        for pk, _position, archived_at, is_held, *starts in page:
            step, at = step_of(declared, policy, starts, archived_at)
            if at is None or at > now:
                continue
            if is_held and step == "erase":
                batch.held += 1
            else:
                (batch.erase if step == "erase" else batch.archive).append(Due(pk, at))
        if batch.erase or batch.archive or batch.held:
            yield batch


def _after(rows: QuerySet, order: str, after: tuple[Any, Any] | None) -> QuerySet:
    if after is None:
        return rows
    moment, pk = after
    # The first condition says nothing new, but is the one for which an index is used.
    return rows.filter(Q(**{f"{order}__gte": moment}), Q(**{f"{order}__gt": moment}) | Q(pk__gt=pk))
