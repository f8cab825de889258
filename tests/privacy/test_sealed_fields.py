"""A sealed field: sealed on save, opened on read, and every way around both is an error."""

import copy
import pickle

import pytest
from django.core import serializers
from django.core.exceptions import ValidationError
from django.db import connection, connections, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, Value
from django.db.models.functions import Concat, Lower, Upper
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat.models import Conversation, Message
from helpdesk.models import Contact, OutgoingMail, TicketMessage, User
from privacy import ledger, vault
from privacy.encryption.errors import KeyUnavailable, SealedMisuse, Tampered
from privacy.encryption.fields import Sealed
from privacy.encryption.sealing import Token, new_data_key, seal, unseal
from privacy.models import DataKey, Tombstone
from tests import factories

pytestmark = pytest.mark.django_db


def stored(row, field="name") -> str:
    """Return what the database holds, past every model."""
    table = connection.ops.quote_name(row._meta.db_table)
    with connection.cursor() as cursor:
        key = row.pk if connection.features.has_native_uuid_field else row.pk.hex
        cursor.execute(f"SELECT {field} FROM {table} WHERE id = %s", [key])
        return cursor.fetchone()[0]


def plant(row, value, field="name") -> None:
    """Write into the database past every model."""
    table = connection.ops.quote_name(row._meta.db_table)
    with connection.cursor() as cursor:
        key = row.pk if connection.features.has_native_uuid_field else row.pk.hex
        cursor.execute(f"UPDATE {table} SET {field} = %s WHERE id = %s", [value, key])


def fresh(row):
    return type(row)._base_manager.get(pk=row.pk)


def shred(row) -> None:
    """Destroy the key of a row the way an erasure does."""
    entry = ledger.append("erasure.begun", keys=[row.key_id.hex])
    vault.destroy_keys([row.key_id], entry=entry)


# --- In and out


def test_text_is_stored_as_ciphertext_and_read_as_text(visitor):
    token = stored(visitor)

    assert token.startswith("s1.")
    assert "Vera" not in token
    assert fresh(visitor).name == "Vera Visitor"


def test_equal_texts_have_different_ciphertexts(account):
    one, other = factories.contact(account, name="Same"), factories.contact(account, name="Same")

    assert stored(one) != stored(other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a\0b",
        "\ud800 half",
        "\ud83d\ude00 two halves",
        "😀",
        "x" * 50_000,
        "línea\r\n\u2028",
        "None",
    ],
)
def test_any_string_comes_back_as_it_was(account, text):
    contact = factories.contact(account, name=text, email="")

    assert fresh(contact).name == text


def test_null_stays_null_and_can_be_looked_for(account):
    ticket = factories.ticket(account)
    mail = OutgoingMail.objects.create(account=account, ticket=ticket, key_id=ticket.key_id, to=None)

    assert OutgoingMail.objects.filter(to__isnull=True).get() == mail
    assert fresh(mail).to is None


def test_text_that_looks_like_a_token_is_stored_and_shown_as_that_text(account, visitor):
    pasted = stored(visitor)

    contact = factories.contact(account, name=pasted)
    contact.full_clean(exclude=["name"])
    contact.save()

    assert fresh(contact).name == pasted
    assert stored(contact) != pasted


def test_saving_what_nobody_changed_stores_the_same_ciphertext(visitor):
    before = stored(visitor), stored(visitor, "email"), stored(visitor, "email_index")

    again = fresh(visitor)
    again.save()

    assert (stored(visitor), stored(visitor, "email"), stored(visitor, "email_index")) == before


def test_saving_one_changed_field_leaves_the_other(visitor):
    email = stored(visitor, "email")
    again = fresh(visitor)

    again.name = "Vera Changed"
    again.save()

    assert fresh(visitor).name == "Vera Changed"
    assert stored(visitor, "email") == email


def test_full_clean_checks_the_length_that_the_database_does_not(visitor):
    visitor.name = "x" * 101

    with pytest.raises(ValidationError) as error:
        visitor.full_clean()

    assert set(error.value.message_dict) == {"name"}


def test_full_clean_of_a_fetched_row_keeps_its_text(visitor):
    row = fresh(visitor)

    row.full_clean()
    row.save()

    assert fresh(visitor).name == "Vera Visitor"


