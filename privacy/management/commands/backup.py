import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.backups.folders import Unusable
from privacy.backups.postgres import ProgramMissing
from privacy.management.gated import not_during_restore
from privacy.services.restoring.backup import PARTS, BackupRefused, back_up


class Command(BaseCommand):
    help = "Back up the main database, the vault, the sealed files and the ledger, each by itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--part", action="append", choices=PARTS, help="only this part; may be repeated")
        parser.add_argument("--to", type=Path, metavar="DIR", help="instead of LETHE_BACKUP_DIR")
        parser.add_argument("--json", action="store_true", help="print what was made as JSON")

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = back_up(parts=options["part"] or PARTS, to=options["to"])
        except (BackupRefused, ProgramMissing, Unusable, OSError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps([backup.as_json() for backup in made]))
            return
        for backup in made:
            self.stdout.write(
                f"{backup.part}: {backup.folder} ({backup.bytes} bytes, {backup.rotated} rotated)"
            )
