"""The drill: everything is lost and comes back from backups, except for what was erased."""

import http.client
import shutil
import time
from pathlib import Path

import pytest

from tests.backend import ON_POSTGRES
from tests.config.deployment import run_python
from tests.running import Deployment, _server

MARKER = "drillmarkerquoll"
ANSWERED_WITHIN = 10  # an open gate is believed for five seconds

OPEN_TICKET = f"""
from django.core.files.uploadedfile import SimpleUploadedFile
from helpdesk.models import Account
from helpdesk.services.tickets import open_ticket
from privacy.services.people.consent import Given
from privacy.services.people.notices import current_notice
account = Account.objects.get(public_id="demo")
for name in ("{MARKER}", "bystander"):
    ticket = open_ticket(
        account=account, name=name, email=name + "@mail.example", subject=name, message=name,
        files=[SimpleUploadedFile(name + ".txt", name.encode())], given=Given.to_all(current_notice(account)),
    )
    print(ticket.requester_id)
"""
READ_TICKETS = """
from helpdesk.models import Ticket, TicketFile
from helpdesk.services.files import content_of
print([ticket.subject for ticket in Ticket.objects.order_by("pk")])
print([content_of(file) for file in TicketFile.objects.order_by("pk")])
"""
BYSTANDER = "['bystander']\n[b'bystander']\n"

CLOSE_SOME = """
from datetime import timedelta
from django.utils import timezone
from helpdesk.services.retention import Decision, change_retention
from privacy.terms import Rule, Term
from tests import factories
account = factories.account()
a_month = Decision(Term(Rule.AFTER, 30, "days"))
change_retention(account=account, decisions={"chat": a_month, "ticket": a_month}, by=None, skip_cooling=True)
almost = timezone.now() - timedelta(days=29, hours=23, minutes=59, seconds=30)
for make in (factories.chat, factories.ticket):
    print(*(make(account, closed_at=almost).pk for _number in range(2)))
"""
DECIDE_OTHERWISE = """
from datetime import date
from chat.models import Conversation
from helpdesk.services.retention import Decision, change_retention
from privacy.services.erasing.holds import place_hold
from privacy.terms import Rule, Term
from tests import factories
held = Conversation.objects.get(pk="{held}")
by = factories.user("owner", account=held.account)
place_hold(unit=held, by=by, basis="claim", reason="Claim of March", review_on=date(2030, 1, 1))
change_retention(account=held.account, decisions={{"ticket": Decision(Term(Rule.KEEP))}}, by=by)
"""
WHAT_IS_LEFT = """
from chat.models import Conversation
from helpdesk.models import Ticket
from privacy.models import Suspension
print(*Conversation.objects.exclude(closed_at=None).values_list("pk", flat=True))
print(*Ticket.objects.exclude(closed_at=None).order_by("pk").values_list("pk", flat=True))
print(*Suspension.objects.values_list("unit_id", flat=True))
"""


@pytest.fixture
def deployment(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    made = Deployment(data, LETHE_BACKUP_DIR=str(tmp_path / "backups"))
    yield made
    made.discard()


def backup(deployment: Deployment, *parts: str) -> dict[str, Path]:
    chosen = [argument for part in parts for argument in ("--part", part)]
    return {made["part"]: Path(made["folder"]) for made in deployment.manage_json("backup", *chosen)}


def restore(deployment: Deployment, part: str, source: Path) -> str:
    result = deployment.manage("restore", "--part", part, "--from", str(source), "--yes")
    assert result.returncode == 0, result.stderr
    return result.stdout


def lose(deployment: Deployment, *parts: str) -> None:
    """Lose parts of a deployment that has stopped, as a broken disk does it."""
    names = {"main": deployment.name, "vault": f"{deployment.name}_vault"}
    for part in parts:
        if part in names and ON_POSTGRES:
            _server(f'DROP DATABASE "{names[part]}" WITH (FORCE)')
            _server(f'CREATE DATABASE "{names[part]}"')
        elif part in names:
            for path in deployment.data_dir.glob("lethe.sqlite3*" if part == "main" else "vault.sqlite3*"):
                path.unlink()
        else:
            shutil.rmtree(deployment.data_dir / part)


def page(deployment: Deployment) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=20)
    try:
        connection.request("GET", "/sign-in/")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def wait_until_served(deployment: Deployment) -> None:
    deadline = time.monotonic() + ANSWERED_WITHIN
    while page(deployment)[0] != 200:
        assert time.monotonic() < deadline, page(deployment)
        time.sleep(0.2)


def let_the_heartbeat_age(deployment: Deployment) -> None:
    """Let some seconds pass for the heartbeat, by which workers elsewhere are known on PostgreSQL."""
    deployment.shell(
        "from privacy.models import Heartbeat; Heartbeat.objects.update(seen_at='2026-01-01T00:00Z')"
    )


