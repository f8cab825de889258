"""Each action of the ledger is judged: a decision that a restored database learns again, or an event."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from privacy.ledger.decisions import declared_actions

ROOT = Path(__file__).parent.parent
WRITERS = {"record", "append", "_record", "_record_assignment", "_note"}
ACTION = re.compile(r"[a-z]+\.[a-z_]*")

# What happened, and decides nothing about what comes: a restored database may go on without it. A new action
# that stops an erasure, changes a rule, or closes something to somebody is declared in its app's decisions.
EVENTS = {
    "archive.filled",
    "archive.given_back",
    "archive.left",
    "archive.opened",
    "backup.begun",
    "backup.made",
    "backup.restored",
    "chat.erasure_ordered",
    "contact.verified",
    "consent.given",
    "consent.refused",
    "erasure.begun",
    "erasure.done",
    "erasure.survivors",
    "erasures.replayed",
    "evidence.lost",
    "files.swept",
    "head.published",
    "hold.review_due",
    "hours.changed",
    "keys.lost",
    "keys.rotated",
    "keys.swept",
    "ledger.pruned",
    "lockout.lifted",
    "mirror.mended",
    "notice.policy_read",
    "people.emptied",
    "person.exported",
    "person.signed_in",
    "purge.caught_up",
    "purge.overdue",
    "purge.run",
    "receipt.downloaded",
    "restore.confirmed",
    "restore.found",
    "retention.cooling_ended",
    "rows.purged",
    "secure.answered",
    "secure.asked",
    "secure.declined",
    "secure.expired",
    "secure.viewed",
    "support.file_opened",
    "support.opened",
    "team.saved",
    "ticket.assigned",
    "ticket.erasure_ordered",
    "ticket.opened",
    "traces.searched",
}
# The beginnings of those that are put together, such as ticket.closed.
PARTS = {"consent.": {"given", "refused", "withdrawn"}, "ticket.": {"closed", "reopened"}}


def actions_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and ast.unparse(node.func).split(".")[-1] in WRITERS:
            said: ast.expr = node.args[0]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "action":
            said = node.value
        else:
            continue
        for leaf in ast.walk(said):
            if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str):
                yield from {leaf.value} & set(ACTION.findall(leaf.value))


def written() -> set[str]:
    found = {
        action
        for app in ("privacy", "helpdesk", "chat", "config")
        for path in (ROOT / app).rglob("*.py")
        for action in actions_in(path)
    }
    whole = {beginning + end for beginning in found & PARTS.keys() for end in PARTS[beginning]}
    return found - PARTS.keys() | whole


def test_every_action_is_a_decision_or_an_event():
    assert written() - EVENTS - declared_actions() == set()


def test_nothing_is_both():
    assert EVENTS & declared_actions() == set()


def test_decisions_that_are_declared_are_written_somewhere():
    assert declared_actions() - written() == set()
