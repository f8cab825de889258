"""Start everything of a deployment on one machine, and stop all of it: `python -m config.launch`."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from config.environment import refuse
from config.starting import (
    check_databases,
    check_key_ring,
    check_no_restore,
    check_redis,
    check_vault_is_there,
    in_one_line,
)

READY_SECONDS = 60
STOP_SECONDS = 4
LARGEST_LOG_BYTES = 10 * 2**20

WEB = [sys.executable, "-m", "config.web"]
WORKER = [
    sys.executable,
    "-m",
    "celery",
    "--app",
    "config",
    "--quiet",
    "worker",
    "--beat",
    "--pool",
    "threads",
]
WORKER += ["--concurrency", "4", "--loglevel", "WARNING"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]


class Household:
    """The processes of a deployment, as one: they stand together and fall together."""

    def __init__(self) -> None:
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.stopping = False

    def start(self, name: str, command: list[str]) -> None:
        """Start a process in a session of its own: the terminal's Ctrl-C reaches only the launcher."""
        self.children[name] = subprocess.Popen(command, start_new_session=True)

    def ask_to_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True

    def fallen(self) -> list[str]:
        """Return the names of processes that ended."""
        return [name for name, child in self.children.items() if child.poll() is not None]

    def stop(self) -> None:
        """End every process, and after the deadline kill it with all that it started."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        for child in self.children.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            _kill_session(child.pid)
            child.wait()


def main() -> int:
    """Prepare the deployment, run it until it is asked to stop, and return the exit status."""
    django.setup()
    check_port(settings.LETHE_LISTEN, settings.PORT)
    keep_log_small(settings.LETHE_LOG_DIR / "lethe.log")
    check_databases()
    check_redis()
    with in_one_line():
        prepare()
    household = Household()
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, household.ask_to_stop)
    try:
        household.start("web", WEB)
        household.start("worker", WORKER)
        return watch(household)
    finally:
        household.stop()


def watch(household: Household) -> int:
    """Say when the deployment answers, then wait; a process that ends by itself ends everything."""
    ready = False
    give_up_at = time.monotonic() + READY_SECONDS
    while not household.stopping:
        if fallen := household.fallen():
            print(f"Lethe stops: {' and '.join(fallen)} ended unexpectedly.", file=sys.stderr)
            return 1
        if not ready and answers(settings.LETHE_LISTEN, settings.PORT):
            ready = True
            print(f"Lethe is ready: http://127.0.0.1:{settings.PORT}/", flush=True)
        if not ready and time.monotonic() > give_up_at:
            print(f"Lethe stops: no answer within {READY_SECONDS} seconds.", file=sys.stderr)
            return 1
        time.sleep(0.1)
    return 0


def prepare() -> None:
    """Bring both databases, the static files and the demo up to this version."""
    check_no_restore()
    check_vault_is_there()
    for alias in connections:
        call_command("migrate", database=alias, interactive=False, verbosity=0)
    check_key_ring()
    if settings.STATIC_ROOT:
        call_command("collectstatic", interactive=False, verbosity=0)
    if settings.LETHE_DEMO and fits_together():
        call_command("seed_demo")
    connections.close_all()


def fits_together() -> bool:
    """Tell whether the databases belong together: a vault that is to be replaced gets no key."""
    from privacy.services.restoring.replay import Gate, gate_state

    return gate_state() is Gate.OPEN


def check_port(host: str, port: int) -> None:
    """Refuse to start where another program listens already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                refuse("PORT", f"{port} is used by another program; choose one with PORT={port + 1}")
            refuse("LETHE_LISTEN", f"can't listen on {host}:{port}: {error.strerror}")


def answers(host: str, port: int) -> bool:
    """Tell whether the web process says that it is alive."""
    name = urlsplit(settings.LETHE_BASE_URL).netloc
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=2)  # noqa: S104
    try:
        connection.request("GET", "/healthz", headers={"Host": name})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def keep_log_small(path: Path) -> None:
    """Set the last log aside when it has grown; several processes write it, so none can do it later."""
    if path.exists() and path.stat().st_size > LARGEST_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))


def _kill_session(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass


if __name__ == "__main__":
    sys.exit(main())