def test_text_given_to_a_new_key_is_sealed_under_it(account, visitor):
    row = fresh(visitor)
    row.key_id = vault.create_key(kind=DataKey.Kind.CONTACT, account_id=account.pk)
    row.name, row.email = "New", "new@mail.example"

    row.save()
    shred(visitor)

    assert fresh(visitor).name == "New"


@given(text=st.text(st.characters(), max_size=300), place=st.text(max_size=40))
@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_whatever_is_sealed_opens_where_it_was_sealed_and_nowhere_else(text, place):
    key = new_data_key()

    token = seal(key, text, place=place)

    assert unseal(key, token, place=place) == text
    for wrong_key, wrong_place in ((new_data_key(), place), (key, place + "x")):
        with pytest.raises(Tampered):
            unseal(wrong_key, token, place=wrong_place)


@given(token=st.text(max_size=120))
@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
def test_nothing_that_was_not_sealed_ever_opens(token):
    for planted in (token, f"s1.{token}"):
        with pytest.raises(Tampered):
            unseal(b"k" * 32, planted, place="here")


# --- Ways around the encryption


@pytest.mark.parametrize(
    "bypass",
    [
        lambda: Contact.objects.update(name="Mallory"),
        lambda: Contact.objects.update(name=F("email")),
        lambda: Contact.objects.update(name=Value("Mallory")),
        lambda: Contact.objects.update(name=Concat(F("name"), Value("!"))),
        lambda: Contact.objects.update(name=Upper("name")),
        lambda: Contact.objects.bulk_update(_changed(), ["name"]),
        lambda: Contact.objects.update(key_id=vault.create_key(kind="contact", account_id=1)),
        lambda: Contact.objects.filter(name="Vera Visitor").first(),
        lambda: Contact.objects.filter(name__icontains="vera").first(),
        lambda: Contact.objects.filter(name__in=["Vera Visitor"]).first(),
        lambda: Contact.objects.exclude(email="vera@mail.example").first(),
        lambda: Contact.objects.filter(name__lower="vera visitor").first(),
        lambda: Contact.objects.filter(conversations__contact__name="Vera Visitor").first(),
        lambda: Contact.objects.get_or_create(name="Vera Visitor"),
        lambda: Contact.objects.order_by("name").first(),
        lambda: Contact.objects.order_by("-email").first(),
        lambda: Contact.objects.order_by(F("name")).first(),
        lambda: Contact.objects.order_by(F("name").desc()).first(),
        lambda: Contact.objects.order_by(Lower("name")).first(),
        lambda: Conversation.objects.order_by("contact__name").first(),
        lambda: Conversation.objects.order_by("-contact__email").first(),
        lambda: Conversation.objects.order_by(F("contact__name")).first(),
        lambda: Contact.objects.filter(key_id=F("name")).first(),
        lambda: Contact.objects.exclude(email_index=F("email")).first(),
        lambda: Contact.objects.filter(Exists(Contact.objects.filter(email_index=OuterRef("name")))).first(),
        lambda: Contact.objects.annotate(loud=Upper("name")).first(),
        lambda: Contact.objects.annotate(same=F("name")).first(),
        lambda: Contact.objects.values("account").annotate(last=Max("name")).first(),
        lambda: Contact.objects.aggregate(last=Max("name")),
        lambda: Contact.objects.filter(Q(name__isnull=False) & Q(key_id=F("name"))).delete(),
        lambda: Contact.objects.update(email_index=F("name")),
        lambda: Contact.objects.update(email_index=Upper("email")),
        lambda: Contact.objects.update(name=Token("PLAIN")),
        lambda: Contact.objects.update(name=Token("s1.PLAIN")),
        lambda: Contact.objects.update(name=Token("")),
        lambda: str(Contact.objects.values_list("name", flat=True)[0]),
        lambda: f"{Contact.objects.values('name')[0]['name']}",
        lambda: str(Contact.objects.annotate(low=Lower("name"))[0].low),
        lambda: str(Contact.objects.aggregate(last=Max("name"))["last"]),
        lambda: Contact.objects.bulk_create(
            [Contact()], update_conflicts=True, update_fields=["name"], unique_fields=["id"]
        ),
        lambda: serializers.serialize("json", Contact.objects.all()),
        lambda: serializers.serialize("python", Contact.objects.all()),
    ],
)
def test_no_way_around_the_encryption_works(visitor, bypass):
    before = stored(visitor)

    with pytest.raises(SealedMisuse), transaction.atomic():
        bypass()

    assert stored(visitor) == before


