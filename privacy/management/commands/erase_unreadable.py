import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.erasing.steps import ErasureIncomplete
from privacy.services.erasing.unreadable import Unreadable, erase_unreadable


class Command(BaseCommand):
    help = "Erase what nobody can read any more because its key is lost, as after an older vault came back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")
        parser.add_argument("--yes", action="store_true", help="don't ask")
        parser.add_argument(
            "--also-held",
            action="store_true",
            help="also what a hold or an open request stops: what can't be read is no evidence",
        )

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate()
        asks = not (options["yes"] or options["dry_run"])
        if asks and input("Erase for good what can't be read? Type erase: ") != "erase":
            raise CommandError("Nothing was changed.")
        try:
            found = erase_unreadable(also_held=options["also_held"], dry_run=options["dry_run"])
        except ErasureIncomplete:
            raise CommandError("Something could not be erased yet; run this again.") from None
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json()))
        else:
            self._say(found, would="would be " if options["dry_run"] else "")

    def _say(self, found: Unreadable, *, would: str) -> None:
        self.stdout.write(f"keys lost: {found.keys}, still named: {found.left}")
        for model, count in sorted(found.erased.items()):
            self.stdout.write(f"{would}erased, {model}: {count}")
        self.stdout.write(f"name and address {would}emptied: {found.emptied}")
        if found.held:
            self.stdout.write(
                f"held: {found.held}. What can't be read is no evidence either: --also-held erases it."
            )
        for user in found.users:
            self.stdout.write(f"Person {user} signs in: give them a new name and address in the admin.")
