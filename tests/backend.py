"""Which back end the suite runs on: chosen before Django reads the settings, hence a plugin of its own.

`LETHE_TEST_BACKEND=postgres` runs on PostgreSQL with Redis, anything else on SQLite with the embedded parts.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

BOTH_DATABASES = ["default", "vault"]
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}
ON_POSTGRES = os.environ.get("LETHE_TEST_BACKEND") == "postgres"

data_dir = Path(tempfile.mkdtemp(prefix="lethe-test-"))


def choose_backend() -> None:
    """Give this run a data folder of its own, and nothing from the developer's own deployment."""
    for name in [name for name in os.environ if name.startswith("LETHE_") and "TEST" not in name]:
        del os.environ[name]
    os.environ |= {"LETHE_DATA_DIR": str(data_dir), "LETHE_ENV_FILE": os.devnull}
    if ON_POSTGRES:
        server = os.environ.get("LETHE_TEST_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
        redis = os.environ.get("LETHE_TEST_REDIS_URL", "redis://127.0.0.1:6379")
        suffix = os.environ.get("LETHE_TEST_DB_SUFFIX", "")
        name = f"lethe_{suffix}" if suffix else "lethe"
        # Parallel runs empty the cache, so each gets a Redis database of its own.
        worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        os.environ |= {
            "LETHE_DATABASE_URL": f"{server}/{name}",
            "LETHE_VAULT_URL": f"{server}/{name}_vault",
            "LETHE_REDIS_URL": f"{redis}/{15 - worker}",
        }


choose_backend()


def pytest_configure() -> None:
    from django.conf import settings

    # Argon2 is slow on purpose; tests/config shows that it is what a deployment uses.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def pytest_unconfigure() -> None:
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let each test that uses a database use both, and leave out what belongs to the other back end."""
    for item in items:
        mark = item.get_closest_marker("django_db")
        if mark or DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())):
            options = {"databases": BOTH_DATABASES, **(mark.kwargs if mark else {})}
            item.add_marker(pytest.mark.django_db(**options), append=False)
    other = [item for item in items if item.get_closest_marker("postgres")] if not ON_POSTGRES else []
    if other:
        config.hook.pytest_deselected(items=other)
        items[:] = [item for item in items if item not in other]


def pytest_report_header() -> str:
    return "back end: " + ("PostgreSQL with Redis" if ON_POSTGRES else "SQLite, embedded")
