"""The figures of what was erased, in the admin: each manager's own accounts, and nobody changes them."""

from datetime import date

import pytest
from django.urls import reverse

from privacy.models import Skeleton

pytestmark = pytest.mark.django_db

LIST = reverse("admin:privacy_skeleton_changelist")


@pytest.fixture(autouse=True)
def _figures(account, other_account):
    for each, rating in ((account, 5), (other_account, 1)):
        Skeleton.objects.create(
            account=each,
            category="chat",
            day=date(2026, 3, 1),
            facts={"status": "closed", "closed_at": "2026-03-01T12:00:00+00:00", "rating": rating},
        )


def test_manager_reads_the_figures_of_their_accounts(manager_client):
    page = manager_client.get(LIST).content.decode()

    assert "closed_at 2026-03-01 12:00 UTC · rating 5 · status closed" in page
    assert "rating 1" not in page


def test_nobody_changes_figures(manager_client, operator_client):
    pk = Skeleton.objects.first().pk
    pages = [
        reverse("admin:privacy_skeleton_add"),
        reverse("admin:privacy_skeleton_delete", args=[pk]),
    ]

    statuses = {
        client.post(page).status_code for client in (manager_client, operator_client) for page in pages
    }

    assert statuses == {403}
    assert Skeleton.objects.count() == 2
