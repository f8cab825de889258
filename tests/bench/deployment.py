"""A deployment for one bench: databases and a data folder of its own, gone afterwards."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.backend import POSTGRES_SERVER, REDIS_SERVER
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SERVER_CORE = 0  # the server has one core for itself, as in the table that the bars come from
OTHER_CORE = 1


def arguments(description: str, **options: Any) -> Namespace:
    """Read the options of a bench: the back end, and whole numbers with their defaults."""
    parser = ArgumentParser(description=description)
    parser.add_argument("--backend", choices=["sqlite", "postgres"], default="sqlite")
    for name, default in options.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(default), default=default)
    return parser.parse_args()


def report(bench: str, **figures: Any) -> None:
    print(json.dumps({"bench": bench, **figures}), flush=True)


@contextmanager
def deployment(backend: str) -> Iterator[None]:
    """Set Django up on new databases of this back end; everything is removed at the end."""
    folder = tempfile.mkdtemp(prefix="lethe-bench-")
    for name in [name for name in os.environ if name.startswith("LETHE_") and "TEST" not in name]:
        del os.environ[name]
    os.environ |= {"LETHE_DATA_DIR": folder, "LETHE_ENV_FILE": os.devnull, "PORT": str(free_port())}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    names = [f"lethe_bench_{os.getpid()}", f"lethe_bench_{os.getpid()}_vault"]
    try:
        if backend == "postgres":
            run_sql(*(f'CREATE DATABASE "{name}"' for name in names))
            os.environ["LETHE_DATABASE_URL"] = f"{POSTGRES_SERVER}/{names[0]}"
            os.environ["LETHE_VAULT_URL"] = f"{POSTGRES_SERVER}/{names[1]}"
            os.environ["LETHE_REDIS_URL"] = f"{REDIS_SERVER}/14"
        set_up()
        yield
    finally:
        tear_down(folder, names if backend == "postgres" else [])


def set_up() -> None:
    import django
    from django.core.management import call_command

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65_536), most))
    django.setup()
    for alias in ("default", "vault"):
        call_command("migrate", database=alias, verbosity=0)


def tear_down(folder: str, databases: list[str]) -> None:
    from django.db import connections

    connections.close_all()
    run_sql(*(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)' for name in databases))
    shutil.rmtree(folder, ignore_errors=True)


def run_sql(*statements: str) -> None:
    if statements:
        with psycopg.connect(f"{POSTGRES_SERVER}/postgres", autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@contextmanager
def web_process() -> Iterator[psutil.Process]:
    """Run `config.web` on the first core, and the bench on the other one."""
    program = [sys.executable, "-m", "config.web"]
    server = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL)
    process = psutil.Process(server.pid)
    process.cpu_affinity([SERVER_CORE])
    psutil.Process().cpu_affinity([OTHER_CORE])
    try:
        wait_for_answer()
        yield process
    finally:
        server.terminate()
        server.wait(10)


def port() -> int:
    return int(os.environ["PORT"])


def wait_for_answer() -> None:
    import urllib.request

    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port()}/healthz"):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The web process doesn't answer.")
