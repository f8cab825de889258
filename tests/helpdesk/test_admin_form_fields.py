"""Fields of forms in the admin: of one's own accounts only, refused beside the field, noted in the ledger."""

import re

import pytest
from django.urls import reverse

from helpdesk.models import FormField
from privacy.models import LedgerEntry
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = {
    "form": "chat",
    "key": "order",
    "kind": "text",
    "labels_en": "Order number",
    "labels_fr": "Numéro de commande",
    "rule": "optional",
    "is_personal": "on",
    "term_unit": "days",
    "position": "3",
}
COLOUR = ORDER | {"key": "colour", "kind": "choice", "options_en": "Red\nBlue", "options_fr": "Rouge\nBleu"}


def add_page(account) -> str:
    return f"{reverse('admin:helpdesk_formfield_add')}?account={account.pk}"


def page_of(field) -> str:
    return reverse("admin:helpdesk_formfield_change", args=[field.pk])


def test_manager_adds_a_field_and_the_ledger_says_so(manager_client, account):
    given = ORDER | {"purpose": account.purposes.get().pk, "rule": "required", "term_amount": "2"}

    answer = manager_client.post(add_page(account), given)

    field = account.form_fields.get()
    assert answer.url == f"{reverse('admin:helpdesk_account_change', args=[account.pk])}#fields"
    assert (field.labels, field.term_amount) == ({"en": "Order number", "fr": "Numéro de commande"}, 2)
    said = LedgerEntry.objects.get(action="field.declared").params
    assert (said["field"], said["purpose"], said["term"]) == ("order", "answer", "after.2.days")
    assert "Order number" in manager_client.get(answer.url).text


def test_choices_keep_their_keys_while_words_change(manager_client, account):
    manager_client.post(add_page(account), COLOUR)
    field = account.form_fields.get()
    assert field.options == [
        {"key": "red", "texts": {"en": "Red", "fr": "Rouge"}},
        {"key": "blue", "texts": {"en": "Blue", "fr": "Bleu"}},
    ]
    assert "Red\nBlue" in manager_client.get(page_of(field)).text

    changed = COLOUR | {"options_en": "Green\nCrimson\nBlue", "options_fr": "Vert\nRouge\nBleu"}
    manager_client.post(page_of(field), changed)

    field.refresh_from_db()
    assert [each["key"] for each in field.options] == ["green", "red", "blue"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"labels_en": "", "labels_fr": ""}, "labels"),
        ({"labels_en": "nul \x00"}, "labels"),
        ({"labels_en": "x" * 121}, "labels"),
        ({"key": "two words"}, "key"),
        ({"key": "taken"}, "key"),
        ({"form": "letter"}, "form"),
        ({"kind": "picture"}, "kind"),
        ({"kind": "choice"}, "options"),
        ({"kind": "choice", "options_en": "One"}, "options"),
        ({"kind": "choice", "options_en": "One\nTwo", "options_fr": "Un"}, "options"),
        ({"kind": "choices", "options_en": "One\nOne"}, "options"),
        ({"rule": "required"}, "purpose"),
        ({"is_special": "on"}, "purpose"),
        ({"is_special": "on", "is_personal": ""}, "is_special"),
        ({"kind": "email", "is_personal": ""}, "is_personal"),
        ({"term_amount": "2", "is_personal": ""}, "term_amount"),
        ({"term_amount": "0"}, "term_amount"),
        ({"term_amount": "1001"}, "term_amount"),
        ({"term_unit": "decades"}, "term_unit"),
        ({"position": "-1"}, "position"),
    ],
)
def test_bad_field_is_refused_beside_it(manager_client, account, given, field):
    factories.field(account, "taken", form="chat")

    answer = manager_client.post(add_page(account), ORDER | given)

    assert list(answer.context["adminform"].form.errors) == [field]
    assert (FormField.objects.count(), LedgerEntry.objects.count()) == (1, 0)


def test_special_category_without_a_purpose_of_consent_names_the_article(manager_client, account):
    factories.asks_nothing(account)
    given = ORDER | {"is_special": "on", "purpose": account.purposes.get().pk}

    errors = manager_client.post(add_page(account), given).context["adminform"].form.errors

    assert list(errors) == ["purpose"]
    assert "Article 9(2)(a)" in errors["purpose"][0]


def test_purpose_of_another_account_is_not_offered(manager_client, account, other_account):
    given = ORDER | {"purpose": other_account.purposes.get().pk}

    answer = manager_client.post(add_page(account), given)

    assert list(answer.context["adminform"].form.errors) == ["purpose"]


def test_form_and_key_stay_for_ever(manager_client, account):
    field = factories.field(account, "order", form="chat")

    manager_client.post(page_of(field), ORDER | {"key": "other", "form": "ticket", "position": "7"})

    field.refresh_from_db()
    assert (field.form, field.key, field.position) == ("chat", "order", 7)


def test_field_of_another_account_is_not_there(manager_client, account, other_account):
    theirs = factories.field(other_account, "order")

    assert manager_client.get(page_of(theirs)).status_code == 404
    assert manager_client.post(page_of(theirs), ORDER).status_code == 404
    assert manager_client.get(add_page(other_account)).status_code == 404
    assert manager_client.post(add_page(other_account), ORDER).status_code == 404
    assert manager_client.get(reverse("admin:helpdesk_formfield_add")).status_code == 404
    shown = manager_client.get(reverse("admin:helpdesk_formfield_changelist")).context["cl"].queryset
    assert list(shown) == []


def test_every_control_says_which_article_it_serves(manager_client, account):
    form = manager_client.get(add_page(account)).context["adminform"].form

    for field in form.visible_fields():
        assert re.search(r"Articles? \d", str(field.help_text)), field.name
