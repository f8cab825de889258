from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy.management.gated import ask_gate, not_during_restore
from privacy.services.rotation import rotate_keys


class Command(BaseCommand):
    help = "Wrap every data key under the newest key of the ring; may be interrupted and run again."

    @not_during_restore
    def handle(self, *args: Any, **options: Any) -> None:
        ask_gate()
        rotation = rotate_keys()
        self.stdout.write(f"{rotation.rewrapped} data keys were wrapped under {rotation.newest}.")
        for name, count in rotation.needed.items():
            self.stdout.write(f"Ring key {name} is still needed by {count} data keys.")
        for name in rotation.not_needed:
            self.stdout.write(f"Ring key {name} is needed no more and can be removed from the ring.")
        if rotation.failed:
            raise CommandError(f"{rotation.failed} data keys can't be opened by any key of the ring.")
