"""Turn the translations in ``locale/`` into what gettext reads: ``python -m config.catalogues``.

The readable files are what is kept; what is made of them is made again whenever they are newer.
"""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).parent.parent / "locale"


def compile_catalogues(folder: Path = LOCALE) -> list[Path]:
    """Write each ``.mo`` file that is missing or older than its ``.po`` file, and return those written."""
    return [_compile(po) for po in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _is_stale(po)]


def _is_stale(po: Path) -> bool:
    mo = po.with_suffix(".mo")
    return not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime


def _compile(po: Path) -> Path:
    with po.open("rb") as file:
        catalogue = read_po(file)
    new, mo = po.with_suffix(".new"), po.with_suffix(".mo")
    with new.open("wb") as file:
        write_mo(file, catalogue)
    new.replace(mo)  # never half a file
    return mo


if __name__ == "__main__":
    compile_catalogues()
