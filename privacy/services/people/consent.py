"""What visitors are told and agree to: versions of notices, and proof of consent (Article 7(1))."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from privacy import ledger
from privacy.encryption.errors import KeyLost
from privacy.encryption.rows import SealedModel
from privacy.models import ConsentNotice, ConsentRecord


class ConsentMissing(Exception):
    """The account asks for consent and it was not given; nothing may be stored."""


def current_notice(account) -> ConsentNotice | None:
    """Return the newest version of the account's notice, the one that is shown."""
    return ConsentNotice.objects.filter(account=account).order_by("-version").first()


def publish_notice(*, account, text: str, policy_url: str) -> ConsentNotice:
    """Publish a new version where the words or the link changed; older versions stay as they were."""
    current = current_notice(account)
    if current and (current.text, current.policy_url) == (text, policy_url):
        return current
    with transaction.atomic():
        version = current.version + 1 if current else 1
        notice = ConsentNotice.objects.create(
            account=account, version=version, text=text, policy_url=policy_url
        )
        ledger.record("notice.published", account_id=account.pk, version=version)
    return notice


def record_consent(
    *, account, person: SealedModel, form: str, agreed: bool, notice: ConsentNotice | None
) -> None:
    """Keep the proof that ``person`` agreed to ``notice``, in the caller's transaction.

    Raises :class:`ConsentMissing` where the account asks for consent and ``agreed`` is false or the notice
    is not the one in force.
    """
    if not account.consent_required:
        return
    current = current_notice(account)
    if not agreed or current is None or notice != current:
        raise ConsentMissing
    ConsentRecord.objects.create(
        account=account,
        notice=current,
        subject=ledger.reference(person),
        form=form,
        language=get_language() or "",
        given_at=timezone.now(),
    )
    ledger.record("consent.given", account_id=account.pk, form=form, version=current.version)


def consent_of(*, account, person: SealedModel) -> ConsentRecord | None:
    """Return the newest proof that ``person`` agreed, with its notice.

    ``None`` where there is none, or where nobody can tell whose it is, since the person's key is lost.
    """
    try:
        subject = ledger.reference(person)
    except KeyLost:
        return None
    records = ConsentRecord.objects.filter(account=account, subject=subject)
    return records.select_related("notice").order_by("-given_at").first()
