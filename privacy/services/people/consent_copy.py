"""The copy of one's own consent that somebody takes home: as data, or as words."""

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from privacy.encryption.rows import SealedModel
from privacy.models import ConsentRecord
from privacy.services.people.consent import answers_of


def copy_of_consent(*, account, person: SealedModel) -> dict[str, Any]:
    """Return every answer of ``person`` that stands, oldest first, with the words that were shown.

    ``account`` tells who asked; ``code`` is the name under which the proof is kept, for questions about it.
    """
    answers = _by_time(account, person)
    return {
        "controller": account.controller or account.name,
        "code": answers[0].subject if answers else "",
        "answers": [_answer(record) for record in answers],
    }


def consent_in_words(*, account, person: SealedModel) -> str:
    """Return the same as plain text, with times in the account's time zone."""
    copied = copy_of_consent(account=account, person=person)
    lines = [_("Consent given to %(name)s") % {"name": copied["controller"]}, ""]
    for record in _by_time(account, person):
        when = date_format(localtime(record.at, account.zone), "DATETIME_FORMAT")
        lines += [f"{when} ({account.time_zone}): {record.get_state_display()}", record.words]
        if record.origin:
            lines.append(record.origin + record.page)
        version = {"version": record.notice.version, "language": record.language}
        lines += [_("Notice %(version)s, language %(language)s") % version, ""]
    if copied["code"]:
        lines.append(_("Code of this proof: %(code)s") % {"code": copied["code"]})
    return "\n".join(lines) + "\n"


def _by_time(account: Any, person: SealedModel) -> list[ConsentRecord]:
    return sorted(answers_of(account=account, person=person), key=lambda record: (record.at, record.pk))


def _answer(record: ConsentRecord) -> dict[str, Any]:
    return {
        "purpose": record.purpose,
        "state": record.state,
        "words": record.words,
        "notice": record.notice.version,
        "language": record.language,
        "mechanism": record.mechanism,
        "form": record.form,
        "origin": record.origin,
        "page": record.page,
        "reference": record.reference,
        "at": record.at.isoformat(),
    }
