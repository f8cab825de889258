"""The versions of an account's rules in words: what was, what became of it, who decided and why."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from helpdesk.models import Account
from privacy.categories import Category
from privacy.encryption.rows import share_keys
from privacy.models import PolicyVersion
from privacy.services.rules.decisions import Decision, proposed
from privacy.services.rules.policies import Policy, policies_in_force
from privacy.services.rules.retention import sentence_of
from privacy.terms import Term

SHOWN = 20


@dataclass(frozen=True)
class Change:
    """One category of one version."""

    category: str
    before: str
    after: str


@dataclass(frozen=True)
class Version:
    """One version; without changes it ended a cooling-off."""

    number: int
    at: datetime
    who: str
    reason: str
    changes: list[Change]


def versions_of(account: Account, now: datetime) -> list[Version]:
    """Return the newest versions of an account's rules, newest first."""
    rules = {policy.category: policy for policy in policies_in_force(account.pk)}
    newest = list(account.policy_versions.select_related("by")[:SHOWN])
    share_keys((each.by for each in newest if each.by), lost=_("somebody who can't be named any more"))
    return [
        Version(each.number, each.at, _who(each), each.reason, _changes(each, rules, now)) for each in newest
    ]


def _who(version: PolicyVersion) -> str:
    if version.by is None:
        return _("a command, or somebody who has been erased since")
    return version.by.get_full_name()


def _changes(version: PolicyVersion, rules: dict[str, Policy], now: datetime) -> list[Change]:
    return [*_of_rules(version, rules, now), *_of_minimums(version)]


def _of_minimums(version: PolicyVersion) -> list[Change]:
    before, after = version.minimums_before, version.minimums_after
    return [
        Change(
            _("%(category)s, at least") % {"category": Category(category).label},
            _minimum_in_words(before.get(category)),
            _minimum_in_words(after.get(category)),
        )
        for category in {**before, **after}
        if before.get(category) != after.get(category)
    ]


def _minimum_in_words(said: dict[str, str] | None) -> str:
    if said is None:
        return _("no minimum")
    return f"{Term.from_code(said['term']).length_in_words()} ({said['reason']})"


def _of_rules(version: PolicyVersion, rules: dict[str, Policy], now: datetime) -> list[Change]:
    return [
        Change(
            str(Category(category).label),
            _in_words(version.before.get(category), rules[category], now) or _("as the plan says"),
            _in_words(after, rules[category], now),
        )
        for category, after in version.after.items()
        if category in rules and version.before.get(category) != after
    ]


def _in_words(said: dict[str, str] | None, rule: Policy, now: datetime) -> str:
    return sentence_of(proposed(rule, Decision.from_json(said), now=now)) if said else ""
