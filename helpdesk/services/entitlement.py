"""What the plan of an account lets it decide about retention."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from helpdesk.models import Account
from privacy.cadences import Every
from privacy.models import Plan
from privacy.services.rules.decisions import Decision
from privacy.terms import Rule


def refuse_beyond_plan(*, account: Account, category: str, decision: Decision) -> None:
    """Raise ``ValidationError`` for what the account's plan doesn't let it decide."""
    if account.plan.schedules:
        return
    if decision.archive is not None or decision.cadence.every != Every.CONTINUOUS:
        raise ValidationError(part_of_plan(), "plan")
    longest = account.plan.terms.filter(category=category).first()
    if longest and longest.term.is_shorter_than(decision.term):
        raise ValidationError(
            _("With this plan it is kept for %(longest)s at most."),
            "plan",
            {"longest": longest.term.length_in_words() if longest.term.rule == Rule.AFTER else _("no time")},
        )


def part_of_plan() -> str:
    """Return the reason why an account can't have schedules and the archive."""
    names = list(Plan.objects.filter(schedules=True).values_list("name", flat=True))
    if not names:
        return _("No plan of this helpdesk has this.")
    return _("Part of the plan %(plan)s.") % {"plan": " / ".join(names)}
