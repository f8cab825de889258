"""Changing somebody who signs in, as their manager's page shows them: all of it or nothing."""

from django.db import IntegrityError, transaction

from helpdesk.models import User
from helpdesk.services.people import (
    AddressTaken,
    change_password,
    change_role,
    deactivate_person,
    reactivate_person,
)
from helpdesk.text import validate_address, validate_line
from privacy import ledger, vault
from privacy.encryption.rows import read_lost_as
from privacy.models import DataKey


def change_person(
    *, person: User, by: User, name: str, email: str, role: str, is_active: bool, password: str = ""
) -> User:
    """Save what ``by`` decided about a person and return them; an empty ``password`` leaves theirs.

    Raises :class:`AddressTaken`, or ``ValidationError`` for what won't do.
    """
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        correct_person(person=person, by=by, name=name, email=email)
        if role != person.role:
            change_role(person=person, role=role, by=by)
        if password:
            change_password(person=person, password=password, by=by)
        if person.is_active and not is_active:
            deactivate_person(person=person, by=by)
        elif is_active and not person.is_active:
            reactivate_person(person=person, by=by)
    return person


def correct_person(*, person: User, by: User, name: str, email: str) -> None:
    """Put a name or an address right (Article 16); the ledger says that, and neither of them.

    Where the person's key was lost both are new, and so is the key.
    """
    read_lost_as("", [person])
    changed = [
        field for field, value in (("name", name), ("email", email)) if getattr(person, field) != value
    ]
    if not changed:
        return
    validate_line(name)
    validate_address(email)
    if User.objects.with_email(email).exclude(pk=person.pk).exists():
        raise AddressTaken
    if vault.lost_among([person.key_id]):
        person.key_id = vault.create_key(kind=DataKey.Kind.USER, account_id=person.account_id)
    person.name, person.email = name, email
    try:
        with transaction.atomic():
            person.save()
    except IntegrityError as error:  # somebody took the address a moment ago
        raise AddressTaken from error
    ledger.record(
        "person.corrected",
        account_id=person.account_id,
        person=ledger.reference(person),
        who=ledger.reference(by),
        fields=changed,
    )
