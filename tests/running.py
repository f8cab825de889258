"""A deployment of its own for a test: launched like `make run`, on the back end of the suite."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from tests.backend import ON_POSTGRES, POSTGRES_SERVER, REDIS_SERVER
from tests.config.deployment import ROOT, environment
from tests.ports import free_port

READY_WITHIN = 90


class Deployment:
    """Start, stop and administer one deployment; its data lives in ``data_dir`` and databases of its own."""

    def __init__(self, data_dir: Path, **variables: str) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.name = f"lethe_run_{uuid4().hex[:8]}"
        self.output = data_dir / "output.txt"
        self.process: subprocess.Popen | None = None
        if ON_POSTGRES:
            for name in (self.name, f"{self.name}_vault"):
                _server(f'CREATE DATABASE "{name}"')
            variables |= {
                "LETHE_DATABASE_URL": f"{POSTGRES_SERVER}/{self.name}",
                "LETHE_VAULT_URL": f"{POSTGRES_SERVER}/{self.name}_vault",
                "LETHE_REDIS_URL": f"{REDIS_SERVER}/{13 - _worker()}",
            }
        self.env = environment(data_dir, PORT=str(self.port), LETHE_DEMO="1", **variables)

    # The addresses of the demonstration

    @property
    def helpdesk(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def shop(self) -> str:
        return f"http://localhost:{self.port}/demo/"

    def login(self, role: str) -> dict[str, str]:
        logins = json.loads((self.data_dir / "demo-logins.json").read_text())
        return next(login for login in logins if login["role"] == role)

    # Its life

    def start(self) -> "Deployment":
        with self.output.open("w") as output:
            command = [sys.executable, "-m", "config.launch"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.env, stdout=output, stderr=output)
        deadline = time.monotonic() + READY_WITHIN
        while f"Lethe is ready: {self.helpdesk}/" not in self.output.read_text().splitlines():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=15)

    def discard(self) -> None:
        self.stop()
        if ON_POSTGRES:
            for name in (self.name, f"{self.name}_vault", f"{self.name}_copy"):
                _server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def manage(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a management command beside the running deployment."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def manage_json(self, *arguments: str, typed: str = "") -> Any:
        result = self.manage(*arguments, "--json", typed=typed)
        assert result.stdout, result.stderr
        return json.loads(result.stdout)

    def shell(self, program: str) -> str:
        """Return what a program prints that runs inside Django, on this deployment's databases."""
        result = self.manage("shell", "--no-imports", "-c", program)
        assert result.returncode == 0, result.stderr
        return result.stdout

    # Its main database, as a backup

    def back_up_main(self) -> str:
        """Copy the main database and return the copy's name."""
        copy = f"{self.name}_copy"
        if not ON_POSTGRES:
            path = self.data_dir / f"{copy}.sqlite3"
            program = (
                "import sqlite3; from django.db import connection; connection.ensure_connection();"
                f"connection.connection.backup(sqlite3.connect({str(path)!r}))"
            )
            self.shell(program)
            return str(path)
        dump = self.data_dir / "main.dump"
        source = self.env["LETHE_DATABASE_URL"]
        subprocess.run(["pg_dump", "--format=custom", f"--file={dump}", source], check=True)
        _server(f'CREATE DATABASE "{copy}"')
        subprocess.run(["pg_restore", f"--dbname={POSTGRES_SERVER}/{copy}", str(dump)], check=True)
        return copy

    def restore_main(self, copy: str) -> None:
        """Put a copy in the place of the main database; the deployment must have stopped."""
        if not ON_POSTGRES:
            for leftover in ("lethe.sqlite3-wal", "lethe.sqlite3-shm"):
                (self.data_dir / leftover).unlink(missing_ok=True)
            shutil.copy(copy, self.data_dir / "lethe.sqlite3")
            return
        _server(f'DROP DATABASE "{self.name}" WITH (FORCE)')
        _server(f'CREATE DATABASE "{self.name}" TEMPLATE "{copy}"')

    def on_copy(self, copy: str) -> dict[str, str]:
        """Return the environment of a process that reads a copy beside the living vault."""
        address = f"{POSTGRES_SERVER}/{copy}" if ON_POSTGRES else f"sqlite:///{copy}"
        return {**self.env, "LETHE_DATABASE_URL": address}


def _worker() -> int:
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) * 2


def _server(statement: str) -> None:
    with psycopg.connect(f"{POSTGRES_SERVER}/postgres", autocommit=True) as connection:
        connection.execute(statement)
