"""How long a message takes from the moment it should be sent to everybody who watches, and how many a second.

Visitors and agents (``--agents-percent`` of the messages) write through the pages' own addresses, with token
or session and CSRF; the clock starts when a message is due, so waiting in front of a slow server counts.
"""

import asyncio
import random
from itertools import cycle
from urllib.parse import urlencode

import uvloop

from tests.bench.clients import Deliveries, milliseconds, now, open_poster, open_readers
from tests.bench.deployment import arguments, deployment, port, report, web_process

POSTERS = 64
ACCOUNTS = 50
STEPS = [100, 200, 300, 400, 500, 600, 700, 800, 1000]
HIGHEST_P99 = 250  # milliseconds
PADDING = "x" * 180


def main() -> None:
    options = arguments(__doc__, rate=200, seconds=15, streams=2000, rooms=1000, highest=1, agents_percent=50)
    with deployment(options.backend):
        from tests.bench import seed

        rooms = seed.rooms(options.rooms, accounts=ACCOUNTS)
        with web_process() as server:
            uvloop.run(Load(options, server, rooms).run())


class Load:
    """Streams that are held open, and messages that are due at a steady rate."""

    def __init__(self, options, server, rooms) -> None:
        self.options, self.server, self.rooms = options, server, rooms
        self.deliveries = Deliveries()
        self.watchers = dict.fromkeys((room.token for room in rooms), 1)  # the account's agent
        self.said = dict.fromkeys(self.watchers, 0)
        self.number = 0

    def streams(self):
        """Yield a stream for each account's agent, and the rest for the visitors' tabs."""
        cookies = {room.cookie for room in self.rooms}
        yield from (("/stream/agent/", {"Cookie": cookie}) for cookie in cookies)
        tabs = cycle(self.rooms)
        for _ in range(self.options.streams - len(cookies)):
            token = next(tabs).token
            self.watchers[token] += 1
            yield "/stream/visitor/", {"X-Chat-Token": token}

    async def run(self) -> None:
        readers = await open_readers(port(), self.streams(), self.deliveries)
        self.posters = [await open_poster(port()) for _ in range(POSTERS)]
        await asyncio.sleep(2)
        await self.post_at(50, 3)  # what is loaded for the first time isn't measured
        figures = await self.post_at(self.options.rate, self.options.seconds)
        if self.options.highest:
            figures["highest_rate"] = await self.highest_rate()
        report(
            "message_latency",
            backend=self.options.backend,
            streams=len(readers),
            rooms=len(self.rooms),
            agents_percent=self.options.agents_percent,
            cut_off=sum(reader.is_closed for reader in readers),
            **figures,
        )

    async def highest_rate(self) -> int:
        """Return the highest rate with p99 within the limit and nothing lost or refused."""
        best = 0
        for rate in STEPS:
            figures = await self.post_at(rate, 6)
            held = figures["lost"] == 0 and figures["refused"] == 0
            if not held or figures["p99_ms"] > HIGHEST_P99:
                break
            best = rate
        return best

    async def post_at(self, rate: int, seconds: int) -> dict[str, float]:
        self.deliveries.sent, self.deliveries.latencies = {}, []
        self.post_times: list[float] = []
        self.refused = self.expected = 0
        due: asyncio.Queue = asyncio.Queue()
        workers = [asyncio.create_task(self.work(poster, due)) for poster in self.posters]
        self.server.cpu_percent()
        await self.schedule(rate, seconds, due)
        await self.wait_for_deliveries(due)
        cpu = self.server.cpu_percent()
        for _ in workers:
            due.put_nowait(None)
        await asyncio.wait(workers, timeout=60)
        return {
            "rate": rate,
            "sent": len(self.post_times),
            "refused": self.refused,
            "expected": self.expected,
            "lost": self.expected - len(self.deliveries.latencies),
            **milliseconds(self.deliveries.latencies),
            **milliseconds(self.post_times, "post_"),
            "server_cpu_percent": round(cpu),
        }

    async def schedule(self, rate: int, seconds: int, due: asyncio.Queue) -> None:
        choose = random.Random(1)
        start = now() + 0.05
        for i in range(rate * seconds):
            at = start + i / rate
            if (wait := at - now()) > 0:
                await asyncio.sleep(wait)
            room = choose.choice(self.rooms)
            self.number += 1
            self.deliveries.sent[self.number] = at
            self.expected += self.watchers[room.token]
            due.put_nowait((room, self.number, at))
            if due.qsize() > 2 * rate:  # hopelessly behind
                break

    async def wait_for_deliveries(self, due: asyncio.Queue) -> None:
        deadline = now() + 10
        while due.qsize() or len(self.deliveries.latencies) < self.expected:
            await asyncio.sleep(0.02)
            if now() > deadline:
                break

    async def work(self, poster, due: asyncio.Queue) -> None:
        while message := await due.get():
            room, number, at = message
            by_agent = number % 100 < self.options.agents_percent
            path, headers = self.by_agent(room) if by_agent else self.by_visitor(room)
            body = urlencode({"body": f"bm:{number}:{PADDING}", "after": self.said[room.token]})
            self.said[room.token] += 1
            status = await poster.post(path, headers, body.encode())
            self.refused += status >= 300
            self.post_times.append(now() - at)

    @staticmethod
    def by_visitor(room) -> tuple[str, dict[str, str]]:
        return f"/chat/{room.account.public_id}/messages/", {"X-Chat-Token": room.token}

    @staticmethod
    def by_agent(room) -> tuple[str, dict[str, str]]:
        headers = {"Cookie": room.cookie, "X-CSRFToken": "c" * 32, "Accept": "application/json"}
        return f"/agent/chats/{room.chat.pk}/messages/", headers


if __name__ == "__main__":
    main()
