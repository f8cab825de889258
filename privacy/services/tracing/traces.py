"""Look for a text everywhere: the proof that somebody is forgotten, or the list of what is left.

Everything is read in a stream. Where it was found is told, never what stands around it, and the ledger
notes that somebody looked without saying for what.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from privacy import ledger
from privacy.declarations import declarations, every_row
from privacy.encryption.blind_index import BlindIndexField, blind_index
from privacy.encryption.errors import SealError
from privacy.encryption.files import CHUNK, MAGIC, read_file, sealed_storage, stored_files
from privacy.encryption.rows import SealedModel, names_of_sealed
from privacy.models import DataKey
from privacy.services.tracing.needles import Needles
from privacy.services.tracing.remote_traces import search_redis

log = logging.getLogger(__name__)

PAGE = 500


@dataclass
class Traces:
    """Where the text was found, and how many sealed values could not be opened to look."""

    places: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0

    @property
    def none_found(self) -> bool:
        return not self.places and not self.unreadable

    def as_json(self) -> dict[str, Any]:
        matches = [{"where": where, "count": count} for where, count in sorted(self.places.items())]
        return {"matches": matches} | ({"unreadable": self.unreadable} if self.unreadable else {})

    def add(self, where: str, count: int) -> None:
        if count:
            self.places[where] += count


def find_traces(text: str) -> Traces:
    """Look for ``text`` in both databases, under every live key, in files, cache, broker, mail and logs.

    It is found in any case and Unicode form, also escaped for JSON or HTML, quoted for a URL, in base64, and
    as a blind index. A sealed value whose key was destroyed can't be read and holds no trace any more; one
    that can't be opened for another reason is counted as unreadable. Raises :class:`ValueError` for an empty
    text. Looking is noted in the ledger without the text.
    """
    needles, traces = Needles(text, _indexes(text)), Traces()
    for alias in connections:
        _search_tables(alias, needles, traces)
    for model in _sealed_models():
        _search_sealed(model, needles, traces)
    _search_files(needles, traces)
    _search_memory(needles, traces)
    for where, folder in _folders():
        _search_folder(where, folder, needles, traces)
    ledger.append(
        "traces.searched",
        places=len(traces.places),
        matches=traces.places.total(),
        unopened=traces.unreadable,
    )
    return traces


def _indexes(text: str) -> set[str]:
    """Return the blind indexes of a text in every account and in the deployment."""
    models = apps.get_models()
    uses = {f.of for model in models for f in model._meta.concrete_fields if isinstance(f, BlindIndexField)}
    # Only where an index key exists: looking for somebody must not make one.
    accounts = DataKey.objects.filter(kind=DataKey.Kind.INDEX).values_list("account_id", flat=True)
    return {blind_index(text, account_id=account, use=use) for account in accounts for use in uses}


def _search_tables(alias: str, needles: Needles, traces: Traces) -> None:
    """Search every column of every table, as the catalogue and not as the models name them."""
    connection = connections[alias]
    for table in connection.introspection.table_names():
        with connection.chunked_cursor() as cursor:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            names: list[str] | None = None
            while rows := cursor.fetchmany(PAGE):
                names = names or [column[0] for column in cursor.description]
                for row in rows:
                    for name, value in zip(names, row, strict=True):
                        traces.add(f"{alias}: {table}.{name}", min(1, needles.count(value)))


def _sealed_models() -> list[type[SealedModel]]:
    return [m for m in apps.get_models() if issubclass(m, SealedModel) and not m._meta.proxy]


def _search_sealed(model: type[SealedModel], needles: Needles, traces: Traces) -> None:
    for row in every_row(model).order_by("pk").iterator(chunk_size=PAGE):
        for name in names_of_sealed(model):
            try:
                traces.add(
                    f"sealed: {model._meta.label_lower}.{name}", min(1, needles.count(getattr(row, name)))
                )
            except SealError:
                log.exception("A value could not be opened.")
                traces.unreadable += 1


def _search_files(needles: Needles, traces: Traces) -> None:
    for name in stored_files():
        traces.add("files: names", min(1, needles.count(name)))
        with sealed_storage().open(name) as file:
            sealed = file.read(len(MAGIC)) == MAGIC
            file.seek(0)
            if not (sealed and needles.by_chance):
                traces.add(f"files: {name}", needles.count_stream(iter(lambda: file.read(CHUNK), b"")))
    for declared in declarations():
        for stored_as in declared.files:
            for row in declared.rows().order_by("pk").iterator(chunk_size=PAGE):
                _search_sealed_file(row, getattr(row, stored_as), needles, traces)


def _search_sealed_file(row: Any, name: str, needles: Needles, traces: Traces) -> None:
    if not name or not sealed_storage().exists(name):
        return
    try:
        key = row.sealing_keys[row.key_id]
        if key is not None:
            traces.add(f"files: {name} (opened)", needles.count_stream(read_file(key, name)))
    except SealError:
        log.exception("A file could not be opened.")
        traces.unreadable += 1


def _search_memory(needles: Needles, traces: Traces) -> None:
    """Search the cache and the broker; without Redis the cache is the memory of each process by itself."""
    if settings.LETHE_REDIS_URL:
        for where, count in search_redis(settings.LETHE_REDIS_URL, needles):
            traces.add(where, count)
        return
    in_memory = getattr(cache, "_cache", None)
    for key, value in list(in_memory.items()) if isinstance(in_memory, dict) else []:
        traces.add("cache", min(1, needles.count(key) + needles.count(value)))


def _folders() -> Iterable[tuple[str, Path]]:
    yield "broker", Path(settings.LETHE_BROKER_DIR)
    yield "logs", Path(settings.LETHE_LOG_DIR)
    yield "ledger mirror", Path(settings.LETHE_LEDGER_DIR)
    if mails := getattr(settings, "EMAIL_FILE_PATH", None):
        yield "mail", Path(mails)


def _search_folder(where: str, folder: Path, needles: Needles, traces: Traces) -> None:
    for path in sorted(folder.rglob("*")):
        traces.add(f"{where}: names", min(1, needles.count(path.name)))
        if path.is_file():
            traces.add(where, _count_in_file(path, needles))


def _count_in_file(path: Path, needles: Needles) -> int:
    try:
        with path.open("rb") as file:
            return needles.count_stream(iter(lambda: file.read(CHUNK), b""))
    except FileNotFoundError:  # a message that was fetched, a log that was set aside
        return 0
