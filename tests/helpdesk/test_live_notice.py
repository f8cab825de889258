"""The live notice: it says what the settings do, in the visitor's language, and remembers what it said."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from helpdesk.admin.notice_tab import changed_lines
from helpdesk.authorities import AUTHORITIES, CONSENT_AGES, consent_age
from helpdesk.countries import COUNTRIES
from helpdesk.models import AlreadyInformed, NoticeVersion, Recipient
from helpdesk.services.notices import confirm_notice, decide_informed, informed_by, show_notice
from privacy.models import Basis, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


def read(account, **options):
    return Client(**options).get(reverse("privacy_notice", args=[account.public_id])).text


def test_notice_names_each_purpose_with_its_ground(account):
    account.purposes.create(
        key="safety",
        names={"en": "Keep the shop safe"},
        basis=Basis.LEGITIMATE_INTERESTS,
        basis_note="We fight fraud.",
        reuses=account.purposes.get(),
        compatibility="Both are about the same order.",
        position=5,
    )

    text = read(account)

    assert "To answer you" in text
    assert "You agree to it (Article 6(1)(a) of the GDPR)." in text
    assert "Keep the shop safe" in text
    assert "We fight fraud." in text
    assert "“To answer you”, which is compatible: Both are about the same order." in text
    account.purposes.filter(key="safety").update(is_active=False)
    assert "Keep the shop safe" not in read(account)


def test_notice_names_recipients_and_what_protects_data_abroad(account):
    Recipient.objects.create(
        account=account,
        name="Cloud & Co",
        tasks={"en": "runs the servers"},
        country="Brazil",
        safeguards={"en": "standard clauses, a copy from us"},
    )

    text = read(account)

    assert "Cloud &amp; Co" in text
    assert "The data goes to Brazil. What protects it there: standard clauses, a copy from us" in text


@pytest.mark.parametrize(
    ("country", "age", "authority"), [("FR", 15, "CNIL"), ("DE", 16, "bfdi"), ("", 16, "")]
)
def test_notice_knows_the_age_and_the_authority_of_the_country(account, country, age, authority):
    account.country, account.protection_officer = country, "Dora Officer, dpo@bramble.example"
    account.save()

    text = read(account)

    assert f"Whoever is younger than {age} needs the agreement" in text
    assert ("Ours is:" in text) == bool(authority)
    assert authority in text
    assert "dpo@bramble.example" in text


def test_each_country_has_an_authority_and_an_age_within_the_law():
    countries = {code for code, _name in COUNTRIES}

    assert AUTHORITIES.keys() == countries
    assert countries - CONSENT_AGES.keys() == {"CH"}
    assert {consent_age(code) for code in countries} <= {13, 14, 15, 16}


@pytest.mark.parametrize(
    ("accepts", "language"),
    [("fr", "fr"), ("fr-CA,en;q=0.5", "fr"), ("pt, de;q=0.8", "de"), ("xx", "en"), ("", "en"), ("*", "en")],
)
def test_notice_comes_in_the_language_that_the_visitor_reads(account, accepts, language):
    text = read(account, headers={"Accept-Language": accepts})

    assert f'<html lang="{language}"' in text


def test_what_was_shown_is_kept_and_stays_as_it_was(account):
    read(account)
    read(account)
    account.controller = "Bramble Books Ltd"
    account.save()
    read(account)

    first, second = NoticeVersion.objects.order_by("number")
    assert (first.number, second.number) == (1, 2)
    assert "Bramble Books Ltd" not in first.html
    address = reverse("privacy_notice_version", args=[account.public_id, "en", 1])
    assert "Bramble Books Ltd" not in Client().get(address).text
    assert address in Client().get(reverse("privacy_notice_versions", args=[account.public_id])).text
    changed = [line for line in changed_lines(first.html, second.html) if line[0] != " "]
    assert changed == [("-", "Bramble Books"), ("+", "Bramble Books Ltd")]


def test_versions_of_another_account_are_not_there(account, other_account):
    read(account)

    address = reverse("privacy_notice_version", args=[other_account.public_id, "en", 1])

    assert Client().get(address).status_code == 404


def test_notice_is_a_draft_until_a_manager_stands_behind_what_they_read(account, manager):
    with override("en"):
        shown = show_notice(account)
    assert "This is a draft." in read(account)

    confirm_notice(account=account, by=manager, content_hash=shown.content_hash)

    assert "This is a draft." not in read(account)
    assert LedgerEntry.objects.get(action="privacy_notice.confirmed").params["version"] == 1
    account.controller = "Somebody Else Ltd"
    account.save()
    assert "This is a draft." in read(account)
    with pytest.raises(ValidationError):
        confirm_notice(account=account, by=manager, content_hash=shown.content_hash)


def test_that_visitors_are_informed_already_is_a_decision_with_name_and_reason(account, manager):
    assert informed_by(account) is None
    with pytest.raises(ValidationError):
        decide_informed(account=account, by=manager, reason=" ")

    decision = decide_informed(account=account, by=manager, reason="In the contract, page 3.")

    assert informed_by(account) == decision
    assert (decision.decided_by, decision.reason) == (manager, "In the contract, page 3.")
    entry = LedgerEntry.objects.get(action="privacy_notice.waived")
    assert "contract" not in str(entry.params)


def test_manager_confirms_and_decides_in_the_admin(manager_client, account):
    page = reverse("admin:helpdesk_account_change", args=[account.pk])
    shown = manager_client.get(page).context["privacy_notice"]

    manager_client.post(
        reverse("admin:confirm_notice", args=[account.pk]), {"content_hash": shown.content_hash}
    )
    manager_client.post(reverse("admin:informed_already", args=[account.pk]), {"reason": "In the contract."})

    account.refresh_from_db()
    assert account.confirmed_notice == shown.content_hash
    assert informed_by(account).reason == "In the contract."
    manager_client.post(reverse("admin:informed_already", args=[account.pk]), {"end": "1"})
    assert informed_by(account) is None
    assert AlreadyInformed.objects.get().ended_at is not None


def test_stranger_confirms_nothing(manager_client, other_account):
    with override("en"):
        shown = show_notice(other_account)
    posted = {"content_hash": shown.content_hash, "reason": "No."}

    for name in ("confirm_notice", "informed_already"):
        assert (
            manager_client.post(reverse(f"admin:{name}", args=[other_account.pk]), posted).status_code == 404
        )
    assert (
        manager_client.get(reverse("admin:notice_difference", args=[other_account.pk, 1])).status_code == 404
    )
    assert informed_by(other_account) is None


def test_manager_sees_what_changed(manager_client, account):
    read(account)
    account.controller = "Bramble Books Ltd"
    account.save()
    read(account)

    text = manager_client.get(reverse("admin:notice_difference", args=[account.pk, 2])).text

    assert "<del>" in text
    assert "Bramble Books Ltd</ins>" in text


def test_recipient_is_added_named_and_removed(manager_client, account):
    add = f"{reverse('admin:helpdesk_recipient_add')}?account={account.pk}"
    given = {"name": "Cloud & Co", "role": "processor", "tasks_en": "runs the servers", "country": "Brazil"}

    refused = manager_client.post(add, given)
    manager_client.post(add, given | {"safeguards_en": "standard clauses"})

    assert list(refused.context["adminform"].form.errors) == ["safeguards"]
    recipient = Recipient.objects.get()
    assert "Cloud &amp; Co" in read(account)
    manager_client.post(reverse("admin:helpdesk_recipient_remove", args=[recipient.pk]))
    assert "Cloud &amp; Co" not in read(account)


def test_recipient_of_another_account_is_not_there(manager_client, other_account):
    theirs = Recipient.objects.create(account=other_account, name="Theirs", tasks={"en": "x"})

    for name in ("change", "remove"):
        page = reverse(f"admin:helpdesk_recipient_{name}", args=[theirs.pk])
        assert manager_client.post(page, {"name": "Mine"}).status_code == 404
    assert Recipient.objects.get().name == "Theirs"
