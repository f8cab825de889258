"""Plans on the operator's page: their terms, what a change leaves in the ledger, and which ones stay."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from privacy.models import LedgerEntry, Plan, PlanTerm
from privacy.services.rules.policies import policy_in_force
from privacy.terms import Rule, Term, Unit
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])

PAGE = reverse("admin:privacy_plan_change", args=["standard"])


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


@pytest.fixture
def standard(account):
    account.plan = Plan.objects.get(pk="standard")
    account.save()
    return account.plan


def as_shown(client, path=PAGE):
    form = client.get(path).context["adminform"].form
    fields = [field for each in (form, *form.parts) for field in each]
    shown = {field.html_name: field.value() for field in fields}
    return {name: value for name, value in shown.items() if value not in {None, False, ""}}


def entries():
    return [entry.params for entry in LedgerEntry.objects.filter(action="plan.changed").order_by("seq")]


def test_untouched_plan_changes_nothing(operator_client, standard):
    before = sorted(PlanTerm.objects.values_list("plan", "category", "rule", "amount", "unit"))

    assert operator_client.post(PAGE, as_shown(operator_client)).status_code == 302

    assert sorted(PlanTerm.objects.values_list("plan", "category", "rule", "amount", "unit")) == before
    assert entries() == []


A_WEEK = {"chat_rule": "after", "chat_amount": 1, "chat_unit": "weeks"}


def test_term_that_would_erase_much_asks_for_the_number_of_all_accounts(
    operator_client, standard, account, other_account
):
    other_account.plan = standard
    other_account.save()
    for each in (account, other_account):
        for _chat in range(6):
            factories.chat(each, closed_at=timezone.now() - timedelta(days=20))

    asked = operator_client.post(PAGE, as_shown(operator_client) | A_WEEK)
    wrong = operator_client.post(PAGE, as_shown(operator_client) | A_WEEK | {"typed_number": 12})

    for answer in (asked, wrong):
        (said,) = answer.context["adminform"].form.errors["typed_number"]
        each = "chat transcripts: 12, contacts with nothing left: 12"
        assert f"erases 24 things that are there now ({each}). Type 24." in said
    assert PlanTerm.objects.get(plan=standard, category="chat").term.code() == "after.3.months"
    operator_client.post(PAGE, as_shown(operator_client) | A_WEEK | {"typed_number": 24})
    assert PlanTerm.objects.get(plan=standard, category="chat").term.code() == "after.1.weeks"


def test_term_that_erases_little_asks_for_nothing(operator_client, standard, account):
    factories.chat(account, closed_at=timezone.now() - timedelta(days=20))

    assert operator_client.post(PAGE, as_shown(operator_client) | A_WEEK).status_code == 302


def test_plan_that_opens_nothing_any_more_is_counted_too(operator_client, account):
    factories.policy(account, "chat", rule=Rule.KEEP)
    for _chat in range(11):
        factories.chat(account, closed_at=timezone.now() - timedelta(days=3 * 365))
    page = reverse("admin:privacy_plan_change", args=["enterprise"])
    shown = as_shown(operator_client, page)
    del shown["schedules"]

    answer = operator_client.post(page, shown)

    assert "Type 22." in answer.context["adminform"].form.errors["typed_number"][0]
    assert Plan.objects.get(pk="enterprise").schedules


def test_other_term_counts_at_once_and_is_in_the_ledger(operator_client, operator, standard, account):
    changed = {"mail_rule": "after", "mail_amount": 2, "mail_unit": "weeks"}

    operator_client.post(PAGE, as_shown(operator_client) | changed)

    (entry,) = entries()
    assert {name: entry[name] for name in ("plan", "category", "before", "after", "accounts")} == {
        "plan": "standard",
        "category": "mail",
        "before": "after.3.months",
        "after": "after.2.weeks",
        "accounts": 1,
    }
    in_force = policy_in_force(account_id=account.pk, category="mail")
    assert in_force.term == Term(Rule.AFTER, 2, Unit.WEEKS)


def test_page_says_how_many_accounts_it_concerns(operator_client, standard):
    text = operator_client.get(PAGE).text

    assert "1 account has this plan." in text
    assert text.count('<details class="rule"') == 12


def test_every_control_says_what_it_does_and_which_article_it_serves(operator_client):
    form = operator_client.get(PAGE).context["adminform"].form

    helps = [str(field.help_text) for each in (form, *form.parts) for field in each]
    assert [text for text in helps if not re.search(r"Articles? \d", text)] == []


@pytest.mark.parametrize("amount", ["", "0", "1201", "many"])
def test_amount_out_of_range_is_refused_beside_its_field(operator_client, standard, amount):
    answer = operator_client.post(PAGE, as_shown(operator_client) | {"chat_amount": amount})

    assert list(answer.context["adminform"].form.errors) == ["chat_amount"]
    assert 'href="#id_chat_amount"' in answer.text
    assert entries() == []


def test_plan_in_use_is_not_removed_and_says_why(operator_client, standard):
    remove = reverse("admin:privacy_plan_remove", args=["standard"])

    answer = operator_client.post(remove, follow=True)

    assert "1 account has this plan. Give it another one first." in answer.text
    assert Plan.objects.filter(pk="standard").exists()


def test_plan_of_new_accounts_is_not_removed(operator_client, settings):
    remove = reverse("admin:privacy_plan_remove", args=[settings.LETHE_DEFAULT_PLAN])

    answer = operator_client.post(remove, follow=True)

    assert "New accounts begin with this plan, so it stays." in answer.text


def test_plan_is_added_and_removed(operator_client):
    add = reverse("admin:privacy_plan_add")
    new = as_shown(operator_client, add) | {"code": "trial", "name": "Trial", "chat_rule": "at_once"}

    answer = operator_client.post(add, new)
    made = Plan.objects.get(pk="trial")
    term = made.terms.get(category="chat").term
    operator_client.post(reverse("admin:privacy_plan_remove", args=["trial"]))

    assert answer.url == reverse("admin:privacy_plan_change", args=["trial"])
    assert term.rule == Rule.AT_ONCE
    assert not Plan.objects.filter(pk="trial").exists()
    assert [e.action for e in LedgerEntry.objects.filter(action__in=["plan.opened", "plan.removed"])] == [
        "plan.opened",
        "plan.removed",
    ]


def test_manager_has_no_way_to_plans(manager_client, standard):
    for path in (PAGE, reverse("admin:privacy_plan_changelist")):
        assert manager_client.get(path).status_code in {403, 404}
    assert manager_client.post(reverse("admin:privacy_plan_remove", args=["standard"])).status_code == 404
    assert Plan.objects.filter(pk="standard").exists()
