"""Starting programs of a deployment from the outside, each with an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

KEY = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM="
OTHER_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

PRODUCTION = {
    "LETHE_PRODUCTION": "1",
    "LETHE_SECRET_KEY": "not-a-secret-" * 5,
    "LETHE_KEY_RING": KEY,
    "LETHE_ALLOWED_HOSTS": "help.example.com,chat.example.com",
    "LETHE_BASE_URL": "https://help.example.com",
    "LETHE_EMBED_URL": "https://chat.example.com",
    "LETHE_TRUSTED_PROXIES": "127.0.0.1/32",
    "LETHE_DATABASE_URL": "postgres://lethe:pw@db.example.com/lethe",
    "LETHE_VAULT_URL": "postgres://lethe:pw@db.example.com/lethe_vault",
    "LETHE_REDIS_URL": "redis://redis.example.com:6379/0",
    "LETHE_HEADS_MAIL": "auditor@law.example.com",
    "LETHE_EMAIL_URL": "smtp+tls://user:pw@mail.example.com:587",
}


def environment(data_dir: Path, **variables: str | None) -> dict[str, str]:
    """Return an environment without any setting of ours but these; None leaves one out."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("LETHE_", "PORT"))}
    ours = {"LETHE_DATA_DIR": str(data_dir), "LETHE_ENV_FILE": os.devnull, **variables}
    return plain | {name: value for name, value in ours.items() if value is not None}


def run_python(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run this Python in the root of the project, with its output as text."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def setting(expression: str, env: dict[str, str]) -> str:
    """Return what an expression over the settings prints in a deployment of its own."""
    program = f"from config import settings\nprint({expression})"
    result = run_python("-c", program, env=env)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
