"""Purposes in the admin: of one's own accounts only, refused beside the field, asked once saved."""

import re

import pytest
from django.urls import reverse

from privacy.models import ConsentNotice, LedgerEntry, Purpose

pytestmark = pytest.mark.django_db(transaction=True)

NEWS = {
    "key": "news",
    "names_en": "News",
    "basis": "consent",
    "questions_en": "Send me news.",
    "questions_fr": "Envoyez-moi des nouvelles.",
    "position": "2",
    "is_active": "on",
}


def add_page(account) -> str:
    return f"{reverse('admin:privacy_purpose_add')}?account={account.pk}"


def page_of(purpose) -> str:
    return reverse("admin:privacy_purpose_change", args=[purpose.pk])


def test_manager_adds_a_purpose_and_visitors_are_asked_from_then_on(manager_client, account):
    answer = manager_client.post(add_page(account), NEWS)

    purpose = account.purposes.get(key="news")
    assert answer.url == f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#consent"
    assert purpose.questions == {"en": "Send me news.", "fr": "Envoyez-moi des nouvelles."}
    notice = ConsentNotice.objects.filter(account=account).latest("version")
    assert (notice.version, list(notice.purposes())) == (2, ["answer", "news"])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"questions_en": "", "questions_fr": ""}, "questions"),
        ({"names_en": ""}, "names"),
        ({"key": "two words"}, "key"),
        ({"key": "answer"}, "key"),
        ({"basis": "because"}, "basis"),
        ({"basis": "legal_obligation"}, "basis_note"),
        ({"position": "-1"}, "position"),
        ({"questions_en": "nul \x00"}, "questions"),
    ],
)
def test_bad_purpose_is_refused_beside_its_field(manager_client, account, given, field):
    answer = manager_client.post(add_page(account), NEWS | given)

    assert list(answer.context["adminform"].form.errors) == [field]
    assert (Purpose.objects.count(), LedgerEntry.objects.count()) == (1, 0)


def test_reuse_of_another_accounts_purpose_is_not_offered(manager_client, account, other_account):
    theirs = other_account.purposes.get()

    answer = manager_client.post(add_page(account), NEWS | {"reuses": theirs.pk, "compatibility": "Close."})

    assert list(answer.context["adminform"].form.errors) == ["reuses"]


def test_key_of_a_purpose_stays_for_ever(manager_client, account):
    purpose = account.purposes.get()
    given = NEWS | {"key": "other", "is_required": "on"}

    manager_client.post(page_of(purpose), given)

    purpose.refresh_from_db()
    assert (purpose.key, purpose.name) == ("answer", "News")


def test_purpose_of_another_account_is_not_there(manager_client, account, other_account):
    theirs = other_account.purposes.get()

    assert manager_client.get(page_of(theirs)).status_code == 404
    assert manager_client.post(page_of(theirs), NEWS).status_code == 404
    assert manager_client.get(add_page(other_account)).status_code == 404
    assert manager_client.post(add_page(other_account), NEWS).status_code == 404
    assert manager_client.get(reverse("admin:privacy_purpose_add")).status_code == 404
    assert manager_client.get(f"{reverse('admin:privacy_purpose_add')}?account=x").status_code == 404
    shown = manager_client.get(reverse("admin:privacy_purpose_changelist")).context["cl"].queryset
    assert list(shown) == [account.purposes.get()]


def test_every_control_says_which_article_it_serves(manager_client, account):
    form = manager_client.get(page_of(account.purposes.get())).context["adminform"].form

    for field in form.visible_fields():
        assert re.search(r"Articles? \d", str(field.help_text)), field.name
