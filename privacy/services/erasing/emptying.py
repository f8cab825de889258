"""People who can't go, since something else is theirs: their key goes, and all that it sealed."""

from collections.abc import Iterable
from uuid import UUID

from privacy import vault
from privacy.encryption.rows import SealedModel, names_of_sealed
from privacy.models import DataKey


def empty_people(people: Iterable[SealedModel], *, account_id: int | None) -> list[UUID]:
    """Give people a new key and empty what the old one sealed; returns the old keys.

    In the caller's transaction, which holds their rows locked.
    """
    people = list(people)
    keys = vault.create_keys(kind=DataKey.Kind.CONTACT, account_id=account_id, count=len(people))
    old = [person.key_id for person in people]
    for person, key in zip(people, keys, strict=True):
        names = names_of_sealed(type(person))
        person.key_id = key
        for name in names:
            setattr(person, name, "")
        person.save(update_fields=["key_id", *names])
    return old