def _changed() -> list[Contact]:
    rows = list(Contact.objects.all())
    for row in rows:
        row.name = "Mallory"
    return rows


def test_look_up_names_the_blind_index_to_use(visitor):
    with pytest.raises(SealedMisuse, match="its blind index is 'email_index'"):
        Contact.objects.filter(email="vera@mail.example")


def test_fixture_of_plain_text_is_refused(visitor):
    fixture = [{"model": "helpdesk.contact", "pk": str(visitor.pk), "fields": {"name": "Mallory"}}]
    deserialized = next(iter(serializers.deserialize("python", fixture)))
    deserialized.object.account_id, deserialized.object.key_id = visitor.account_id, visitor.key_id

    with pytest.raises(SealedMisuse), transaction.atomic():
        deserialized.save()

    assert fresh(visitor).name == "Vera Visitor"


def test_bulk_create_seals_like_save_with_one_query_for_the_keys(account, django_assert_num_queries):
    keys = vault.create_keys(kind=DataKey.Kind.CONTACT, account_id=account.pk, count=20)
    rows = [Contact(account=account, key_id=key, name=f"Person {n}") for n, key in enumerate(keys)]

    with django_assert_num_queries(1, connection=connections["vault"]):
        Contact.objects.bulk_create(rows)

    assert stored(rows[3]).startswith("s1.")
    assert sorted(row.name for row in Contact.objects.all()) == sorted(f"Person {n}" for n in range(20))


def test_sealed_value_is_not_copied_to_another_row(account, visitor):
    row = fresh(visitor)
    row.pk = factories.contact(account).pk

    with pytest.raises(SealedMisuse, match="assign its text"), transaction.atomic():
        row.save()


def test_sealed_value_is_not_kept_under_another_key(account, visitor):
    row = fresh(visitor)
    row.key_id = vault.create_key(kind=DataKey.Kind.CONTACT, account_id=account.pk)

    with pytest.raises(SealedMisuse), transaction.atomic():
        row.save()

    assert fresh(visitor).name == "Vera Visitor"


# --- Pickles, copies, what an error says


def test_pickle_of_a_row_carries_neither_text_nor_key(visitor):
    row = fresh(visitor)
    assert row.name == "Vera Visitor"
    key = vault.open_key(row.key_id)

    pickled = pickle.dumps(row)

    assert b"Vera" not in pickled
    assert key not in pickled
    assert pickle.loads(pickled).name == "Vera Visitor"


def test_row_with_typed_text_is_not_pickled(visitor):
    for careless in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(SealedMisuse, match="pass the row's id on"):
            careless(visitor)


def test_refreshed_row_is_sealed_again(visitor, django_assert_num_queries):
    with django_assert_num_queries(1), django_assert_num_queries(0, connection=connections["vault"]):
        visitor.refresh_from_db()

    assert isinstance(visitor.__dict__["name"], Sealed)
    assert visitor.name == "Vera Visitor"
    visitor.save()
    assert b"Vera" not in pickle.dumps(visitor)


def test_sealed_value_shows_nothing_of_itself(visitor):
    value = fresh(visitor).__dict__["name"]

    assert repr(value) == "<sealed>"
    with pytest.raises(SealedMisuse):
        str(value)


def test_no_error_quotes_a_text_or_a_token(visitor):
    plant(visitor, "Mallory was here")

    with pytest.raises(Tampered) as error:
        _ = fresh(visitor).name

    assert "Mallory" not in str(error.value)


# --- Tampering


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-4],
        lambda token: token[: len(token) // 2],
        lambda token: "s1.",
        lambda token: "",
        lambda token: "Mallory",
        lambda token: token.replace("s1.", "s2."),
        lambda token: token + "AAAA",
        lambda token: f"s1.{'A' if token[3] != 'A' else 'B'}{token[4:]}",
        lambda token: "s1.€",
    ],
)
def test_changed_value_is_an_error_and_never_text(visitor, spoil):
    plant(visitor, spoil(stored(visitor)))

    row = fresh(visitor)

    with pytest.raises(Tampered):
        _ = row.name
    assert row.email == "vera@mail.example"


def test_changed_value_is_not_saved_back_as_something_else(visitor):
    plant(visitor, "Mallory")
    row = fresh(visitor)

    row.email = "new@mail.example"
    row.save()

    assert stored(visitor) == "Mallory"  # still the evidence, not a sealed lie
    with pytest.raises(Tampered):
        _ = fresh(visitor).name


