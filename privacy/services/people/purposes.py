"""The purposes of an account: declared, changed, and the only ones that data may serve (Article 5(1)(b))."""

from typing import Any

from django.db import transaction

from privacy import ledger
from privacy.encryption.rows import SealedModel
from privacy.models import Basis, ConsentRecord, Purpose
from privacy.services.people.consent import answers_of
from privacy.services.people.notices import publish_notice

ANSWER = "answer"  # the purpose that every account begins with


class PurposeRefused(Exception):
    """The purpose was not declared, or rests on a consent that this person did not give."""


def save_purpose(*, purpose: Purpose, by: SealedModel | None) -> Purpose:
    """Save a purpose, new or changed, and publish what visitors are asked from now on.

    Raises ``ValidationError`` where it could not be relied on.
    """
    with transaction.atomic():
        is_new = purpose.pk is None
        purpose.full_clean()
        purpose.save()
        ledger.record(
            "purpose.declared" if is_new else "purpose.changed",
            account_id=purpose.account_id,
            who=ledger.reference(by),
            purpose=purpose.key,
            basis=str(purpose.basis),
            active=purpose.is_active,
        )
        publish_notice(account=purpose.account)
    return purpose


def declare_answering(*, account: Any, names: dict[str, str], questions: dict[str, str]) -> Purpose:
    """Declare the purpose that every account begins with: to answer whoever writes, with consent."""
    return Purpose.objects.create(
        account=account,
        key=ANSWER,
        names=names,
        basis=Basis.CONSENT,
        questions=questions,
        is_required=True,
        position=1,
    )


def require_purpose(*, account: Any, key: str, person: SealedModel | None = None) -> Purpose:
    """Return the purpose under which data may be used.

    Raises :class:`PurposeRefused` where the account declared none of this name, or where it rests on consent
    and ``person`` has not given it, or has taken it back.
    """
    purpose = Purpose.objects.filter(account=account, key=key).declared().first()
    if purpose is None:
        raise PurposeRefused(key)
    if purpose.basis == Basis.CONSENT and person is not None:
        answers = {record.purpose: record.state for record in answers_of(account=account, person=person)}
        if answers.get(key) != ConsentRecord.State.GIVEN:
            raise PurposeRefused(key)
    return purpose
