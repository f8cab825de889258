import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.erasing.steps import ErasureIncomplete
from privacy.services.people.rights import GROUNDS, UnknownContact, erase_contact
from privacy.services.rules.suspensions import Suspended


class Command(BaseCommand):
    help = "Erase everything about one contact (Article 17) and print the receipt as JSON, with certificates."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the contact's id")
        parser.add_argument(
            "--certificates",
            metavar="FOLDER",
            type=Path,
            help="also write each certificate there, as a file for docs/verify_ledger.py",
        )
        parser.add_argument(
            "--reason",
            required=True,
            help=f"a ground of Article 17(1): {', '.join(GROUNDS)}; of other words a fingerprint is kept",
        )

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate()
        folder = options["certificates"]
        if folder is not None and not folder.is_dir():
            raise CommandError(f"There is no folder {folder}; nothing was erased.")
        try:
            receipt = erase_contact(contact_id=options["id"], reason=options["reason"])
        except UnknownContact as error:
            raise CommandError(str(error)) from None
        except Suspended:
            raise CommandError(
                "A hold, a restriction or an open request keeps a part of it. The rest is erased."
                " Run this again once nothing stops it any more."
            ) from None
        except ErasureIncomplete:
            raise CommandError("Something could not be erased yet; the next purge tries again.") from None
        for document in receipt.certificates if folder else ():
            name = f"lethe-certificate-{document['number']}.json"
            (folder / name).write_text(json.dumps(document, indent=2))
        self.stdout.write(json.dumps(receipt.as_json(), indent=2))
