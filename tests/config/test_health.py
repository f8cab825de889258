"""The page that monitors ask says when erasures are overdue."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from config import health
from privacy.terms import Unit
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def purge_state(client, monkeypatch):
    """Return a function that asks the page anew: it looks at the purge every ten seconds only."""

    def ask() -> tuple[int, str]:
        monkeypatch.setitem(health.PARTS, "purge", health.seldom(health._purge, seconds=10))
        answer = client.get("/readyz")
        return answer.status_code, answer.json()["parts"]["purge"]

    return ask


def overdue(account, **late):
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    closed_at = timezone.now() - timedelta(hours=1) - timedelta(**late)
    return factories.chat(account, closed_at=closed_at, created_at=closed_at)


def test_purge_is_well_while_nothing_is_late_by_more_than_fifteen_minutes(purge_state, account):
    overdue(account, minutes=14)

    assert purge_state()[1] == "ok"


def test_purge_that_is_late_makes_the_deployment_unready(purge_state, account, other_account):
    overdue(account, minutes=16)
    overdue(other_account, minutes=14)

    status, state = purge_state()

    said = re.fullmatch(r"overdue by (\d+) seconds \(things: 2, accounts: 2\)", state)
    assert status == 503
    assert int(said[1]) == pytest.approx(16 * 60, abs=10)
