from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.management.gated import ask_gate
from privacy.services.erasure import ErasureIncomplete
from privacy.services.replay import Gate, replay_erasures


class Command(BaseCommand):
    help = "Erase again what a restored main database brought back, and open the gate."

    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate(but={Gate.STALE_MAIN})
        try:
            rows = replay_erasures()
        except ErasureIncomplete as error:
            raise CommandError(f"{error}. The gate stays closed; run this again.") from None
        self.stdout.write(f"{rows} rows were erased again. The main database is up to the ledger.")
