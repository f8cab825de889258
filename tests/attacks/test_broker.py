"""The embedded broker under a reader that looks at the worst moment, and with files that were cut off."""

import json
import threading
from pathlib import Path

import pytest
from django.conf import settings
from kombu import Connection

MESSAGES = 400


@pytest.fixture
def broker(tmp_path):
    """A connection as an embedded deployment makes it, to a folder of its own."""
    options = {"data_folder_in": str(tmp_path), "data_folder_out": str(tmp_path)}
    options |= {"control_folder": str(tmp_path / "control"), "store_processed": False}
    with Connection(
        "filesystem://localhost", transport=settings.EMBEDDED_BROKER, transport_options=options
    ) as connection:
        connection.transport.state.clear()  # of all connections of the process: it remembers other folders
        yield connection


def test_no_message_is_seen_before_it_is_whole(broker, tmp_path):
    queue, broken, over = broker.SimpleQueue("celery"), [], threading.Event()
    looking = threading.Thread(target=look, args=(tmp_path, broken, over))
    looking.start()

    for number in range(MESSAGES):
        queue.put({"number": number})
    over.set()
    looking.join()

    assert broken == []
    assert queue.qsize() == MESSAGES


def look(folder: Path, broken: list[str], over: threading.Event) -> None:
    while not over.is_set():
        for path in sorted(folder.glob("*.msg"))[-3:]:
            try:
                json.loads(path.read_text())
            except ValueError:
                broken.append(path.name)


@pytest.mark.parametrize("left", ["", '{"body": "W1', "\x00" * 40])
def test_message_that_was_cut_off_is_passed_by(broker, tmp_path, left):
    (tmp_path / "1_cut-off.celery.msg").write_text(left)
    queue = broker.SimpleQueue("celery")
    queue.put({"number": 1})

    message = queue.get(timeout=2)

    assert message.payload == {"number": 1}
    message.ack()
    assert list(tmp_path.glob("*.msg")) == []
