"""Where rules of one account get into each other's way, in sentences for whoever decides them."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _

from privacy.categories import Category
from privacy.declarations import declaration_of, root_of, rows_in, units_in
from privacy.minimum_terms import MINIMUM_TERMS, MinimumTerm
from privacy.services.rules.minimums import falls_short
from privacy.services.rules.policies import Policy
from privacy.terms import Rule, Term

PROVEN = (Category.CHAT, Category.TICKET)


def conflicts_of(policies: Iterable[Policy], minimums: Iterable[MinimumTerm] = ()) -> list[str]:
    """Return a sentence for each rule that can't do what it says beside another one, or is too short.

    A part never outlives what it belongs to, proof of consent should last as long as what was consented to
    (Article 7(1)), and some terms have a minimum: everybody's, and the ``minimums`` that the account set
    itself. Nothing is said about what is never stored.
    """
    rules = {policy.category: policy for policy in policies}
    return [*_parts_that_go_sooner(rules), *_proof_that_goes_sooner(rules), *_below_minimum(rules, minimums)]


def _parts_that_go_sooner(rules: dict[str, Policy]) -> Iterator[str]:
    for category, policy in rules.items():
        for unit in units_in(category):
            whole = _whole_of(unit.model)
            if whole in rules and rules[whole].archive is None and _lasts(policy, rules[whole].term):
                yield _("%(part)s are kept longer than %(whole)s, but go with them at the latest.") % {
                    "part": _name(category),
                    "whole": str(Category(whole).label),
                }


def _proof_that_goes_sooner(rules: dict[str, Policy]) -> Iterator[str]:
    proof = rules.get(Category.CONSENT)
    for category in PROVEN:
        if proof and category in rules and _lasts(rules[category], proof.term):
            yield _(
                "%(kept)s may be kept longer than the proof that somebody agreed to it (Article 7(1))."
            ) % {"kept": _name(category)}


def _below_minimum(rules: dict[str, Policy], own: Iterable[MinimumTerm]) -> Iterator[str]:
    for minimum in (*MINIMUM_TERMS, *own):
        policy, category = rules.get(minimum.category), minimum.category
        stored = units_in(category) or rows_in(category)
        if policy and stored and falls_short(minimum, term=policy.term, archive=policy.archive):
            yield _("%(kept)s should be kept for %(length)s at least (%(source)s).") % {
                "kept": _name(category),
                "length": minimum.term.length_in_words(),
                "source": minimum.source,
            }


def _whole_of(model) -> str | None:
    """Return the category of the unit that a separable part belongs to."""
    declared = declaration_of(model)
    if declared is None or not declared.separable or declared.root is None:
        return None
    return root_of(declared.root).category


def _lasts(policy: Policy, other: Term) -> bool:
    if policy.term.rule == Rule.KEEP:
        return other.rule != Rule.KEEP
    return other.is_shorter_than(policy.term)


def _name(category: str) -> str:
    label = str(Category(category).label)
    return label[:1].upper() + label[1:]
