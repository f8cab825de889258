"""What a deployment lacks to start or to go on, said in one line instead of a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from config.environment import refuse
from privacy.encryption.errors import KeyUnavailable, Tampered

SETTINGS = {"default": "LETHE_DATABASE_URL", "vault": "LETHE_VAULT_URL"}
MIGRATE = "run `python manage.py migrate` and `python manage.py migrate --database=vault`"


@contextmanager
def in_one_line() -> Iterator[None]:
    """Stop with one line, and exit status 2, for what an operator can put right; other errors pass.

    Commands show the whole error when they are called with --traceback.
    """
    try:
        yield
    except (KeyUnavailable, Tampered) as error:
        if not asked_for_traceback():
            check_key_ring()
            refuse("LETHE_VAULT_URL", error)
        raise
    except (DatabaseError, InterfaceError):
        if not asked_for_traceback():
            check_databases()
            check_vault_is_there()
            check_migrations()
        raise
    except redis.RedisError:
        if not asked_for_traceback():
            check_redis()
        raise


def asked_for_traceback() -> bool:
    return "--traceback" in sys.argv


def check_deployment() -> None:
    """Refuse to start without databases of this version and a ring that opens the vault.

    Databases that don't fit together are told in one line; visitors get the page of the gate.
    """
    check_no_restore()
    check_databases()
    check_vault_is_there()
    check_migrations()
    check_key_ring()
    say_why_nothing_is_served()


def check_no_restore() -> None:
    """Refuse while a backup is put back; from then on none can be, until this process ends."""
    from privacy import running

    try:
        running.hold()
    except running.Busy as error:
        refuse("LETHE_DATA_DIR", error)


def check_databases() -> None:
    """Refuse in the name of the setting whose database can't be reached."""
    for alias in connections:
        try:
            connections[alias].ensure_connection()
        except (DatabaseError, InterfaceError) as error:
            refuse(SETTINGS[alias], f"the database can't be reached: {error}")


def check_vault_is_there() -> None:
    """Refuse a vault without tables beside a main database that remembers one: it was lost, it isn't new."""
    from privacy.models import LedgerEntry, LedgerHead
    from privacy.services.restoring.replay import ADVICE, Gate

    if _has_table("vault", LedgerEntry) or not _has_table("default", LedgerHead):
        return
    if LedgerHead.objects.filter(seq__gt=0).exists():
        refuse(SETTINGS["vault"], ADVICE[Gate.LOST_VAULT])


def _has_table(alias: str, model: type[Model]) -> bool:
    return model._meta.db_table in connections[alias].introspection.table_names()


def say_why_nothing_is_served() -> None:
    """Print one line where the gate is closed."""
    from privacy.services.restoring.replay import ADVICE, Gate, gate_state

    state = gate_state()
    if state is not Gate.OPEN:
        print(f"Lethe serves nothing: {ADVICE[state]}", file=sys.stderr, flush=True)


def check_migrations() -> None:
    """Refuse where a database lacks tables or columns that this version needs."""
    for alias in connections:
        executor = MigrationExecutor(connections[alias])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            refuse(SETTINGS[alias], f"the database isn't up to this version: {MIGRATE}")


def check_key_ring() -> None:
    """Refuse where the vault holds keys that the ring can't open; nothing is written then."""
    from privacy.services.rotation import ring_problem  # models can be imported once Django is set up

    if problem := ring_problem():
        refuse("LETHE_KEY_RING", problem)


def check_redis() -> None:
    """Refuse where the server of cache, broker and bell can't be reached."""
    if settings.LETHE_REDIS_URL:
        server = redis.Redis.from_url(
            settings.LETHE_REDIS_URL, socket_connect_timeout=2, socket_timeout=2, retry=None
        )
        try:
            server.ping()
        except redis.RedisError as error:
            refuse("LETHE_REDIS_URL", f"Redis can't be reached: {error}")
        finally:
            server.close()
