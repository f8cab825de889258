"""Why a chat or ticket is still here, and the holds on it: what the page behind *Why?* shows."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from helpdesk.forms.hold import ReleaseForm
from helpdesk.models import User
from helpdesk.permissions import may_hold
from privacy.encryption.rows import UNREADABLE, share_keys
from privacy.models import Suspension
from privacy.services.erasing.holds import holds_on
from privacy.services.evidence.explaining import explain


@dataclass
class Kept:
    """One sentence, and the holds on the unit or its person; those in force have ``release_form``."""

    because: str
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
    return Kept(explain(unit), holds, may_hold(user))
