"""How many messages a second eight visitors can post, each as fast as the answers come."""

import asyncio
from collections import Counter
from urllib.parse import urlencode

import uvloop

from tests.bench.clients import milliseconds, now, open_poster
from tests.bench.deployment import arguments, deployment, port, report, web_process

WARM_UP = 2


def main() -> None:
    options = arguments(__doc__, clients=8, seconds=15)
    with deployment(options.backend):
        from tests.bench import seed

        rooms = seed.rooms(options.clients, accounts=1)
        with web_process() as server:
            uvloop.run(measure(options, server, rooms))


async def measure(options, server, rooms) -> None:
    await asyncio.gather(*(post(room, now() + WARM_UP) for room in rooms))
    server.cpu_percent()
    outcomes = await asyncio.gather(*(post(room, now() + options.seconds) for room in rooms))
    cpu = server.cpu_percent()
    times = [seconds for taken, _ in outcomes for seconds in taken]
    report(
        "sqlite_posts" if options.backend == "sqlite" else "postgres_posts",
        clients=options.clients,
        posts_per_second=round(len(times) / options.seconds),
        statuses=dict(sum((statuses for _, statuses in outcomes), Counter())),
        **milliseconds(times),
        server_cpu_percent=round(cpu),
    )


async def post(room, until: float) -> tuple[list[float], Counter[int]]:
    poster = await open_poster(port())
    path = f"/chat/{room.account.public_id}/messages/"
    body = urlencode({"body": "Is anybody there? " * 10}).encode()
    times, statuses = [], Counter()
    while now() < until:
        start = now()
        statuses[await poster.post(path, {"X-Chat-Token": room.token}, body)] += 1
        times.append(now() - start)
    return times, statuses


if __name__ == "__main__":
    main()
