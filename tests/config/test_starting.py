"""What an operator can put right is one line, whichever program says it."""

import pytest

from tests.config.deployment import KEY, OTHER_KEY, environment, run_python

WEB = ["-m", "config.web"]
WORKER = ["-m", "celery", "--app", "config", "worker", "--pool", "threads"]
LAUNCHER = ["-m", "config.launch"]
NOWHERE = {"LETHE_DATABASE_URL": "postgres://lethe:hunter2@127.0.0.1:1/lethe"}
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
