import pytest

from tests.config.deployment import KEY, OTHER_KEY, PRODUCTION, environment, run_python, setting


def refusal(env):
    result = run_python("manage.py", "check", env=env)
    assert result.returncode == 2
    assert result.stdout == ""
    return result.stderr


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("PORT", "eighty", "must be a port from 1 to 65535"),
        ("PORT", "70000", "must be a port from 1 to 65535"),
        ("LETHE_DEBUG", "maybe", "must be 1 or 0"),
        ("LETHE_BASE_URL", "help.example.com", "must be an address like https://help.example.com"),
        ("LETHE_BASE_URL", "https://help.example.com/desk", "must be an address without a path"),
        ("LETHE_DATABASE_URL", "mysql://root@localhost/lethe", "must begin with sqlite:// or postgres://"),
        ("LETHE_DATABASE_URL", "postgres://localhost", "names no database"),
        ("LETHE_DATABASE_URL", "postgres://u:p@localhost:port/lethe", "isn't a database address"),
        ("LETHE_VAULT_URL", "sqlite://:memory:", "names no database"),
        ("LETHE_REDIS_URL", "localhost:6379", "must be an address like redis://127.0.0.1:6379/0"),
        (
            "LETHE_EMAIL_URL",
            "mail.example.com",
            "must be an address like smtp+tls://user:password@mail.example.com:587",
        ),
        ("LETHE_TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.1/8 has host bits set"),
        ("LETHE_TRUSTED_PROXIES", ",", "holds nothing but commas"),
        ("LETHE_ALLOWED_HOSTS", " , ", "holds nothing but commas"),
        (
            "LETHE_BASE_URL",
            "https://help.example.com:99999",
            "must be an address like https://help.example.com",
        ),
        ("LETHE_BASE_URL", "https://help desk", "must be an address like https://help.example.com"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1:99999/0", "must be an address like redis://127.0.0.1:6379/0"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1:0/0", "must be an address like redis://127.0.0.1:6379/0"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1/first", "must be an address like redis://127.0.0.1:6379/0"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1/-1", "must be an address like redis://127.0.0.1:6379/0"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1/0?db=x", "must be an address like redis://127.0.0.1:6379/0"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1?db=", "must be an address like redis://127.0.0.1:6379/0"),
        (
            "LETHE_ALLOWED_HOSTS",
            "help.example.com,https://chat.example.com",
            "must be names like help.example.com, without scheme, port and path",
        ),
        (
            "LETHE_ALLOWED_HOSTS",
            "help.example.com:8000",
            "must be names like help.example.com, without scheme, port and path",
        ),
        (
            "LETHE_EMAIL_URL",
            "smtp://user:pass/word@mail.example.com",
            "must be an address like smtp+tls://user:password@mail.example.com:587",
        ),
        ("LETHE_MAIL_FROM", "Helpdesk", "Helpdesk isn't a mail address"),
        ("LETHE_MAIL_FROM", "Help <help>", "help isn't a mail address"),
        (
            "LETHE_MAIL_FROM",
            "a@example.com, b@example.com",
            "must be an address like Example helpdesk <help@example.com>",
        ),
        (
            "LETHE_MAIL_FROM",
            "Help\nBcc: x@example.com <help@example.com>",
            "must be an address like Example helpdesk <help@example.com>",
        ),
        ("LETHE_HEADS_MAIL", "auditor@law.example.com, auditor", "auditor isn't a mail address"),
        ("LETHE_ENV_FILE", "/nowhere/env", "there is no file /nowhere/env"),
        ("LETHE_SECRET_KEY", "short", "must have at least 50 characters"),
        ("LETHE_BACKUP_VAULT_KEEP_DAYS", "-1", "must be a whole number from 0 to 36500"),
        ("LETHE_BACKUP_MAIN_KEEP_DAYS", "36501", "must be a whole number from 0 to 36500"),
        ("LETHE_BACKUP_FILES_KEEP_DAYS", "9" * 5000, "must be a whole number from 0 to 36500"),
        ("LETHE_LEDGER_YEARS", "2", "must be a whole number from 3 to 100"),
        ("LETHE_LEDGER_YEARS", "101", "must be a whole number from 3 to 100"),
        ("LETHE_LEDGER_YEARS", "ten", "must be a whole number from 3 to 100"),
        (
            "LETHE_METRICS_TOKEN",
            "guess me",
            "must have at least 32 characters, all of them printable and none a space",
        ),
        ("LETHE_DEFAULT_PLAN", "gold", "must be standard or enterprise"),
        ("LETHE_KEY_RING", "secret", "key 1 isn't 32 bytes in URL-safe base64 (44 characters)"),
        ("LETHE_KEY_RING", KEY + OTHER_KEY, "key 1 isn't 32 bytes in URL-safe base64 (44 characters)"),
        ("LETHE_KEY_RING", f"{KEY},{KEY}", "holds the same key twice"),
        ("LETHE_KEY_RING_FILE", "/nowhere/ring", "[Errno 2] No such file or directory: '/nowhere/ring'"),
    ],
)
def test_wrong_setting_stops_the_start_with_one_line(tmp_path, name, value, reason):
    env = environment(tmp_path, **{name: value})

    assert refusal(env) == f"Lethe can't start: {name}: {reason}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LETHE_REDIS_URL", "rediss://user:p%40ss@[::1]:6380/3?ssl_cert_reqs=none"),
        ("LETHE_REDIS_URL", "redis://redis_1:6379"),
        ("LETHE_BASE_URL", "http://[::1]:8000"),
        ("LETHE_BASE_URL", "https://bücher.example"),
        ("LETHE_MAIL_FROM", "help@example.com"),
        ("LETHE_MAIL_FROM", '"Bücher, Brot & Co" <help@example.com>'),
        ("LETHE_TRUSTED_PROXIES", "10.0.0.0/8, ::1/128,"),
        ("LETHE_ALLOWED_HOSTS", ".example.com, 127.0.0.1, [::1], helpdesk_1, bücher.example, *"),
        ("LETHE_REDIS_URL", "redis://127.0.0.1?db=3"),
        ("LETHE_LEDGER_YEARS", "100"),
    ],
)
def test_setting_that_makes_sense_is_taken(tmp_path, name, value):
    result = run_python("-c", "from config import settings", env=environment(tmp_path, **{name: value}))

    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("LETHE_SECRET_KEY hunter2secret", "LETHE_SECRET_KEY"),
        ("LETHE_SECRET_KEY = hunter2secret", "LETHE_SECRET_KEY"),
        ("export LETHE_METRICS_TOKEN:hunter2secret", "LETHE_METRICS_TOKEN"),
        ("  LETHE_DEBUG=hunter2secret", "LETHE_DEBUG"),
        ("hunter2secret", "LETHE_ENV_FILE"),
        ("LETHE_hunter2secret", "LETHE_ENV_FILE"),
    ],
)
def test_broken_line_of_the_file_is_named_by_its_number_and_never_shown(tmp_path, line, name):
    file = tmp_path / "env"
    file.write_text(f"# settings\n\nexport LETHE_DEMO=0\n{line}\n")

    said = refusal(environment(tmp_path, LETHE_ENV_FILE=str(file)))

    assert said == f"Lethe can't start: {name}: {file}, line 4: must be NAME=value\n"


