"""The purge as a program of its own, on the databases and folders of a test, and what it left behind."""

import subprocess
import sys
from collections import Counter
from uuid import UUID

from django.conf import settings
from django.db import connection

from chat.models import ChatFile
from helpdesk.models import TicketFile
from privacy.encryption.files import stored_files
from privacy.models import DataKey, Erasure
from privacy.services.erasing.survivors import tables_with_keys
from tests.chat.web_process import database_url
from tests.config.deployment import ROOT, environment

FOLDERS = ("FILES", "LEDGER", "HEADS", "LOG", "BROKER")


def start_purge() -> subprocess.Popen[str]:
    """Start `manage.py purge --json` as a second process beside the test."""
    folders = {f"LETHE_{name}_DIR": str(getattr(settings, f"LETHE_{name}_DIR")) for name in FOLDERS}
    env = environment(
        settings.LETHE_DATA_DIR,
        LETHE_DATABASE_URL=database_url("default"),
        LETHE_VAULT_URL=database_url("vault"),
        LETHE_REDIS_URL=settings.LETHE_REDIS_URL or None,
        **folders,
    )
    command = [sys.executable, "manage.py", "purge", "--json"]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def keys_of_rows() -> set[UUID]:
    """Return the keys that any row of the main database names."""
    found: set[UUID] = set()
    with connection.cursor() as cursor:
        for table in tables_with_keys():
            cursor.execute(f'SELECT DISTINCT key_id FROM "{table}"')
            found.update(key if isinstance(key, UUID) else UUID(key) for (key,) in cursor.fetchall())
    return found


def living_keys() -> set[UUID]:
    """Return the keys of the vault that belong to rows."""
    return set(DataKey.objects.exclude(kind__in=DataKey.STANDING).values_list("pk", flat=True))


def named_files() -> set[str]:
    return {
        name for model in (TicketFile, ChatFile) for name in model.objects.values_list("stored_as", flat=True)
    }


def assert_nothing_is_half_erased() -> None:
    """Look at both databases and the files: what lies around is what an erasure that is *begun* will take."""
    begun = Erasure.objects.filter(done=None).select_related("begun")
    coming = {UUID(key) for erasure in begun for key in erasure.begun.params["keys"]}
    files = {name for erasure in begun for name in erasure.files}

    assert keys_of_rows() - living_keys() == set(), "rows without their key"
    assert living_keys() - keys_of_rows() - coming == set(), "keys without a row"
    assert named_files() - set(stored_files()) == set(), "rows without their file"
    assert set(stored_files()) - named_files() - files == set(), "files without a row"


def marks_of_done(unit: str) -> Counter[str]:
    """Return how often the ledger names each erased id of a kind of unit in an erasure that erased rows."""
    done = Erasure.objects.exclude(done=None).filter(done__params__rows__gt=0).select_related("begun")
    return Counter(
        mark
        for erasure in done
        for mark in erasure.begun.params["marks"]
        if erasure.begun.params["unit"] == unit
    )
