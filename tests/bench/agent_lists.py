"""What the agents' lists with fifty rows cost, and how much of that is encryption."""

import secrets
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest import mock

from tests.bench.clients import milliseconds
from tests.bench.deployment import arguments, deployment, report

PAGES = {"tickets": "/agent/tickets/", "chats": "/agent/chats/"}
ROWS = 50


def main() -> None:
    options = arguments(__doc__, tickets=10_000, requests=60)
    with deployment(options.backend):
        client = prepare(options.tickets)
        for name, path in PAGES.items():
            queries = count_queries(client, path)
            sealed = measure(client, path, options.requests)
            with without_encryption():
                plain = measure(client, path, options.requests)
                plain_queries = count_queries(client, path)
            report(
                f"agent_list_{name}",
                backend=options.backend,
                tickets=options.tickets,
                rows=ROWS,
                queries=queries,
                **milliseconds(sealed),
                queries_without_encryption=plain_queries,
                **milliseconds(plain, "without_encryption_"),
            )


def prepare(tickets: int):
    """Make an account with many tickets and fifty open chats, and return its agent's browser."""
    from django.test import Client

    from tests import factories
    from tests.bench import seed

    account = factories.account(name="Bramble Books")
    agent = factories.user(account=account)
    for first in range(1, tickets + 1, 5_000):
        seed.tickets(account, min(5_000, tickets + 1 - first), first=first, assignee=agent)
    seed.chats(account, [secrets.token_urlsafe(32) for _ in range(ROWS)], says=3)
    seed.settle()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(agent, backend="helpdesk.authentication.EmailBackend")
    return client


def count_queries(client, path: str) -> int:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    with ExitStack() as stack:
        logs = [stack.enter_context(CaptureQueriesContext(connections[alias])) for alias in connections]
        client.get(path)
    return sum(len(log) for log in logs)


def measure(client, path: str, requests: int) -> list[float]:
    for _ in range(3):
        assert client.get(path).status_code == 200
    times = []
    for _ in range(requests):
        start = time.perf_counter()
        client.get(path)
        times.append(time.perf_counter() - start)
    return times


@contextmanager
def without_encryption() -> Iterator[None]:
    """Read the same rows as if their text lay in plain columns: no key is fetched, nothing is opened."""
    from privacy.encryption.fields import Sealed

    with mock.patch.object(Sealed, "open", return_value="A torn page in my order"):
        yield


if __name__ == "__main__":
    main()
