"""What goes wrong around a stream: lost connections, slow readers, Redis away, a server that stops."""

import random
import shutil
import socket
import subprocess
import threading
import time

import pytest
import redis

from chat.models import Conversation
from chat.services.messages import post_message
from tests.chat.web_process import WebProcess
from tests.ports import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def post(chat, body, **values):
    return post_message(conversation=chat, side="visitor", body=body, **values)


def in_threads(*jobs):
    """Run jobs beside one another, each with connections of its own, and fail where one fails."""
    from django.db import connections

    failures = []

    def run(job):
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []


class RestlessReader:
    """A visitor whose connection breaks again and again, and who asks each time for what came after."""

    def __init__(self, web, token, seed):
        self.web, self.token, self.random = web, token, random.Random(seed)
        self.seen: list[int] = []
        self.connections = 0

    def read_until(self, last):
        deadline = time.monotonic() + 60
        while (self.seen or [0])[-1] < last and time.monotonic() < deadline:
            stream = self.web.visitor(self.token, after=(self.seen or [0])[-1])
            self.connections += 1
            # Breaks off after some entries or some time, and in any case before the last entry of all.
            enough = time.monotonic() + self.random.uniform(0.01, 0.2)
            entries = self.random.randint(1, last // 3)
            while time.monotonic() < enough and len(stream.entries) < entries:
                time.sleep(0.005)
            stream.close()
            self.seen += stream.entries[:entries]


@pytest.mark.parametrize("way", ["services in this process", "requests to the web process"])
def test_nothing_is_lost_or_repeated(web, start, account, agent, cookie_of, way):
    chat, token = start(account)
    posters, each = 4, 60
    last = 1 + posters * each
    readers = [RestlessReader(web, token, seed) for seed in range(3)]
    steady, desk = web.visitor(token), web.agent(cookie_of(agent))
    path = f"/chat/{account.public_id}/messages/"

    def talk(poster):
        for number in range(each):
            body = f"{poster}: {number}"
            if way.startswith("services"):
                post(chat, body)
            else:
                assert web.request("POST", path, body={"body": body}, X_Chat_Token=token) == 201

    talkers = [lambda poster=poster: talk(poster) for poster in range(posters)]
    in_threads(*talkers, *[lambda reader=reader: reader.read_until(last) for reader in readers])

    everything = list(range(1, last + 1))
    steady.wait_for(lambda stream: stream.entries[-1:] == [last])
    assert steady.entries == everything
    assert [reader.seen for reader in readers] == [everything] * 3
    assert min(reader.connections for reader in readers) > 1
    desk.wait_for(lambda s: any(e.name == "entry" and e.json["seq"] == last for e in s.events))
    told = [event.json["seq"] for event in desk.events if event.name == "entry"]
    assert told == everything[-len(told) :]
    assert len(told) >= last - 1
    texts = [event.text for event in steady.events if event.name == ""][1:]
    for poster in range(posters):
        of_one = [text for text in texts if text.startswith(f"{poster}:")]
        assert of_one == [f"{poster}: {number}" for number in range(each)]


def test_slow_reader_is_cut_off_while_others_go_on(web, start, account):
    chat, token = start(account)
    steady = web.visitor(token)
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", web.port))
    slow.sendall(
        f"GET /stream/visitor/ HTTP/1.1\r\nHost: localhost\r\nX-Chat-Token: {token}\r\n\r\n".encode()
    )
    steady.next("status")

    last = 1
    for _ in range(700):
        last = post(chat, "\N{GRINNING FACE}" * 4000).seq

    steady.wait_for(lambda stream: stream.entries[-1:] == [last], within=20)
    assert steady.entries == list(range(1, last + 1))
    received = read_all(slow)
    ids = [int(line[4:]) for line in received.split(b"\n") if line.startswith(b"id: ")]
    assert 0 < len(ids) < last
    assert ids == list(range(1, len(ids) + 1))
    assert b"event: bye" not in received
    returned = web.visitor(token, after=ids[-1])
    returned.wait_for(lambda stream: stream.entries[-1:] == [last], within=20)
    assert returned.entries == list(range(ids[-1] + 1, last + 1))


def read_all(connection):
    """Read until the response is complete."""
    connection.settimeout(10)
    received = bytearray()
    while not received.endswith(b"0\r\n\r\n"):
        chunk = connection.recv(2**20)
        if not chunk:
            break
        received += chunk
    connection.close()
    return bytes(received)


def test_server_stops_in_time_and_lets_clients_come_back(transactional_db, start, account, agent, cookie_of):
    web = WebProcess()
    token, cookie = start(account).token, cookie_of(agent)
    streams = [web.visitor(token) for _ in range(5)] + [web.agent(cookie)]
    streams[0].next("status")
    stalled = socket.create_connection(("127.0.0.1", web.port))
    stalled.sendall(
        f"GET /stream/visitor/ HTTP/1.1\r\nX-Chat-Token: {token}\r\nHost: localhost\r\n\r\n".encode()
    )

    kept, web.streams = web.streams, []
    seconds = web.stop()

    assert seconds < 5
    assert web.process.returncode is not None
    for stream in kept:
        assert "bye" not in stream.wait_for_end()
        stream.close()
    stalled.close()


def test_streams_that_are_let_in_while_the_server_stops_are_told_to_come_back(transactional_db, capfd):
    web = WebProcess()
    sockets = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(200)]
    for each in sockets:
        each.sendall(
            b"GET /stream/visitor/ HTTP/1.1\r\nHost: localhost\r\nX-Chat-Token: " + b"x" * 43 + b"\r\n\r\n"
        )

    web.stop()

    for each in sockets:
        each.close()
    told = "".join(capfd.readouterr())
    assert "ERROR" not in told


