"""Traces: a text is found wherever it lies and however it is written, and nowhere else."""

import base64
import json
import sys
from io import BytesIO, StringIO
from urllib.parse import quote

import pytest
import redis
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.models import OutgoingMail, TicketFile, User
from privacy import ledger, vault
from privacy.encryption.files import sealed_storage, store_file
from privacy.ledger import mirror
from privacy.models import DataKey, LedgerEntry
from privacy.services.tracing.needles import Needles
from privacy.services.tracing.traces import find_traces
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

TEXT = "Véra Quixotique"


def places(text: str = TEXT) -> dict[str, int]:
    return dict(find_traces(text).places)


# --- Forms of a text


@pytest.mark.parametrize(
    "written",
    [
        TEXT,
        TEXT.upper(),
        TEXT.lower(),
        "Ve\u0301ra Quixotique",
        "\uff36éra Quixotique",
        json.dumps(TEXT),
        json.dumps(TEXT.upper()),
        quote(TEXT),
        quote(TEXT, safe="").lower(),
        TEXT.replace("é", "%C3%A9").replace(" ", "+"),
        "V&eacute;ra".replace("&eacute;", "é") + " Quixotique",
        base64.b64encode(TEXT.encode()).decode(),
        base64.urlsafe_b64encode(b"x" + TEXT.encode() + b"y").decode(),
        base64.b64encode(json.dumps({"args": [TEXT]}).encode()).decode(),
        TEXT.encode(),
        memoryview(TEXT.encode()),
        f"before {TEXT} after",
    ],
)
def test_text_is_found_however_it_is_written(written):
    assert Needles(TEXT).count(written) >= 1


@pytest.mark.parametrize("other", ["", None, 0, "Vera Quixotique", "Véra", "Véra  Quixotique", b"\xff\xfe"])
def test_other_text_is_not_found(other):
    assert Needles(TEXT).count(other) == 0


@pytest.mark.parametrize(
    "random",
    [
        "s1.xxxxAdaxxxxxxxxxxxxxxxxxxxx=",
        "gAAAAAxxxxAdaxxxxxxxxxxxxxxxxxx",
        "0123ada4567890abcdef0123",
        "0199ada0-0000-7000-8000-000000000000",
        "argon2$argon2id$v=19$m=102400,t=2,p=8$Ada$Adaadaada",
    ],
)
def test_short_name_is_not_found_in_random_characters(random):
    assert Needles("Ada").count(random) == 0
    assert Needles("Ada").count(f"{random} Ada") == 1


def test_long_text_is_found_even_inside_random_characters():
    assert Needles("adabeefcafe").count("00adabeefcafe0000000000") == 1


def test_empty_text_is_refused():
    with pytest.raises(ValueError, match="nothing to look for"):
        Needles(" \n")


@given(before=st.integers(0, 200), size=st.integers(1, 64))
def test_text_is_found_across_any_cut_of_a_stream(before, size):
    stream = BytesIO(b"." * before + TEXT.encode() + b"." * 50 + TEXT.upper().encode())

    chunks = iter(lambda: stream.read(size), b"")

    assert Needles(TEXT).count_stream(chunks) == 2


# --- Places


def test_nothing_is_found_where_nobody_left_anything(account, agent):
    traces = find_traces(TEXT)

    assert (traces.none_found, traces.as_json()) == (True, {"matches": []})


def test_sealed_text_is_found_under_every_live_key(account):
    factories.contact(account, name=TEXT)
    factories.chat(account, says=(f"I am {TEXT}", "hello", f"{TEXT} again"))
    ticket = factories.ticket(account, subject=TEXT, says=(TEXT,))
    OutgoingMail.objects.create(
        account=account, ticket=ticket, key_id=ticket.key_id, to="x@y.example", body=TEXT
    )
    factories.user(User.Role.AGENT, account=account, name=TEXT)

    assert places() == {
        "sealed: helpdesk.contact.name": 1,
        "sealed: chat.message.body": 2,
        "sealed: helpdesk.ticket.subject": 1,
        "sealed: helpdesk.ticketmessage.body": 1,
        "sealed: helpdesk.outgoingmail.body": 1,
        "sealed: helpdesk.user.name": 1,
    }


def test_text_under_a_destroyed_key_is_no_trace(account):
    contact = factories.contact(account, name=TEXT)
    entry = ledger.append("erasure.begun", keys=[contact.key_id.hex])
    vault.destroy_keys([contact.key_id], entry=entry)

    assert places() == {}


def test_text_that_can_not_be_opened_is_told_and_is_not_nothing(account):
    factories.contact(account, name=TEXT)
    lost = factories.contact(account, name=TEXT)
    DataKey.objects.filter(pk=lost.key_id).delete()

    traces = find_traces(TEXT)

    assert traces.places == {"sealed: helpdesk.contact.name": 1}
    assert (traces.unreadable, traces.none_found) == (2, False)


def test_blind_index_is_a_trace_in_every_account(account, other_account):
    address = "vera.quixotique@mail.example"
    factories.contact(account, email=address.upper(), name="")
    factories.contact(other_account, email=address, name="")
    factories.user(User.Role.AGENT, account=account, email=address)

    found = places(address)

    assert found["default: helpdesk_contact.email_index"] == 2
    assert found["default: helpdesk_user.email_index"] == 1
    assert found["sealed: helpdesk.contact.email"] == 2


