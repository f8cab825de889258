"""What visitors read, found in the sources: `python -m tests.translations` adds what is new to each language.

Words of the house's own people stay English; the places below are those that somebody outside sees.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
LANGUAGES = ("de", "es", "fr")
TEMPLATES = (
    "4*.html",
    "500.html",
    "base.html",
    "chat/*.html",
    "chat/visitor/*.html",
    "includes/*.html",
    "mail/ticket_*.txt",
    "privacy/*.html",
    "tickets/*.html",
    "visitor/*.html",
)
NOT_SEEN = {"includes/holds.html", "tickets/demo_mail.html", "includes/texts.html"}
MODULES = (
    "chat/admin/example.py",
    "chat/bot/fields.py",
    "chat/bot/panel.py",
    "chat/bot/talk.py",
    "chat/forms.py",
    "chat/models.py",
    "chat/transcript.py",
    "chat/services/leaving.py",
    "chat/views/bot.py",
    "chat/views/embed.py",
    "chat/views/rating.py",
    "chat/views/visitor.py",
    "config/readable.py",
    "helpdesk/browsers.py",
    "helpdesk/forms/consent.py",
    "helpdesk/forms/files.py",
    "helpdesk/forms/intake.py",
    "helpdesk/forms/reply.py",
    "helpdesk/forms/ticket.py",
    "helpdesk/forms/typed.py",
    "helpdesk/grounds.py",
    "helpdesk/models/notices.py",
    "helpdesk/notice.py",
    "helpdesk/services/accounts.py",
    "helpdesk/services/silent_tickets.py",
    "helpdesk/technical.py",
    "helpdesk/text.py",
    "helpdesk/views/tickets_public.py",
    "privacy/cadences.py",
    "privacy/models/consent.py",
    "privacy/services/people/consent_copy.py",
    "privacy/services/rules/retention.py",
    "privacy/terms.py",
)
ONE = {"_", "gettext", "gettext_lazy", "gettext_noop"}
MANY = {"ngettext", "ngettext_lazy"}
_TRANSLATE = re.compile(r"""(?:{%-?\s*(?:translate|trans)\s+|_\()("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_BLOCK = re.compile(r"{%\s*blocktrans(?:late)?\b([^%]*)%}(.*?){%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
_PLURAL = re.compile(r"{%\s*plural\s*%}")
_VARIABLE = re.compile(r"{{\s*([\w.]+)\s*}}")


class Message(NamedTuple):
    """What is translated as one; ``plural`` is empty where there is only one form."""

    text: str
    plural: str = ""


def messages() -> set[Message]:
    """Return everything that somebody outside may read."""
    return {message for path in files() for message in messages_in(path)}


def files() -> list[Path]:
    templates = {path for pattern in TEMPLATES for path in (ROOT / "templates").glob(pattern)}
    seen = {path for path in templates if str(path.relative_to(ROOT / "templates")) not in NOT_SEEN}
    slips = (ROOT / "privacy" / "slips").glob("*.py")
    return sorted([*seen, *slips, *(ROOT / name for name in MODULES)])


def messages_in(path: Path) -> Iterator[Message]:
    text = path.read_text()
    return _in_module(text) if path.suffix == ".py" else _in_template(text)


def _in_module(text: str) -> Iterator[Message]:
    for call in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        given = [
            arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
        ]
        if name in ONE and given:
            yield Message(given[0])
        elif name in MANY and len(given) > 1:
            yield Message(given[0], given[1])


def _in_template(text: str) -> Iterator[Message]:
    for found in _TRANSLATE.findall(text):
        yield Message(ast.literal_eval(found))
    for options, body in _BLOCK.findall(text):
        forms = [_as_gettext(form, trimmed="trimmed" in options) for form in _PLURAL.split(body)]
        yield Message(*forms)


def _as_gettext(body: str, *, trimmed: bool) -> str:
    text = " ".join(line.strip() for line in body.strip().splitlines()) if trimmed else body
    return _VARIABLE.sub(r"%(\1)s", text.replace("%", "%%"))


def catalogue(language: str) -> Catalog:
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, project="Lethe", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def missing(language: str) -> list[Message]:
    """Return what a language does not say yet."""
    known = catalogue(language)
    return sorted(message for message in messages() if not _is_said(known, message))


def _is_said(known: Catalog, message: Message) -> bool:
    entry = known.get(message.text)
    said = entry and (entry.string if isinstance(entry.string, tuple) else (entry.string,))
    return bool(said) and all(said) and not entry.fuzzy


def update(language: str) -> None:
    """Add what is new with nothing said, and take out what nobody reads any more."""
    known, wanted = catalogue(language), messages()
    for entry in [entry for entry in known if entry.id]:
        text = entry.id[0] if isinstance(entry.id, tuple | list) else entry.id
        if text not in {message.text for message in wanted}:
            known.delete(text)
    for message in sorted(wanted):
        if known.get(message.text) is None:
            known.add((message.text, message.plural) if message.plural else message.text)
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    with path_of(language).open("wb") as file:
        write_po(file, known, width=110, sort_output=True, omit_header=False)


if __name__ == "__main__":
    for each in LANGUAGES:
        update(each)
        print(f"{each}: {len(missing(each))} to translate of {len(messages())}")
