"""The first page of the admin says of each account whether its promise is kept."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from privacy.models import Plan
from privacy.terms import Rule, Unit
from tests import factories

pytestmark = pytest.mark.django_db


def overdue(account, **late):
    factories.policy(account, "chat", amount=1, unit=Unit.HOURS)
    closed_at = timezone.now() - timedelta(hours=1) - timedelta(**late)
    return factories.chat(account, closed_at=closed_at, created_at=closed_at)


def lines(client) -> dict[str, str]:
    """Return the words of each account's row by the account's name."""
    answer = client.get(reverse("admin:index"))
    rows = answer.content.decode().split("<tbody>")[1].split("</tr>")[:-1]
    words = [" ".join(strip_tags(row.replace("<", " <")).replace("\xa0", " ").split()) for row in rows]
    return {each.account.name: line for each, line in zip(answer.context["accounts"], words, strict=True)}


def test_account_that_is_on_time_has_nothing_overdue(manager_client, account):
    factories.chat(account, closed_at=timezone.now())

    assert "nothing overdue" in lines(manager_client)["Bramble Books"]


def test_account_that_is_late_shows_how_much_and_how_long(manager_client, account):
    overdue(account, hours=2, minutes=5)
    overdue(account, minutes=20)

    line = lines(manager_client)["Bramble Books"]

    assert "2 overdue the oldest by 2 hours, 5 minutes" in line
    assert "nothing overdue" not in line


def test_what_comes_due_between_two_rounds_is_not_called_late(manager_client, account):
    overdue(account, seconds=30)

    assert "nothing overdue" in lines(manager_client)["Bramble Books"]


def test_managers_see_the_lateness_of_their_accounts_and_operators_of_all(
    manager_client, operator_client, account, other_account
):
    overdue(other_account, hours=3)

    of_manager, of_operator = lines(manager_client), lines(operator_client)

    assert of_manager.keys() == {"Bramble Books"}
    assert "overdue the oldest" not in of_manager["Bramble Books"]
    assert "1 overdue the oldest by 3 hours" in of_operator["Other Oats"]
    assert "nothing overdue" in of_operator["Bramble Books"]


def test_late_account_is_marked_by_more_than_words(manager_client, account):
    overdue(account, minutes=20)

    assert "badge--warning" in manager_client.get(reverse("admin:index")).content.decode()


def test_promise_is_the_one_that_is_kept_within_the_plan(operator_client, account):
    factories.policy(account, "chat", rule=Rule.KEEP)
    account.plan = Plan.objects.get(pk="standard")
    account.retention_policies.filter(category="ticket").delete()
    account.save()

    line = lines(operator_client)["Bramble Books"]

    assert "Standard 3 months after it is closed 2 years after it is closed" in line
