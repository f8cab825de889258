"""Commands that wait, as the pages do, until the databases are there and fit together."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.management.base import CommandError

from privacy import running
from privacy.services.restoring.replay import ADVICE, Gate, gate_state


def ask_gate(*, but: set[Gate] | None = None, outcome: str = "Nothing was changed.") -> None:
    """Refuse in one line while the gate is closed, and say how to open it; the states in ``but`` may pass.

    Every command that changes, seals or shows what people wrote asks first. Looking for traces and verifying
    the ledger don't: they are how an operator finds out what a restored copy holds.
    """
    state = gate_state()
    if state is not Gate.OPEN and state not in (but or set()):
        raise CommandError(f"{ADVICE[state]} {outcome}")


def not_during_restore(handle: Callable[..., None]) -> Callable[..., None]:
    """Refuse a command in one line while a backup is put back, and let none be put back while it runs."""

    @wraps(handle)
    def held(*args: Any, **options: Any) -> None:
        try:
            with running.held():
                handle(*args, **options)
        except running.Busy as error:
            raise CommandError(str(error)) from None

    return held
