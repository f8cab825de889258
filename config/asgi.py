"""One process, one port: streams are plain ASGI, everything else is Django in a pool of threads."""

import os
from typing import Any, cast

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_pages = get_wsgi_application()

# These read models and settings, so Django has to be set up before.
from django.conf import settings  # noqa: E402

from chat.streams import hub  # noqa: E402
from chat.streams.app import stream_app  # noqa: E402
from config.asgi_types import App, Receive, Scope, Send  # noqa: E402
from config.body_guard import BodyGuard  # noqa: E402
from config.bridge import Bridge  # noqa: E402
from config.peers import PeerFilter  # noqa: E402

THREADS = 8

pages = BodyGuard(
    # Any: the bridge's types name the keys of each message, ours don't.
    cast("Any", Bridge(cast("Any", django_pages), workers=THREADS)),
    limit=settings.LETHE_MAX_BODY_BYTES,
    seconds=settings.LETHE_BODY_SECONDS,
)


async def route(scope: Scope, receive: Receive, send: Send) -> None:
    """Send a request to the streams or to the pages."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http":
        app = stream_app if scope["path"].startswith("/stream/") else pages
        await app(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    """Start the hub of the streams with the server, and stop it with the server."""
    await receive()
    hub.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    hub.stop()
    await send({"type": "lifespan.shutdown.complete"})


application: App = PeerFilter(route, trusted=settings.LETHE_TRUSTED_PROXIES)