def traces(deployment: Deployment) -> list:
    return deployment.manage_json("find_traces", "-", typed=MARKER)["matches"]


def test_everything_is_lost_and_comes_back_except_for_what_was_erased(deployment):
    deployment.start()
    person = deployment.shell(OPEN_TICKET).split()[0]
    old = backup(deployment)
    assert traces(deployment) != []
    erased = deployment.manage("erase_contact", person, "--reason", "withdrawn")
    assert erased.returncode == 0, erased.stderr
    newest = backup(deployment, "vault", "ledger")

    refused = deployment.manage("restore", "--part", "main", "--from", str(old["main"]), "--yes")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "The web process, a worker or a command runs: stop it first." in refused.stderr

    deployment.stop()
    lose(deployment, "main", "vault", "files", "ledger", "heads")
    restore(deployment, "main", old["main"])
    restore(deployment, "files", old["files"])
    restore(deployment, "ledger", newest["ledger"])
    assert "run `python manage.py replay_erasures`" in restore(deployment, "vault", newest["vault"])

    deployment.start()
    assert "Lethe serves nothing: The main database comes from a backup" in deployment.output.read_text()
    status, text = page(deployment)
    assert status == 503
    assert "It came back from a backup that still holds what was erased since." in text
    assert traces(deployment) == []

    replayed = deployment.manage("replay_erasures")
    assert replayed.returncode == 0, replayed.stderr
    wait_until_served(deployment)
    assert traces(deployment) == []
    assert deployment.shell(READ_TICKETS) == BYSTANDER
    assert deployment.manage_json("verify_ledger")["ok"]


def test_what_was_held_or_kept_since_the_backup_is_there_after_a_restore(deployment):
    for alias in ("default", "vault"):
        assert deployment.manage("migrate", f"--database={alias}").returncode == 0
    chats, tickets = (line.split() for line in deployment.shell(CLOSE_SOME).splitlines())
    old = backup(deployment, "main")
    deployment.shell(DECIDE_OTHERWISE.format(held=chats[0]))

    assert "doesn't know what was decided since" in restore(deployment, "main", old["main"])
    time.sleep(30)  # by now the time of all four is over
    refused = deployment.manage("purge")
    assert (refused.returncode, "run `python manage.py replay_erasures`" in refused.stderr) == (1, True)
    said = deployment.manage("replay_erasures").stdout
    purged = deployment.manage_json("purge")

    assert "hold.placed (x1): made again from the ledger" in said
    assert "retention.changed ticket (x1): made again from the ledger" in said
    assert (purged["erased"], purged["held"]) == (1, 1)
    assert deployment.shell(WHAT_IS_LEFT).splitlines() == [chats[0], " ".join(sorted(tickets)), chats[0]]
    assert deployment.manage_json("verify_ledger")["ok"]


def test_lost_vault_is_named_at_the_start_and_comes_back(deployment):
    deployment.start()
    deployment.shell(OPEN_TICKET)
    old = backup(deployment)
    deployment.stop()
    lose(deployment, "vault")

    start = run_python("-m", "config.launch", env=deployment.env)

    assert start.returncode == 2
    assert start.stderr == (
        "Lethe can't start: LETHE_VAULT_URL: The vault is empty, but the main database holds what its keys"
        " sealed: restore the newest vault.\n"
    )
    let_the_heartbeat_age(deployment)
    assert "The databases fit together." in restore(deployment, "vault", old["vault"])
    deployment.start()
    wait_until_served(deployment)
    assert "bystander" in deployment.shell(READ_TICKETS)
    assert deployment.manage_json("verify_ledger")["ok"]


def test_stale_vault_is_named_and_opened_by_the_ledger(deployment):
    deployment.start()
    person = deployment.shell(OPEN_TICKET).split()[0]
    old = backup(deployment)
    assert deployment.manage("erase_contact", person, "--reason", "withdrawn").returncode == 0
    deployment.stop()
    newest = backup(deployment, "ledger")  # while it runs it would see entries that this copy lacks
    let_the_heartbeat_age(deployment)
    lose(deployment, "vault", "ledger")

    said = restore(deployment, "vault", old["vault"])
    assert "The vault is older than the main database: restore the newest vault." in said
    assert "The ledger's mirror is missing: restore the ledger before anything is started." in said
    deployment.start()
    assert "Lethe serves nothing: The vault is older" in deployment.output.read_text()
    status, text = page(deployment)
    assert (status, "Its keys come from an older backup than its data." in text) == (503, True)
    deployment.stop()
    let_the_heartbeat_age(deployment)

    said = restore(deployment, "ledger", newest["ledger"])
    assert "The vault took over" in said
    deployment.start()
    wait_until_served(deployment)
    assert traces(deployment) == []
    assert deployment.shell(READ_TICKETS) == BYSTANDER
    assert deployment.manage_json("verify_ledger")["ok"]
