"""Run the suite on every back end that this machine has: `make test`.

LETHE_TEST_REQUIRE_ALL=1 makes anything that can't run, or is skipped, a failure.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import psycopg
import redis

from tests.backend import POSTGRES_SERVER, REDIS_SERVER
from tests.chromium import find_chromium

REQUIRE_ALL = os.environ.get("LETHE_TEST_REQUIRE_ALL") == "1"


def missing_services() -> Iterator[str]:
    """Yield what the second round lacks, and how to enable it."""
    try:
        psycopg.connect(f"{POSTGRES_SERVER}/postgres", connect_timeout=3).close()
    except psycopg.Error:
        yield f"PostgreSQL doesn't answer at {POSTGRES_SERVER} (start it, or set LETHE_TEST_POSTGRES_URL)"
    try:
        redis.Redis.from_url(REDIS_SERVER, socket_connect_timeout=3).ping()
    except redis.RedisError:
        yield f"Redis doesn't answer at {REDIS_SERVER} (start it, or set LETHE_TEST_REDIS_URL)"


def run_suite(backend: str, report: Path) -> int:
    """Run pytest in three processes on one back end, with a report for counting."""
    command = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "3"]
    # A file's tests share servers, and the browser tests, sorted to the end, shall stay there.
    command += ["--dist", "loadfile", "--no-loadscope-reorder"]
    environment = {**os.environ, "LETHE_TEST_BACKEND": backend}
    print(f"\n=== Tests on {backend} ===", flush=True)
    return subprocess.call([*command, f"--junitxml={report}", *sys.argv[1:]], env=environment)


def skipped_tests(report: Path) -> Iterator[str]:
    """Yield the tests that a report says were skipped, and why."""
    if not report.exists():
        return
    for case in ElementTree.parse(report).iter("testcase"):
        for skipped in case.iter("skipped"):
            yield f"{case.get('classname')}.{case.get('name')}: {skipped.get('message')}"


def main() -> int:
    """Run what can run, then say loudly what could not; return the exit status."""
    left_out = list(missing_services())
    backends = ["sqlite"] if left_out else ["sqlite", "postgres"]
    left_out = [f"every test on PostgreSQL with Redis: {reason}" for reason in left_out]
    if not find_chromium():
        left_out.append("the browser tests: no Chromium (install one, or set LETHE_TEST_CHROMIUM)")
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        for backend in backends:
            report = Path(folder) / f"{backend}.xml"
            if run_suite(backend, report):
                failed.append(backend)
            left_out += [f"on {backend}, {test}" for test in skipped_tests(report)]
    return conclude(failed, left_out)


def conclude(failed: list[str], left_out: list[str]) -> int:
    """Print the outcome and return the exit status."""
    if left_out:
        print("\n" + "!" * 78 + "\nNOT RUN on this machine:")
        print(*(f"  - {reason}" for reason in left_out), sep="\n")
        print("!" * 78)
    if failed:
        print(f"\nFAILED on {' and '.join(failed)}.")
    elif left_out:
        print("\nPassed, except for what was not run (above).")
    else:
        print("\nPassed, all of it.")
    return 1 if failed or (left_out and REQUIRE_ALL) else 0


if __name__ == "__main__":
    sys.exit(main())
