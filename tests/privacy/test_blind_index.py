"""A blind index finds an exact value, tells two accounts' values apart and says nothing without its key."""

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from helpdesk.models import Contact, User
from privacy import ledger, vault
from privacy.encryption.blind_index import blind_index, normalise
from privacy.models import DataKey
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vera@Mail.Example", "vera@mail.example"),
        ("  vera@mail.example\n", "vera@mail.example"),
        ("vera@bücher.example", "vera@xn--bcher-kva.example"),
        ("\uff56\uff45\uff52\uff41@mail.example", "vera@mail.example"),
        ("STRASSE@mail.example", "straße@mail.example"),
        ("rene\u0301@mail.example", "ren\u00e9@mail.example"),
    ],
)
def test_same_address_is_found_however_it_was_typed(account, one, other):
    assert blind_index(one, account_id=account.pk) == blind_index(other, account_id=account.pk)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("vera+shop@mail.example", "vera@mail.example"),
        ("v.era@mail.example", "vera@mail.example"),
        ("vera@mail.example", "vera@mail.example.com"),
        ("vera@mail.example", "vera"),
    ],
)
def test_different_addresses_stay_apart(account, one, other):
    assert blind_index(one, account_id=account.pk) != blind_index(other, account_id=account.pk)


@pytest.mark.parametrize("odd", ["", "@", "a@b@c", "\ud800@x", "x@" + "y" * 400, "x@..", "\0", "x@\0"])
def test_any_string_has_an_index(account, odd):
    assert len(blind_index(odd, account_id=account.pk)) == 32
    assert isinstance(normalise(odd), str)


def test_equal_addresses_in_two_accounts_do_not_match(account, other_account):
    ours = factories.contact(account, email="vera@mail.example")
    theirs = factories.contact(other_account, email="vera@mail.example")

    assert ours.email_index != theirs.email_index
    assert list(Contact.objects.with_email(account, "VERA@mail.example")) == [ours]
    assert list(Contact.objects.with_email(other_account, "vera@mail.example")) == [theirs]


def test_uses_of_one_account_do_not_match(account):
    assert blind_index("12345", account_id=account.pk, use="email") != blind_index(
        "12345", account_id=account.pk, use="phone"
    )


def test_index_needs_its_key(account):
    first = blind_index("vera@mail.example", account_id=account.pk)
    DataKey.objects.filter(kind=DataKey.Kind.INDEX).delete()

    again = blind_index("vera@mail.example", account_id=account.pk)

    assert again != first


def test_index_follows_its_text(visitor):
    before = visitor.email_index
    visitor.email = "new@mail.example"
    visitor.save()

    assert Contact.objects.get(pk=visitor.pk).email_index != before
    assert list(Contact.objects.with_email(visitor.account, "new@mail.example")) == [visitor]
    assert list(Contact.objects.with_email(visitor.account, "vera@mail.example")) == []


def test_index_follows_its_text_also_when_only_the_text_is_saved(visitor):
    visitor.email = "new@mail.example"
    visitor.save(update_fields=["email"])

    assert list(Contact.objects.with_email(visitor.account, "new@mail.example")) == [visitor]


def test_index_of_no_text_is_empty_and_matches_nobody(account):
    factories.contact(account, email="")

    assert Contact.objects.get().email_index == ""
    assert list(Contact.objects.with_email(account, "")) == []


def test_index_is_not_computed_anew_for_a_text_that_nobody_opened(visitor, django_assert_num_queries):
    row = Contact.objects.get(pk=visitor.pk)

    with django_assert_num_queries(0, connection=connections["vault"]):
        row.save()

    assert Contact.objects.get(pk=visitor.pk).email_index == visitor.email_index


def test_verified_address_is_unique_within_its_account_only(account, other_account):
    now = timezone.now()
    factories.contact(account, email="vera@mail.example", verified_at=now)
    factories.contact(account, email="Vera@mail.example")  # typed, not proved
    factories.contact(other_account, email="vera@mail.example", verified_at=now)

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.contact(account, email="vera@MAIL.example", verified_at=now)


def test_user_signs_in_by_the_index_of_the_deployment(agent, stranger):
    assert User.objects.with_email(agent.email.upper()).get() == agent
    assert User.objects.get_by_natural_key(stranger.email) == stranger
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.user(User.Role.OPERATOR, email=agent.email)


def test_standing_key_is_made_once(account):
    first = vault.standing_key(kind=DataKey.Kind.INDEX, account_id=account.pk)

    assert vault.standing_key(kind=DataKey.Kind.INDEX, account_id=account.pk) == first
    assert vault.standing_key(kind=DataKey.Kind.INDEX, account_id=None) != first
    for account_id in (account.pk, None):
        vault.standing_key(kind=DataKey.Kind.SIGNING, account_id=account_id)
        with pytest.raises(IntegrityError), transaction.atomic(using="vault"):
            vault.create_key(kind=DataKey.Kind.SIGNING, account_id=account_id)


@pytest.mark.parametrize("is_of_deployment", [True, False])
def test_standing_key_is_found_by_its_index_however_many_keys_there_are(account, is_of_deployment):
    account_id = None if is_of_deployment else account.pk
    asked = []

    def explain(execute, sql, params, many, context):
        with context["connection"].cursor() as cursor:
            if context["connection"].vendor == "sqlite":
                cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
            else:
                cursor.cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.cursor.execute(f"EXPLAIN {sql}", params)
            asked.append(str(cursor.fetchall()))
        return execute(sql, params, many, context)

    vault.standing_key(kind=DataKey.Kind.INDEX, account_id=account_id)
    vault.create_keys(kind=DataKey.Kind.CHAT, account_id=account_id, count=500)
    with connections["vault"].execute_wrapper(explain):
        vault.standing_key(kind=DataKey.Kind.INDEX, account_id=account_id)

    assert ["one_standing_key" in plan for plan in asked] == [True]


def test_index_in_an_old_backup_can_still_be_compared_as_the_threat_model_says(account, visitor):
    in_the_backup, known = visitor.email_index, visitor.email

    entry = ledger.append("erasure.begun", keys=[visitor.key_id.hex])
    vault.destroy_keys([visitor.key_id], entry=entry)

    assert Contact.objects.get(pk=visitor.pk).email == ""
    assert blind_index(known, account_id=account.pk) == in_the_backup
