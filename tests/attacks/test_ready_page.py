"""The page that monitors ask can be asked by anybody, all day long."""

import pytest
from django.core.cache import cache

from privacy import ledger

pytestmark = pytest.mark.django_db


def test_ledger_is_not_walked_at_every_request(client, monkeypatch):
    walks = []
    verify = ledger.verify
    monkeypatch.setattr(ledger, "verify", lambda: walks.append(1) or verify())

    states = [client.get("/readyz").json()["parts"]["ledger"] for _ in range(5)]

    assert states == ["ok"] * 5
    assert len(walks) == 1
    cache.clear()
    client.get("/readyz")
    assert len(walks) == 2


def test_ready_page_is_for_everybody_and_tells_no_secret(client, account, settings):
    told = client.get("/readyz").content.decode()

    secrets = [settings.SECRET_KEY, str(settings.LETHE_DATA_DIR), account.name, account.public_id]
    assert [secret for secret in secrets if secret in told] == []
