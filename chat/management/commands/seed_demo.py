from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from chat.demo import seed_demo
from privacy.management.gated import ask_gate


class Command(BaseCommand):
    help = "Make the demo's accounts and people, where they are missing, and print their logins."

    def handle(self, *args, **options) -> None:
        if not settings.LETHE_DEMO:
            raise CommandError("LETHE_DEMO is off: this deployment has no demo.")
        ask_gate()
        self.stdout.write(f"Demo shop: {settings.LETHE_DEMO_ORIGIN}/demo/")
        self.stdout.write(f"Demo logins, at {settings.LETHE_BASE_URL}/sign-in/:")
        for login in seed_demo():
            self.stdout.write(f"  {login['role']:<12} {login['email']:<32} {login['password']}")
