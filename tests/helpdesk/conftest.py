"""Folders of their own for tests that look at all files, or at the whole ledger."""

import pytest

from privacy.encryption.files import sealed_storage


@pytest.fixture
def own_folders(settings, tmp_path):
    """Keep files and the mirror of the ledger apart from those of other tests."""
    settings.LETHE_FILES_DIR, settings.LETHE_LEDGER_DIR = tmp_path / "files", tmp_path / "ledger"
    sealed_storage.cache_clear()
    yield
    sealed_storage.cache_clear()
