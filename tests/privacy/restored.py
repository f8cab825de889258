"""A main database that is put back from a backup, with things in it whose time is over soon."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from chat.models import Conversation
from privacy import ledger
from privacy.gate import gate
from privacy.models import ForgottenDecision, OutboxLine
from privacy.services.erasing.purge import PurgeReport, purge
from privacy.services.restoring.replay import Gate, gate_state, replay_erasures
from tests.privacy.backups import Backup
from tests.privacy.failing import dying_at


def backup_in(folder: Path) -> Callable[[], Backup]:
    return lambda: Backup("default", folder)


def put_back(copy: Backup) -> None:
    """Put a backup back and see that nothing is served from it before the replay."""
    copy.put_back()
    gate._open_until = 0.0
    assert gate_state() is Gate.UNAWARE_MAIN


def replayed(copy: Backup) -> None:
    put_back(copy)
    replay_erasures()
    assert gate_state() is Gate.OPEN


def purge_later(**ahead: float) -> PurgeReport:
    """Run the purge as it will be run some time from now."""
    return purge(now=timezone.now() + timedelta(**(ahead or {"days": 3})))


def is_there(*units: Any) -> list[bool]:
    return [type(unit).objects.filter(pk=unit.pk).exists() for unit in units]


def chats_left() -> int:
    return Conversation.objects.count()


@contextmanager
def written_by_an_older_version(*names: str) -> Iterator[None]:
    """Let decisions reach the ledger without what the entries of older versions lack.

    ``names`` are the beginnings of the parameters that they didn't have.
    """
    with dying_at("vault", 'INSERT INTO "privacy_ledgerentry"'):
        yield
    for line in OutboxLine.objects.all():
        line.params = {name: value for name, value in line.params.items() if not name.startswith(names)}
        line.save()
    ledger.drain_outbox()


def findings(**wanted: Any) -> list[tuple[str, str, str, str]]:
    """Return what nobody has confirmed yet: action, outcome, category, setting."""
    rows = ForgottenDecision.objects.filter(confirmed_at=None, **wanted)
    return sorted(rows.values_list("action", "outcome", "category", "about"))
