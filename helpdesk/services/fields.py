"""Fields that an account asks, and the answers to them, each kept as its field says."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from helpdesk.models import Account, AnswerRecord, FormField, User
from helpdesk.services.slips import without_slips
from privacy import ledger, vault
from privacy.encryption.rows import SealedModel
from privacy.models import Basis, ConsentNotice, DataKey
from privacy.services.people.consent import ConsentMissing, Given
from privacy.slips import Masked

TYPED = (FormField.Kind.TEXT, FormField.Kind.LONG_TEXT)  # in which slips are looked for
NO_ANSWERS: Mapping[str, str] = MappingProxyType({})


def save_form_field(*, field: FormField, by: User | None) -> FormField:
    """Save a field of a form, new or changed; it counts for whoever opens the form from now on.

    Raises ``ValidationError`` where nobody may ask for that.
    """
    with transaction.atomic():
        is_new = field.pk is None
        field.full_clean()
        field.save()
        ledger.record(
            "field.declared" if is_new else "field.changed",
            account_id=field.account_id,
            who=ledger.reference(by),
            form=str(field.form),
            field=field.key,
            kind=str(field.kind),
            rule=str(field.rule),
            personal=field.is_personal,
            special=field.is_special,
            purpose=field.purpose.key if field.purpose else "",
            term=field.term.code() if field.term else "",
        )
    return field


def asked_on(account: Account, form: str, *, notice: ConsentNotice | None) -> list[FormField]:
    """Return what an account asks on a form besides name, address and question.

    A special category is not asked where no question of consent is: nobody could agree to it explicitly.
    """
    asked = FormField.objects.filter(account=account).asked(form)
    purposes = set(notice.purposes()) if notice else set()
    return [each for each in asked if not each.is_special or (each.purpose and each.purpose.key in purposes)]


def keep_answers(
    record: type[AnswerRecord],
    answers: Mapping[str, str],
    *,
    account: Account,
    key_id: UUID,
    given: Given,
    **unit: SealedModel,
) -> set[str]:
    """Keep what was answered, by the keys of the fields, beside a chat or ticket in the caller's transaction.

    What the account doesn't ask is dropped, and so is an empty answer. Personal ones are sealed under
    ``key_id``, the key of the chat or thread, and under one of their own where they have a term of their own.
    Slips in words are masked, and their kinds returned. Raises
    :class:`privacy.services.people.consent.ConsentMissing` where an answer needs an agreement that was not
    given.
    """
    masked: set[str] = set()
    if not answers:
        return masked
    form = FormField.Form.CHAT if "conversation" in unit else FormField.Form.TICKET
    now = timezone.now()
    for field in FormField.objects.filter(account=account).asked(form):
        words = answers.get(field.key, "")
        if words:
            refuse_without_consent(field, given)
            kept = without_slips(words, account_id=account.pk) if field.kind in TYPED else Masked(words)
            _keep(record, field, kept.text, now=now, key_id=key_id, unit=unit)
            masked.update(kept.kinds)
    return masked


def refuse_without_consent(field: FormField, given: Given) -> None:
    """Raise ``ConsentMissing`` unless what the field asks may be stored of somebody who answered so."""
    if needs_agreement(field, given) and field.purpose.key not in given.purposes:  # type: ignore[union-attr]
        raise ConsentMissing


def needs_agreement(field: FormField, given: Given) -> bool:
    """Tell whether an answer needs an agreement: its purpose rests on consent, and the form asks for it.

    A special category needs one in any case, since it has to be explicit and proved (Article 9(2)(a)).
    """
    if field.purpose is None or field.purpose.basis != Basis.CONSENT:
        return False
    return field.is_special or (given.notice is not None and field.purpose.key in given.notice.purposes())


def _keep(
    record: type[AnswerRecord],
    field: FormField,
    words: str,
    *,
    now: datetime,
    key_id: UUID,
    unit: Mapping[str, models.Model],
) -> None:
    account_id, erase_at = field.account_id, field.ends_at(now)
    if erase_at:
        key_id = vault.create_key(kind=DataKey.Kind.ANSWER, account_id=account_id)
    record._base_manager.create(
        account_id=account_id,
        field=field,
        label=field.label[:120],
        key_id=key_id,
        position=field.position,
        created_at=now,
        erase_at=erase_at,
        **({"value": words} if field.is_personal else {"plain": words}),
        **unit,
    )
