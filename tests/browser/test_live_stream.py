"""The <live-stream> element against a server that misbehaves on purpose."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.browser.stream_server import Answer, StreamServer, drop, status, stream
from tests.chromium import find_chromium

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def server() -> Iterator[StreamServer]:
    server = StreamServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page(browser, server: StreamServer) -> Iterator[Page]:
    page = browser.new_page()
    page.goto(server.url)
    page.wait_for_function("() => customElements.get('live-stream') !== undefined")
    yield page
    page.close()


def open_stream(page: Page, server: StreamServer, *answers: Answer, **attributes: str) -> None:
    server.answers = list(answers)
    page.evaluate(
        """(attributes) => {
          const element = document.createElement("live-stream");
          for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
          document.body.append(element);
        }""",
        {"src": "/stream", **attributes},
    )


def wait_for_events(page: Page, count: int) -> list[list[str | None]]:
    page.wait_for_function(f"() => seen.length >= {count}")
    return page.evaluate("seen")


def wait_for_state(page: Page, state: str) -> None:
    page.wait_for_selector(f"live-stream[data-state={state}]", state="attached")


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def last_event_ids(server: StreamServer) -> list[str | None]:
    return [request.get("last-event-id") for request in server.requests]


def test_event_of_each_kind_is_dispatched_with_id_and_data(page, server):
    open_stream(page, server, stream(b"id: 7\ndata: hello\n\nevent: typing\ndata: Ann\n\n", hold=True))

    assert wait_for_events(page, 2) == [["message", "7", "hello"], ["typing", None, "Ann"]]
    assert page.evaluate("states") == ["connecting", "open"]


def test_failures_at_the_start_are_retried(page, server):
    open_stream(page, server, drop, status(503), stream(b"data: here at last\n\n", hold=True))

    assert wait_for_events(page, 1) == [["message", None, "here at last"]]
    assert page.evaluate("states") == ["connecting", "waiting"] * 2 + ["connecting", "open"]


def test_chunks_cut_anywhere_are_put_together(page, server):
    text = (
        "id: 1\r\n: a comment\r\ndata: Grüße, 河\r\ndata:\r\ndata:  two spaces\r\nunknown: x\r\n\r\n".encode()
    )

    open_stream(page, server, stream(*(text[at : at + 1] for at in range(len(text))), hold=True))

    assert wait_for_events(page, 1) == [["message", "1", "Grüße, 河\n\n two spaces"]]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_every_line_end_of_the_format_is_understood(page, server, end):
    lines = [b"data: one", b"data", b"", b"", b"data: two", b"", b":"]

    open_stream(page, server, stream(end.join(lines), hold=True))

    assert wait_for_events(page, 2) == [["message", None, "one\n"], ["message", None, "two"]]


def test_event_cut_off_by_a_lost_connection_is_not_shown(page, server):
    open_stream(
        page,
        server,
        stream(b"id: 1\ndata: whole\n\nid: 2\ndata: ha"),
        stream(b"id: 2\ndata: half no more\n\n", hold=True),
    )

    assert wait_for_events(page, 2) == [["message", "1", "whole"], ["message", "2", "half no more"]]
    assert last_event_ids(server) == [None, "1"]


def test_repeated_events_are_dropped_and_those_without_id_are_not(page, server):
    again = b"id: 9\ndata: nine\n\nid: 10\ndata: ten\n\nevent: typing\ndata: Ann\n\n"

    open_stream(page, server, stream(again), stream(again + b"id: 11\ndata: eleven\n\n", hold=True))

    assert wait_for_events(page, 5) == [
        ["message", "9", "nine"],
        ["message", "10", "ten"],
        ["typing", None, "Ann"],
        ["typing", None, "Ann"],
        ["message", "11", "eleven"],
    ]


def test_id_alone_moves_the_mark(page, server):
    open_stream(page, server, stream(b"id: 5\n\n"), stream(b"data: x\n\n", hold=True), after="3")

    wait_for_events(page, 1)
    assert last_event_ids(server) == ["3", "5"]


def test_silent_connection_is_given_up_and_resumed(page, server):
    open_stream(
        page,
        server,
        stream(b"id: 1\ndata: before\n\n", hold=True),
        stream(b"id: 2\ndata: after\n\n", hold=True),
        silence="0.5",
    )

    assert wait_for_events(page, 2) == [["message", "1", "before"], ["message", "2", "after"]]
    assert server.hung_up.is_set()
    assert last_event_ids(server)[:2] == [None, "1"]


def test_comments_keep_a_connection_alive(page, server):
    open_stream(
        page, server, stream(*[b": ping\n\n"] * 40, b"data: still here\n\n", hold=True), silence="0.8"
    )

    wait_for_events(page, 1)
    assert len(server.requests) == 1


def test_bye_ends_it(page, server):
    open_stream(
        page, server, stream(b"data: last\n\nevent: bye\ndata: closed\n\ndata: too late\n\n", hold=True)
    )

    wait_for_state(page, "closed")
    page.wait_for_timeout(800)
    assert page.evaluate("seen") == [["message", None, "last"], ["bye", None, "closed"]]
    assert server.hung_up.is_set()
    assert len(server.requests) == 1


def test_bye_without_data_ends_it_too(page, server):
    open_stream(page, server, stream(b"event: bye\n\n", hold=True))

    wait_for_state(page, "closed")
    assert page.evaluate("seen") == []


@pytest.mark.parametrize("code", [204, 401, 403, 404, 410])
def test_refusal_after_sign_out_ends_it(page, server, code):
    open_stream(page, server, stream(b"id: 1\ndata: one\n\n"), status(code))

    wait_for_state(page, "closed")
    page.wait_for_timeout(800)
    assert len(server.requests) == 2


def test_redirect_to_the_sign_in_page_ends_it(page, server):
    open_stream(page, server, status(302, Location="/sign-in"))

    wait_for_state(page, "closed")
    assert page.evaluate("seen") == []


def test_page_of_a_proxy_is_no_stream(page, server):
    open_stream(
        page,
        server,
        stream(b"data: maintenance\n\n", kind="text/html"),
        stream(b"data: real\n\n", hold=True),
    )

    assert wait_for_events(page, 1) == [["message", None, "real"]]


def test_hidden_page_with_pause_lets_go_and_comes_back(page, server):
    open_stream(
        page,
        server,
        stream(b"id: 1\ndata: one\n\n", hold=True),
        stream(b"id: 2\ndata: two\n\n", hold=True),
        pause="",
    )
    wait_for_events(page, 1)

    hide(page, True)

    wait_for_state(page, "paused")
    assert server.hung_up.wait(2)
    assert len(server.requests) == 1

    hide(page, False)

    assert wait_for_events(page, 2) == [["message", "1", "one"], ["message", "2", "two"]]
    assert last_event_ids(server) == [None, "1"]


def test_hidden_page_without_pause_goes_on(page, server):
    open_stream(page, server, stream(b"data: one\n\n", *[b":\n\n"] * 20, b"data: two\n\n", hold=True))
    wait_for_events(page, 1)

    hide(page, True)

    wait_for_events(page, 2)
    assert len(server.requests) == 1


def test_page_that_is_looked_at_again_does_not_wait_for_its_turn(page, server):
    open_stream(page, server, *[status(503)] * 4, stream(b"data: back\n\n", hold=True))
    page.wait_for_function("() => states.filter((state) => state === 'waiting').length === 4")

    hide(page, False)

    page.wait_for_function("() => seen.length === 1", timeout=1000)


def test_headers_property_travels_with_each_request(page, server):
    server.answers = [stream(b"id: 4\ndata: x\n\n"), stream(b"data: y\n\n", hold=True)]

    page.evaluate("""() => {
      const element = document.createElement("live-stream");
      let number = 0;
      element.headers = () => ({ "X-Chat-Token": `token-${++number}` });
      document.body.append(element);
      element.setAttribute("src", "/stream");
    }""")

    wait_for_events(page, 2)
    assert [request["x-chat-token"] for request in server.requests] == ["token-1", "token-2"]
    assert server.requests[0]["accept"] == "text/event-stream"


def test_nothing_is_requested_without_a_source(page, server):
    page.evaluate("document.body.append(document.createElement('live-stream'))")

    page.wait_for_timeout(200)
    assert server.requests == []


def test_another_source_starts_afresh(page, server):
    open_stream(
        page,
        server,
        stream(b"id: 50\ndata: old\n\n", hold=True),
        stream(b"id: 2\ndata: new\n\n", hold=True),
        after="40",
    )
    wait_for_events(page, 1)

    page.evaluate("""() => {
      const element = document.querySelector("live-stream");
      element.setAttribute("after", "1");
      element.setAttribute("src", "/stream?other");
    }""")

    assert wait_for_events(page, 2)[1] == ["message", "2", "new"]
    assert last_event_ids(server) == ["40", "1"]


def test_element_taken_out_hangs_up_and_put_back_resumes(page, server):
    open_stream(page, server, stream(b"id: 1\ndata: one\n\n", hold=True), stream(b":\n\n", hold=True))
    wait_for_events(page, 1)

    page.evaluate("() => { window.kept = document.querySelector('live-stream'); kept.remove(); }")

    assert server.hung_up.wait(2)
    assert len(server.requests) == 1

    page.evaluate("() => { window.states = []; document.body.append(kept); }")

    page.wait_for_function("() => states.includes('open')")
    assert last_event_ids(server) == [None, "1"]


def test_written_in_the_page_it_makes_one_request(browser, server):
    server.answers = [stream(b"data: one\n\n", hold=True)]
    page = browser.new_page()
    page.route(server.url, lambda route: route.fulfill(body=WRITTEN, content_type="text/html"))

    page.goto(server.url)

    wait_for_events(page, 1)
    assert len(server.requests) == 1
    page.close()


WRITTEN = """<!doctype html><script src="/recorder.js"></script>
<live-stream src="/stream"></live-stream><script type="module" src="/live-stream.js"></script>"""