def test_blank_lines_and_comments_of_the_file_are_passed_over(tmp_path):
    file = tmp_path / "env"
    file.write_text("  \n  # hunter2\nexport PORT=8123\n#\n\nLETHE_MAIL_FROM='help@example.com'\n")
    program = "from config import settings; print(settings.PORT, settings.LETHE_MAIL_FROM)"

    result = run_python("-c", program, env=environment(tmp_path, LETHE_ENV_FILE=str(file)))

    assert (result.stdout, result.stderr) == ("8123 help@example.com\n", "")


def test_file_that_is_no_text_is_refused_in_one_line(tmp_path):
    file = tmp_path / "env"
    file.write_bytes(b"LETHE_DEMO=\xff\n")

    said = refusal(environment(tmp_path, LETHE_ENV_FILE=str(file)))

    assert said.startswith("Lethe can't start: LETHE_ENV_FILE: ")
    assert said.count("\n") == 1


def test_names_that_nobody_knows_are_listed_once_and_their_values_never(tmp_path):
    file = tmp_path / "env"
    file.write_text("LETHE_MAILFROM=help@example.com\nLETHE_DEMO=0\n")
    env = environment(tmp_path, LETHE_ENV_FILE=str(file), LETHE_REDIS="redis://:hunter2@redis")
    again = "subprocess.run([sys.executable, '-c', 'from config import settings'], check=True)"
    program = f"import subprocess, sys\nfrom config import settings\n{again}"

    result = run_python("-c", program, env=env)

    line = "Lethe doesn't know these settings and ignores them: LETHE_MAILFROM, LETHE_REDIS\n"
    assert (result.returncode, result.stderr) == (0, line)


@pytest.mark.parametrize(
    "program",
    [
        ["manage.py", "migrate"],
        ["-m", "config.launch"],
        ["-m", "config.web"],
        ["-m", "celery", "--app", "config", "worker"],
    ],
)
def test_every_program_stops_alike(tmp_path, program):
    env = environment(tmp_path, LETHE_DATABASE_URL="nonsense")

    result = run_python(*program, env=env)

    assert result.returncode == 2
    assert (
        result.stderr == "Lethe can't start: LETHE_DATABASE_URL: must begin with sqlite:// or postgres://\n"
    )


def test_refusal_never_repeats_a_password(tmp_path):
    env = environment(tmp_path, LETHE_DATABASE_URL="postgres://lethe:hunter2@db:x/lethe")

    assert "hunter2" not in refusal(env)


