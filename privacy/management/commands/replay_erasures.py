from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.management.gated import ask_gate, not_during_restore
from privacy.models import ForgottenDecision
from privacy.services.erasing.steps import ErasureIncomplete
from privacy.services.restoring.forgotten import NotOurs, open_findings
from privacy.services.restoring.replay import Gate, accept_loss, gate_state, replay_erasures


class Command(BaseCommand):
    help = (
        "Erase again what a restored main database brought back, make up for what was decided since, and open"
        " the gate."
    )

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
        ask_gate(but={Gate.STALE_MAIN, Gate.UNAWARE_MAIN})
        try:
            rows = replay_erasures()
        except ErasureIncomplete as error:
            raise CommandError(f"{error}. The gate stays closed; run this again.") from None
        except NotOurs as error:
            raise CommandError(f"{error} Nothing was changed, and the gate stays closed.") from None
        self.stdout.write(f"{rows} rows were erased again. The main database is up to the ledger.")
        self._say(list(open_findings()))

    def _say(self, found: list[ForgottenDecision]) -> None:
        if not found:
            return
        self.stdout.write(
            "It had forgotten decisions. Look at each in the admin, under After a restore, and confirm:"
        )
        for each in found:
            where = f"account {each.account_id} ({each.account})" if each.account else "no account"
            what = " ".join(filter(None, [each.action, each.category, each.about]))
            self.stdout.write(f"- {where}: {what} (x{each.times}): {each.get_outcome_display()}")
        for operator in get_user_model()._base_manager.filter(is_superuser=True, is_active=True):
            if not operator.has_usable_password():
                self.stdout.write(
                    "- an operator's password was replaced since; give them a new one:"
                    f" `python manage.py changepassword {getattr(operator, operator.USERNAME_FIELD)}`"
                )
