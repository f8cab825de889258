"""The answer to *prove that something was erased*, in sentences, and what was checked for it."""

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy.models import LedgerEntry
from privacy.services.evidence.ledger_words import (
    category_in_words,
    moment_in_words,
    reason_in_words,
    rule_in_words,
    version_in_words,
)
from privacy.services.evidence.proofs import Found, Proof
from privacy.services.evidence.receipts import category_of, counts_of


class Check(NamedTuple):
    """Something that was looked at a moment ago."""

    ok: bool
    words: str


class Answer(NamedTuple):
    """``kind`` is how the notice looks; ``href`` and ``link`` lead to the document, or are empty."""

    kind: str
    title: str
    sentences: list[str]
    checks: list[Check]
    href: str
    link: str


def answer(proof: Proof, zone) -> Answer:
    """Return a proof in words, with its times in ``zone``."""
    sentences = _of_run(proof, zone) if proof.is_run else _of_erasure(proof, zone)
    return Answer(*_verdict(proof), sentences, _checks(proof), *_document_of(proof))


def still_here(sentence: str) -> Answer:
    """Return the answer about something that isn't erased: why not, and until when."""
    return Answer("info", _("It isn't erased"), [sentence], [], "", "")


def _verdict(proof: Proof) -> tuple[str, str]:
    if not proof.is_done:
        return "warning", _("Begun, and not done yet")
    if not proof.holds:
        return "danger", _("This can't be proven now")
    return "success", _("Yes, and it is proven")


def _document_of(proof: Proof) -> tuple[str, str]:
    number = {"number": proof.entry.seq}
    if not proof.is_done:
        return "", ""
    if proof.is_run:
        return reverse("admin:privacy_receipt", kwargs=number), _("Receipt %(number)d") % number
    return reverse("admin:privacy_certificate", kwargs=number), _("Certificate %(number)d") % number


def _of_erasure(proof: Proof, zone) -> list[str]:
    begun = proof.entry
    what = {"what": category_in_words(category_of(begun)), "number": begun.params["units"]}
    if proof.done is None:
        when = moment_in_words(begun.at, zone)
        return [
            _("On %(when)s this began to be erased: %(what)s (%(number)d).") % {"when": when, **what},
            _("The next purge finishes it, usually within a minute; then ask again."),
        ]
    when = moment_in_words(proof.done.at, zone)
    return [
        _("On %(when)s this was erased: %(what)s (%(number)d).") % {"when": when, **what},
        _why(begun),
        *_means(begun),
    ]


def _why(begun: LedgerEntry) -> str:
    said = begun.params
    why = {
        "reason": reason_in_words(said["reason"]),
        "rule": rule_in_words(said),
    }
    if not why["rule"]:
        return _("Why: %(reason)s.") % why
    why["version"] = version_in_words(said.get("version", 0))
    return _("Why: %(reason)s. The rule was “%(rule)s”, by %(version)s.") % why


def _means(begun: LedgerEntry) -> list[str]:
    keys, files = len(begun.params["keys"]), begun.params["files"]
    means = []
    if keys:
        means.append(
            ngettext(
                "%(number)d key was destroyed, so that no copy in any backup can be read.",
                "%(number)d keys were destroyed, so that no copy in any backup can be read.",
                keys,
            )
            % {"number": keys}
        )
    if files:
        means.append(
            ngettext("%(number)d file was deleted.", "%(number)d files were deleted.", files)
            % {"number": files}
        )
    return means


def _of_run(proof: Proof, zone) -> list[str]:
    run = proof.entry
    erased = [
        _("%(what)s (%(number)d)") % {"what": category_in_words(code), "number": number}
        for code, number in counts_of(run).items()
        if number
    ]
    when = moment_in_words(run.params["finished"], zone)
    said = (
        _("The run that ended on %(when)s erased: %(what)s.")
        if erased
        else _("The run that ended on %(when)s erased nothing.")
    )
    return [
        said % {"when": when, "what": ", ".join(erased)},
        _("It obeyed %(version)s.") % {"version": version_in_words(run.params.get("version", 0))},
    ]


def _checks(proof: Proof) -> list[Check]:
    checks = [_check_of_chain(proof.in_chain)]
    if proof.found.keys:
        checks += [_check_of_keys(proof.found), _check_of_rows(proof.found.rows_left)]
    if proof.checked < proof.erasures:
        said = _("Looked at: the first %(checked)d of %(all)d erasures of this run.")
        checks.append(Check(True, said % {"checked": proof.checked, "all": proof.erasures}))
    return checks


def _check_of_chain(in_chain: bool) -> Check:
    if in_chain:
        said = _("The ledger's entries about it are unchanged, signed, and linked to those beside them.")
    else:
        said = _("The ledger's entries about it were changed, or don't fit those beside them.")
    return Check(in_chain, said)


def _check_of_keys(found: Found) -> Check:
    if not (found.keys_left or found.unburied):
        said = _("The vault holds none of its keys (%(number)d), and says of each that it was destroyed.")
        return Check(True, said % {"number": found.keys})
    said = _("Keys that are back in the vault: %(left)d. Keys of which it doesn't know the end: %(lost)d.")
    return Check(False, said % {"left": found.keys_left, "lost": found.unburied})


def _check_of_rows(left: int) -> Check:
    if not left:
        return Check(True, _("No row of the database is sealed under them."))
    return Check(
        False, _("Rows of the database that are still sealed under them: %(left)d.") % {"left": left}
    )
