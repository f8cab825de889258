"""What the timetable runs. Each task may run twice, and none touches databases that don't fit together."""

import threading

from celery import shared_task
from django.utils import timezone

from privacy import ledger
from privacy.gate import gate
from privacy.ledger import pruning
from privacy.ledger.publishing import publish_head
from privacy.models import Heartbeat
from privacy.services.erasing import purge as purging
from privacy.services.erasing import sweep
from privacy.services.evidence.chain_state import chain_state
from privacy.services.restoring import backup
from privacy.services.rules import archive

# The timetable asks every two seconds: a long pass must not fill all threads of the worker with others.
_purging = threading.Lock()


@shared_task
def purge() -> None:
    if gate.is_open() and _purging.acquire(blocking=False):
        try:
            purging.purge()
        finally:
            _purging.release()


@shared_task
def drain_outbox() -> None:
    if gate.is_open():
        ledger.drain_outbox()
        ledger.mend_mirror()


@shared_task
def sweep_keys() -> None:
    if gate.is_open():
        sweep.sweep_keys()
        sweep.sweep_files()
        sweep.sweep_people()


@shared_task
def give_back() -> None:
    if gate.is_open():
        archive.give_back()


@shared_task
def publish_ledger() -> None:
    if gate.is_open():
        publish_head()


@shared_task
def walk_ledger() -> None:
    if gate.is_open():
        chain_state.verify()


@shared_task
def prune_ledger() -> None:
    if gate.is_open():
        pruning.prune_ledger()


@shared_task
def back_up() -> None:
    if gate.is_open():
        backup.back_up()


@shared_task
def beat_heartbeat() -> None:
    Heartbeat.objects.update_or_create(part="beat", defaults={"seen_at": timezone.now()})
