"""Log lines that say what went wrong and never with whose data."""

import logging
import re
import time
import traceback
from types import TracebackType

URL = re.compile(r"[a-zA-Z][\w+.-]*://\S*")


class DiscreetFormatter(logging.Formatter):
    """Format a record with the place and the kind of an error, without its text.

    The text of an exception often quotes the value that caused it: a name, an address, a row.
    """

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; what celery hands over about a failed task is reduced to the error's kind."""
        about = record.args
        if isinstance(about, dict) and "exc" in about:
            record = logging.makeLogRecord(record.__dict__)
            record.args = {**about, "exc": _kind(record), "traceback": "", "args": "", "kwargs": ""}
        elif hasattr(record, "request") or (record.exc_info and record.exc_text):
            record = logging.makeLogRecord(record.__dict__)
            record.args = _without_addresses(record)
            record.exc_text = None
        return super().format(record)

    def formatException(self, ei) -> str:  # noqa: N802 (the name is logging's)
        """Return file, line and function of each frame, and the kind of error at the end."""
        kind, _, frames = ei
        lines = [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in _frames(frames)]
        return "\n".join([*lines, f"  {kind.__module__}.{kind.__qualname__}" if kind else ""])


def _without_addresses(record: logging.LogRecord) -> tuple:
    """Return the arguments with our address replaced by its pattern and every other one by a word.

    People type anything into an address, and the page that somebody came from may name them.
    """
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    page = f"/{match.route}" if match else "(no page of ours)"
    path = getattr(request, "path", None)
    # Django writes what isn't plain ASCII with escapes before it hands the path over.
    forms = [path, path.encode("unicode_escape").decode()] if path else []
    return tuple(page if arg in forms else _without_urls(arg) for arg in record.args or ())


def _without_urls(arg: object) -> object:
    return URL.sub("(an address)", arg) if isinstance(arg, str) else arg


def _frames(frames: TracebackType | None) -> traceback.StackSummary:
    return traceback.extract_tb(frames, limit=-12)


def _kind(record: logging.LogRecord) -> str:
    return record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else "error"
