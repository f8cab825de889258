"""The embedded broker under a reader that looks at the worst moment, and with files that were cut off."""

import json
import threading
from pathlib import Path
from queue import Empty

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


@pytest.mark.parametrize("left", [b"", b'{"body": "W1', b"\x00" * 40, b"\xff\xfe"])
def test_message_that_was_cut_off_is_passed_by(broker, tmp_path, left):
    (tmp_path / "0_cut-off.celery.msg").write_bytes(left)
    queue = broker.SimpleQueue("celery")
    queue.put({"number": 1})

    message = queue.get(timeout=2)

    assert message.payload == {"number": 1}
    message.ack()
    assert list(tmp_path.glob("*.msg")) == []


def test_no_message_leaves_the_folder_of_the_broker(broker, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    queue = broker.SimpleQueue("celery")
    queue.put({"number": 1})

    assert queue.get(timeout=2).payload == {"number": 1}


def test_two_who_fetch_at_once_share_the_messages(broker, tmp_path):
    queue = broker.SimpleQueue("celery")
    for number in range(MESSAGES):
        queue.put({"number": number})
    fetched: list[int] = []
    channels = [broker.channel() for _ in range(4)]
    fetchers = [threading.Thread(target=fetch_all, args=(channel, fetched)) for channel in channels]

    for fetcher in fetchers:
        fetcher.start()
    for fetcher in fetchers:
        fetcher.join()

    assert len(fetched) == MESSAGES
    assert list(tmp_path.glob("*.msg")) == []


def fetch_all(channel, fetched: list) -> None:
    try:
        while True:
            fetched.append(channel._get("celery"))
    except Empty:
        pass
