"""The ring is rotated without touching a row, also when the pass is interrupted."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from helpdesk.models import Contact
from privacy.encryption import keyring
from privacy.encryption.errors import KeyUnavailable
from privacy.models import DataKey, LedgerEntry
from privacy.services.rotation import ring_problem, rotate_keys
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def contacts(account):
    return [factories.contact(account, name=f"Person {number}") for number in range(5)]


def names() -> list[str]:
    return sorted(contact.name for contact in Contact.objects.all())


def test_rotation_lets_the_old_key_go(contacts, settings, new_ring_key):
    expected = names()
    old, total = keyring.newest(), DataKey.objects.count()
    new = new_ring_key()
    assert names() == expected  # both keys open until then

    rotation = rotate_keys()

    assert rotation.rewrapped == total
    assert (rotation.failed, rotation.needed, rotation.not_needed) == (0, {}, [old])
    settings.FIELD_ENCRYPTION_KEY = [new]
    assert names() == expected
    assert ring_problem() == ""


def test_rotation_leaves_every_row_as_it_is(contacts, new_ring_key):
    before = {row.pk: str(row.__dict__["name"].token) for row in Contact.objects.all()}
    new_ring_key()

    rotate_keys()

    assert {row.pk: str(row.__dict__["name"].token) for row in Contact.objects.all()} == before


def test_second_rotation_finds_nothing_to_do(contacts, new_ring_key):
    new_ring_key()
    rotate_keys()

    assert rotate_keys().rewrapped == 0


def test_rotation_is_in_the_ledger_with_its_numbers(contacts, new_ring_key):
    new_ring_key()

    rotation = rotate_keys()

    entry = LedgerEntry.objects.get(action="keys.rotated")
    assert entry.params == {"ring_key": keyring.newest(), "rewrapped": rotation.rewrapped, "failed": 0}


@pytest.mark.django_db(transaction=True)
def test_interrupted_rotation_goes_on_where_it_stopped(contacts, settings, new_ring_key):
    expected, total = names(), DataKey.objects.count()
    old_ring = list(settings.FIELD_ENCRYPTION_KEY)
    new = new_ring_key()
    updates = 0

    def fail_at_the_third_batch(execute, sql, params, many, context):
        nonlocal updates
        if sql.startswith("UPDATE"):
            updates += 1
            if updates == 3:
                raise DatabaseError("the vault went away")
        return execute(sql, params, many, context)

    with connections["vault"].execute_wrapper(fail_at_the_third_batch), pytest.raises(DatabaseError):
        rotate_keys(batch=2)

    half = DataKey.objects.filter(ring_key=keyring.newest()).count()
    assert half == 4
    assert names() == expected
    settings.FIELD_ENCRYPTION_KEY = [new]
    with pytest.raises(KeyUnavailable):
        names()
    settings.FIELD_ENCRYPTION_KEY = [new, *old_ring]
    assert rotate_keys(batch=2).rewrapped == total - half
    settings.FIELD_ENCRYPTION_KEY = [new]
    assert names() == expected


def test_old_key_removed_too_early_is_told_in_one_line(contacts, settings):
    old = keyring.newest()
    settings.FIELD_ENCRYPTION_KEY = [Fernet.generate_key().decode()]

    problem = ring_problem()

    assert f"lacks 1 key(s) that {DataKey.objects.count()} data keys" in problem
    assert old in problem
    assert "\n" not in problem


def test_whole_ring_has_no_problem(contacts):
    assert ring_problem() == ""


def test_keys_that_no_ring_key_opens_are_left_as_they_are(contacts, new_ring_key):
    new_ring_key()
    DataKey.objects.filter(pk=contacts[0].key_id).update(
        wrapped=Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    )
    spoilt = DataKey.objects.values_list("wrapped", flat=True).get(pk=contacts[0].key_id)

    rotation = rotate_keys()

    assert rotation.failed == 1
    assert sum(rotation.needed.values()) == 1
    assert DataKey.objects.values_list("wrapped", flat=True).get(pk=contacts[0].key_id) == spoilt


def test_command_says_which_keys_of_the_ring_can_go(contacts, new_ring_key):
    old = keyring.newest()
    new_ring_key()
    output = StringIO()

    call_command("rotate_keys", stdout=output)

    assert f"Ring key {old} is needed no more" in output.getvalue()


def test_command_fails_where_a_key_can_not_be_opened(contacts, new_ring_key):
    new_ring_key()
    DataKey.objects.filter(pk=contacts[0].key_id).update(wrapped="spoilt")

    with pytest.raises(CommandError, match="1 data keys can't be opened"):
        call_command("rotate_keys", stdout=StringIO())
