"""The codes of the ledger in the words of an account manager; a code without words stands for itself."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.categories import Category
from privacy.term_words import term_in_words
from privacy.terms import Term

REASONS = {
    "retention": gettext_lazy("its time was over"),
    "closed": gettext_lazy("it was closed, and the account erases at once"),
    "own_term": gettext_lazy("its own term was over, which is shorter than that of the rest"),
    "by_hand": gettext_lazy("somebody of the account ordered it by hand"),
    "nothing_left": gettext_lazy("nothing else of the person was kept"),
    "became_ticket": gettext_lazy("it became a ticket, which has a term of its own"),
    "key_lost": gettext_lazy("its key was lost, so nobody could read it any more"),
    "viewed": gettext_lazy("it was sensitive, and the agent who asked for it saw it once"),
    "not_viewed": gettext_lazy("it was sensitive, and its time to be seen was over"),
    "merged": gettext_lazy("two records of one person became one"),
    "not_necessary": gettext_lazy("asked for by the person: no longer needed (Article 17(1)(a))"),
    "consent_withdrawn": gettext_lazy("asked for by the person: consent withdrawn (Article 17(1)(b))"),
    "objection": gettext_lazy("asked for by the person: objection (Article 17(1)(c))"),
    "unlawful": gettext_lazy("asked for by the person: processed unlawfully (Article 17(1)(d))"),
    "legal_obligation": gettext_lazy("a law demanded it (Article 17(1)(e))"),
    "child_services": gettext_lazy("asked for by the person: collected from a child (Article 17(1)(f))"),
}

ACTIONS = {
    "account.changed": gettext_lazy("a setting was changed"),
    "account.opened": gettext_lazy("an account was opened"),
    "allowlist.changed": gettext_lazy("the IP allowlist was changed"),
    "archive.reader_added": gettext_lazy("somebody was named who may open the archive"),
    "archive.reader_removed": gettext_lazy("somebody may open the archive no more"),
    "bot.published": gettext_lazy("a version of the bot was published"),
    "bot.switched_off": gettext_lazy("the bot was switched off"),
    "consent.withdrawn": gettext_lazy("somebody withdrew their consent"),
    "contact.merged": gettext_lazy("two records of one person became one"),
    "hold.placed": gettext_lazy("something was put on hold"),
    "hold.released": gettext_lazy("a hold was released"),
    "hold.reviewed": gettext_lazy("a hold was looked at and still stands"),
    "manager.assigned": gettext_lazy("a manager was assigned"),
    "manager.withdrawn": gettext_lazy("a manager was withdrawn"),
    "notice.policy_read": gettext_lazy("the page behind the link to the policy was read"),
    "notice.published": gettext_lazy("a version of the notice was published"),
    "person.added": gettext_lazy("somebody was let in who signs in"),
    "person.corrected": gettext_lazy("the name or address of somebody who signs in was put right"),
    "person.deactivated": gettext_lazy("somebody who signs in was switched off"),
    "person.password_changed": gettext_lazy("somebody got a new password"),
    "person.reactivated": gettext_lazy("somebody who signs in was switched on again"),
    "person.role_changed": gettext_lazy("somebody got another role"),
    "plan.changed": gettext_lazy("a plan was changed"),
    "plan.opened": gettext_lazy("a plan was made"),
    "plan.removed": gettext_lazy("a plan was removed"),
    "purpose.changed": gettext_lazy("a purpose was changed"),
    "purpose.declared": gettext_lazy("a purpose was declared"),
    "recipient.added": gettext_lazy("a recipient was added"),
    "recipient.changed": gettext_lazy("a recipient was changed"),
    "recipient.removed": gettext_lazy("a recipient was removed"),
    "restore.confirmed": gettext_lazy("somebody looked at what a restored backup had forgotten"),
    "restore.found": gettext_lazy("a restored backup had forgotten a decision"),
    "retention.changed": gettext_lazy("a retention rule was changed"),
    "retention.minimum_changed": gettext_lazy("a minimum term was changed"),
    "ticket.closed": gettext_lazy("a ticket was closed"),
    "ticket.reopened": gettext_lazy("a ticket was opened again"),
    "support.granted": gettext_lazy("an owner let somebody of the house read chats and tickets"),
    "support.ended": gettext_lazy("support access was ended"),
    "support.expired": gettext_lazy("support access ran out"),
    "support.opened": gettext_lazy("a chat or ticket was opened under support access"),
    "support.file_opened": gettext_lazy("a file was opened under support access"),
}


def action_in_words(code: str) -> str:
    return str(ACTIONS.get(code, code))


def reason_in_words(code: str) -> str:
    return str(REASONS.get(code, code))


def category_in_words(code: str) -> str:
    return str(Category(code).label) if code in Category else code


def rule_in_words(said: Mapping[str, Any]) -> str:
    """Return the term that an entry or a document names, as *“30 days after it is closed”*.

    Empty where no rule was obeyed.
    """
    code = said.get("rule", "")
    try:
        return term_in_words(Term.from_code(code), said.get("category", ""), said.get("clock", ""))
    except ValueError:
        return str(code)


def version_in_words(version: int) -> str:
    """Return which policy was obeyed: one that the account decided, or the terms of the platform."""
    if not version:
        return _("the terms of the platform")
    return _("version %(number)d of the account's policy") % {"number": version}


def moment_in_words(moment: datetime | str, zone: tzinfo) -> str:
    """Return a moment, also as the ledger writes it, in a time zone that is named."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{date_format(localtime(at, zone), 'DATETIME_FORMAT')} ({zone})"