def test_writes_of_another_process_are_heard_soon(web, start, account):
    chat, token = start(account)
    visitor = web.visitor(token, after=1)
    visitor.next("status")

    waits = []
    for number in range(10):
        said_at = time.monotonic()
        post(chat, f"Number {number}")
        visitor.next("")
        waits.append(time.monotonic() - said_at)

    assert sorted(waits)[5] < 0.6


def test_chat_that_another_process_erased_ends_in_time(web, start, account):
    """Without a ring: as after a restored Redis, or an erasure by hand."""
    chat, token = start(account)
    visitor = web.visitor(token)
    visitor.next("status")

    chat.messages.all().delete()
    Conversation.objects.filter(pk=chat.pk).delete()

    assert visitor.wait_for_end(within=15) == ["ended", "bye"]
    assert visitor.events[-2].json == {"erased": True}


@pytest.fixture
def own_redis(tmp_path):
    """Return a function that starts and stops a Redis of the test's own."""
    program = shutil.which("redis-server")
    port = free_port()
    running = []

    def switch(on):
        if not on:
            server = running.pop()
            server.kill()
            server.wait()
            return
        command = [program, "--port", str(port), "--save", "", "--dir", str(tmp_path), "--bind", "127.0.0.1"]
        running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        client = redis.Redis(port=port)
        for _ in range(100):
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        client.close()

    switch.url = f"redis://127.0.0.1:{port}/0"
    switch(on=True)
    yield switch
    if running:
        switch(on=False)


@pytest.mark.postgres
def test_redis_that_is_away_and_comes_back_loses_nothing(
    own_redis, start, account, agent, cookie_of, settings
):
    chat, token = start(account)
    web = WebProcess(LETHE_REDIS_URL=own_redis.url)
    settings.LETHE_REDIS_URL = own_redis.url
    visitor, desk = web.visitor(token, after=1), web.agent(cookie_of(agent))
    post(chat, "Over Redis.")
    desk.next_entry(after=1)
    path = f"/chat/{account.public_id}/messages/"

    own_redis(on=False)
    in_the_web_process = web.request("POST", path, body={"body": "Without it."}, X_Chat_Token=token)
    heard = desk.next_entry(after=2)
    post(chat, "Elsewhere, without it.")
    own_redis(on=True)
    # The agent's page comes back and asks; visitors are told at once.
    ended = desk.wait_for_end(within=15)
    visitor.wait_for(lambda stream: stream.entries == [2, 3, 4], within=15)
    post(chat, "Over Redis again.")

    assert in_the_web_process == 201
    assert "Without it." in heard["html"]
    assert "bye" not in ended
    visitor.wait_for(lambda stream: stream.entries == [2, 3, 4, 5])
    web.stop()
