"""The presets as an account may use them, each with the sentences that visitors will read."""

from dataclasses import dataclass

from helpdesk.admin.rehearsals import told_to_visitors
from helpdesk.admin.retention_tab import RetentionTab
from helpdesk.notice import tells_of
from privacy.categories import Category
from privacy.presets import PRESETS, Preset
from privacy.services.rules.decisions import Decision, proposed


@dataclass(frozen=True)
class Offer:
    """A preset, the sentences that visitors read by category, and what of it the plan doesn't allow."""

    preset: Preset
    sentences: list[tuple[str, str]]
    beyond: list[str]


def presets_for(tab: RetentionTab) -> list[Offer]:
    """Return every preset, also those that are beyond the plan of the account."""
    return [_offer(preset, tab) for preset in PRESETS]


def _offer(preset: Preset, tab: RetentionTab) -> Offer:
    rows = {row.category: row for row in tab.rows}
    sentences, beyond = [], []
    for category, kept in preset.rules.items():
        decision, label = Decision(**vars(kept)), str(Category(category).label)
        rule = proposed(rows[category].in_force, decision, now=tab.now)
        if tells_of(category, tab.account):
            sentences.append((label, told_to_visitors(tab, rule)))
        if not tab.limits.allow(category, decision):
            beyond.append(label)
    return Offer(preset, sentences, beyond)
