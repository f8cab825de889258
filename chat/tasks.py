"""What the timetable runs for chats. Each task may run twice."""

from celery import shared_task

from chat.services import conversations, leaving, secure
from privacy.gate import gate


@shared_task
def close_abandoned_chats() -> None:
    if gate.is_open():
        conversations.close_abandoned_chats()


@shared_task
def expire_secure_values() -> None:
    if gate.is_open():
        secure.expire_requests()


@shared_task
def erase_what_became_tickets() -> None:
    if gate.is_open():
        leaving.erase_what_became_tickets()
