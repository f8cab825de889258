"""A copy of a chat for the visitor: plain text, made while the chat is there, kept by nobody but them."""

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from chat.attached import read_attached
from chat.models import Conversation, Message
from chat.secure_words import SECURE_KINDS, sentence_of
from helpdesk.text import without_turns

SAYS = {Message.Kind.TEXT, Message.Kind.ANSWER, Message.Kind.LINK}


def transcript_of(chat: Conversation) -> str:
    """Return what was said, with times in the account's time zone."""
    zone = chat.account.zone
    began = date_format(localtime(chat.created_at, zone), "DATETIME_FORMAT")
    title = _("Chat with %(name)s, %(began)s (%(zone)s)") % {
        "name": without_turns(chat.account.name),
        "began": began,
        "zone": chat.account.time_zone,
    }
    entries = list(chat.messages.select_related("agent"))
    read_attached(entries)
    answers = [f"{answer.label}: {answer.words}" for answer in chat.answers.all()]
    return (
        "\n\n".join([title, *filter(None, ["\n".join(answers)]), *(_line(entry, zone) for entry in entries)])
        + "\n"
    )


def _line(entry: Message, zone) -> str:
    said_at = f"{localtime(entry.created_at, zone):%H:%M}"
    if entry.kind in SAYS:
        masked = f"({entry.what_was_masked})" if entry.masked else ""
        words = filter(None, [entry.body, masked])
        return "\n".join([f"[{said_at}] {_author(entry)}:", *words, *_files(entry)])
    if entry.kind in SECURE_KINDS:
        return f"[{said_at}] " + sentence_of(entry, Conversation.Side.VISITOR)
    if entry.kind == Message.Kind.JOINED:
        return f"[{said_at}] " + _("%(name)s joined the chat") % {"name": _author(entry)}
    return f"[{said_at}] " + _("The chat was ended")


def _files(entry: Message) -> list[str]:
    lines = [_("[file: %(name)s]") % {"name": file.name} for file in entry.attached]
    return lines + [_("[a file that is erased already]")] * entry.files_gone


def _author(entry: Message) -> str:
    if entry.side == Conversation.Side.VISITOR:
        return _("You")
    if entry.side == Conversation.Side.BOT:
        return _("Automatic answer")
    return without_turns(entry.agent.name if entry.agent else "") or _("Agent")
