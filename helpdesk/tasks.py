"""What the worker does for the helpdesk: rows are the duties, so each round may be missed or run twice."""

from celery import shared_task

from helpdesk.services import hold_reviews, overdue, policy_pages, silent_tickets, support
from helpdesk.services.mail import send_due_mail
from privacy.gate import gate


@shared_task
def send_mail() -> None:
    """Send what is due, and empty what waited for too long."""
    send_due_mail()


@shared_task
def tell_of_overdue() -> None:
    """Tell people that erasures are overdue, or no longer; a restored database has its own message."""
    if gate.is_open():
        overdue.tell_of_overdue()


@shared_task
def close_silent_tickets() -> None:
    """Close what nobody writes in any more, so that nothing is kept because it was never closed."""
    if gate.is_open():
        silent_tickets.close_silent_tickets()


@shared_task
def tell_of_due_reviews() -> None:
    """Ask people to look again at the holds whose day has come."""
    if gate.is_open():
        hold_reviews.tell_of_due_reviews()


@shared_task
def read_policies() -> None:
    """Look what is behind the links to privacy policies, so that a change of one is noticed."""
    if gate.is_open():
        policy_pages.read_due_policies()


@shared_task
def expire_support() -> None:
    """Note which support accesses ran out; they let nobody read since the moment itself."""
    if gate.is_open():
        support.expire_support()
