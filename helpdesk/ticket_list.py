"""The agents' list of tickets: a page of it, how many stand where, and when each will be erased."""

from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Count
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from helpdesk.models import Ticket, User
from helpdesk.models.tickets import TicketQuerySet
from privacy.categories import Category
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import expiry_under
from privacy.services.rules.suspensions import stops_of

PAGE_SIZE = 50
ALL = "all"
REACH = 10_000  # how far back pages go: counting a whole archive would take longer the older it gets
CHOICES = (*Ticket.Status.values, ALL)


@dataclass(frozen=True)
class Tab:
    """One choice of status, and how many tickets it holds where that is worth attention."""

    status: str
    label: str
    count: int | None


@dataclass(frozen=True)
class TicketList:
    """What the list shows; each ticket has ``expiry``."""

    page: Page
    tabs: list[Tab]
    status: str
    mine: bool
    open_count: int  # everybody's, for the badge


class _Counted(Paginator):
    """A paginator that is told how many there are: the tabs have counted them already."""

    def __init__(self, *args, count: int, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._count = count

    @cached_property
    def count(self) -> int:
        return self._count


def read_ticket_list(*, user: User, status: str = "", mine: bool = False, page: str = "1") -> TicketList:
    """Return a page of the tickets that ``user`` may see, newest activity first. An odd status means open."""
    if status not in CHOICES:
        status = Ticket.Status.OPEN
    tickets = Ticket.objects.visible_to(user)
    if mine:
        tickets = tickets.filter(assignee=user)
    counts = count_by_status(tickets)
    chosen = _chosen(tickets, status)
    total = counts[status] if status in counts else chosen.order_by()[:REACH].count()
    found = _Counted(chosen.for_list(), PAGE_SIZE, count=total).get_page(page)
    found.object_list = list(found.object_list)
    policy = policy_in_force(account_id=user.account_id, category=Category.TICKET)
    stops = stops_of(found.object_list)
    for ticket in found.object_list:
        ticket.expiry = expiry_under(policy, ticket, stops.get(ticket.pk))
    share_keys([user, *found.object_list], lost=UNREADABLE)
    of_all = count_by_status(Ticket.objects.visible_to(user)) if mine else counts
    return TicketList(found, _tabs(counts), status, mine, of_all[Ticket.Status.OPEN])


def count_by_status(tickets: TicketQuerySet) -> dict[str, int]:
    """Count the tickets that aren't closed; found by the clock's index, whatever lies in the archive."""
    living = tickets.filter(closed_at=None).order_by().values_list("status").annotate(Count("pk"))
    return {Ticket.Status.OPEN: 0, Ticket.Status.PENDING: 0} | dict(living)


def _chosen(tickets: TicketQuerySet, status: str) -> TicketQuerySet:
    if status == ALL:
        return tickets
    return tickets.filter(status=status, closed_at__isnull=status != Ticket.Status.CLOSED)


def _tabs(counts: dict[str, int]) -> list[Tab]:
    labels = {
        Ticket.Status.OPEN: _("Open"),
        Ticket.Status.PENDING: _("Waiting for the requester"),
        Ticket.Status.CLOSED: _("Closed"),
        ALL: _("All"),
    }
    return [Tab(status, label, counts.get(status)) for status, label in labels.items()]
