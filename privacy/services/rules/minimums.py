"""How long something has to be kept at least, as its account says: it warns, and stops nobody."""

from privacy.minimum_terms import MinimumTerm
from privacy.models import RetentionMinimum
from privacy.terms import COMPARED_FROM, Term


def minimums_of(account_id: int) -> dict[str, MinimumTerm]:
    """Return the minimum terms that an account has set, by category."""
    rows = RetentionMinimum.objects.filter(account=account_id)
    return {row.category: MinimumTerm(row.category, row.term, row.reason) for row in rows}


def falls_short(minimum: MinimumTerm, *, term: Term, archive: Term | None = None) -> bool:
    """Tell whether a term, with the time in the archive behind it, is shorter than a minimum.

    Both are counted from the same moment, whatever clock the rule has.
    """
    end = term.ends_at(COMPARED_FROM)
    if end is not None and archive is not None:
        end = archive.ends_at(end)
    least = minimum.term.ends_at(COMPARED_FROM)
    return end is not None and least is not None and end < least
