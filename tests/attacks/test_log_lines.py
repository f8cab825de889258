"""What somebody types into the address bar, or sends in a header, stands in no log."""

import logging

import pytest
from django.test import Client

from config.logs import DiscreetFormatter

FORMATTER = DiscreetFormatter("{levelname} {name} {message}", style="{")
PATHS = [
    "/zora-canary/",
    "/zora-canary-é/",
    "/zora%0Acanary\n/",
    "/zora\\canary/",
    "/zora\x1b[2Jcanary/",
    "/zora/😀canary/",
    "/tickets/new/zora-canary/",
    "/agent/chats/zora-canary/",
    "/admin/helpdesk/user/zora-é-canary/change/",
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "headers",
    [
        {"Referer": "https://zora.example/canary?name=zora"},
        {"Referer": "https:zora-canary"},
        {"Origin": "https://zora.canary.example"},
        {"Referer": "https://[zora/canary"},
    ],
)
def test_refused_post_is_logged_without_where_it_came_from(caplog, headers):
    client = Client(enforce_csrf_checks=True, headers=headers)
    client.cookies["lethe_csrf"] = "a" * 32

    with caplog.at_level(logging.INFO):
        status = client.post("/tickets/open/", {"token": "x"}, secure=True).status_code

    lines = [FORMATTER.format(record) for record in caplog.records]
    assert status == 403
    assert lines
    assert [line for line in lines if "zora" in line or "canary" in line] == []


def test_line_about_anything_is_written():
    """Celery's timetable hands a list over; a formatter that fails makes logging print what it got."""
    record = logging.LogRecord("celery.beat", 40, "", 1, "%s\n%s", (OSError("x"), ["a", {}]), None)
    record.request = None

    assert FORMATTER.format(record) == "ERROR celery.beat x\n['a', {}]"


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_mistyped_address_is_not_logged(caplog, path, operator, signed_in):
    with caplog.at_level(logging.INFO):
        Client().get(path)
        signed_in(operator).get(path)

    lines = [FORMATTER.format(record) for record in caplog.records]
    assert lines
    assert [line for line in lines if "zora" in line or "canary" in line] == []
    assert [line for line in lines if "\n" in line.strip()] == []
