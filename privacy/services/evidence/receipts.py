"""A receipt for each run and a certificate for each erasure: what was erased, and no word about whom.

Both are documents that hold the entries of the ledger they speak of, so that anybody with the public
key can verify them without us.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from privacy import ledger
from privacy.declarations import root_of
from privacy.encryption.rows import SealedModel
from privacy.ledger.canonical import stamp
from privacy.ledger.heads import head_document
from privacy.ledger.mirror import as_line
from privacy.ledger.signing import public_key_pem
from privacy.models import Erasure, LedgerEntry
from privacy.services.erasing.runs import erasures_of_run

RUN, BEGUN, DONE = "purge.run", "erasure.begun", "erasure.done"
ERASED = "erased_"
PAGE = 50  # an entry names up to 500 keys


class NoReceipt(LookupError):
    """No run that the person may see has this number."""


class NoCertificate(LookupError):
    """No erasure that the person may see has this number, neither for its beginning nor for its end."""


class NotDoneYet(NoCertificate):
    """The erasure has begun and is not done, so there is nothing to certify yet."""


@dataclass(frozen=True)
class Document:
    """A receipt or a certificate. ``entries`` may be walked more than once, in flat memory."""

    kind: str
    entry: LedgerEntry
    summary: dict[str, Any]
    entries: Iterable[LedgerEntry]
    head: dict[str, Any]
    public_key: str

    @property
    def number(self) -> int:
        return self.entry.seq

    def as_json(self) -> Iterator[str]:
        """Yield the document piece by piece, as the stand-alone verifier reads it."""
        first = {
            "kind": self.kind,
            "number": self.number,
            "summary": self.summary,
            "head": self.head,
            "public_key": self.public_key,
        }
        yield json.dumps(first, indent=2).removesuffix("\n}") + ',\n  "entries": ['
        between = "\n    "
        for entry in self.entries:
            yield between + json.dumps(as_line(entry), sort_keys=True)
            between = ",\n    "
        yield "\n  ]\n}\n"


class InPages:
    """Entries in their order, read a page at a time: no reader stays open while a browser is slow."""

    def __init__(self, entries: QuerySet[LedgerEntry]) -> None:
        self._entries = entries.order_by("seq")

    def __iter__(self) -> Iterator[LedgerEntry]:
        page = list(self._entries[:PAGE])
        while page:
            yield from page
            page = list(self._entries.filter(seq__gt=page[-1].seq)[:PAGE])


def runs(among: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Return the runs that erased, held or failed something, newest first."""
    return among.filter(action=RUN).order_by("-seq")


