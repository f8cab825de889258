"""The holds of accounts, to be read: in force with the longest overdue review first, or released."""

from typing import Any

from django.apps import apps
from django.core.paginator import Page, Paginator
from django.utils.timezone import localdate

from helpdesk.forms.hold import ReleaseForm, ReviewForm
from helpdesk.models import User
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.models import Suspension

PAGE_SIZE = 25


def read_holds(accounts: Any, *, user: User, released: bool = False, page: str | None = None) -> Page:
    """Return a page of the holds of these accounts.

    Each has ``what``, the kind of unit in words, and in force ``is_overdue``, ``review_form`` and
    ``release_form``. What it is about is named by its id alone.
    """
    holds = Suspension.objects.filter(account__in=accounts, released_at__isnull=not released)
    holds = holds.select_related("account", "by", "released_by")
    order = ("-released_at",) if released else ("review_on",)
    found = Paginator(holds.order_by(*order, "pk"), PAGE_SIZE).get_page(page)
    found.object_list = list(found.object_list)
    for hold in found.object_list:
        hold.what = apps.get_model(hold.unit)._meta.verbose_name
        hold.is_overdue = not released and hold.review_on <= localdate(timezone=hold.account.zone)
        hold.review_form = ReviewForm(auto_id=f"review-{hold.pk}-%s")
        hold.release_form = ReleaseForm(auto_id=f"release-{hold.pk}-%s")
    people = [who for hold in found.object_list for who in (hold.by, hold.released_by) if who]
    share_keys([user, *people], lost=UNREADABLE)
    return found
