"""The web process of a deployment on the databases of the tests: a second process beside the tests' own."""

import http.client
import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connections

from tests.chat.stream_client import Stream
from tests.config.deployment import ROOT, environment
from tests.ports import free_port


def database_url(alias: str) -> str:
    values = connections[alias].settings_dict
    if connections[alias].vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    who = f"{values['USER']}:{quote(values['PASSWORD'] or '')}@{values['HOST']}:{values['PORT'] or 5432}"
    return f"postgres://{who}/{values['NAME']}"


class WebProcess:
    """`config.web` on a port of its own."""

    def __init__(self, **variables: str) -> None:
        self.port = free_port()
        self.streams: list[Stream] = []
        variables = {
            "PORT": str(self.port),
            "LETHE_DATABASE_URL": database_url("default"),
            "LETHE_VAULT_URL": database_url("vault"),
            "LETHE_REDIS_URL": settings.LETHE_REDIS_URL or None,
            **variables,
        }
        env = environment(settings.LETHE_DATA_DIR, **variables)
        self.process = subprocess.Popen([sys.executable, "-m", "config.web"], cwd=ROOT, env=env)
        self._wait_until_alive()

    def _wait_until_alive(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None
            try:
                self.request("GET", "/healthz")
                time.sleep(0.3)  # the bell is heard from now on
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the web process doesn't answer")

    def request(self, method: str, path: str, *, body: dict | None = None, **headers: str) -> int:
        """Return the status of one request; header names are written with underscores."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, urlencode(body or {}) if body is not None else None, sent)
            response = connection.getresponse()
            if response.headers.get_content_type() != "text/event-stream":
                response.read()
            return response.status
        finally:
            connection.close()

    def visitor(self, token: str, *, after: int | str | None = None) -> Stream:
        """Open a visitor's stream; ``after`` is what the client says that it has already."""
        headers = {"X-Chat-Token": token}
        if after is not None:
            headers["Last-Event-ID"] = str(after)
        return self.open("/stream/visitor/", headers)

    def agent(self, cookie: str) -> Stream:
        return self.open("/stream/agent/", {"Cookie": cookie})

    def open(self, path: str, headers: dict[str, str]) -> Stream:
        self.streams.append(Stream(self.port, path, headers))
        return self.streams[-1]

    def close_streams(self) -> None:
        while self.streams:
            self.streams.pop().close()

    def stop(self) -> float:
        """Ask the process to stop, and return how many seconds it took."""
        self.close_streams()
        start = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return time.monotonic() - start
