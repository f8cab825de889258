"""What the cache in Redis is made of: JSON, since unpickling what Redis holds would run it."""

import json
from typing import Any


class JSONSerializer:
    """Write and read the values of Django's Redis cache."""

    def dumps(self, value: Any) -> int | bytes:
        """Return the value as JSON; a whole number as itself, so that Redis can count with it."""
        if type(value) is int:
            return value
        return json.dumps(value, separators=(",", ":")).encode()

    def loads(self, stored: bytes) -> Any:
        """Return the value of what was stored."""
        return json.loads(stored)
