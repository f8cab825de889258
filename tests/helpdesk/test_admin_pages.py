"""The account's page and the pages of people: one form, one service, errors beside the field."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.urls import reverse

from helpdesk.models import Account, User
from privacy.models import LedgerEntry
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "vault"])


@pytest.fixture(autouse=True)
def _mirror_of_its_own(settings, tmp_path):
    settings.LETHE_LEDGER_DIR = tmp_path


def path_of(account):
    return reverse("admin:helpdesk_account_change", args=[account.pk])


def as_shown(client, account):
    """Return what the page of an account would post if nobody touched it."""
    context = client.get(path_of(account)).context
    forms = [context["adminform"].form, *context["adminform"].form.retention.forms]
    forms += context["inline_admin_formsets"][0].formset.forms
    forms.append(context["inline_admin_formsets"][0].formset.management_form)
    posted = {}
    for form in forms:
        for field in form:
            value = field.value()
            if isinstance(value, dict):
                continue  # words by language, none of them here
            if value is not None and value is not False and value != "":
                posted[field.html_name] = "on" if value is True else value
    return posted


def errors_of(answer):
    return {name: list(errors) for name, errors in answer.context["adminform"].form.errors.items()}


def test_saving_an_untouched_page_changes_nothing(manager_client, account):
    before = Account.objects.filter(pk=account.pk).values().get()

    answer = manager_client.post(path_of(account), as_shown(manager_client, account))

    assert answer.status_code == 302
    assert Account.objects.filter(pk=account.pk).values().get() == before
    assert LedgerEntry.objects.filter(account_id=account.pk).count() == 0


@pytest.mark.parametrize("who", ["manager", "operator"])
def test_every_control_says_what_it_does_and_which_article_it_serves(request, who, signed_in, account, agent):
    client = signed_in(request.getfixturevalue(who))
    pages = [
        path_of(account),
        reverse("admin:helpdesk_user_add"),
        reverse("admin:helpdesk_user_change", args=[agent.pk]),
    ]
    if who == "operator":
        pages.append(reverse("admin:helpdesk_account_add"))

    for path in pages:
        answer = client.get(path)
        forms = [answer.context["adminform"].form]
        forms += forms[0].retention.forms if path == path_of(account) else []
        forms += [form for inline in answer.context["inline_admin_formsets"] for form in inline.formset.forms]
        shown = answer.content.decode()
        for field in (field for form in forms for field in form.visible_fields() if field.name != "DELETE"):
            assert re.search(r"Articles? \d", str(field.help_text)), field.html_name
            assert f'id="{field.auto_id}_helptext"' in shown, field.html_name


def test_manager_is_not_offered_what_operators_decide(manager_client, account):
    posted = as_shown(manager_client, account)
    other = factories.manager()

    form = manager_client.get(path_of(account)).context["adminform"].form
    sneaked = {"plan": "standard", "managers": [other.pk], "last_ticket_number": 9, "public_id": "mine"}
    manager_client.post(path_of(account), posted | sneaked)

    assert form.fields.keys() & {"plan", "is_active", "managers"} == set()
    after = Account.objects.get(pk=account.pk)
    assert (after.plan, after.public_id, after.last_ticket_number) == (account.plan, account.public_id, 0)
    assert after.is_active
    assert other not in after.managers.all()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_origins", "https://shop.example/path"),
        ("allowed_origins", "https://shop.example; script-src *"),
        ("allowed_origins", "*"),
        ("policy_url", "javascript:alert(1)"),
        ("time_zone", "Mars/Olympus"),
        ("name", ""),
        ("name", "two\nlines"),
        ("consent_mechanism", "telepathy"),
        ("withdrawal", "never"),
        ("idle_minutes", "1"),
        ("chat_name", "always"),
    ],
)
def test_bad_value_is_refused_beside_its_field(manager_client, account, field, value):
    answer = manager_client.post(path_of(account), as_shown(manager_client, account) | {field: value})

    assert list(errors_of(answer)) == [field]
    assert LedgerEntry.objects.filter(account_id=account.pk).count() == 0


@pytest.mark.parametrize("field", ["name", "controller", "privacy_contact"])
def test_character_that_cannot_be_shown_is_told_once(manager_client, account, field):
    posted = as_shown(manager_client, account) | {field: "nul \x00"}

    answer = manager_client.post(path_of(account), posted)

    says = "This text has characters that can't be shown. Please type it again."
    assert errors_of(answer) == {field: [says]}


@pytest.mark.parametrize("field", ["name", "email"])
def test_character_that_cannot_be_shown_is_told_once_of_a_person(manager_client, account, field):
    answer = manager_client.post(
        reverse("admin:helpdesk_user_add"), NEW | {"account": account.pk, field: "nul \x00"}
    )

    says = "This text has characters that can't be shown. Please type it again."
    assert errors_of(answer) == {field: [says]}


def test_network_that_is_none_is_refused_beside_its_line(manager_client, account):
    posted = as_shown(manager_client, account) | {"allowed_networks-0-network": "203.0.113.7/24"}

    answer = manager_client.post(path_of(account), posted)

    formset = answer.context["inline_admin_formsets"][0].formset
    assert list(formset.forms[0].errors) == ["network"]
    assert "203.0.113.7/24" in answer.content.decode()
    assert account.allowed_networks.count() == 0


def test_list_that_leaves_out_the_manager_is_refused_and_says_why(manager_client, account):
    line = {"allowlist_enabled": "on", "allowed_networks-0-network": "203.0.113.0/24"}

    answer = manager_client.post(path_of(account), as_shown(manager_client, account) | line)

    assert "your address 127.0.0.1 is in none of its networks" in answer.content.decode()
    account.refresh_from_db()
    assert (account.allowlist_enabled, account.allowed_networks.count()) == (False, 0)


def test_networks_are_added_changed_and_removed(manager_client, account):
    def lines():
        return sorted(account.allowed_networks.values_list("network", "note"))

    shown = as_shown(manager_client, account)
    new = {"allowed_networks-0-network": "2001:DB8:0::/32", "allowed_networks-1-network": "127.0.0.0/8"}
    manager_client.post(path_of(account), shown | new | {"allowlist_enabled": "on"})
    first = lines()
    shown = as_shown(manager_client, account)
    line = next(name for name, value in shown.items() if value == "2001:db8::/32")
    gone = line.removesuffix("network") + "DELETE"
    manager_client.post(path_of(account), shown | {gone: "on"})

    assert first == [("127.0.0.0/8", ""), ("2001:db8::/32", "")]
    assert lines() == [("127.0.0.0/8", "")]


def test_line_of_a_foreign_list_can_not_be_taken_over(manager_client, account):
    foreign = factories.account(name="Foreign", networks=("198.51.100.0/24",)).allowed_networks.get()
    shown = as_shown(manager_client, account)
    posted = shown | {
        "allowed_networks-INITIAL_FORMS": 1,
        "allowed_networks-0-id": foreign.pk,
        "allowed_networks-0-network": "127.0.0.0/8",
        "allowed_networks-0-account": account.pk,
    }

    manager_client.post(path_of(account), posted)

    foreign.refresh_from_db()
    assert (foreign.network, foreign.account.name) == ("198.51.100.0/24", "Foreign")


def test_second_manager_is_told_before_anything_is_lost(manager_client, operator_client, account):
    mine = as_shown(manager_client, account)
    operator_client.post(path_of(account), as_shown(operator_client, account) | {"name": "Theirs"})

    answer = manager_client.post(path_of(account), mine | {"name": "Mine"})
    again = answer.context["adminform"].form["revision"].value()

    account.refresh_from_db()
    assert account.name == "Theirs"
    assert list(errors_of(answer)) == ["revision"]
    manager_client.post(path_of(account), mine | {"name": "Mine", "revision": again})
    account.refresh_from_db()
    assert account.name == "Mine"


def test_preview_shows_the_notice_that_visitors_will_read(manager_client, account):
    def shown(part, **posted):
        path = reverse("admin:helpdesk_account_preview", args=[account.pk, part])
        return manager_client.post(path, posted).content.decode()

    account.purposes.update(questions={"en": "<b>Fine</b> words"})

    assert "&lt;b&gt;Fine&lt;/b&gt; words" in shown("consent", consent_mechanism="field")
    billboard = shown("consent", consent_mechanism="billboard", billboard_en="<i>We</i> store this.")
    assert "&lt;i&gt;We&lt;/i&gt; store this." in billboard
    assert "is no consent" in billboard
    account.purposes.update(basis="contract")
    assert "without asking for consent" in shown("consent", consent_mechanism="field")
    assert "is no consent" not in shown("consent", consent_mechanism="billboard", billboard_en="We store.")
    assert account.consent_notices.count() == 1


@pytest.mark.parametrize("words", ["nul \x00", "x" * 2001])
def test_bad_words_are_refused_beside_the_boxes_of_their_languages(manager_client, account, words):
    posted = as_shown(manager_client, account) | {"billboard_fr": words}

    answer = manager_client.post(path_of(account), posted)

    assert list(errors_of(answer)) == ["billboard"]
    assert errors_of(answer)["billboard"][0].startswith("Français: ")


def test_words_are_kept_by_language_and_empty_ones_are_not(manager_client, account):
    posted = as_shown(manager_client, account) | {"refusal_en": "Call us.", "refusal_de": "Rufen Sie an."}

    manager_client.post(path_of(account), posted)

    account.refresh_from_db()
    assert account.refusal == {"en": "Call us.", "de": "Rufen Sie an."}


def test_page_shows_the_two_lines_to_paste(manager_client, account, settings):
    shown = manager_client.get(path_of(account)).content.decode()

    assert f"&lt;script src=&quot;{settings.LETHE_EMBED_URL}/embed/{account.public_id}.js" in shown.replace(
        'src="', "src=&quot;"
    )


def test_operator_opens_an_account(operator_client, manager_client):
    new = {"name": "Moss & Kettle", "plan": "standard", "time_zone": "Europe/Paris", "language": "en"}
    path = reverse("admin:helpdesk_account_add")

    refused = manager_client.post(path, new).status_code
    answer = operator_client.post(path, new)

    account = Account.objects.get(name="Moss & Kettle")
    assert refused == 403
    assert answer.url == path_of(account)
    assert account.retention_policies.count() == 2
    assert LogEntry.objects.get().object_id == str(account.pk)


NEW = {"name": "New Agent", "email": "new@staff.example", "role": "agent", "new_password": factories.PASSWORD}


def test_manager_adds_a_person_who_can_sign_in(manager_client, account, client):
    answer = manager_client.post(reverse("admin:helpdesk_user_add"), NEW | {"account": account.pk})

    person = User.objects.with_email("new@staff.example").get()
    assert answer.url == f"{path_of(account)}#people"
    assert (person.account, person.role, person.is_staff) == (account, "agent", False)
    assert person.check_password(factories.PASSWORD)
    assert "New Agent" not in LogEntry.objects.get().object_repr


@pytest.mark.parametrize(
    ("posted", "field"),
    [
        ({"email": "ADA@staff.example"}, "email"),
        ({"email": "not an address"}, "email"),
        ({"role": "operator"}, "role"),
        ({"role": "manager"}, "role"),
        ({"new_password": "short"}, "new_password"),
        ({"new_password": "password1234"}, "new_password"),
        ({"new_password": "new@staff.example"}, "new_password"),
        ({"new_password": ""}, "new_password"),
        ({"name": "two\nlines"}, "name"),
    ],
)
def test_person_who_will_not_do_is_refused_beside_the_field(manager_client, account, posted, field):
    factories.user(account=account, email="ada@staff.example")
    people = User.objects.count()

    answer = manager_client.post(reverse("admin:helpdesk_user_add"), NEW | {"account": account.pk} | posted)

    assert list(errors_of(answer)) == [field]
    assert User.objects.count() == people


def test_operator_adds_a_manager_without_an_account(operator_client, account):
    path = reverse("admin:helpdesk_user_add")

    wrong = operator_client.post(path, NEW | {"role": "manager", "account": account.pk})
    lost = operator_client.post(path, NEW | {"role": "agent", "account": ""})
    operator_client.post(path, NEW | {"role": "manager", "account": ""})

    person = User.objects.with_email("new@staff.example").get()
    assert [list(errors_of(answer)) for answer in (wrong, lost)] == [["account"], ["account"]]
    assert (person.role, person.account, person.is_staff) == ("manager", None, True)


def test_person_is_corrected_promoted_switched_off_and_back_on(manager_client, agent, agent_client):
    path = reverse("admin:helpdesk_user_change", args=[agent.pk])
    as_is = {"name": agent.name, "email": agent.email, "role": "agent", "is_active": "on", "new_password": ""}
    sessions = Session.objects.count()

    manager_client.post(
        path, as_is | {"name": "Ada Lovely", "email": "lovely@staff.example", "role": "supervisor"}
    )
    manager_client.post(path, {**as_is, "is_active": ""})
    agent.refresh_from_db()

    assert User.objects.with_email("lovely@staff.example").count() == 0  # the second save put it right again
    assert (agent.role, agent.is_active) == ("agent", False)
    assert Session.objects.count() == sessions - 1
    manager_client.post(path, as_is)
    agent.refresh_from_db()
    assert agent.is_active
    actions = LedgerEntry.objects.filter(account_id=agent.account_id, action__startswith="person.")
    assert [
        action for action in actions.values_list("action", flat=True) if action != "person.signed_in"
    ] == [
        "person.corrected",
        "person.role_changed",
        "person.corrected",
        "person.role_changed",
        "person.deactivated",
        "person.reactivated",
    ]


def test_new_password_signs_the_person_out(manager_client, agent, agent_client):
    path = reverse("admin:helpdesk_user_change", args=[agent.pk])
    posted = {"name": agent.name, "email": agent.email, "role": "agent", "is_active": "on"}

    manager_client.post(path, posted | {"new_password": "another-calm-river"})

    agent.refresh_from_db()
    assert agent.check_password("another-calm-river")
    assert agent_client.get("/agent/chats/").status_code == 302


def test_operator_can_not_switch_themselves_off(operator_client, operator):
    path = reverse("admin:helpdesk_user_change", args=[operator.pk])

    answer = operator_client.post(path, {"name": operator.name, "email": operator.email}, follow=True)

    operator.refresh_from_db()
    assert operator.is_active
    assert "You can&#x27;t switch yourself off." in answer.content.decode()
