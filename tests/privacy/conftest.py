"""The vault's tests: folders of their own, a gate that remembers nothing, keys that can be lost."""

from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from privacy import ledger
from privacy.encryption.files import sealed_storage
from privacy.gate import gate
from privacy.ledger import mirror


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    """Give each test folders of its own: the ledger's mirror outlives the rows of a test."""
    parts = ("LEDGER", "HEADS", "FILES", "BROKER", "LOG")
    for name in (f"LETHE_{part}_DIR" for part in parts):
        folder = tmp_path / name.lower()
        folder.mkdir()
        setattr(settings, name, folder)
    sealed_storage.cache_clear()
    yield
    sealed_storage.cache_clear()


@pytest.fixture(autouse=True)
def _forgetful_gate():
    gate._open_until = 0.0
    yield
    gate._open_until = 0.0


@pytest.fixture
def new_ring_key(settings):
    """Put a fresh key in front of the ring and return it."""

    def add() -> str:
        key = Fernet.generate_key().decode()
        settings.FIELD_ENCRYPTION_KEY = [key, *settings.FIELD_ENCRYPTION_KEY]
        return key

    return add


@pytest.fixture
def long_ago():
    return timezone.now() - timedelta(days=100)


@pytest.fixture
def impatient(monkeypatch):
    """Wait for no line of the ledger's mirror that nobody is about to write."""
    monkeypatch.setattr(mirror, "LAG_SECONDS", 0.1)


@pytest.fixture
def entries():
    """Five entries of the ledger, mirrored, and remembered by the main database."""
    made = [ledger.append("policy.changed", account_id=7, number=number) for number in range(5)]
    ledger.drain_outbox()
    return made
