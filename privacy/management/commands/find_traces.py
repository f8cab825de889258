import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy.services.tracing.traces import find_traces


class Command(BaseCommand):
    help = "Look for a text everywhere; succeeds only where nothing is found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("text", help="what to look for; - reads it from standard input")
        parser.add_argument("--json", action="store_true", help="print what was found as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        # From standard input it stands in no history of a shell and no list of processes.
        text = sys.stdin.read().rstrip("\r\n") if options["text"] == "-" else options["text"]
        try:
            traces = find_traces(text)
        except ValueError as error:
            raise CommandError(str(error)) from None
        found = traces.as_json()
        if options["json"]:
            self.stdout.write(json.dumps(found))
        else:
            for match in found["matches"]:
                self.stdout.write(f"{match['where']}: {match['count']}")
            self.stdout.write("Something was found." if found["matches"] else "Nothing was found.")
        if traces.unreadable:
            self.stderr.write(f"{traces.unreadable} sealed values could not be opened.")
        if not traces.none_found:
            sys.exit(1)
