"""The bot's draft is changed step by step, and published as a version that never changes."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from chat.bot.faults import Fault, faults_of
from chat.bot.flow import STEPS_AT_MOST, Flow, Step
from chat.models import BotFlow, BotVersion
from helpdesk.models import Account, User
from privacy import ledger


class Faulty(Exception):
    """The draft has faults, so nothing was published; ``faults`` says which."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__()
        self.faults = faults


class ChangedMeanwhile(Exception):
    """Somebody else changed the step, or took it away, after this person had opened it."""


def published_version(account: Account) -> BotVersion | None:
    """Return the version that talks to new visitors; ``None`` where the bot is off."""
    return BotVersion.objects.filter(
        pk__in=BotFlow.objects.filter(account=account).values("published")
    ).first()


def draft_of(account: Account) -> Flow:
    """Return what the account's manager works on, with its faults."""
    flow = BotFlow.objects.filter(account=account).first()
    return Flow.from_json(flow.draft if flow else [])


def save_step(*, account: Account, step: Step, opened: Step | None = None) -> None:
    """Add a step to the draft, or put it in the place of the one that was ``opened``; ways to it follow.

    Raises :class:`ChangedMeanwhile`, and ``ValidationError`` for a name that another step has.
    """
    with transaction.atomic():
        flow = _locked(account)
        draft = Flow.from_json(flow.draft)
        others = [name for name in draft.names if opened is None or name != opened.name]
        if opened is not None and opened not in draft.steps:
            raise ChangedMeanwhile
        if step.name in others:
            raise ValidationError({"name": _("Another step has this name.")})
        if opened is None and len(draft.steps) >= STEPS_AT_MOST:
            raise ValidationError(_("A flow has at most %(most)d steps.") % {"most": STEPS_AT_MOST})
        if opened is None:
            steps = [*draft, step]
        else:
            steps = [step if each == opened else each.renamed(opened.name, step.name) for each in draft]
        _keep(flow, steps)


def move_step(*, account: Account, name: str, by: int) -> None:
    """Move a step of the draft in the list, ``by`` places down, or up where it is negative."""
    with transaction.atomic():
        flow = _locked(account)
        steps = list(Flow.from_json(flow.draft))
        place = next((place for place, step in enumerate(steps) if step.name == name), None)
        if place is not None:
            steps.insert(max(0, place + by), steps.pop(place))
            _keep(flow, steps)


def remove_step(*, account: Account, name: str) -> None:
    """Take a step out of the draft; what leads to it is a fault until it leads elsewhere."""
    with transaction.atomic():
        flow = _locked(account)
        _keep(flow, [step for step in Flow.from_json(flow.draft) if step.name != name])


def begin_with(*, account: Account, flow: Flow) -> None:
    """Let an empty draft begin with these steps."""
    with transaction.atomic():
        kept = _locked(account)
        if not kept.draft:
            _keep(kept, list(flow))


def publish_flow(*, account: Account, by: User) -> BotVersion:
    """Let the draft talk to new visitors; a draft that is published already makes no new version.

    Raises :class:`Faulty`, and then what was published before stays.
    """
    with transaction.atomic():
        flow = _locked(account)
        faults = [fault for fault in faults_of(Flow.from_json(flow.draft), account) if not fault.is_warning]
        if faults:
            raise Faulty(faults)
        newest = BotVersion.objects.filter(account=account).first()
        if newest and newest.steps == flow.draft:
            version = newest
        else:
            number = newest.number + 1 if newest else 1
            version = BotVersion.objects.create(account=account, number=number, steps=flow.draft)
        if flow.published_id != version.pk:
            _set_published(flow, version, by)
    return version


def switch_bot_off(*, account: Account, by: User) -> None:
    """Let no bot talk to new visitors; chats that talk with it go on, and the draft stays."""
    with transaction.atomic():
        flow = _locked(account)
        if flow.published_id is not None:
            _set_published(flow, None, by)


def _set_published(flow: BotFlow, version: BotVersion | None, by: User) -> None:
    flow.published = version
    flow.save(update_fields=["published"])
    facts: dict[str, Any] = {"version": version.number} if version else {}
    action = "bot.published" if version else "bot.switched_off"
    ledger.record(action, account_id=flow.account_id, who=ledger.reference(by), **facts)


def _locked(account: Account) -> BotFlow:
    BotFlow.objects.get_or_create(account=account)
    return BotFlow.objects.select_for_update(no_key=True).get(account=account)


def _keep(flow: BotFlow, steps: Sequence[Step]) -> None:
    flow.draft = Flow(tuple(steps)).as_json()
    flow.save(update_fields=["draft"])
