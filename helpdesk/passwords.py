"""Passwords that somebody would guess who knows the person, the keyboard and what others choose."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.password_validation import get_default_password_validators
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from zxcvbn import zxcvbn

from helpdesk.models import User

LEAST_SCORE = 4  # of 4: beyond ten thousand million guesses
JUDGED = 72  # characters; more of them are no easier to guess and take long to judge
SHORTEST_WORD = 3
PLACE = ("lethe", "helpdesk", "admin")
FAMOUS = re.compile(r"correct[\W_]*horse[\W_]*battery[\W_]*staple")  # the example that everybody quotes

PERSONAL = gettext_lazy("it is made mostly of a name, an address or a word that others know")
REPEATED = gettext_lazy("it says the same again and again")
IN_A_ROW = gettext_lazy("its letters follow each other in the alphabet or on the keyboard")
POPULAR = gettext_lazy("it is close to what many people choose")


class GuessablePasswordValidator:
    """Refuse what is easily guessed, where Django's own validators have nothing to say already."""

    def validate(self, password: str, user: Any = None) -> None:
        if self._is_refused_by_others(password, user):
            return
        rest = without_words(password, words_of(user))
        judged: dict[str, Any] = zxcvbn(rest[:JUDGED]) if rest else {"score": 0, "sequence": []}
        if judged["score"] < LEAST_SCORE:
            why = PERSONAL if rest != plain(password) else _reason(judged["sequence"])
            raise ValidationError(
                _(
                    "Others could guess this password: %(why)s. Better are four words that have nothing to "
                    "do with each other."
                ),
                "guessable",
                {"why": why},
            )

    def get_help_text(self) -> str:
        return _("Your password can't be one that others would guess.")

    def _is_refused_by_others(self, password: str, user: Any) -> bool:
        for validator in get_default_password_validators():
            try:
                if not isinstance(validator, GuessablePasswordValidator):
                    validator.validate(password, user)
            except ValidationError:
                return True
        return False


def plain(text: str) -> str:
    """Return a text without capitals and accents, by which people vary a word."""
    parts = unicodedata.normalize("NFKD", text).casefold()
    return "".join(part for part in parts if not unicodedata.combining(part))


def words_of(user: Any) -> list[str]:
    """Return the words that others know of somebody, of their account and of this program, longest first."""
    known = [*PLACE]
    if isinstance(user, User):
        known += [user.name, user.email, user.account.name if user.account else ""]
    words = {word for text in known for word in re.split(r"[\W_]+", plain(text))}
    return sorted((word for word in words if len(word) >= SHORTEST_WORD), key=len, reverse=True)


def without_words(password: str, words: Iterable[str]) -> str:
    """Return what is left of a password without these words, which cost nobody a guess."""
    rest = FAMOUS.sub("", plain(password))
    for word in words:
        rest = rest.replace(word, "")
    return rest


def _reason(parts: list[dict[str, Any]]) -> Any:
    rows = ("sequence", "spatial")
    longest = max(parts, key=lambda part: len(part["token"]), default={"pattern": ""})
    if longest["pattern"] == "repeat":
        return REPEATED
    in_a_row = any(part["pattern"] in rows and part["token"].isalpha() for part in parts)
    return IN_A_ROW if in_a_row else POPULAR
