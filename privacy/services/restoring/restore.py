"""Put a backup back, and bring what was put back as near to the present as the evidence allows."""

from pathlib import Path
from typing import NamedTuple

from django.contrib.sessions.models import Session
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from privacy import ledger, running
from privacy.backups import databases, evidence, folders, sealed_files
from privacy.backups.folders import Manifest, Unusable
from privacy.ledger import mirror
from privacy.routers import VAULT
from privacy.services.erasing.lost_keys import lost_keys
from privacy.services.erasing.survivors import MAIN
from privacy.services.restoring.catching_up import bring_vault_up
from privacy.services.restoring.replay import Gate, gate_state


class Restored(NamedTuple):
    """What was put back.

    ``caught_up`` counts entries that the vault's ledger got from its mirror, ``lost_keys`` keys that rows
    name and the vault has neither as a key nor as an erasure. ``state`` is ``None`` where a database still
    lacks tables or migrations. ``has_mirror`` says whether the ledger's mirror is there.
    """

    manifest: Manifest
    caught_up: int = 0
    lost_keys: int = 0
    state: Gate | None = None
    has_mirror: bool = True


def restore(*, part: str, source: Path) -> Restored:
    """Put a backup (its folder or manifest) in the place of a part of this deployment.

    A restored vault learns from the ledger's mirror what was erased since, and destroys those keys again.
    With a restored main database everybody has to sign in anew. Raises :class:`Unusable` for a backup that
    doesn't fit, before anything is changed; :class:`privacy.running.Busy`;
    :class:`privacy.backups.postgres.ProgramMissing`;
    :class:`privacy.services.restoring.catching_up.OtherLedger`.
    """
    folder, manifest = folders.read(source)
    if manifest.part != part:
        raise Unusable(f"{folder} is a backup of the part {manifest.part}.")
    folders.verify(folder, manifest)
    with running.alone():
        _put_back(part, folder, manifest)
        if _something_to_migrate():
            return Restored(manifest)
        return _brought_up(part, manifest)


def _put_back(part: str, folder: Path, manifest: Manifest) -> None:
    if part == "files":
        sealed_files.put_back(folder.parent, folder)
    elif part == "ledger":
        evidence.put_back(folder.parent, folder)
    elif part == "vault":
        databases.put_back(VAULT, folder, manifest)
    else:
        databases.put_back(MAIN, folder, manifest)
        Session.objects.all().delete()  # whoever lost access since must not have it back


def _something_to_migrate() -> bool:
    executors = [MigrationExecutor(connections[alias]) for alias in connections]
    return any(executor.migration_plan(executor.loader.graph.leaf_nodes()) for executor in executors)


def _brought_up(part: str, manifest: Manifest) -> Restored:
    caught_up = bring_vault_up() if part in {"vault", "ledger"} else 0
    state, lost, has_mirror = gate_state(), len(lost_keys()), mirror.path().exists()
    # Entries that the vault lacks may have been seen elsewhere: a second chain must not begin beside them.
    if has_mirror and state in {Gate.OPEN, Gate.STALE_MAIN}:
        ledger.mend_mirror()
        ledger.append("backup.restored", part=part, seq=manifest.seq, caught_up=caught_up, lost_keys=lost)
    return Restored(manifest, caught_up, lost, state, has_mirror)
