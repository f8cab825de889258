"""The privacy notice as it was shown: versions that are never changed, and who stands behind them."""

import hashlib

from django.core.exceptions import ValidationError
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from helpdesk.models import Account, AlreadyInformed, NoticeVersion, User
from helpdesk.notice import notice_of
from privacy import ledger


def render_notice(account: Account) -> str:
    """Return the notice as it is true at this moment, in the language of this moment, as HTML."""
    return render_to_string("privacy/_notice.html", {"account": account, "notice": notice_of(account)})


def show_notice(account: Account) -> NoticeVersion:
    """Return the version that visitors read now, in the language of this moment.

    What differs from the newest one is a new version, and older ones stay as they were.
    """
    html, language = render_notice(account), get_language() or account.language
    content_hash = hashlib.sha256(html.encode()).hexdigest()
    with transaction.atomic():
        newest = _newest(account, language)
        if newest and newest.content_hash == content_hash:
            return newest
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)  # one writer a number
        newest = _newest(account, language)
        if newest and newest.content_hash == content_hash:
            return newest
        return NoticeVersion.objects.create(
            account=account,
            language=language,
            number=newest.number + 1 if newest else 1,
            content_hash=content_hash,
            html=html,
        )


def is_confirmed(account: Account) -> bool:
    """Tell whether a manager stands behind the notice as it is now, in the account's own language."""
    with override(account.language):
        return account.confirmed_notice == hashlib.sha256(render_notice(account).encode()).hexdigest()


def confirm_notice(*, account: Account, by: User, content_hash: str) -> NoticeVersion:
    """Let ``by`` stand behind the version that they have read; until then visitors read that it is a draft.

    Raises ``ValidationError`` where the notice has changed since it was read.
    """
    with override(account.language):
        shown = show_notice(account)
    if shown.content_hash != content_hash:
        raise ValidationError(_("The notice has changed since you opened it. Please read it again."), "stale")
    with transaction.atomic():
        account.confirmed_notice, account.confirmed_at = shown.content_hash, timezone.now()
        account.save(update_fields=["confirmed_notice", "confirmed_at"])
        ledger.record(
            "privacy_notice.confirmed",
            account_id=account.pk,
            who=ledger.reference(by),
            version=shown.number,
            language=shown.language,
        )
    return shown


def decide_informed(*, account: Account, by: User, reason: str) -> AlreadyInformed:
    """Record that visitors have the information already, who says so, and why (Article 13(4))."""
    with transaction.atomic():
        end_informed(account=account, by=by)
        decision = AlreadyInformed(account=account, decided_by=by, reason=reason.strip())
        decision.full_clean(exclude=["decided_by", "ended_at"])
        decision.save()
        ledger.record("privacy_notice.waived", account_id=account.pk, who=ledger.reference(by))
    return decision


def end_informed(*, account: Account, by: User) -> bool:
    """End the decision in force; returns whether there was one."""
    with transaction.atomic():
        standing = AlreadyInformed.objects.filter(account=account, ended_at=None)
        if not standing.update(ended_at=timezone.now()):
            return False
        ledger.record("privacy_notice.waiver_ended", account_id=account.pk, who=ledger.reference(by))
    return True


def informed_by(account: Account) -> AlreadyInformed | None:
    """Return the decision in force; without one, which is the default, visitors are told."""
    return AlreadyInformed.objects.filter(account=account, ended_at=None).select_related("decided_by").first()


def _newest(account: Account, language: str) -> NoticeVersion | None:
    return NoticeVersion.objects.filter(account=account, language=language).order_by("-number").first()