def test_damaged_value_that_was_repaired_meanwhile_is_not_damaged_again(visitor):
    token = stored(visitor)
    plant(visitor, token[:-8])
    row = fresh(visitor)
    plant(visitor, token)

    row.email = "new@mail.example"
    row.save()
    row.save(update_fields=["name", "verified_at"])

    assert (stored(visitor), fresh(visitor).name) == (token, "Vera Visitor")
    assert fresh(visitor).email == "new@mail.example"


def test_update_writes_no_sealed_value_that_nobody_changed(visitor, django_assert_num_queries):
    row = fresh(visitor)
    assert row.name == "Vera Visitor"
    row.email = "new@mail.example"

    with django_assert_num_queries(1) as queries:
        row.save()
    with django_assert_num_queries(0):
        row.save(update_fields=["name"])

    assert '"email"' in queries[0]["sql"]
    assert '"name"' not in queries[0]["sql"]


def test_value_moved_from_another_row_is_an_error(account, visitor):
    other = factories.contact(account, name="Other")

    plant(visitor, stored(other))

    with pytest.raises(Tampered):
        _ = fresh(visitor).name


def test_value_moved_with_its_key_id_is_an_error(account, visitor):
    other = factories.contact(account, name="Other")
    plant(visitor, stored(other))
    plant(visitor, other.key_id if connection.features.has_native_uuid_field else other.key_id.hex, "key_id")

    with pytest.raises(Tampered):
        _ = fresh(visitor).name


def test_value_moved_from_another_field_is_an_error(visitor):
    plant(visitor, stored(visitor, "email"))

    with pytest.raises(Tampered):
        _ = fresh(visitor).name


def test_value_moved_within_a_chat_is_an_error(account):
    chat = factories.chat(account, says=("yes", "no"))
    yes, no = Message.objects.filter(conversation=chat)

    plant(yes, stored(no, "body"), "body")

    with pytest.raises(Tampered):
        _ = fresh(yes).body


# --- Keys that are gone


def test_value_reads_as_erased_once_its_key_is_destroyed(visitor):
    shred(visitor)

    row = fresh(visitor)

    assert (row.name, row.email) == ("", "")
    assert repr(row.name) == "<erased>"
    assert not row.name


def test_erased_value_is_never_stored_again(visitor):
    shred(visitor)
    row = fresh(visitor)
    before = stored(visitor)

    row.name = row.name
    with pytest.raises(SealedMisuse, match="erased"), transaction.atomic():
        row.save()

    assert stored(visitor) == before


def test_nothing_new_is_sealed_under_a_destroyed_key(visitor):
    shred(visitor)
    row = fresh(visitor)

    row.name = "Back again"
    with pytest.raises(SealedMisuse, match="destroyed"), transaction.atomic():
        row.save()


def test_missing_key_without_tombstone_is_an_incident_and_not_an_erasure(visitor):
    DataKey.objects.filter(pk=visitor.key_id).delete()

    with pytest.raises(KeyUnavailable, match="neither key nor tombstone"):
        _ = fresh(visitor).name


def test_one_lost_key_takes_only_its_own_rows_with_it(account):
    lost, kept = factories.contact(account, name="Lost"), factories.contact(account, name="Kept")
    DataKey.objects.filter(pk=lost.key_id).delete()

    rows = {row.pk: row for row in Contact.objects.all()}

    assert rows[kept.pk].name == "Kept"
    with pytest.raises(KeyUnavailable):
        _ = rows[lost.pk].name


def test_wrong_ring_opens_nothing_and_changes_nothing(visitor, settings, new_ring_key):
    before = stored(visitor)
    right = settings.FIELD_ENCRYPTION_KEY
    settings.FIELD_ENCRYPTION_KEY = [new_ring_key()]
    row = fresh(visitor)

    with pytest.raises(KeyUnavailable, match="No key of the ring"):
        _ = row.name
    row.name = "Mallory"
    with pytest.raises(KeyUnavailable), transaction.atomic():
        row.save()

    settings.FIELD_ENCRYPTION_KEY = right
    assert stored(visitor) == before
    assert fresh(visitor).name == "Vera Visitor"