def erasures(among: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    """Return the entries with which erasures ended, newest first: in a run, at once, by hand, by a right."""
    return among.filter(action=DONE).order_by("-seq")


def beginnings(done: Iterable[LedgerEntry]) -> dict[int, LedgerEntry]:
    """Return the entry with which each of these erasures began, by the number of the one that ended it."""
    numbers = {entry.seq: entry.params["begun"] for entry in done}
    begun = LedgerEntry.objects.in_bulk(numbers.values())
    return {seq: begun[number] for seq, number in numbers.items() if number in begun}


def receipt(number: int, *, among: QuerySet[LedgerEntry]) -> Document:
    """Return the receipt of a run, by the number of its entry; ``among`` is what the person may see.

    It lists the run's own erasures, and not what others erased meanwhile. Raises :class:`NoReceipt`.
    """
    run = among.filter(seq=number, action=RUN).first()
    if run is None:
        raise NoReceipt(f"Entry {number} is no run.")
    return _document("receipt", run, _summary_of_run(run), InPages(erasures_of(run) | _only(run)))


def certificate(number: int, *, among: QuerySet[LedgerEntry]) -> Document:
    """Return the certificate of an erasure, by the number of its *begun* or its *done* entry.

    Raises :class:`NoCertificate`, and :class:`NotDoneYet` where it only began.
    """
    begun, done = erasure_with(number, among=among)
    if done is None:
        raise NotDoneYet(f"The erasure of entry {number} is not done.")
    return _document("certificate", begun, summary_of_erasure(begun, done), [begun, done])


def hand_over(
    kind: str, number: int, *, among: QuerySet[LedgerEntry], form: str, by: SealedModel | None
) -> Document:
    """Return a document that leaves the house as ``form``, and note in the ledger who took it.

    Raises what :func:`receipt` and :func:`certificate` raise.
    """
    document = DOCUMENTS[kind](number, among=among)
    ledger.record(
        "receipt.downloaded",
        account_id=document.entry.account_id,
        kind=kind,
        number=document.number,
        form=form,
        who=ledger.reference(by),
    )
    return document


DOCUMENTS = {"receipt": receipt, "certificate": certificate}


def erasures_of(run: LedgerEntry) -> QuerySet[LedgerEntry]:
    """Return the entries of the erasures of a run, of each the beginning and the end."""
    if code := run.params.get("run"):
        window = {"since": run.params["since"], "last": run.params["last"]}
        done = erasures_of_run(run.account_id, code, **window).order_by()
        either = Q(seq__in=done.values("begun")) | Q(seq__in=done.values("done"))
        return LedgerEntry.objects.filter(either).order_by("seq")
    # Older runs have no code: theirs is what the ledger noted of their account meanwhile.
    first, last = run.params["first"] or 0, run.params["last"] or 0
    return LedgerEntry.objects.filter(
        account_id=run.account_id, action__in=(BEGUN, DONE), seq__range=(first, last)
    ).order_by("seq")


def erasure_with(number: int, *, among: QuerySet[LedgerEntry]) -> tuple[LedgerEntry, LedgerEntry | None]:
    """Return both entries of an erasure by the number of either; raises :class:`NoCertificate`."""
    entry = among.filter(seq=number, action__in=(BEGUN, DONE)).first()
    either = Q(begun=entry) | Q(done=entry)
    erasure = Erasure.objects.filter(either).select_related("begun", "done").first() if entry else None
    if erasure is None:
        raise NoCertificate(f"Entry {number} is no erasure.")
    return erasure.begun, erasure.done


def counts_of(run: LedgerEntry) -> dict[str, int]:
    """Return how much a run erased, by the code of the category."""
    return {name.removeprefix(ERASED): value for name, value in run.params.items() if name.startswith(ERASED)}


def category_of(begun: LedgerEntry) -> str:
    """Return the code of what was erased; older entries name only the model."""
    return begun.params.get("category") or str(root_of(_unit(begun)).category)


def summary_of_erasure(begun: LedgerEntry, done: LedgerEntry | None) -> dict[str, Any]:
    """Return what an erasure did, as codes, counts and times; times of the end are ``None`` before it."""
    said, ended = begun.params, done.params if done else {}
    return {
        "account": begun.account_id,
        "category": category_of(begun),
        "reason": said["reason"],
        "rule": said.get("rule", ""),
        "clock": said.get("clock", ""),
        "policy_version": said.get("version", 0),
        "begun_at": stamp(begun.at),
        "done_at": stamp(done.at) if done else None,
        "units": said["units"],
        "files": said["files"],
        "keys": len(said["keys"]),
        "rows": ended.get("rows"),
        "survivors": ended.get("survivors"),
    }


def _summary_of_run(run: LedgerEntry) -> dict[str, Any]:
    said = run.params
    return {
        "account": run.account_id,
        "policy_version": said.get("version", 0),
        "started_at": said["started"],
        "finished_at": said["finished"],
        "first": said["first"],
        "last": said["last"],
        "counts": counts_of(run),
        "erasures": erasures_of(run).filter(action=BEGUN).count(),
        **{name: said.get(name, 0) for name in ("held", "failed", "archived")},
    }


def _document(
    kind: str, entry: LedgerEntry, summary: dict[str, Any], entries: Iterable[LedgerEntry]
) -> Document:
    return Document(kind, entry, summary, entries, head_document(), public_key_pem())


def _only(entry: LedgerEntry) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(seq=entry.seq)


def _unit(begun: LedgerEntry) -> type[Model]:
    return apps.get_model(begun.params["unit"])
