"""The rehearsal of an account's rules as a manager reads it: chart, table, and what visitors will read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy, override

from helpdesk.admin.closing import closing_in_words
from helpdesk.admin.retention_form import CategoryForm
from helpdesk.admin.retention_tab import RetentionTab
from helpdesk.notice import tells_of
from helpdesk.technical import is_stored
from privacy.categories import Category
from privacy.services.rules.along import along_with
from privacy.services.rules.conflicts import conflicts_of
from privacy.services.rules.policies import Policy
from privacy.services.rules.rehearsal import Forecast, Rehearsal
from privacy.services.rules.retention import sentence_of
from privacy.terms import Rule

# The chart's own units: thirty bars of a width, one a day, as high as the busiest day.
BAR, GAP, HEIGHT = 16, 4, 120

_ALONG = {
    Category.CHAT_FILE: ngettext_lazy("%d file", "%d files"),
    Category.TICKET_FILE: ngettext_lazy("%d file", "%d files"),
    Category.TECHNICAL: ngettext_lazy("technical data of %d", "technical data of %d"),
    Category.MAIL: ngettext_lazy("%d mail", "%d mails"),
    Category.CONTACT: ngettext_lazy("%d contact", "%d contacts"),
}


@dataclass(frozen=True)
class Line:
    """One category of the table; ``never`` says that no run ever takes it, ``along`` what goes with it."""

    label: str
    forecast: Forecast
    never: bool
    along: list[str]


@dataclass(frozen=True)
class Bar:
    """One day of the chart."""

    x: int
    y: int
    height: int
    day: date
    number: int


def shown(tab: RetentionTab) -> dict[str, Any]:
    """Return what the rehearsal of the rules as they stand on the page shows; nothing is saved."""
    rehearsal = tab.rehearsal
    policies = tab.policies()
    along = along_with(rehearsal.taken, policies)
    return {
        "rehearsal": rehearsal,
        "lines": [
            Line(row.label, each, each.policy.term.rule == Rule.KEEP, _in_words(along.get(each.category, {})))
            for row, each in zip(tab.rows, rehearsal.forecasts, strict=True)
            if each.total or row.category in tab.decisions
        ],
        "bars": bars_of(rehearsal),
        "highest": max(rehearsal.by_day),
        "chart_width": len(rehearsal.days) * (BAR + GAP),
        "chart_height": HEIGHT,
        "closing": closing_in_words(tab.closing),
        "conflicts": conflicts_of(
            (each for each in policies if is_stored(each.category, tab.account)), tab.minimums.values()
        ),
        "told": _told(tab, policies),
        "changed": bool(tab.decisions),
        "number_to_type": tab.number_to_type,
        "doomed": tab.doomed_in_words(),
        "incomplete": [row.label for row in tab.rows if row.is_bound and not row.is_valid()],
        "waits": any(policy.is_cooling(tab.now) for policy in policies),
        "language": tab.account.language,
    }


def bars_of(rehearsal: Rehearsal) -> list[Bar]:
    highest = max(rehearsal.by_day) or 1
    bars = []
    for number, (day, count) in enumerate(zip(rehearsal.days, rehearsal.by_day, strict=True)):
        height = max(2, round(HEIGHT * count / highest)) if count else 0
        bars.append(Bar(number * (BAR + GAP) + GAP // 2, HEIGHT - height, height, day, count))
    return bars


def told_to_visitors(tab: RetentionTab, policy: Policy) -> str:
    """Return the rule as the notice will say it, in the language of the account."""
    with override(tab.account.language):
        return sentence_of(policy)


def chip_of(row: CategoryForm, tab: RetentionTab) -> tuple[str, str]:
    """Return in a word or two who decided what is in force, and the kind of the badge."""
    policy = row.in_force
    if policy.cooling_until and policy.is_cooling(tab.now):
        until = date_format(localtime(policy.cooling_until, policy.zone), "DATETIME_FORMAT")
        return _("cooling off until %(until)s") % {"until": until}, "warning"
    if row.decided is None:
        return _("the plan's term"), ""
    return (_("limited by the plan"), "warning") if policy.limited else (_("decided"), "brand")


def _in_words(numbers: Mapping[str, int]) -> list[str]:
    """Return what goes along with a category, such as *“3 files”* and *“2 contacts”*."""
    return [
        _ALONG[Category(category)] % number if category in _ALONG else f"{number} {Category(category).label}"
        for category, number in numbers.items()
    ]


def _told(tab: RetentionTab, policies: list[Policy]) -> list[tuple[CategoryForm, str]]:
    """Return what visitors will read of each rule; nothing where it stays as it is, or they read nothing."""
    return [
        (
            row,
            told_to_visitors(tab, policy)
            if row.category in tab.decisions and tells_of(row.category, tab.account)
            else "",
        )
        for row, policy in zip(tab.rows, policies, strict=True)
    ]
