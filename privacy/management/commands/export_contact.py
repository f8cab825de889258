import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate
from privacy.services.people.export import export_person
from privacy.services.people.rights import UnknownContact, contact_with_id


class Command(BaseCommand):
    help = "Print everything that is kept about one contact (Articles 15 and 20) as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="the contact's id")

    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate(outcome="Nothing was exported.")
        try:
            contact = contact_with_id(options["id"])
        except UnknownContact as error:
            raise CommandError(str(error)) from None
        self.stdout.write(json.dumps(export_person(contact), indent=2))
