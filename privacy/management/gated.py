"""Commands that wait, as the pages do, until the databases fit together."""

from django.core.management.base import CommandError

from privacy.services.replay import ADVICE, Gate, gate_state


def ask_gate(*, but: set[Gate] | None = None, outcome: str = "Nothing was changed.") -> None:
    """Refuse in one line while the gate is closed, and say how to open it; the states in ``but`` may pass.

    Every command that changes, seals or shows what people wrote asks first. Looking for traces and verifying
    the ledger don't: they are how an operator finds out what a restored copy holds.
    """
    state = gate_state()
    if state is not Gate.OPEN and state not in (but or set()):
        raise CommandError(f"{ADVICE[state]} {outcome}")
