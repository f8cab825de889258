"""Looking at the ledger as an operator does, at its witnesses, and forging it as only an operator could."""

from io import StringIO

from django.core.management import call_command

from privacy import ledger
from privacy.ledger import mirror
from privacy.ledger.anchors import newest_anchor
from privacy.ledger.canonical import link_of
from privacy.ledger.signing import signing_key
from privacy.models import LedgerEntry, LedgerHead


def finding() -> tuple[bool, int | None]:
    found = ledger.verify()
    return found.ok, found.broken_seq


def numbers() -> list[int]:
    """Return which entries the mirror has."""
    return [line["seq"] for line, _ in mirror.lines()]


def forget_witnesses() -> None:
    """Take away what remembers the ledger outside of it."""
    mirror.path().unlink()
    LedgerHead.objects.all().delete()


def verify_ledger(*options: str) -> tuple[int, str]:
    """Run the command; returns its exit status and what it printed."""
    output = StringIO()
    try:
        call_command("verify_ledger", *options, stdout=output)
    except SystemExit as exit_:
        return int(exit_.code or 0), output.getvalue()
    return 0, output.getvalue()


def rebuild() -> None:
    """Link and sign the chain anew, with its mirror and the main database's memory.

    This is what only somebody can do who holds both databases, the key ring and the mirror.
    """
    key, prev = signing_key(), newest_anchor().hash
    for entry in LedgerEntry.objects.order_by("seq"):
        entry.prev_hash = prev
        entry.hash = prev = link_of(entry)
        entry.signature = key.sign(prev.encode()).hex()
        entry.save()
    mirror.path().write_text("")
    mirror.catch_up()
    newest = ledger.last_entry()
    LedgerHead.objects.update(seq=newest.seq, hash=newest.hash)
