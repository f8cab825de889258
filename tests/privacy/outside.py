"""The stand-alone verifier, run as an auditor runs it: another process, in which there is no Django."""

import json
import subprocess
import sys
from pathlib import Path

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_ledger.py"
WITHOUT_DJANGO = (
    "import runpy, sys; sys.modules['django'] = None; sys.argv = sys.argv[1:];"
    " runpy.run_path(sys.argv[0], run_name='__main__')"
)


class Auditor:
    """Somebody with a folder, the public key and nothing else."""

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self.key = folder / "public.pem"
        self.key.write_text(key)

    def verify(self, document: dict, *options: str, heads: tuple[dict, ...] = ()) -> tuple[int, str]:
        """Return the exit status and the line that the verifier says."""
        return self.verify_text(json.dumps(document), *options, heads=heads)

    def verify_text(self, text: str, *options: str, heads: tuple[dict, ...] = ()) -> tuple[int, str]:
        """Do the same with a document that needs not be what our own JSON would be."""
        kept = [self.keep(head, f"head{number}.json") for number, head in enumerate(heads)]
        paths = [part for path in kept for part in ("--head", str(path))]
        document_path = self.folder / "document.json"
        document_path.write_text(text)
        command = [sys.executable, "-I", "-c", WITHOUT_DJANGO, str(VERIFIER), str(document_path)]
        result = subprocess.run(
            [*command, "--key", str(self.key), *paths, *options], capture_output=True, text=True, check=False
        )
        return result.returncode, (result.stdout + result.stderr).strip().replace(f"{self.folder}/", "")

    def keep(self, document: dict, name: str) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(document))
        return path
