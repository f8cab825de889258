"""The web process and its watchers, as the tests of the chat have them."""

from tests.chat.conftest import cookie_of, session_of, shared_web, start, web

__all__ = ["cookie_of", "session_of", "shared_web", "start", "web"]
