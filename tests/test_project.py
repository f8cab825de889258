"""What has to hold for the project as a whole: its checks, its migrations, its tools."""

import os
import subprocess
import sys
import tomllib
from io import StringIO
from itertools import chain
from pathlib import Path

import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent


def run_tool(*command, **variables):
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_system_checks_pass():
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_models_and_migrations_agree():
    output = StringIO()

    call_command("makemigrations", check=True, dry_run=True, stdout=output)

    assert output.getvalue() == "No changes detected\n"


def test_migrations_are_named_for_what_they_do():
    automatic = [path.name for path in ROOT.glob("*/migrations/*_auto_*.py")]

    assert automatic == []


def test_code_is_formatted():
    result = run_tool("ruff", "format", "--check", ".")

    assert result.returncode == 0, result.stdout


def test_code_is_clean():
    result = run_tool("ruff", "check", ".")

    assert result.returncode == 0, result.stdout


def test_types_agree():
    result = run_tool("mypy")

    assert result.returncode == 0, result.stdout


def test_constraints_pin_every_requirement():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {line.split("[")[0].split(">")[0].split("~")[0].strip().lower() for line in wanted}

    pins = (ROOT / "constraints.txt").read_text().splitlines()[1:]

    assert names - {pin.split("==")[0].lower() for pin in pins} == set()
    assert [pin for pin in pins if "==" not in pin or "/" in pin] == []
