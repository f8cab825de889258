import json
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.erasing.purge import purge


class Command(BaseCommand):
    help = "Erase everything that is due: one pass, as the timetable runs it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")
        parser.add_argument("--account", type=int, metavar="ID", help="only what this account decides about")
        parser.add_argument("--json", action="store_true", help="print the report as JSON")

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate()
        account_id = options["account"]
        if (
            account_id is not None
            and not apps.get_model("helpdesk.Account").objects.filter(pk=account_id).exists()
        ):
            raise CommandError(f"There is no account {account_id}.")
        report = purge(account_id=account_id, dry_run=options["dry_run"]).as_json()
        if options["json"]:
            self.stdout.write(json.dumps(report))
        else:
            for name in ("due", "erased", "held", "failed"):
                self.stdout.write(f"{name}: {report[name]}")
        if report["failed"]:
            raise CommandError(f"{report['failed']} could not be erased; the next pass tries again.")
