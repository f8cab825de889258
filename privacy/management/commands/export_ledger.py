from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.exporting import NothingThere, export_ledger
from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.restoring.replay import Gate


class Command(BaseCommand):
    help = "Write the ledger into one file, which docs/verify_ledger.py verifies with the public key alone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the file to write")
        parser.add_argument(
            "--since", type=int, default=0, metavar="SEQ", help="only the entries behind this one"
        )

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        # The export is an entry of its own, which must not become a second branch of the chain.
        ask_gate(but={Gate.STALE_MAIN, Gate.TOO_OLD_MAIN}, outcome="Nothing was exported.")
        try:
            exported = export_ledger(options["out"], since=options["since"])
        except (NothingThere, OSError) as error:
            raise CommandError(str(error)) from None
        since, last = exported.params["since"], exported.seq
        self.stdout.write(f"Entries {since + 1} to {last} are in {options['out']}")
