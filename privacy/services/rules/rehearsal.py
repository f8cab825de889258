"""What rules would do, before they do it: counted by category and day, and nothing is touched."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, NamedTuple

from django.db.models import BooleanField, DateTimeField, ExpressionWrapper, F, Min, Model, QuerySet, Value

from privacy.cadences import Every
from privacy.declarations import PersonalData, rows_in, units_in
from privacy.services.rules.due import candidates, clock_of, clocks_of, moment_of
from privacy.services.rules.policy import Policy
from privacy.services.rules.suspensions import suspended
from privacy.wall_clock import first_moment, wall_time

DAYS = 30
READ_AT_MOST = 100_000
CHUNK = 2_000


@dataclass
class Forecast:
    """What one rule would take: ``by_day`` from today on, in the account's time zone.

    ``over`` are the ids, by model, of what is over already, whenever the run and the end of a cooling-off
    are; ``at_first_run`` go with the first run, at ``first_run``. ``held`` would go too if nothing stopped
    them. ``archived`` leave for the archive. ``cut`` says that there are more than were looked at.
    """

    policy: Policy
    first_run: datetime
    total: int = 0
    oldest: date | None = None
    over: dict[type[Model], list[Any]] = field(default_factory=lambda: defaultdict(list))
    at_first_run: int = 0
    by_day: list[int] = field(default_factory=lambda: [0] * DAYS)
    archived: int = 0
    held: int = 0
    cut: bool = False

    @property
    def category(self) -> str:
        return self.policy.category

    @property
    def past(self) -> int:
        return sum(len(ids) for ids in self.over.values())

    @property
    def in_all(self) -> int:
        return sum(self.by_day)


@dataclass
class Rehearsal:
    """What the rules of an account would do from ``now`` on; ``days`` are the dates that are counted.

    ``taken`` are the ids of what is erased on these days, by model.
    """

    now: datetime
    days: list[date]
    forecasts: list[Forecast]
    taken: dict[type[Model], list[Any]]

    @property
    def zone(self) -> tzinfo:
        return self.forecasts[0].policy.zone

    @property
    def by_day(self) -> list[int]:
        return [sum(counts) for counts in zip(*(each.by_day for each in self.forecasts), strict=True)]

    @property
    def at_first_run(self) -> int:
        return sum(each.at_first_run for each in self.forecasts)

    @property
    def in_all(self) -> int:
        return sum(each.in_all for each in self.forecasts)

    @property
    def held(self) -> int:
        return sum(each.held for each in self.forecasts)

    @property
    def cut(self) -> bool:
        return any(each.cut for each in self.forecasts)


class _Read(NamedTuple):
    size: int
    order: int
    forecast: Forecast
    plan: "_Plan"
    declared: PersonalData
    rows: QuerySet


def rehearse(policies: Iterable[Policy], now: datetime, *, at_most: int = READ_AT_MOST) -> Rehearsal:
    """Count what rules of one account would take at their next run and over the next thirty days.

    Only what is over by now can be foreseen: what closes later comes on top. At most ``at_most`` rows are
    looked at, those of small categories first and the oldest first.
    """
    forecasts: list[Forecast] = []
    reads: list[_Read] = []
    for policy in policies:
        plan = _Plan(policy, now)
        forecast = Forecast(policy, plan.first_run)
        forecasts.append(forecast)
        for declared in [*units_in(policy.category), *rows_in(policy.category)]:
            _measure(forecast, declared, policy)
            for rows in plan.rows_within(declared):
                reads.append(_Read(rows.count(), len(reads), forecast, plan, declared, rows))
    taken: dict[type[Model], list[Any]] = defaultdict(list)
    for read in sorted(reads, key=lambda each: each[:2]):
        read.forecast.cut |= read.size > at_most
        model = read.declared.model
        for pk, archived_at, is_held, *starts in read.rows[:at_most].iterator(chunk_size=CHUNK):
            if end := read.plan.count(starts, archived_at, is_held, read.forecast):
                taken[model].append(pk)
                if end <= now:
                    read.forecast.over[model].append(pk)
        at_most = max(0, at_most - read.size)
    zone = forecasts[0].policy.zone
    days = [wall_time(now, zone).date() + timedelta(days=n) for n in range(DAYS)]
    return Rehearsal(now, days, forecasts, taken)


def over_in(forecasts: Iterable[Forecast]) -> dict[type[Model], list[Any]]:
    """Return the ids of what is over already under any of these rules, by model."""
    found: dict[type[Model], list[Any]] = defaultdict(list)
    for forecast in forecasts:
        for model, ids in forecast.over.items():
            found[model] += ids
    return found


class _Plan:
    """The runs of one rule within the days that are counted."""

    def __init__(self, policy: Policy, now: datetime) -> None:
        self.policy, self.now = policy, now
        today = wall_time(now, policy.zone).date()
        self.midnights = [
            first_moment(datetime.combine(today + timedelta(days=n), time()), policy.zone)
            for n in range(1, DAYS + 1)
        ]
        self.horizon = self.midnights[-1] - timedelta.resolution
        self.uncooled = replace(policy, wait=None)
        self.runs = self._runs()
        first_end = policy.cooling_until if policy.cooling_until and policy.is_cooling(now) else now
        self.first_run = policy.cadence.next_run(first_end, policy.zone)

    def _runs(self) -> list[datetime]:
        if self.policy.cadence.every == Every.CONTINUOUS:
            return []
        runs = [self.policy.cadence.last_run(self.now, self.policy.zone)]
        while runs[-1] <= self.horizon:
            runs.append(self.policy.cadence.next_run(runs[-1] + timedelta.resolution, self.policy.zone))
        return runs

    def rows_within(self, declared: PersonalData) -> Iterator[QuerySet]:
        """Yield the rows that may go within the days, oldest first: id, archived since, held, its clocks."""
        policy = self.policy
        latest = policy.latest_start(self.horizon)
        if latest is None:
            return
        clock, *earlier = clocks_of(declared, policy)
        archived = F(declared.archive) if declared.archive else Value(None, output_field=DateTimeField())
        held = ExpressionWrapper(suspended(declared), output_field=BooleanField())
        every = candidates(declared, policy).annotate(put_away=archived, is_held=held)
        rows = every.filter(**{f"{clock}__lte": latest})
        if policy.archive and declared.archive:
            ends = policy.archive.latest_start(self.horizon, policy.zone)
            yield (
                every.filter(**{f"{declared.archive}__lte": ends})
                .order_by(declared.archive)
                .values_list("pk", "put_away", "is_held", clock, *earlier)
            )
            rows = rows.filter(**{declared.archive: None})
        yield rows.order_by(clock).values_list("pk", "put_away", "is_held", clock, *earlier)

    def count(
        self, starts: Sequence[date | None], archived_at: datetime | None, is_held: bool, forecast: Forecast
    ) -> datetime | None:
        """Count a row where it belongs; where it is erased within the days, return when its term is over."""
        start, *earlier = (moment_of(each, self.policy) for each in starts)
        uncooled = end = self.uncooled.ends_at(start, archived_at)
        if self.policy.wait:
            end = self.policy.ends_at(start, archived_at, earlier=earlier)
        at = self._run_at(end) if end else None
        if at is None or uncooled is None:
            return None
        if self.policy.archive and archived_at is None:
            forecast.archived += 1
        elif is_held:
            forecast.held += 1
        else:
            forecast.at_first_run += at <= self.first_run
            forecast.by_day[bisect_right(self.midnights, at)] += 1
            return uncooled
        return None

    def _run_at(self, end: datetime) -> datetime | None:
        if not self.runs:
            at = max(end, self.now)
        elif end <= self.runs[0]:
            at = self.now
        elif end <= self.runs[-1]:
            at = self.runs[bisect_left(self.runs, end)]
        else:
            return None
        return at if at <= self.horizon else None


def _measure(forecast: Forecast, declared: PersonalData, policy: Policy) -> None:
    clock = clock_of(declared, policy)
    rows = declared.rows().filter(**{declared.account or "account": policy.account_id})
    forecast.total += rows.count()
    oldest: Any = rows.aggregate(oldest=Min(clock))["oldest"]
    if oldest is not None:
        oldest = wall_time(oldest, policy.zone).date() if isinstance(oldest, datetime) else oldest
        forecast.oldest = min(oldest, forecast.oldest or oldest)
