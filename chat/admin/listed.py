"""A flow as a list: each step with what it says first, where it leads, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.translation import gettext as _

from chat.bot.faults import Fault
from chat.bot.flow import END, ENDS, Flow, Kind, Step
from helpdesk.models import Account
from privacy.texts import in_language


class WayOn(NamedTuple):
    """What leads on, and to which step; ``target`` is empty where the dialogue ends."""

    label: str
    target: str
    is_there: bool


class Listed(NamedTuple):
    step: Step
    words: str
    detail: str
    ways: list[WayOn]
    faults: list[Fault]


def listed_steps(flow: Flow, faults: Sequence[Fault], account: Account) -> list[Listed]:
    """Return the steps of a flow as its manager reads them."""
    teams = {team.pk: team.name for team in account.teams.all()}
    return [
        Listed(
            step,
            in_language(step.words, account.language),
            _detail(step, teams),
            _ways(step, flow, account),
            [fault for fault in faults if fault.step == step.name],
        )
        for step in flow
    ]


def _detail(step: Step, teams: Mapping[int, str]) -> str:
    if step.kind == Kind.DEPARTMENT:
        return _("Team: %(team)s") % {"team": teams.get(step.team or 0, "?")}
    return _("Kept as: %(field)s") % {"field": step.asks} if step.asks else step.url


def _ways(step: Step, flow: Flow, account: Account) -> list[WayOn]:
    if step.kind in ENDS:
        return []
    labels = {
        Kind.CONSENT: [_("yes"), _("no")],
        Kind.HOURS: [_("open"), _("closed")],
        Kind.BUTTONS: [in_language(button.words, account.language) for button in step.buttons],
    }.get(Kind(step.kind), [""])
    return [
        WayOn(label, "" if way.target == END else way.target, way.target in flow.names or way.target == END)
        for label, way in zip(labels, step.ways, strict=True)
    ]
