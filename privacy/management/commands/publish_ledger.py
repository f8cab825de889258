import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.ledger.publishing import HeadNotMailed, publish_head
from privacy.management.gated import ask_gate, not_during_restore


class Command(BaseCommand):
    help = (
        "Publish a signed head of the ledger: a new file in LETHE_HEADS_DIR, and a mail to LETHE_HEADS_MAIL."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the head and its place as JSON")

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        # The head of an old copy would bear witness against the newest ledger.
        ask_gate(outcome="Nothing was published.")
        try:
            published = publish_head()
        except (HeadNotMailed, OSError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(published.as_json()))
        else:
            self.stdout.write(f"Head {published.head['seq']} is published: {published.path}")
