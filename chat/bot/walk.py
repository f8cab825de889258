"""The dialogue before a visitor agreed: it stands in their page alone, signed, and in no row, key or log.

What the page sends back names the version of the flow, the step and the answers so far; never a word that
somebody typed, since nothing can be typed there.
"""

from typing import NamedTuple, Self

from django.core import signing
from django.utils.translation import get_language

from chat.bot.flow import Flow
from chat.bot.talk import Place, Talk, Turn
from chat.models import BotVersion
from chat.services.flows import published_version
from helpdesk.forms.consent import notice_to_answer
from helpdesk.models import Account
from privacy.models import ConsentNotice, Mechanism

SALT = "chat.bot"
SECONDS = 24 * 3600


class Stale(Exception):
    """What the page sent is forged, too old, or about words that have changed since."""


class Walk(NamedTuple):
    """A dialogue that nobody stores, in one language. ``said`` is how many lines the visitor has seen."""

    talk: Talk
    version: BotVersion | None
    place: Place
    language: str
    said: int = 0

    def on(self, turn: Turn) -> Self:
        return self._replace(place=turn.place, said=self.said + len(turn.lines))

    @property
    def state(self) -> str:
        """What the page keeps, and sends back with the next answer."""
        notice = self.talk.notice
        return signing.dumps(
            {
                "account": self.talk.account.pk,
                "version": self.version.number if self.version else 0,
                "notice": notice.version if notice else 0,
                "step": self.place.step,
                "answers": dict(self.place.answers),
                "refused": self.place.is_refused,
                "language": self.language,
                "said": self.said,
            },
            salt=SALT,
        )


def notice_of_bot(account: Account) -> ConsentNotice | None:
    """Return the notice that the bot asks about before a chat begins; ``None`` where it asks nothing."""
    notice = notice_to_answer(account)
    return notice if notice and notice.mechanism == Mechanism.BOT else None


def begin_walk(account: Account, notice: ConsentNotice) -> tuple[Walk, Turn]:
    """Return a new dialogue with the first question."""
    version = published_version(account)
    talk = Talk(_flow(version), account, notice=notice)
    turn = talk.begin()
    return Walk(talk, version, Place(), get_language() or account.language).on(turn), turn


def resume_walk(account: Account, state: str) -> Walk:
    """Return the dialogue that a page sends back. Raises :class:`Stale`.

    As long as something is asked, the words must be those in force. Who refused goes on to the end with the
    version that they began with.
    """
    try:
        kept = signing.loads(state, salt=SALT, max_age=SECONDS)
    except signing.BadSignature as error:
        raise Stale from error
    if kept["account"] != account.pk:
        raise Stale
    place = Place(kept["step"], kept["answers"], is_refused=kept["refused"])
    if place.is_refused:
        version = BotVersion.objects.filter(account=account, number=kept["version"]).first()
        return Walk(Talk(_flow(version), account), version, place, kept["language"], kept["said"])
    notice, version = notice_of_bot(account), published_version(account)
    if notice is None or (notice.version, version.number if version else 0) != (
        kept["notice"],
        kept["version"],
    ):
        raise Stale
    talk = Talk(_flow(version), account, notice=notice)
    return Walk(talk, version, place, kept["language"], kept["said"])


def _flow(version: BotVersion | None) -> Flow:
    return version.flow if version else Flow()