def test_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    line = refusal(environment(tmp_path / "file" / "data"))

    assert line.startswith("Lethe can't start: LETHE_DATA_DIR: [Errno 20] Not a directory")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    "name",
    [
        "LETHE_SECRET_KEY",
        "LETHE_KEY_RING",
        "LETHE_ALLOWED_HOSTS",
        "LETHE_DATABASE_URL",
        "LETHE_VAULT_URL",
        "LETHE_REDIS_URL",
    ],
)
def test_production_demands(tmp_path, name):
    env = environment(tmp_path, **(PRODUCTION | {name: None}))

    assert refusal(env).startswith(f"Lethe can't start: {name}: must be set in production")


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("LETHE_BASE_URL", "http://help.example.com", "must begin with https:// in production"),
        ("LETHE_DEBUG", "1", "must be off in production"),
        ("LETHE_VAULT_URL", "sqlite:///vault.sqlite3", "must be PostgreSQL in production"),
        (
            "LETHE_VAULT_URL",
            PRODUCTION["LETHE_DATABASE_URL"],
            "must be another database than LETHE_DATABASE_URL",
        ),
    ],
)
def test_production_refuses(tmp_path, name, value, reason):
    env = environment(tmp_path, **(PRODUCTION | {name: value}))

    assert refusal(env) == f"Lethe can't start: {name}: {reason}\n"


def test_production_refuses_a_ring_in_the_data_folder(tmp_path):
    ring = tmp_path / "ring"
    ring.write_text(KEY)
    env = environment(tmp_path, **(PRODUCTION | {"LETHE_KEY_RING": None, "LETHE_KEY_RING_FILE": str(ring)}))

    line = refusal(env)

    reason = "must lie outside LETHE_DATA_DIR, so that no backup holds both"
    assert line == f"Lethe can't start: LETHE_KEY_RING_FILE: {reason}\n"


def test_ring_may_come_from_a_file_newest_first(tmp_path):
    ring = tmp_path / "ring"
    ring.write_text(f"{KEY}\n{OTHER_KEY}\n")

    keys = setting(
        "settings.FIELD_ENCRYPTION_KEY", environment(tmp_path / "data", LETHE_KEY_RING_FILE=str(ring))
    )

    assert keys == repr([KEY, OTHER_KEY])


def test_embedded_keys_are_made_once_and_kept_private(tmp_path):
    both = "settings.SECRET_KEY, settings.FIELD_ENCRYPTION_KEY"

    first = setting(both, environment(tmp_path))
    second = setting(both, environment(tmp_path))

    assert first == second
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "keys").iterdir()} == {
        "ring": "0o600",
        "secret_key": "0o600",
    }


def test_what_is_written_is_private_though_others_may_enter_the_folder(tmp_path):
    tmp_path.chmod(0o755)
    env = environment(tmp_path)
    for database in ("default", "vault"):
        assert run_python("manage.py", "migrate", "--database", database, env=env).returncode == 0

    written = list(tmp_path.rglob("*"))
    open_to_others = [path.name for path in written if path.stat().st_mode & 0o077]

    assert {"lethe.sqlite3", "vault.sqlite3", "logs"} <= {path.name for path in written}
    assert open_to_others == []


def test_passwords_are_kept_by_argon2_and_debug_is_off(tmp_path):
    shown = setting("settings.PASSWORD_HASHERS[0], settings.DEBUG", environment(tmp_path))

    assert shown == "django.contrib.auth.hashers.Argon2PasswordHasher False"


def test_production_cookies_cannot_be_set_by_a_neighbour(tmp_path):
    names = "[settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE]"

    shown = setting(names, environment(tmp_path, **PRODUCTION))

    assert shown == "['__Host-session', '__Host-csrf', True]"


def test_mail_server_is_read_from_its_address(tmp_path):
    shown = setting(
        "[settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_USER, settings.EMAIL_USE_TLS]",
        environment(tmp_path, **PRODUCTION),
    )

    assert shown == "['mail.example.com', 587, 'user', True]"


def test_backups_are_made_daily_where_a_place_for_them_is_named(tmp_path):
    made = "'back-up' in settings.CELERY_BEAT_SCHEDULE, str(settings.LETHE_BACKUP_DIR)"
    place = tmp_path / "elsewhere"

    assert setting(made, environment(tmp_path)) == f"False {tmp_path / 'backups'}"
    assert setting(made, environment(tmp_path, LETHE_BACKUP_DIR=str(place))) == f"True {place}"


def test_copies_of_keys_live_shorter_than_copies_of_ciphertext(tmp_path):
    terms = [f"settings.LETHE_BACKUP_{part}_KEEP_DAYS" for part in ("VAULT", "MAIN", "FILES")]

    assert setting(", ".join(terms), environment(tmp_path)) == "2 35 35"
