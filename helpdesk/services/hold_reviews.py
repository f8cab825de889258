"""Chasing the reviews of holds: nobody forgets what nobody may erase."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from helpdesk.models import Account, User
from helpdesk.services.staff_mail import queue_staff_mail
from privacy import ledger
from privacy.encryption.errors import SealError
from privacy.services.erasing.holds import due_for_review

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(days=7)


def tell_of_due_reviews(*, now: datetime | None = None) -> int:
    """Mail who answers for an account that holds are to be looked at again; returns how many holds were told.

    That is its owner, its supervisors and its managers; the operators where there is nobody else. Each review
    is told on its day in the account's time zone or later, and again every seven days as long as it is
    overdue, however many workers look.
    """
    now = now or timezone.now()
    return sum(
        _tell(account, now) for account in Account.objects.filter(suspensions__released_at=None).distinct()
    )


@transaction.atomic
def _tell(account: Account, now: datetime) -> int:
    untold = Q(review_told_at=None) | Q(review_told_at__lte=now - AGAIN_AFTER)
    due = due_for_review(timezone.localtime(now, account.zone).date()).filter(untold, account=account)
    holds = list(due.select_for_update(skip_locked=True, of=("self",)))
    if not holds:
        return 0
    due.model.objects.filter(pk__in=[hold.pk for hold in holds]).update(review_told_at=now)
    ledger.record("hold.review_due", account_id=account.pk, holds=[hold.pk for hold in holds])
    for user in _people(account) or User.objects.looking_after(account):
        page = "holds" if user.works_in_agent_pages else "admin:holds"
        link = settings.LETHE_BASE_URL + reverse(page)
        try:
            queue_staff_mail(
                user=user,
                template="hold_review",
                account=account,
                holds=len(holds),
                oldest=holds[0].review_on,
                link=link,
            )
        except SealError:  # a lost key of one of them must not keep it from the others
            log.exception("User %s can't be told of the reviews of holds.", user.pk)
    return len(holds)


def _people(account: Account) -> QuerySet[User]:
    leading = Q(account=account, role__in=[User.Role.OWNER, User.Role.SUPERVISOR])
    managing = Q(role=User.Role.MANAGER, pk__in=account.assignments.values("user"))
    people = User.objects.filter(leading | managing, is_active=True)
    return people.select_related("account").order_by("created_at", "pk")
