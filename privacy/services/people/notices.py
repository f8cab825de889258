"""Versions of what visitors are asked: made from the purposes and settings of an account, never changed."""

from typing import Any

from django.db import transaction

from privacy import ledger
from privacy.models import ConsentNotice, Mechanism, Purpose
from privacy.models.consent import Question

SNAPSHOT = ("mechanism", "together", "introduction", "questions", "language", "policy_url")


def current_notice(account) -> ConsentNotice | None:
    """Return the newest version of the account's notice, the one that is shown."""
    return ConsentNotice.objects.filter(account=account).order_by("-version").first()


def publish_notice(*, account, policy_hash: str = "") -> ConsentNotice:
    """Publish a new version where what is asked has changed; older versions stay as they were.

    ``policy_hash`` is of the content behind the link to the policy, where that could be read; a new content
    alone is a new version too.
    """
    current = current_notice(account)
    shown = _shown(account)
    same = current is not None and all(getattr(current, name) == shown[name] for name in SNAPSHOT)
    if current and same and policy_hash in {"", current.policy_hash}:
        return current
    with transaction.atomic():
        version = current.version + 1 if current else 1
        kept = current.policy_hash if current and current.policy_url == shown["policy_url"] else ""
        notice = ConsentNotice.objects.create(
            account=account, version=version, policy_hash=policy_hash or kept, **shown
        )
        # What no visitor has to answer is version 0 to those who compare.
        account.notice_version = version if notice.asks else 0
        account.save(update_fields=["notice_version"])
        ledger.record(
            "notice.published", account_id=account.pk, version=version, mechanism=str(notice.mechanism)
        )
    return notice


def note_policy(*, account, url: str, policy_hash: str) -> None:
    """Note the hash of what is behind the link to the policy, as it was just read.

    It completes the version in force where nothing was known yet; another content is a new version, which
    asks returning visitors again.
    """
    with transaction.atomic():
        # As saving the settings does, which publishes too.
        account = type(account).objects.select_for_update(no_key=True).get(pk=account.pk)
        current = current_notice(account)
        if account.policy_url != url or current is None or current.policy_url != url:
            return
        if current.policy_hash:
            publish_notice(account=account, policy_hash=policy_hash)
            return
        ConsentNotice.objects.filter(pk=current.pk).update(policy_hash=policy_hash)
        ledger.record(
            "notice.policy_read", account_id=account.pk, version=current.version, policy_hash=policy_hash
        )


def _shown(account) -> dict[str, Any]:
    purposes = Purpose.objects.filter(account=account).asked()
    asked = [Question(each.key, each.is_required, each.questions) for each in purposes]
    billboard = account.consent_mechanism == Mechanism.BILLBOARD
    return {
        "mechanism": account.consent_mechanism,
        "together": account.consent_together,
        "introduction": account.billboard if billboard else account.consent_introduction,
        "questions": [question.as_json() for question in asked],
        "language": account.language,
        "policy_url": account.policy_url,
    }