def test_looking_for_somebody_makes_no_index_key(account):
    before = DataKey.objects.filter(kind=DataKey.Kind.INDEX).count()

    find_traces("nobody@mail.example")

    assert DataKey.objects.filter(kind=DataKey.Kind.INDEX).count() == before


def test_every_column_of_every_table_is_read_also_of_tables_without_a_model(account):
    account.controller = f"Ask {TEXT}"
    account.save()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE nobodys_table (note text, raw text)")
        cursor.execute("INSERT INTO nobodys_table VALUES (%s, %s)", [TEXT, json.dumps(TEXT)])
    session = SessionStore()
    session["name"] = TEXT
    session.create()
    try:
        found = places()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE nobodys_table")

    assert found == {
        "default: helpdesk_account.controller": 1,
        "default: nobodys_table.note": 1,
        "default: nobodys_table.raw": 1,
        "default: django_session.session_data": 1,
    }


def test_vault_is_read_too():
    LedgerEntry.objects.create(
        seq=1, uid="0" * 32, at="2026-01-01T00:00:00Z", action="forged", params={"name": TEXT}, hash="x"
    )

    assert places()["vault: privacy_ledgerentry.params"] == 1


def test_stored_files_are_opened(account):
    ticket = factories.ticket(account)
    message = ticket.messages.get()
    content = b"x" * 70_000 + TEXT.encode()
    name = store_file(vault.open_key(message.key_id), [content])
    TicketFile.objects.create(
        account=account,
        ticket=ticket,
        message=message,
        key_id=message.key_id,
        name=f"{TEXT}.txt",
        stored_as=name,
        size=len(content),
    )

    assert places() == {f"files: {name} (opened)": 1, "sealed: helpdesk.ticketfile.name": 1}


def test_file_in_the_clear_is_found_by_name_and_content():
    sealed_storage().save(f"ab/{TEXT}", BytesIO(TEXT.encode()))

    found = places()

    assert found["files: names"] == 1
    assert sum(found.values()) == 2


def test_logs_broker_and_mirror_are_read(settings):
    (settings.LETHE_LOG_DIR / "lethe.log").write_text(f"INFO {TEXT}\nINFO {TEXT}\n")
    (settings.LETHE_LOG_DIR / "lethe.log.1").write_text(f"INFO {quote(TEXT)}\n")
    body = base64.b64encode(json.dumps([[TEXT], {}]).encode()).decode()
    (settings.LETHE_BROKER_DIR / "1.celery.msg").write_text(json.dumps({"body": body}))
    mirror.path().write_text(json.dumps({"params": TEXT}) + "\n")

    assert places() == {"logs": 3, "broker": 1, "ledger mirror": 1}


def test_cache_is_read():
    cache.set("greeting", f"Hello {TEXT}", 60)
    cache.set(quote(TEXT), "a name that says it", 60)

    assert places()["cache"] == 2


@pytest.mark.postgres
def test_redis_is_read_in_every_shape(settings):
    server = redis.Redis.from_url(settings.LETHE_REDIS_URL)
    words = TEXT.encode()
    message = json.dumps({"body": base64.b64encode(json.dumps([[TEXT], {}]).encode()).decode()})
    keys = ["t-list", "t-unacked", "t-set", "t-zset", "t-stream", "t-large"]
    try:
        server.lpush("t-list", *[b"x"] * 1200, message)
        server.hset("t-unacked", "tag", message)
        server.sadd("t-set", words)
        server.zadd("t-zset", {words: 1})
        server.xadd("t-stream", {"field": words})
        server.set("t-large", b"x" * (1024 * 1024 - 5) + words)

        assert places() == {"broker": 6}
    finally:
        server.delete(*keys)
        server.close()


# --- What looking leaves behind


def test_looking_is_noted_without_the_text(account):
    factories.contact(account, name=TEXT)

    find_traces(TEXT)

    entry = LedgerEntry.objects.get(action="traces.searched")
    assert entry.params == {"places": 1, "matches": 1, "unopened": 0}
    assert places() == {"sealed: helpdesk.contact.name": 1}  # the first search left no trace of its own


# --- Command


def search(*arguments: str) -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("find_traces", *arguments, stdout=output, stderr=StringIO())
    except SystemExit as exit_:
        return int(exit_.code or 0), output.getvalue()
    return 0, output.getvalue()


def test_command_succeeds_only_where_nothing_is_found(account):
    assert search(TEXT, "--json") == (0, '{"matches": []}\n')
    factories.contact(account, name=TEXT)

    code, output = search(TEXT, "--json")

    assert code == 1
    assert json.loads(output) == {"matches": [{"where": "sealed: helpdesk.contact.name", "count": 1}]}
    assert search(TEXT)[1] == "sealed: helpdesk.contact.name: 1\nSomething was found.\n"


def test_command_reads_the_text_from_standard_input(account, monkeypatch):
    factories.contact(account, name=TEXT)
    monkeypatch.setattr(sys, "stdin", StringIO(f"{TEXT}\n"))

    assert search("-", "--json")[0] == 1


def test_command_refuses_an_empty_text(monkeypatch):
    monkeypatch.setattr(sys, "stdin", StringIO("\n"))

    with pytest.raises(CommandError, match="nothing to look for"):
        call_command("find_traces", "-")
