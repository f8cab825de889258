"""What is wrong with a flow, step by step: nothing that has a fault is published."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import gettext as _

from chat.bot.fields import askable
from chat.bot.flow import END, SPEAKS, STORES, Flow, Kind
from helpdesk.models import Account, Team
from privacy.models import Mechanism


class Fault(NamedTuple):
    """What is wrong, beside which control of which step; a warning doesn't stand in the way."""

    step: str
    control: str
    words: str
    is_warning: bool = False


def faults_of(flow: Flow, account: Account) -> list[Fault]:
    """Return everything that is wrong with a flow, in the order of its steps."""
    if not flow:
        return [Fault("", "", _("The bot has no steps yet."))]
    found = [
        *_missing(flow),
        *_cycles(flow),
        *_silent(flow),
        *_about_consent(flow, account),
        *_about_the_account(flow, account),
        *_unreached(flow),
    ]
    places = {name: place for place, name in enumerate(flow.names)}
    return sorted(found, key=lambda fault: places.get(fault.step, -1))


def _missing(flow: Flow) -> Iterator[Fault]:
    for step in flow:
        if step.kind == Kind.BUTTONS and not step.buttons:
            yield Fault(step.name, "button_0_words", _("It has no button, so nobody gets on from here."))
        for way in step.ways:
            if not way.target:
                yield Fault(
                    step.name, way.control, _("A dead end: choose where it goes on, or that it ends.")
                )
            elif way.target != END and way.target not in flow.names:
                words = _("It goes on to “%(target)s”, and there is no such step.") % {"target": way.target}
                yield Fault(step.name, way.control, words)


def _cycles(flow: Flow) -> Iterator[Fault]:
    """Name the ways that lead back to a step from which they came, each once."""
    done: set[str] = set()
    for name in flow.names:
        yield from _ways_back(flow, name, [], done)


def _ways_back(flow: Flow, name: str, path: list[str], done: set[str]) -> Iterator[Fault]:
    step = flow.get(name)
    if step is None or name in done:
        return
    for way in step.ways:
        if way.target in {*path, name}:
            words = _("A cycle: it leads back to “%(target)s”.") % {"target": way.target}
            yield Fault(name, way.control, words)
        else:
            yield from _ways_back(flow, way.target, [*path, name], done)
    done.add(name)


def _silent(flow: Flow) -> Iterator[Fault]:
    for step in flow:
        if step.kind in SPEAKS and not any(step.words.values()):
            yield Fault(step.name, "words", _("It says nothing: write it in one language at least."))
        if step.kind == Kind.LINK and not step.url:
            yield Fault(step.name, "url", _("It leads nowhere: write the address."))


def _about_consent(flow: Flow, account: Account) -> Iterator[Fault]:
    """Consent comes first where the bot asks for it, and *no* leads to nothing that is stored."""
    asks = account.consent_mechanism == Mechanism.BOT
    first = flow.steps[0]
    if asks and first.kind != Kind.CONSENT:
        yield Fault(first.name, "name", _("The bot asks for consent, so the questions must come first."))
    for step in flow:
        if step.kind != Kind.CONSENT:
            continue
        if step is not first:
            yield Fault(step.name, "name", _("The questions of consent come first, or not at all."))
        elif not asks:
            words = _("Passed by: this account doesn't let the bot ask for consent.")
            yield Fault(step.name, "name", words, is_warning=True)
        refused = flow.reached([step.otherwise])
        for each in flow:
            if each.name in refused and each.kind in STORES:
                words = _(
                    "It stands on the way of “no” (%(step)s) and would store something: nothing may be "
                    "stored without consent."
                )
                yield Fault(each.name, "name", words % {"step": step.name})


def _about_the_account(flow: Flow, account: Account) -> Iterator[Fault]:
    fields = askable(account)
    teams = set(Team.objects.filter(account=account, is_active=True).values_list("pk", flat=True))
    for step in flow:
        if step.kind == Kind.TEXT and step.asks not in fields:
            yield Fault(step.name, "asks", _("This account doesn't ask for this field in the chat."))
        if step.kind == Kind.DEPARTMENT and step.team not in teams:
            yield Fault(step.name, "team", _("Choose a team that is in use."))
        if step.kind == Kind.HOURS and not account.business_hours.exists():
            yield Fault(
                step.name, "next", _("No opening hours are set, so it is always closed."), is_warning=True
            )
    if account.consent_mechanism == Mechanism.BOT:
        yield from _unasked(flow, {code: asked.label for code, asked in fields.items() if asked.is_required})


def _unasked(flow: Flow, required: Mapping[str, str]) -> Iterator[Fault]:
    """Name the steps that hand over although a way there doesn't ask for what the account requires.

    Where a form comes first, it has asked.
    """
    for code, label in required.items():
        asking = [step.name for step in flow if step.kind == Kind.TEXT and step.asks == code]
        reached = flow.reached([flow.first], closed=asking)
        for step in flow:
            if step.kind == Kind.AGENT and step.name in reached:
                words = _("A way to here doesn't ask for “%(field)s”, which this account requires.")
                yield Fault(step.name, "name", words % {"field": label})


def _unreached(flow: Flow) -> Iterator[Fault]:
    reached = flow.reached([flow.first])
    for step in flow:
        if step.name not in reached:
            yield Fault(step.name, "name", _("No step leads here."), is_warning=True)