def test_wrapped_key_moved_to_another_id_is_noticed(account, visitor):
    other = factories.contact(account, name="Other")
    wrapped = DataKey.objects.values_list("wrapped", flat=True).get(pk=other.key_id)

    DataKey.objects.filter(pk=visitor.key_id).update(wrapped=wrapped)

    with pytest.raises(Tampered, match="another id"):
        _ = fresh(visitor).name


def test_destroying_keys_twice_leaves_one_tombstone(visitor):
    entry = ledger.append("erasure.begun", keys=[visitor.key_id.hex])

    assert vault.destroy_keys([visitor.key_id], entry=entry) == 1
    assert vault.destroy_keys([visitor.key_id], entry=entry) == 0

    assert Tombstone.objects.filter(key_id=visitor.key_id).count() == 1


# --- Queries


@pytest.mark.parametrize("rows", [1, 3, 50])
def test_page_of_rows_loads_its_keys_in_one_query(account, django_assert_num_queries, rows):
    for number in range(rows):
        factories.contact(account, name=f"Person {number}")

    with django_assert_num_queries(1), django_assert_num_queries(1, connection=connections["vault"]):
        names = [(row.name, row.email) for row in Contact.objects.all()]

    assert len(names) == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_related_rows_share_the_query_for_their_keys(account, agent, django_assert_num_queries, rows):
    for number in range(rows):
        contact = factories.contact(account, name=f"Person {number}")
        factories.chat(account, contact=contact, agent=agent)
    page = Conversation.objects.select_related("contact", "agent").order_by("created_at", "pk")

    with django_assert_num_queries(1), django_assert_num_queries(1, connection=connections["vault"]):
        names = [(chat.contact.name, chat.agent.name) for chat in page]

    assert names == [(f"Person {number}", "Ada Agent") for number in range(rows)]


@pytest.mark.parametrize("rows", [1, 3])
def test_prefetched_rows_load_their_keys_once(account, django_assert_num_queries, rows):
    for _ in range(rows):
        factories.ticket(account, says=("one", "two"))

    with django_assert_num_queries(1, connection=connections["vault"]):
        tickets = account.tickets.prefetch_related("messages")
        bodies = [message.body for ticket in tickets for message in ticket.messages.all()]

    assert bodies == ["one", "two"] * rows


@pytest.mark.parametrize("rows", [3, 250])
def test_iterator_loads_keys_by_the_chunk(account, django_assert_num_queries, rows):
    keys = vault.create_keys(kind=DataKey.Kind.CONTACT, account_id=account.pk, count=rows)
    Contact.objects.bulk_create([Contact(account=account, key_id=key, name="x") for key in keys])

    with django_assert_num_queries(-(-rows // 200), connection=connections["vault"]):
        names = [row.name for row in Contact.objects.iterator()]

    assert names == ["x"] * rows


@pytest.mark.parametrize("rows", [1, 3])
def test_only_brings_the_key_along(account, django_assert_num_queries, rows):
    for _ in range(rows):
        factories.contact(account, name="Vera")

    with django_assert_num_queries(1), django_assert_num_queries(1, connection=connections["vault"]):
        names = [row.name for row in Contact.objects.only("name")]

    assert names == ["Vera"] * rows


def test_deferred_text_is_read_and_saved_like_any_other(visitor):
    row = Contact.objects.defer("name").get(pk=visitor.pk)

    assert row.name == "Vera Visitor"
    row.save()

    assert fresh(visitor).name == "Vera Visitor"


def test_raw_query_opens_its_rows(visitor):
    rows = Contact.objects.raw("SELECT * FROM helpdesk_contact")

    assert [row.name for row in rows] == ["Vera Visitor"]


def test_rows_fetched_through_each_other_open(owner):
    account = type(owner.account)._base_manager.select_related("owner").get(pk=owner.account_id)

    assert account.owner.name == owner.name


# --- Whose key


def test_reply_of_an_agent_dies_with_the_thread_and_not_with_the_agent(account, agent):
    ticket = factories.ticket(account)
    participant = ticket.participants.get()
    reply = TicketMessage.objects.create(
        account=account,
        ticket=ticket,
        participant=participant,
        key_id=participant.key_id,
        agent=agent,
        kind=TicketMessage.Kind.REPLY,
        body="Thank you",
    )

    shred(agent)

    assert fresh(reply).body == "Thank you"
    assert User.objects.get(pk=agent.pk).name == ""


def test_no_keys_are_opened_for_nothing(db):
    assert vault.open_keys([]) == {}
