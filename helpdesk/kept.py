"""Why a chat or ticket is still here, and the holds on it: what the page behind *Why?* shows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from helpdesk.forms.hold import ReleaseForm
from helpdesk.models import User
from helpdesk.permissions import may_hold
from privacy.categories import Category
from privacy.declarations import PersonalData, root_of, unit_of
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.models import Suspension
from privacy.services.erasing.holds import holds_on
from privacy.services.evidence.explaining import explain
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.retention import sentence_of


@dataclass
class Kept:
    """One sentence, more for parts with rules of their own, and the holds on the unit or its person.

    Those in force have ``release_form``.
    """

    because: str
    parts: list[str]
    holds: list[Any]
    may_hold: bool

    @property
    def in_force(self) -> list[Suspension]:
        return [hold for hold in self.holds if hold.released_at is None]

    @property
    def released(self) -> list[Suspension]:
        return [hold for hold in self.holds if hold.released_at is not None]


def read_kept(unit: Model, *, user: User) -> Kept:
    """Return why a unit is still here; every agent may know, and who leads may hold and release."""
    holds = list(holds_on(unit))
    for hold in holds:
        hold.is_on_person = hold.unit_id != unit.pk
        hold.release_form = ReleaseForm(auto_id=f"release-{hold.pk}-%s")
    people = [who for hold in holds for who in (hold.by, hold.released_by) if who]
    share_keys([user, unit, *people], lost=UNREADABLE)
    return Kept(explain(unit), list(_parts(unit)), holds, may_hold(user))


def _parts(unit: Any) -> Iterator[str]:
    """Yield when what may go before its unit does, such as files, goes, as far as there is any."""
    whole = policy_in_force(account_id=unit.account_id, category=root_of(type(unit)).category)
    for part in unit_of(type(unit)):
        if part.ends:
            yield from _ends_of(part, unit)
        elif part.separable and (number := part.rows_of_units([unit.pk]).count()):
            policy = policy_in_force(account_id=unit.account_id, category=part.category)
            label = capfirst(str(Category(part.category).label))
            words = {"parts": label, "number": number, "rule": sentence_of(policy)}
            if policy.term.is_shorter_than(whole.term):
                yield _("%(parts)s (%(number)d): %(rule)s, and with the rest at the latest.") % words
            else:
                yield _("%(parts)s (%(number)d): erased with the rest.") % words


def _ends_of(part: PersonalData, unit: Any) -> Iterator[str]:
    """Yield when parts go that say it themselves; the others go with their unit."""
    own = part.rows_of_units([unit.pk]).filter(**{f"{part.ends}__isnull": False})
    ends = sorted(own.values_list(part.ends, flat=True))
    if ends:
        yield _("%(parts)s with a term of their own (%(number)d): the first goes on %(day)s.") % {
            "parts": capfirst(str(part.model._meta.verbose_name_plural)),
            "number": len(ends),
            "day": date_format(localtime(ends[0], unit.account.zone), "DATETIME_FORMAT"),
        }
