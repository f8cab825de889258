"""The gate of a restored deployment: nothing is served until the erasures have been replayed."""

import time

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from privacy.services.restoring.replay import Gate, gate_state

OPEN_FOR = 5.0  # seconds an open gate is believed; a closed one is tried at every request
ALWAYS_SERVED = ("/healthz", "/readyz", "/metrics", "/static/")


class RestoreGate:
    """Remember for a moment that the databases fit together."""

    def __init__(self) -> None:
        self._open_until = 0.0

    def state(self) -> Gate:
        if time.monotonic() < self._open_until:
            return Gate.OPEN
        state = gate_state()
        if state is Gate.OPEN:
            self._open_until = time.monotonic() + OPEN_FOR
        return state

    def is_open(self) -> bool:
        return self.state() is Gate.OPEN


gate = RestoreGate()


class RestoreGateMiddleware:
    """Answer 503 while the main database and the vault don't fit together."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(ALWAYS_SERVED):
            state = gate.state()
            if state is not Gate.OPEN:
                return render(request, "privacy/gate.html", {"state": state}, status=503)
        return self.get_response(request)
