from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.backups.folders import Unusable
from privacy.backups.postgres import ProgramMissing
from privacy.running import Busy
from privacy.services.restoring.backup import PARTS
from privacy.services.restoring.catching_up import OtherLedger
from privacy.services.restoring.replay import ADVICE
from privacy.services.restoring.restore import Restored, restore

MIGRATE = (
    "A database lacks tables of this version: restore the other parts too, then run"
    " `python manage.py migrate` and `python manage.py migrate --database=vault`."
)
BREACH = (
    "That is a personal data breach (Article 4(12)): Article 33 gives 72 hours to notify the authority,"
    " Article 34 says when the people have to be told. `python manage.py erase_unreadable` erases what can't"
    " be read any more; with --dry-run it only counts."
)


class Command(BaseCommand):
    help = "Put one part of a backup in the place of what is here. Everything has to be stopped first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--part", required=True, choices=PARTS)
        parser.add_argument(
            "--from", required=True, type=Path, dest="source", help="the backup's folder or manifest"
        )
        parser.add_argument("--yes", action="store_true", help="don't ask")

    def handle(self, *args: Any, **options: Any) -> None:
        part = options["part"]
        if not options["yes"] and input(f"Replace the part {part} that is here? Type {part}: ") != part:
            raise CommandError("Nothing was changed.")
        try:
            restored = restore(part=part, source=options["source"])
        except (Unusable, Busy, ProgramMissing, OtherLedger, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The part {part} of {restored.manifest.at} is back.")
        self._say(restored)

    def _say(self, restored: Restored) -> None:
        if restored.caught_up:
            self.stdout.write(f"The vault took over {restored.caught_up} entries of the ledger's mirror.")
        if restored.lost_keys:
            self.stdout.write(
                f"{restored.lost_keys} keys are lost: what they sealed can't be read by anybody any more."
            )
            self.stdout.write(BREACH)
        if not restored.has_mirror:
            self.stdout.write(
                "The ledger's mirror is missing: restore the ledger before anything is started."
            )
        self.stdout.write(MIGRATE if restored.state is None else ADVICE[restored.state])
