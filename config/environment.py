"""Reading the environment so that a wrong value is named in one line, not in a traceback."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parseaddr
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, parse_qs, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email

DATABASE_ENGINES = {
    "sqlite": "django.db.backends.sqlite3",
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
}
HOST = re.compile(r"[\w.-]+|[0-9a-f:.]+")  # a name or an address
ALLOWED_HOST = re.compile(r"\*|[\w.-]+|\[[0-9A-Fa-f:.]+\]")
SETTING_LINE = re.compile(r"(?:export )?(\w+)=.*", re.ASCII)
NAME_FIRST = re.compile(r"\s*(?:export\s+)?((?:LETHE_[A-Z_]*[A-Z])|PORT)\b", re.ASCII)
OF_TESTS = "LETHE_TEST_"
TOLD = "_LETHE_TOLD"  # what the processes that this one starts need not tell again


def refuse(name: str, reason: object) -> NoReturn:
    """Stop the program with one line that names the setting, and exit status 2.

    SystemExit passes through manage.py, Celery and uvicorn alike, which would each dress an exception up.
    """
    line = " ".join(str(reason).split())
    print(f"Lethe can't start: {name}: {line}", file=sys.stderr)
    raise SystemExit(2)


@contextmanager
def naming(name: str) -> Iterator[None]:
    """Refuse to start in the name of this setting when reading it fails."""
    try:
        yield
    except (ImproperlyConfigured, ValueError, OSError) as error:
        refuse(name, error)


class Environment(environ.Env):
    """The variables of a deployment, each checked as it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.known: set[str] = set()

    def get_value(self, var: str, *args: Any, **options: Any) -> Any:
        self.known.add(var)
        return super().get_value(var, *args, **options)

    def read_file(self, path: Path) -> None:
        """Read settings from a file, which need not exist; a line that is none is refused and never shown."""
        with naming("LETHE_ENV_FILE"):
            lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        settings = []
        for number, line in enumerate(lines, start=1):
            if SETTING_LINE.fullmatch(line):
                settings.append(line)
            elif line.strip() and not line.lstrip().startswith("#"):
                named = NAME_FIRST.match(line)
                refuse(named[1] if named else "LETHE_ENV_FILE", f"{path}, line {number}: must be NAME=value")
        self.read_env(StringIO("\n".join(settings)))

    def tell_of_unknown(self) -> None:
        """Print one line with the names that nothing has asked for: a misspelt one changes nothing."""
        names = (name for name in self.ENVIRON if name.startswith("LETHE_") and name not in self.known)
        unknown = ", ".join(sorted(name for name in names if not name.startswith(OF_TESTS)))
        if unknown and self.ENVIRON.get(TOLD) != unknown:
            print(f"Lethe doesn't know these settings and ignores them: {unknown}", file=sys.stderr)
            self.ENVIRON[TOLD] = unknown

    def checked(self, name: str, read: Callable[[str], Any], default: Any = "") -> Any:
        """Return `read` of the variable's text, or the default where it is unset or empty."""
        text = self.str(name, default="").strip()
        if not text:
            return default
        with naming(name):
            return read(text)

    def flag(self, name: str) -> bool:
        """Return a switch, off by default; anything but a plain yes or no is refused."""
        return self.checked(name, _yes_or_no, default=False)

    def names(self, name: str, default: list[str]) -> list[str]:
        """Return a comma-separated list without blanks."""
        return self.checked(name, _parts, default)

    def choice(self, name: str, choices: list[str], default: str) -> str:
        """Return one of a few words."""
        text = self.checked(name, str.lower, default)
        if text not in choices:
            refuse(name, f"must be {' or '.join(choices)}")
        return text

    def file(self, name: str, default: Path) -> Path:
        """Return a file that exists, or the default, which need not."""
        path = self.checked(name, Path, default)
        if path != default and not path.exists():
            refuse(name, f"there is no file {path}")
        return path

    def folder(self, name: str, default: Path) -> Path:
        """Return an absolute folder, created (mode 700) where it doesn't exist yet."""
        path = self.checked(name, Path, default).expanduser().absolute()
        with naming(name):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    def port(self, name: str, default: int) -> int:
        """Return a TCP port."""
        return self.checked(name, _port, default)

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Return a whole number from ``least`` to ``most``."""
        return self.checked(name, lambda text: _number(text, least, most), default)

    def hosts(self, name: str, default: list[str]) -> list[str]:
        """Return host names as Django's ALLOWED_HOSTS takes them: no scheme, no port, no path."""
        return self.checked(name, lambda text: [_host(part) for part in _parts(text)], default)

    def networks(self, name: str) -> list[str]:
        """Return CIDR networks, each valid and without host bits."""
        return self.checked(name, lambda text: [str(ip_network(part)) for part in _parts(text)], [])

    def sender(self, name: str, default: str) -> str:
        """Return one mail address, with or without a name before it."""
        return self.checked(name, _sender, default)

    def addresses(self, name: str) -> list[str]:
        """Return a comma-separated list of mail addresses."""
        return self.checked(name, lambda text: [_address(part) for part in _parts(text)], [])

    def origin(self, name: str, default: str) -> str:
        """Return scheme, host and port of a web address, without a path or a trailing slash."""
        return self.checked(name, _origin, default)

    def database(self, name: str, default: Path) -> dict[str, Any]:
        """Return Django's settings of one database; SQLite and PostgreSQL are known."""
        config = self.checked(name, _database, {"ENGINE": DATABASE_ENGINES["sqlite"], "NAME": str(default)})
        return dict(config)

    def redis(self, name: str) -> str:
        """Return the address of a Redis server, or an empty string for the embedded parts."""
        return self.checked(name, _redis)

    def token(self, name: str) -> str:
        """Return a secret that a machine sends in a header, or an empty string."""
        return self.checked(name, _token)

    def smtp(self, name: str) -> dict[str, Any]:
        """Return Django's EMAIL_ settings for an address like smtp+tls://user:password@mail.example.com:587."""
        return self.checked(name, _smtp, {})


