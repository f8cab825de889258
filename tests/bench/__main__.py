"""Run every bench, one after another, each in a process of its own: `make bench`."""

import subprocess
import sys

BENCHES = [
    ["streams_idle", "--backend", "postgres"],
    ["streams_idle", "--backend", "sqlite"],
    ["message_latency", "--backend", "postgres"],
    ["message_latency", "--backend", "sqlite"],
    ["sqlite_posts"],
    ["sqlite_posts", "--backend", "postgres"],
    ["purge", "--backend", "postgres"],
    ["purge", "--backend", "sqlite"],
    ["purge_million", "--backend", "postgres"],
    ["purge_million", "--backend", "sqlite"],
    ["agent_lists", "--backend", "postgres", "--tickets", "100000"],
    ["agent_lists", "--backend", "sqlite", "--tickets", "100000"],
]


def main() -> int:
    """Return how many benches ended badly."""
    failed = 0
    for name, *options in [["calibrate"], *BENCHES, ["calibrate"]]:
        failed += subprocess.call([sys.executable, "-m", f"tests.bench.{name}", *options]) != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
