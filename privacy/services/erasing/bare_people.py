"""People go with the last of what is theirs, or their clock starts, as the rule of their account says."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from privacy.declarations import PersonalData, root_of, roots
from privacy.services.erasing.reasons import Reason
from privacy.services.erasing.steps import Begun, erase_now
from privacy.services.rules.policies import policy_in_force
from privacy.services.rules.suspensions import stopped_among
from privacy.terms import Rule


def let_people_go(
    unit: PersonalData, people: set, account_id: int | None, *, run: str = ""
) -> tuple[list[Begun], set]:
    """Erase people of whom nothing is left, or start their clock, in the transaction that takes the rest.

    So a crash leaves nobody behind. Returns what was begun, and the people who are seen to: without
    those who still have units, and those whom somebody else holds locked.
    """
    person = _person_of(unit)
    if person is None or account_id is None or not people:
        return [], set()
    free = person.rows().filter(pk__in=people).select_for_update(skip_locked=True, of=("self",))
    bare = set(free.order_by("pk").values_list("pk", flat=True))
    bare -= busy(person, bare)
    policy = policy_in_force(account_id=account_id, category=person.category)
    gone: set = set()
    if policy.term.rule == Rule.AT_ONCE:
        gone = bare - set(stopped_among(person, bare))
    # Also for those whom something stops: the purge finds them once it is released.
    _start_clock(person, bare - gone)
    reason = Reason.of_policy("nothing_left", policy, run=run)
    return ([erase_now(person, sorted(gone), reason)] if gone else []), bare


def notice_bare_people(unit: PersonalData, people: set, account_id: int | None) -> None:
    """Start the clock of people whose last units went in two transactions at once: neither saw it."""
    person = _person_of(unit)
    if person is not None and account_id is not None and (bare := people - busy(person, people)):
        with transaction.atomic():
            # Locked in one order first: two that wind the same clocks would wait for one another.
            locked = person.rows().filter(pk__in=bare).select_for_update(of=("self",)).order_by("pk")
            _start_clock(person, set(locked.values_list("pk", flat=True)))


def people_of(unit: PersonalData, ids: list) -> QuerySet:
    return unit.rows().filter(pk__in=ids).values_list(unit.person, flat=True)


def _start_clock(person: PersonalData, people: set) -> None:
    if people:
        person.rows().filter(pk__in=people).update(**{person.over: timezone.now()})


def _person_of(unit: PersonalData) -> PersonalData | None:
    """Return the people of such units, where they go when nothing of theirs is left."""
    if unit.person == "pk" or unit.person_model is None:
        return None
    person = root_of(unit.person_model)
    return person if person.erase_when_bare else None


def units_of_people(person: PersonalData) -> list[PersonalData]:
    return [root for root in roots() if root.person_model is person.model and root.model is not person.model]


def busy(person: PersonalData, people: Collection) -> set:
    """Return which of these people still have units."""
    busy: set = set()
    for root in units_of_people(person):
        busy.update(root.rows().filter(**{f"{root.person}__in": people}).values_list(root.person, flat=True))
    return busy
