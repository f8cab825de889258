"""The web process: `python -m config.web`."""

import gc
import socket

import uvicorn
from django.db import connections

from config.asgi import application, hub, settings
from config.starting import check_deployment

GRACE_SECONDS = 2
GARBAGE_THRESHOLDS = 20_000, 20, 50  # thousands of open streams make each round dear


class Server(uvicorn.Server):
    """A server that ends the open streams before it waits for open requests; uvicorn alone waits for ever."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        hub.stop()
        await super().shutdown(sockets)


def main() -> None:
    check_deployment()
    connections.close_all()
    # What was imported stays for good: not looking at it again shortens the pauses that every stream feels.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    config = uvicorn.Config(
        application,
        host=settings.LETHE_LISTEN,
        port=settings.PORT,
        log_config=None,
        access_log=False,
        # Addresses are resolved by our own rules, from the peer and the trusted proxies.
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    Server(config).run()


if __name__ == "__main__":
    main()
