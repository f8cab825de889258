"""What operators decide about plans: their names, what they open, and how long each keeps things."""

from collections.abc import Mapping

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from helpdesk.models import User
from helpdesk.services.retention import note_plan
from privacy import ledger
from privacy.models import Plan, PlanTerm
from privacy.services.rules.policies import policies_in_force
from privacy.terms import Term


def save_plan(*, plan: Plan, by: User, terms: Mapping[str, Term]) -> Plan:
    """Save a plan, new or changed, with the terms of these categories.

    What they cut short waits 24 hours, and each account that obeys them gets a version that says so.

    The ledger gets each term before and after, and how many accounts it concerns. Only operators may; raises
    ``ValidationError`` for bad values.
    """
    _refuse_others(by)
    with transaction.atomic():
        former = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
        # Locked in one order: what their managers decide at the same moment comes before or after it.
        concerned = plan.accounts.select_for_update(no_key=True).order_by("pk") if former else []
        before = {account: list(policies_in_force(account.pk)) for account in concerned}
        plan.full_clean(validate_unique=former is None)
        plan.save()
        if former is None or former.schedules != plan.schedules:
            ledger.record(
                "plan.opened" if former is None else "plan.changed",
                who=ledger.reference(by),
                plan=plan.pk,
                schedules=plan.schedules,
                accounts=plan.accounts.count(),
            )
        for category, term in terms.items():
            _save_term(plan, category, term, by)
        for account, rules in before.items():
            note_plan(account=account, before=rules, by=by, reason=_("The plan changed"))
    return plan


def remove_plan(*, plan: Plan, by: User) -> None:
    """Remove a plan that no account has. Raises ``ValidationError`` where one has it or new ones get it."""
    _refuse_others(by)
    with transaction.atomic():
        plan = Plan.objects.select_for_update().get(pk=plan.pk)
        refuse_in_use(plan)
        ledger.record("plan.removed", who=ledger.reference(by), plan=plan.pk)
        plan.delete()


def refuse_in_use(plan: Plan) -> None:
    """Raise ``ValidationError`` for a plan that can't go, and say why."""
    if accounts := plan.accounts.count():
        words = ngettext(
            "%(number)d account has this plan. Give it another one first.",
            "%(number)d accounts have this plan. Give them another one first.",
            accounts,
        )
        raise ValidationError(words % {"number": accounts}, "in_use")
    if plan.pk == settings.LETHE_DEFAULT_PLAN:
        raise ValidationError(_("New accounts begin with this plan, so it stays."), "in_use")


def _save_term(plan: Plan, category: str, term: Term, by: User) -> None:
    row = plan.terms.filter(category=category).first()
    before = row.term if row else None
    if before is not None and before.code() == term.code():
        return
    row = row or PlanTerm(plan=plan, category=category)
    row.rule, row.amount, row.unit = term.rule, term.amount or 1, term.unit
    row.full_clean()
    row.save()
    ledger.record(
        "plan.changed",
        who=ledger.reference(by),
        plan=plan.pk,
        category=category,
        before=before.code() if before else "",
        after=term.code(),
        accounts=plan.accounts.count(),
    )


def _refuse_others(by: User) -> None:
    if by.role != User.Role.OPERATOR:
        raise PermissionDenied
