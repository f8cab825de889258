"""How many idle streams one process holds, and what one of them costs."""

import asyncio
import time

import uvloop

from tests.bench.clients import Deliveries, open_readers
from tests.bench.deployment import arguments, deployment, port, report, web_process

BASELINE = 50  # streams that are open before measuring, so that nothing is loaded for the first time


def main() -> None:
    options = arguments(__doc__, streams=5000, seconds=25)
    with deployment(options.backend):
        from tests.bench import seed

        rooms = seed.rooms(options.streams // 10, accounts=5)
        tokens = [room.token for room in rooms for _ in range(10)]
        streams = [("/stream/visitor/", {"X-Chat-Token": token}) for token in tokens]
        with web_process() as server:
            uvloop.run(measure(options, server, streams))


async def measure(options, server, streams) -> None:
    deliveries = Deliveries()
    readers = await open_readers(port(), streams[:BASELINE], deliveries)
    await asyncio.sleep(2)
    memory, threads = server.memory_info().rss, server.num_threads()
    start = time.perf_counter()
    readers += await open_readers(port(), streams[BASELINE:], deliveries)
    connected = time.perf_counter() - start
    await asyncio.sleep(5)
    server.cpu_percent()
    await asyncio.sleep(options.seconds)
    cpu = server.cpu_percent()
    held = sum(not reader.is_closed for reader in readers)
    report(
        "streams_idle",
        backend=options.backend,
        asked=len(streams),
        held=held,
        connect_per_second=round((len(readers) - BASELINE) / connected),
        kib_a_stream=round((server.memory_info().rss - memory) / 1024 / max(1, held - BASELINE), 1),
        threads=server.num_threads(),
        threads_added=server.num_threads() - threads,
        idle_cpu_percent=round(cpu, 1),
    )


if __name__ == "__main__":
    main()
