"""How fast a purge erases chats and tickets with files, keys and ledger, and how people feel it meanwhile."""

import json
import secrets
import subprocess
import sys
import threading
import time
from contextlib import suppress

import psutil

from tests.bench.clients import milliseconds
from tests.bench.deployment import ROOT, arguments, deployment, report

SAYS = 10
LIVE_RATE = 50  # messages a second that go on being written while the purge runs


def main() -> None:
    options = arguments(__doc__, chats=3000, tickets=1000)
    with deployment(options.backend):
        live = prepare(options.chats, options.tickets)
        before = rows()
        quiet = write_for(live, seconds=5)
        figures, times = purge_beside(live)
        erased = before - rows() + len(quiet) + len(times)
        report(
            "purge",
            backend=options.backend,
            chats=options.chats,
            tickets_with_files=options.tickets,
            rows=erased,
            rows_per_second=round(erased / figures["seconds"]),
            **figures,
            **milliseconds(quiet, "live_insert_before_"),
            **milliseconds(times, "live_insert_beside_"),
        )


def prepare(chats: int, tickets: int):
    """Make what is due, and one open chat that people go on writing in."""
    from datetime import timedelta

    from django.utils import timezone

    from tests import factories
    from tests.bench import seed

    account = factories.account(name="Bramble Books")
    long_ago = timezone.now() - timedelta(days=40)
    tokens = [secrets.token_urlsafe(32) for _ in range(chats)]
    seed.chats(account, tokens, says=SAYS, status="closed", closed_at=long_ago)
    seed.tickets(account, tickets, files=True, status="closed", closed_at=long_ago)
    live = seed.chats(account, [secrets.token_urlsafe(32)])[0]
    seed.settle()
    return live


def rows() -> int:
    """Count the rows that hold sealed values, and the keys."""
    from django.db import connections

    from privacy.models import DataKey
    from privacy.services.erasing.survivors import tables_with_keys

    with connections["default"].cursor() as cursor:
        counted = 0
        for table in tables_with_keys():
            cursor.execute(f"SELECT COUNT(*) FROM {connections['default'].ops.quote_name(table)}")
            counted += cursor.fetchone()[0]
    return counted + DataKey.objects.count()


def purge_beside(live) -> tuple[dict, list[float]]:
    """Run the purge as a program, and write into the open chat until it ends."""
    start = time.perf_counter()
    program = [sys.executable, "manage.py", "purge", "--json"]
    child = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    memory: list[tuple[float, int]] = []
    times: list[float] = []
    watcher = threading.Thread(target=watch_memory, args=(child.pid, memory))
    watcher.start()
    while child.poll() is None:
        times += write_for(live, seconds=0.2)
    watcher.join()
    outcome = json.loads((child.stdout.read() if child.stdout else "").strip().splitlines()[-1])
    ended = memory[-1][0]
    return {
        "seconds": round(ended - start - start_up_seconds(), 2),
        "failed": outcome["failed"],
        "units": outcome["erased"],
        "peak_mib": round(max(size for _, size in memory) / 2**20),
    }, times


def start_up_seconds() -> float:
    """Return how long the same program takes with nothing to do."""
    start = time.perf_counter()
    program = [sys.executable, "manage.py", "purge", "--dry-run", "--json"]
    subprocess.run(program, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - start


def watch_memory(pid: int, memory: list[tuple[float, int]]) -> None:
    """Note when the program held how much memory, until it ends."""
    process = psutil.Process(pid)
    with suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            memory.append((time.perf_counter(), process.memory_info().rss))
            time.sleep(0.02)


def write_for(live, *, seconds: float) -> list[float]:
    from chat.services.messages import post_message

    times = []
    until = time.perf_counter() + seconds
    while (start := time.perf_counter()) < until:
        post_message(conversation=live, side="visitor", body="Still here. " * 10)
        times.append(time.perf_counter() - start)
        time.sleep(max(0, 1 / LIVE_RATE - times[-1]))
    return times


if __name__ == "__main__":
    main()
