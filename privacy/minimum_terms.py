"""How long something should be kept at least, and who says so."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.categories import Category
from privacy.terms import Rule, Term, Unit


@dataclass(frozen=True)
class MinimumTerm:
    """The shortest term that a source recommends or demands for a category."""

    category: Category | str
    term: Term
    source: str | Promise


MINIMUM_TERMS = (
    MinimumTerm(
        Category.ACCESS,
        Term(Rule.AFTER, 6, Unit.MONTHS),
        # Deliberation of 14 October 2021 on logging: six months to one year.
        _("CNIL, recommendation 2021-122 on logs"),
    ),
)
