"""The terms of a category as people say them: what is never closed counts from something else."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.categories import Category
from privacy.declarations import clocks_in
from privacy.terms import Clock, Rule, Term

# What is never closed: how the words of a term end, and what *at once* means for it.
_COUNTED = {
    Category.CONTACT: (
        gettext_lazy("after the last chat or ticket has gone"),
        gettext_lazy("as soon as no chat or ticket is left"),
    ),
    Category.CONSENT: (gettext_lazy("after it was given"), gettext_lazy("as soon as it was given")),
    Category.ACCESS: (gettext_lazy("after it was written"), gettext_lazy("as soon as it was written")),
    Category.REQUEST: (gettext_lazy("after it is answered"), gettext_lazy("as soon as it is answered")),
    Category.MAIL: (gettext_lazy("after it was written"), gettext_lazy("as soon as it is sent")),
    Category.EXPORT: (gettext_lazy("after it was made"), gettext_lazy("as soon as it was made")),
    Category.REPORT: (gettext_lazy("after their day"), gettext_lazy("as soon as they are counted")),
}


def term_in_words(term: Term, category: str, clock: str = "") -> str:
    """Return a term of a category as the end of a sentence, such as *“30 days after it is closed”*."""
    if term.rule == Rule.KEEP or not has_own_words(category):
        return term.in_words(clock or usual_clock(category))
    after, at_once = _COUNTED[Category(category)]
    if term.rule == Rule.AT_ONCE:
        return str(at_once)
    return _("%(length)s %(after)s") % {"length": term.length_in_words(), "after": after}


def has_own_words(category: str) -> bool:
    """Tell whether a category counts from something that has no name among the clocks."""
    return category in _COUNTED and len(clocks_in(category)) <= 1


def usual_clock(category: str) -> str:
    return next(iter(clocks_in(category)), Clock.CLOSED)
