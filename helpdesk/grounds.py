"""Why an account uses data, as the notice says it: each purpose with its lawful basis (Article 13(1)(c))."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from helpdesk.models import Account
from privacy.models import Basis, ConsentNotice, Purpose
from privacy.texts import in_language

# Whole sentences, so that other languages can say it in their own order.
_GROUNDS = {
    Basis.CONSENT: gettext_lazy("You agree to it (Article 6(1)(a) of the GDPR)."),
    Basis.CONTRACT: gettext_lazy(
        "It is needed for a contract with you, or for what you ask before one (Article 6(1)(b) of the GDPR)."
    ),
    Basis.LEGAL_OBLIGATION: gettext_lazy("A law obliges us (Article 6(1)(c) of the GDPR)."),
    Basis.VITAL_INTERESTS: gettext_lazy("A life may depend on it (Article 6(1)(d) of the GDPR)."),
    Basis.PUBLIC_TASK: gettext_lazy("It is part of a public task of ours (Article 6(1)(e) of the GDPR)."),
    Basis.LEGITIMATE_INTERESTS: gettext_lazy(
        "We have an interest in it that outweighs yours; you may object (Article 6(1)(f) of the GDPR)."
    ),
}


@dataclass(frozen=True)
class Ground:
    """One purpose as visitors read it."""

    name: str
    ground: str
    note: str
    words: str  # what they agree to; empty where they are not asked
    optional: bool
    reuse: str


def grounds_of(account: Account, asked: ConsentNotice | None) -> list[Ground]:
    """Return the purposes in force, with the words that visitors agree to where ``asked`` asks them."""
    purposes = Purpose.objects.filter(account=account).declared().select_related("account", "reuses__account")
    return [_ground(purpose, account, asked) for purpose in purposes]


def _ground(purpose: Purpose, account: Account, asked: ConsentNotice | None) -> Ground:
    on_consent = purpose.basis == Basis.CONSENT
    words = in_language(purpose.questions, account.language) if on_consent and asked else ""
    return Ground(
        name=purpose.name,
        ground=str(_GROUNDS[Basis(purpose.basis)]),
        note=purpose.basis_note,
        words=words,
        optional=on_consent and not purpose.is_required,
        reuse=_reuse(purpose),
    )


def _reuse(purpose: Purpose) -> str:
    if purpose.reuses is None:
        return ""
    return _("It uses what was collected for “%(purpose)s”, which is compatible: %(why)s") % {
        "purpose": purpose.reuses.name,
        "why": purpose.compatibility,
    }
