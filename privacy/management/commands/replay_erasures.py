from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.erasing.steps import ErasureIncomplete
from privacy.services.restoring.replay import Gate, accept_loss, gate_state, replay_erasures


class Command(BaseCommand):
    help = "Erase again what a restored main database brought back, and open the gate."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-loss",
            action="store_true",
            help="go on with a vault and ledger that lack entries, where no newer copy exists anywhere",
        )

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        if options["accept_loss"] and gate_state() is Gate.STALE_VAULT:
            entry = accept_loss()
            self.stdout.write(f"Entry {entry.seq} of the ledger says that evidence was lost.")
        ask_gate(but={Gate.STALE_MAIN})
        try:
            rows = replay_erasures()
        except ErasureIncomplete as error:
            raise CommandError(f"{error}. The gate stays closed; run this again.") from None
        self.stdout.write(f"{rows} rows were erased again. The main database is up to the ledger.")