def _parts(text: str) -> list[str]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError("holds nothing but commas")
    return parts


def _address(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValueError(f"{text} isn't a mail address") from None
    return text


def _sender(text: str) -> str:
    try:
        if not text.isprintable():
            raise ValueError
        address = parseaddr(sanitize_address(text, "utf-8"))[1]
    except (ValueError, IndexError):
        raise ValueError("must be an address like Example helpdesk <help@example.com>") from None
    _address(address)
    return text


def _yes_or_no(text: str) -> bool:
    answers = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    if text.lower() not in answers:
        raise ValueError("must be 1 or 0")
    return answers[text.lower()]


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise ValueError("must be a port from 1 to 65535")
    return int(text)


def _number(text: str, least: int, most: int) -> int:
    # The length first: Python refuses to read a number of thousands of digits.
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not least <= int(text) <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return int(text)


def _host(text: str) -> str:
    if not ALLOWED_HOST.fullmatch(text):
        raise ValueError("must be names like help.example.com, without scheme, port and path")
    return text


def _split(text: str) -> SplitResult | None:
    """Return the parts of an address, or ``None`` where they or the port make no sense."""
    try:
        parts = urlsplit(text)
        return None if parts.port == 0 else parts
    except ValueError:  # not said in its words: they may quote a password
        return None


def _origin(text: str) -> str:
    parts = _split(text)
    if (
        parts is None
        or parts.scheme not in {"http", "https"}
        or not HOST.fullmatch(parts.hostname or "")
        or parts.username
    ):
        raise ValueError("must be an address like https://help.example.com")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be an address without a path")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _database(text: str) -> dict[str, Any]:
    # The text is never repeated: it holds a password.
    scheme = text.partition("://")[0]
    if scheme not in DATABASE_ENGINES:
        raise ValueError("must begin with sqlite:// or postgres://")
    try:
        config = environ.Env.db_url_config(text)
    except ValueError:
        raise ValueError("isn't a database address") from None
    if not config["NAME"] or config["NAME"] == ":memory:":
        raise ValueError("names no database")
    return {**config, "ENGINE": DATABASE_ENGINES[scheme]}


def _redis(text: str) -> str:
    parts = _split(text)
    # The programs disagree about a path that is no number: one takes database 0 for it, another one fails.
    if (
        parts is None
        or parts.scheme not in {"redis", "rediss"}
        or not HOST.fullmatch(parts.hostname or "")
        or not re.fullmatch(r"(/\d{0,5})?", parts.path)
        or not _is_database(parse_qs(parts.query, keep_blank_values=True).get("db", ["0"]))
    ):
        raise ValueError("must be an address like redis://127.0.0.1:6379/0")
    return text


def _is_database(numbers: list[str]) -> bool:
    return all(re.fullmatch(r"\d{1,5}", number, re.ASCII) for number in numbers)


def _token(text: str) -> str:
    if len(text) < 32 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must have at least 32 characters, all of them printable and none a space")
    return text


def _smtp(text: str) -> dict[str, Any]:
    parts = _split(text)
    if (
        parts is None
        or parts.scheme not in {"smtp", "smtps", "smtp+tls", "smtp+ssl"}
        or not HOST.fullmatch(parts.hostname or "")
    ):
        raise ValueError("must be an address like smtp+tls://user:password@mail.example.com:587")
    config = environ.Env.email_url_config(text)
    return {
        key: value for key, value in config.items() if key.startswith("EMAIL_") and key != "EMAIL_FILE_PATH"
    }
