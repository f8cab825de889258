import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from tests.config.deployment import ROOT, environment, run_python
from tests.ports import free_port

READY_WITHIN, STOPPED_WITHIN = 60, 5


class Launched:
    """A deployment started by the launcher, in a folder and on a port of its own."""

    def __init__(self, data_dir, **variables):
        self.port = free_port()
        self.output = data_dir / "output.txt"
        env = environment(data_dir, PORT=str(self.port), **variables)
        with self.output.open("w") as output:
            command = [sys.executable, "-m", "config.launch"]
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=output)

    def wait_until_ready(self):
        line = f"Lethe is ready: http://127.0.0.1:{self.port}/"
        deadline = time.monotonic() + READY_WITHIN
        while line not in self.output.read_text().splitlines():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < deadline, self.output.read_text()
            time.sleep(0.1)

    def family(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, module):
        return next(child for child in self.family() if module in child.cmdline())

    def alive(self, family):
        """Return what still runs; a killed process may stay a zombie until the system buries it."""
        return [
            process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def stop_by(self, signum):
        """Return the exit status and the seconds that stopping took."""
        start = time.monotonic()
        self.process.send_signal(signum)
        status = self.process.wait(timeout=15)
        return status, time.monotonic() - start


@pytest.fixture
def launch(tmp_path):
    launched = []

    def start(**variables):
        launched.append(Launched(tmp_path, **variables))
        launched[-1].wait_until_ready()
        return launched[-1]

    yield start
    for deployment in launched:
        if deployment.process.poll() is None:
            deployment.stop_by(signal.SIGTERM)


def test_launcher_answers_and_stops_everything_in_time(launch, tmp_path):
    deployment = launch(LETHE_DEMO="1")
    family = deployment.family()
    # A request that never ends holds uvicorn up, unless the launcher has the last word.
    stalled = socket.create_connection(("127.0.0.1", deployment.port))
    stalled.sendall(b"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n")

    with urllib.request.urlopen(f"http://127.0.0.1:{deployment.port}/healthz") as answer:
        alive = answer.status
    status, seconds = deployment.stop_by(signal.SIGINT)
    stalled.close()

    assert "SecurityWarning" not in deployment.output.read_text()
    assert alive == 200
    assert status == 0
    assert seconds < STOPPED_WITHIN
    assert len(family) >= 2
    assert deployment.alive(family) == []
    roles = {login["role"] for login in json.loads((tmp_path / "demo-logins.json").read_text())}
    assert roles == {"operator", "manager", "owner", "supervisor", "agent", "other_agent"}


@pytest.mark.parametrize(("module", "name"), [("config.web", "web"), ("celery", "worker")])
def test_process_that_ends_by_itself_ends_everything(launch, module, name):
    deployment = launch()
    family = deployment.family()

    deployment.child(module).kill()

    assert deployment.process.wait(timeout=10) == 1
    assert f"Lethe stops: {name} ended unexpectedly." in deployment.output.read_text().splitlines()
    assert deployment.alive(family) == []


def test_port_in_use_is_one_clear_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        result = run_python("-m", "config.launch", env=environment(tmp_path, PORT=str(port)))

    assert result.returncode == 2
    assert result.stdout == ""
    reason = f"{port} is used by another program; choose one with PORT={port + 1}"
    assert result.stderr == f"Lethe can't start: PORT: {reason}\n"
