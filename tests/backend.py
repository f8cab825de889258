"""Which back end the suite runs on: chosen before Django reads the settings, hence a plugin of its own.

`LETHE_TEST_BACKEND=postgres` runs on PostgreSQL with Redis, anything else on SQLite with the embedded parts.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from config.catalogues import compile_catalogues
from tests.chromium import find_chromium

BOTH_DATABASES = ["default", "vault"]
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
POSTGRES_SERVER = os.environ.get("LETHE_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
REDIS_SERVER = os.environ.get("LETHE_TEST_REDIS_URL", "redis://127.0.0.1:6379")
ON_POSTGRES = os.environ.get("LETHE_TEST_BACKEND") == "postgres"


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Choose before pytest-django, whose hook of the same name loads the settings."""
    data_dir = tempfile.mkdtemp(prefix="lethe-test-")
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
    # Nothing of the developer's own deployment may reach the suite.
    for name in [name for name in os.environ if name.startswith("LETHE_") and "TEST" not in name]:
        del os.environ[name]
    os.environ |= {"LETHE_DATA_DIR": data_dir, "LETHE_ENV_FILE": os.devnull}
    if ON_POSTGRES:
        os.environ |= postgres_addresses()
    compile_catalogues()


def postgres_addresses() -> dict[str, str]:
    """Return the settings of the second back end, apart from other runs on the same servers."""
    suffix = os.environ.get("LETHE_TEST_DB_SUFFIX", "")
    name = f"lethe_{suffix}" if suffix else "lethe"
    # Tests empty the cache, so each process of a parallel run has a Redis database of its own.
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return {
        "LETHE_DATABASE_URL": f"{POSTGRES_SERVER}/{name}",
        "LETHE_VAULT_URL": f"{POSTGRES_SERVER}/{name}_vault",
        "LETHE_REDIS_URL": f"{REDIS_SERVER}/{15 - process}",
    }


def pytest_configure() -> None:
    from django.conf import settings

    # Argon2 is slow on purpose; tests/config shows that it is what a deployment uses.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]
    if ON_POSTGRES:
        from django.db.backends.postgresql.creation import DatabaseCreation
        from django.db.backends.postgresql.operations import DatabaseOperations

        DatabaseCreation._destroy_test_db = drop_with_force
        DatabaseOperations.sql_flush = empty_by_deleting


def drop_with_force(creation: Any, name: str, verbosity: int) -> None:
    """Drop a test database also while a server of a test is still on its way out."""
    with creation._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {creation.connection.ops.quote_name(name)} WITH (FORCE)")


def empty_by_deleting(
    operations: Any,
    style: Any,
    tables: list[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """Return what empties tables of a few rows: faster than TRUNCATE, and it waits for nobody who reads."""
    if not tables:
        return []
    deletes = [f"DELETE FROM {operations.quote_name(table)}" for table in tables]
    return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    """Let tests use both databases, leave out what belongs elsewhere, and put the browser tests last."""
    for item in items:
        use_both_databases(item)
    yield
    elsewhere = {item for item in items if not runs_here(item)}
    if ON_POSTGRES:
        elsewhere |= set(other_values(item for item in items if item not in elsewhere))
    if elsewhere:
        config.hook.pytest_deselected(items=list(elsewhere))
    # Playwright leaves an event loop in its thread, beside which Django opens no database.
    items[:] = sorted(
        (item for item in items if item not in elsewhere),
        key=lambda item: item.get_closest_marker("browser") is not None,
    )


def use_both_databases(item: pytest.Item) -> None:
    """Let a test that uses a database use both; by default pytest-django lets it use the first only."""
    mark = item.get_closest_marker("django_db")
    if mark or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
        options = {"databases": BOTH_DATABASES, **(mark.kwargs if mark else {})}
        item.add_marker(pytest.mark.django_db(**options), append=False)


def runs_here(item: pytest.Item) -> bool:
    """Tell whether a test belongs to this back end and machine; `make test` says what doesn't.

    What asks no database runs once, on the first of the two; so does what says so itself.
    """
    if item.get_closest_marker("browser") and not find_chromium():
        return False
    marked = {mark.name for mark in item.iter_markers()}
    if ON_POSTGRES:
        return "postgres" in marked or ("django_db" in marked and "once" not in marked)
    return "postgres" not in marked


def other_values(items: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """Yield what tries a page or a form with more values, which SQLite's round does with all of them.

    The second back end is another database: there the first value shows what the others would. What attacks,
    and what erases, is tried with all of them on both.
    """
    tried = set()
    for item in items:
        name = item.nodeid.partition("[")[0]
        if name in tried and not name.startswith(("tests/attacks", "tests/privacy")):
            yield item
        tried.add(name)


def pytest_report_header() -> str:
    return "back end: " + ("PostgreSQL with Redis" if ON_POSTGRES else "SQLite, embedded")
