"""The page behind an account's link to its privacy policy: read once a day, so that a change is noticed."""

import hashlib
import html
from datetime import timedelta

import nh3
from django.db.models import F, Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from helpdesk.models import Account
from helpdesk.outgoing import Answer, Unreachable, fetch
from privacy.services.people.notices import note_policy

EVERY = timedelta(days=1)
A_ROUND = 20


def read_due_policies() -> int:
    """Read the policies that were not read for a day, or were changed since; returns how many."""
    before = timezone.now() - EVERY
    linked = Account.objects.filter(is_active=True).exclude(policy_url="")
    due = linked.filter(Q(policy_read_at=None) | Q(policy_read_at__lte=before))
    # Taken before it is read, which may last longer than it is until the next round.
    taken = [
        account
        for account in due.order_by(F("policy_read_at").asc(nulls_first=True))[:A_ROUND]
        if due.filter(pk=account.pk).update(policy_read_at=timezone.now())
    ]
    for account in taken:
        read_policy(account)
    return len(taken)


def read_policy(account: Account) -> None:
    """Note what is behind the link of an account, or why it can't be read.

    Words that differ from one look to the next tell nothing: they would ask visitors again every day.
    """
    url = account.policy_url
    with translation.override(account.language):
        try:
            seen = {_hash_of(fetch(url)) for _look in range(2)}
            trouble = "" if len(seen) == 1 else _("Its words are others at each look.")
        except Unreachable as unreachable:
            seen, trouble = set(), str(unreachable)
    if not trouble:
        note_policy(account=account, url=url, policy_hash=seen.pop())
    still = Account.objects.filter(pk=account.pk, policy_url=url)
    still.update(policy_read_at=timezone.now(), policy_trouble=trouble)


def _hash_of(answer: Answer) -> str:
    """Return the hash of what a reader sees: of a page its words, of anything else the whole."""
    if not answer.kind.lower().startswith(("text/html", "application/xhtml")):
        return hashlib.sha256(answer.body).hexdigest()
    text = answer.body.decode("utf-8", "replace")
    words = nh3.clean(text, tags=set(), clean_content_tags={"script", "style", "noscript", "template"})
    return hashlib.sha256(" ".join(html.unescape(words).split()).encode()).hexdigest()
