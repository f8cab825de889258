"""A flow to begin with, in the account's language: a choice, opening hours, and a way for who refuses."""

from django.utils import translation
from django.utils.translation import gettext as _

from chat.bot.fields import QUESTION, askable
from chat.bot.flow import END, Button, Flow, Kind, Step
from helpdesk.models import Account
from privacy.models import Mechanism
from privacy.texts import Texts


def example_flow(account: Account) -> Flow:
    """Return steps without a fault, made of what the account asks for."""
    asks = account.consent_mechanism == Mechanism.BOT
    fields = askable(account)
    wanted = [code for code, asked in fields.items() if asked.is_required or code == QUESTION]
    with translation.override(account.language):
        steps = [
            Step("consent", Kind.CONSENT, _in(account, _("Hello!")), next="topic", otherwise="bye"),
            Step(
                "topic",
                Kind.BUTTONS,
                _in(account, _("What can we do for you?")),
                buttons=(
                    Button(_in(account, _("I have a question")), wanted[0] if wanted else "hours"),
                    Button(_in(account, _("Just looking around")), "around"),
                ),
            ),
            *_asking(account, wanted),
            Step("hours", Kind.HOURS, next="agent", otherwise="leave"),
            Step("agent", Kind.AGENT, _in(account, _("One moment, somebody will be with you."))),
            Step("leave", Kind.LEAVE, _in(account, _("Nobody is here right now. Please leave a message."))),
            Step(
                "around",
                Kind.MESSAGE,
                _in(account, _("You are welcome. We are here when you need us.")),
                next=END,
            ),
            Step("bye", Kind.MESSAGE, _in(account, _("You can still use our site as you like.")), next=END),
        ]
    return Flow(tuple(steps if asks else [step for step in steps if step.name not in {"consent", "bye"}]))


def _asking(account: Account, wanted: list[str]) -> list[Step]:
    words = {
        "name": _("What is your name?"),
        "email": _("Where can we write to you?"),
        QUESTION: _("What is your question?"),
    }
    following = [*wanted[1:], "hours"]
    return [
        Step(code, Kind.TEXT, _in(account, words.get(code, _("Please tell us:"))), asks=code, next=then)
        for code, then in zip(wanted, following, strict=False)
    ]


def _in(account: Account, words: str) -> Texts:
    return {account.language: words}
