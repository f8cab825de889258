import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy import ledger


class Command(BaseCommand):
    help = "Look for any change, removal or cut in the ledger; succeeds only where it is whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the finding as JSON")
        parser.add_argument(
            "--heads",
            metavar="DIR",
            type=Path,
            action="append",
            default=[],
            help="a folder of published heads that were kept elsewhere; may be given several times",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for folder in options["heads"]:
            if not any(folder.glob("*.json")):
                raise CommandError(f"{folder} holds no published head.")
        finding = ledger.verify(heads=options["heads"])
        report = {"ok": finding.ok, "entries": finding.entries, "head": finding.head}
        if not finding.ok:
            report |= {"broken_entry": finding.broken_seq, "problem": finding.problem}
        if options["json"]:
            self.stdout.write(json.dumps(report))
        elif finding.ok:
            self.stdout.write(f"The ledger is whole: {finding.entries} entries, head {finding.head}")
        else:
            self.stdout.write(f"Entry {finding.broken_seq}: {finding.problem}")
        if not finding.ok:
            sys.exit(1)
