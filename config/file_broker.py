"""The embedded broker: kombu's folder of files, in which nobody ever sees half a message.

Kombu creates a file and then fills it. A worker that looked in between would read nothing, take that for a
broken broker and stop for good, and the whole household with it.
"""

import logging
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any
from uuid import uuid4

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """Put files into the folder whole, and pass by what is broken all the same."""

    # The names of the second argument differ between kombu's own classes.
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(monotonic() * 1000)}_{uuid4()}.{queue}.msg"
        write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: Any = None) -> Any:
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] == f"{queue}.msg":
                try:
                    return loads(taken(path))
                except FileNotFoundError:  # another worker was first
                    continue
                except ValueError:  # of a disk that was full, or of a machine that lost its power
                    log.warning("A message that could not be read is dropped: the timetable finds its duty.")
        raise Empty

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        file = self._exchange_file(exchange)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        table = self.get_table(exchange)
        if bound not in table:
            self.control_folder.mkdir(exist_ok=True)
            write_whole(file, dumps([bound, *table]))


class Transport(filesystem.Transport):
    """The transport of the setting ``broker_transport``."""

    Channel = Channel


def taken(path: Path) -> bytes:
    """Return what is in a file and remove it; only one of those who try at once succeeds.

    Kombu moves the file into the machine's folder for temporary files first, which others may read.
    """
    content = path.read_bytes()
    path.unlink()
    return content


def write_whole(path: Path, text: str) -> None:
    """Write a file aside and move it into place; the name aside is that of no queue."""
    aside = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        aside.write_text(text)
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise ChannelError(f"Cannot write {path.name!r}") from error
