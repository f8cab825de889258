"""What an operator can put right is one line, whichever program says it."""

import shutil
import sqlite3

import pytest

from tests.config.deployment import KEY, OTHER_KEY, environment, run_python

WEB = ["-m", "config.web"]
WORKER = ["-m", "celery", "--app", "config", "worker", "--pool", "threads"]
LAUNCHER = ["-m", "config.launch"]
NOWHERE = {"LETHE_DATABASE_URL": "postgres://lethe:hunter2@127.0.0.1:1/lethe"}
CHECK = "import django; django.setup(); from config.starting import check_deployment; check_deployment()"
MAKE_KEY = "import django; django.setup(); from privacy import ledger; ledger.append('policy.changed')"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The data of a deployment that is migrated and has something sealed."""
    folder = tmp_path_factory.mktemp("deployment")
    env = environment(folder, LETHE_KEY_RING=KEY, DJANGO_SETTINGS_MODULE="config.settings")
    for database in ("default", "vault"):
        assert run_python("manage.py", "migrate", "--database", database, env=env).returncode == 0
    assert run_python("-c", MAKE_KEY, env=env).returncode == 0
    return folder


def refusal(program: list[str], env: dict[str, str]) -> str:
    result = run_python(*program, env=env)
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("Lethe can't start: ")


@pytest.mark.parametrize(
    "program", [["manage.py", "verify_ledger"], ["manage.py", "migrate"], LAUNCHER, WEB, WORKER]
)
def test_database_that_cannot_be_reached_is_named(tmp_path, program):
    line = refusal(program, environment(tmp_path, PORT="8999", **NOWHERE))

    assert line.startswith("LETHE_DATABASE_URL: the database can't be reached: ")
    assert "hunter2" not in line


@pytest.mark.parametrize("program", [["manage.py", "purge"], ["manage.py", "find_traces", "x"], WEB, WORKER])
def test_database_without_tables_asks_to_be_migrated(tmp_path, program):
    line = refusal(program, environment(tmp_path, PORT="8999"))

    assert line.startswith("LETHE_DATABASE_URL: the database isn't up to this version: run `python manage.py")


def test_vault_without_tables_is_named(tmp_path):
    env = environment(tmp_path)
    assert run_python("manage.py", "migrate", env=env).returncode == 0

    assert refusal(["manage.py", "verify_ledger"], env).startswith("LETHE_VAULT_URL: the database isn't")


@pytest.mark.parametrize(
    "program",
    [
        ["manage.py", "verify_ledger"],
        ["manage.py", "find_traces", "x"],
        ["manage.py", "rotate_keys"],
        ["manage.py", "purge"],
        ["manage.py", "replay_erasures"],
        LAUNCHER,
        WEB,
        WORKER,
    ],
)
def test_ring_that_does_not_open_the_vault_is_named(folder, program):
    line = refusal(program, environment(folder, LETHE_KEY_RING=OTHER_KEY, PORT="8999"))

    assert line.startswith("LETHE_KEY_RING: The key ring lacks 1 key(s)")


def test_whole_error_is_shown_to_those_who_ask(folder):
    env = environment(folder, LETHE_KEY_RING=OTHER_KEY)

    result = run_python("manage.py", "verify_ledger", "--traceback", env=env)

    assert result.returncode == 1
    assert "privacy.encryption.errors.KeyUnavailable" in result.stderr


@pytest.mark.parametrize("program", [["manage.py", "verify_ledger"], LAUNCHER])
def test_lost_ring_is_not_replaced(folder, program):
    line = refusal(program, environment(folder, PORT="8999"))

    ring = folder / "keys" / "ring"
    assert (
        line
        == f"LETHE_KEY_RING: {ring} is missing, but the vault that it opens is there: put the ring back\n"
    )
    assert not ring.exists()


@pytest.mark.parametrize("program", [["manage.py", "find_traces", "x"], LAUNCHER])
def test_redis_that_cannot_be_reached_is_named(folder, program):
    address = {"LETHE_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}

    line = refusal(program, environment(folder, LETHE_KEY_RING=KEY, PORT="8999", **address))

    assert line.startswith("LETHE_REDIS_URL: Redis can't be reached: Error 111 connecting to 127.0.0.1:1")


@pytest.fixture
def with_a_past(folder, tmp_path):
    """A copy of the deployment whose main database remembers the ledger, and its environment."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    env = environment(copy, LETHE_KEY_RING=KEY, PORT="8999", DJANGO_SETTINGS_MODULE="config.settings")
    remember = "import django; django.setup(); from privacy import ledger; ledger.drain_outbox()"
    assert run_python("-c", remember, env=env).returncode == 0
    return copy, env


@pytest.mark.parametrize(
    "program",
    [
        WEB,
        WORKER,
        LAUNCHER,
        ["manage.py", "verify_ledger"],
        ["manage.py", "replay_erasures"],
        ["manage.py", "purge"],
        ["manage.py", "backup"],
    ],
)
def test_lost_vault_is_named_and_not_made_anew(with_a_past, program):
    copy, env = with_a_past
    for path in copy.glob("vault.sqlite3*"):
        path.unlink()

    assert refusal(program, env) == (
        "LETHE_VAULT_URL: The vault is empty, but the main database holds what its keys sealed:"
        " restore the newest vault.\n"
    )
    with sqlite3.connect(copy / "vault.sqlite3") as vault:
        assert vault.execute("SELECT COUNT(*) FROM sqlite_master").fetchone() == (0,)
    vault.close()


@pytest.mark.parametrize(
    ("cut", "line"),
    [
        (
            "DELETE FROM privacy_ledgerentry WHERE seq > 1",
            "The vault is older than the main database: restore the newest vault.",
        ),
        (
            "DELETE FROM privacy_ledgerentry",
            "The vault is empty, but the main database holds what its keys sealed: restore the newest vault.",
        ),
    ],
)
def test_start_says_why_nothing_is_served(with_a_past, cut, line):
    copy, env = with_a_past
    two_entries = MAKE_KEY + "; ledger.append('policy.changed'); ledger.drain_outbox()"
    assert run_python("-c", two_entries, env=env).returncode == 0
    with sqlite3.connect(copy / "vault.sqlite3") as vault:
        vault.execute(cut)
    vault.close()

    result = run_python("-c", CHECK, env=env)

    assert result.stderr == f"Lethe serves nothing: {line}\n"


def test_start_says_nothing_where_the_databases_fit_together(with_a_past):
    result = run_python("-c", CHECK, env=with_a_past[1])

    assert (result.returncode, result.stderr) == (0, "")
