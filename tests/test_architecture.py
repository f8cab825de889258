"""The import rules of the house, as tests."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# An app may import itself and the apps listed here, and no other of ours.
MAY_IMPORT = {
    "privacy": set(),
    "helpdesk": {"privacy"},
    "chat": {"privacy", "helpdesk"},
    "config": {"privacy", "helpdesk", "chat"},
}
OURS = MAY_IMPORT.keys() | {"tests"}


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def modules_of(app: str) -> list[Path]:
    return sorted((ROOT / app).rglob("*.py"))


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_app_imports_only_the_apps_below_it(app):
    forbidden = OURS - MAY_IMPORT[app] - {app}

    offenders = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules_of(app)
        for name in imported_modules(path)
        if name.split(".")[0] in forbidden
    ]

    assert offenders == []


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_app_imports_nothing_relatively_from_another_app(app):
    offenders = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in modules_of(app)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level > len(path.relative_to(ROOT / app).parts)
    ]

    assert offenders == []


def test_only_the_settings_read_the_environment():
    readers = {
        str(path.relative_to(ROOT))
        for app in MAY_IMPORT
        for path in modules_of(app)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }

    # These two name the settings module before Django can be asked for any setting.
    assert readers - {"config/asgi.py", "config/celery.py"} == set()


def test_no_module_is_named_for_leftovers():
    leftovers = {"utils", "helpers", "common", "core", "misc"}

    offenders = [
        str(path.relative_to(ROOT))
        for app in MAY_IMPORT
        for path in (ROOT / app).rglob("*")
        if path.stem in leftovers
    ]

    assert offenders == []
