from typing import Any

from django.core.management.base import BaseCommand

from privacy.ledger.signing import public_key_pem


class Command(BaseCommand):
    help = "Print the public key of the ledger (PEM), with which anybody verifies it without us."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(public_key_pem().rstrip())
