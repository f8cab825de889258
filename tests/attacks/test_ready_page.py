"""The page that monitors ask can be asked by anybody, all day long."""

import threading

import pytest

from config import health
from config.health import LOOKING, seldom


def test_what_takes_long_is_looked_at_now_and_then():
    looks = []
    ask = seldom(lambda: looks.append(1) or "", seconds=60)

    assert [ask() for _ in range(5)] == [""] * 5
    assert len(looks) == 1


def test_what_was_found_is_looked_at_again_in_time():
    found = iter(["", "the entry was changed"])
    ask = seldom(lambda: next(found), seconds=0)

    assert [ask(), ask()] == ["", "the entry was changed"]


def test_nobody_waits_for_a_look_that_somebody_else_takes():
    begun, go_on = threading.Event(), threading.Event()

    def check() -> str:
        begun.set()
        go_on.wait(5)
        return ""

    ask = seldom(check, seconds=60)
    first = threading.Thread(target=ask)
    first.start()
    begun.wait(5)

    meanwhile = ask()
    go_on.set()
    first.join()

    assert meanwhile == LOOKING
    assert ask() == ""


def test_look_that_fails_is_taken_again():
    outcomes = iter([OSError("away"), ""])

    def check() -> str:
        outcome = next(outcomes)
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    ask = seldom(check, seconds=60)

    with pytest.raises(OSError, match="away"):
        ask()
    assert ask() == ""


@pytest.mark.django_db
def test_ledger_and_purge_are_looked_at_seldom(client, monkeypatch):
    walks = []
    monkeypatch.setitem(health.PARTS, "ledger", seldom(lambda: walks.append(1) or "", seconds=60))

    states = [client.get("/readyz").json()["parts"]["ledger"] for _ in range(5)]

    assert states == ["ok"] * 5
    assert len(walks) == 1


@pytest.mark.django_db
def test_ready_page_tells_no_secret(client, account, settings):
    told = client.get("/readyz").content.decode()

    secrets = [settings.SECRET_KEY, str(settings.LETHE_DATA_DIR), account.name, account.public_id]
    assert [secret for secret in secrets if secret in told] == []
