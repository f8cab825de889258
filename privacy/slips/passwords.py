"""Passwords that somebody names in a sentence or beside a colon, in English, French, German and Spanish.

Nobody can tell a password from a word. So what follows the name of one is masked where it looks made up, or
ends its line, and is none of the words that are said of passwords: forgotten, wrong, expired.
"""

import re
from collections.abc import Iterator

from privacy.slips.everyday import EVERYDAY
from privacy.slips.slip import PASSWORD, Slip

_SURE = (
    r"pass ?words?|passcode|passwd|passwo?rte?s?|kennwort|pwd|pw|psw|mots? de passe|mdp|contrase[ñn]as?"
    r"|wachtwoord|senha|hasło|lösenord|adgangskode|passord"
)
_PHRASE = r"pass ?phrase|seed ?phrase|recovery phrase|phrase secrète|frase de contraseña"
_VAGUE = r"pass|code secret|clave(?: de acceso| secreta)?|geheimwort"
_PIN = r"pin(?:[ -]?(?:code|number|nummer|nr))?|code pin|geheimzahl"
_OF = r"[ ](?:for|of|to|on|für|zum|zur|vom|von|beim?|pour|de|du|para|del?)[ ][^\n:=.!?\x02]{1,40}?"
_IS = r"(?:is|was|ist|war|lautet|heißt|est|était|es|era|jest)(?![^\W_])"
_QUOTE_SIGNS = "\"'`\u00ab\u00bb\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a"
_MARKS = r"[\"'`*_]{0,2}"
_SIGN = rf"[ ]{{0,3}}(?:{_IS}[ ]{{0,3}})?(?P<sign>:|=>?|->|→){_MARKS}[ ]{{0,3}}\n?[ ]{{0,3}}"
_NAME = re.compile(
    rf"(?<![^\W_])(?:(?P<phrase>{_PHRASE})|(?P<pin>{_PIN})|(?P<vague>{_VAGUE})|{_SURE})(?![^\W_]){_MARKS}"
    rf"(?:(?:{_OF})??(?:{_SIGN}|[ ]{{1,3}}(?P<word>{_IS})[ ]{{1,3}})|[ ]{{1,3}})",
    re.IGNORECASE,
)
_VALUE = re.compile(r"[^\s\x02]{1,200}")
_QUOTED = re.compile(rf"[{_QUOTE_SIGNS}][ ]?([^\n\x02{_QUOTE_SIGNS}]{{1,200}}?)[ ]?[{_QUOTE_SIGNS}]")
_LINE = re.compile(r"[^\n\x02]{1,400}")
_ENDS = re.compile(
    r"[ ]{0,3}(?:$|\n|[.,;!?)\]|/]"
    r"|(?:and|or|for|at|und|oder|für|bei|et|ou|pour|y|o|para|user\w*|login)(?!\w))"
)
_SYMBOL = re.compile(r"\w[^\w\s'\u2019.,/-]")
_DIGITS = re.compile(r"[0-9]{3,12}")
_HIDDEN = set("*xX.-_?…")
SHORTEST = 4


def passwords(text: str) -> Iterator[Slip]:
    """Yield the passwords in a plain text."""
    place = 0
    while name := _NAME.search(text, place):
        slip = _value(text, name)
        if slip:
            yield slip
        place = slip.end if slip else max(name.end() - 1, name.start() + 1)


def _value(text: str, name: re.Match[str]) -> Slip | None:
    """Return what follows the name of a password, where it looks like one."""
    start = name.end()
    if (quoted := _QUOTED.match(text, start)) and not name["pin"]:
        return Slip(*quoted.span(1), PASSWORD)
    if name["phrase"]:
        line = _LINE.match(text, start) if name["sign"] else None
        return Slip(start, line.end(), PASSWORD) if line else None
    found = _VALUE.match(text, start)
    if not found:
        return None
    end = found.end() - (found[0][-1] in ".,;)")
    value = text[start:end]
    return Slip(start, end, PASSWORD) if value and _is_secret(name, value, text, end) else None


def _is_secret(name: re.Match[str], value: str, text: str, end: int) -> bool:
    core = value.strip(f".,;:!?()[]{_QUOTE_SIGNS}")
    if name["pin"]:
        return _DIGITS.fullmatch(core) is not None
    if (
        not core
        or set(core) <= _HIDDEN
        or core.casefold() in EVERYDAY
        or value.startswith(("http:", "https:"))
    ):
        return False
    is_last = core.isalpha() and _ENDS.match(text, end) is not None
    if name["sign"]:
        return not core.isalpha() or _is_mixed(core) or is_last
    if name["word"]:
        return len(core) >= SHORTEST and (_looks_made_up(core) or (is_last and not name["vague"]))
    return not name["vague"] and len(core) >= 6 and _has_letters_and_digits(core)


def _looks_made_up(value: str) -> bool:
    """Tell whether this is no word."""
    return (
        value.isdigit() or _has_letters_and_digits(value) or _is_mixed(value) or bool(_SYMBOL.search(value))
    )


def _has_letters_and_digits(value: str) -> bool:
    return any(c.isalpha() for c in value) and any(c.isdigit() for c in value)


def _is_mixed(value: str) -> bool:
    """Tell whether letters are small and large in no usual order."""
    return not (value.islower() or value.isupper() or value[1:].islower())
