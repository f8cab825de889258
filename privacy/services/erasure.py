"""The one protocol by which anything is erased, across the two databases and the files.

The ledger says *begun*, the rows go in one transaction of the main database, the keys are destroyed,
the files are deleted, an independent query looks for survivors, the ledger says *done*. Each step may
run twice; a crash leaves *begun*, and the next pass finishes it.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from privacy import ledger, vault
from privacy.declarations import PersonalData, every_row, root_of, roots, unit_of
from privacy.encryption.files import delete_file
from privacy.encryption.rows import SealedModel
from privacy.ledger.chain import remember_head
from privacy.models import AtEnd, Erasure, LedgerEntry
from privacy.routers import VAULT
from privacy.services.due import batch_size
from privacy.services.policies import Policy, policy_in_force
from privacy.services.skeletons import keep_skeletons
from privacy.services.survivors import count_survivors
from privacy.services.suspensions import Suspended, stopped_among, suspended
from privacy.terms import Rule

log = logging.getLogger(__name__)

EVERY = Q()
ATTEMPTS = 5
IN_PROGRESS = timedelta(seconds=10)  # younger erasures are probably being finished by whoever began them


class ErasureIncomplete(Exception):
    """Something survived; the erasure stays *begun* and is tried again."""


@dataclass(frozen=True)
class Reason:
    """Why something is erased: a code for the ledger, and the rule that was obeyed, if any.

    ``skeleton`` keeps figures about nobody of what the declaration names. ``despite_holds`` is for what can't
    be read any more, and so is no evidence either.
    """

    code: str
    account_id: int | None
    rule: dict[str, Any] = field(default_factory=dict)
    skeleton: bool = False
    despite_holds: bool = False

    @classmethod
    def of_policy(cls, code: str, policy: Policy) -> "Reason":
        """Return the reason that names the rule of an account and its version."""
        rule = {
            "category": policy.category,
            "rule": policy.term.code(),
            "clock": str(policy.clock),
            "cadence": policy.cadence.code(),
            "version": policy.version,
        }
        return cls(code, policy.account_id, rule, policy.at_end == AtEnd.SKELETON)


class Begun(NamedTuple):
    """An erasure whose rows go with the transaction of the main database, and what has to follow."""

    erasure: Erasure
    keys: Collection[UUID]
    rows: int


def erase_units(
    root: type[Model],
    ids: Collection,
    *,
    account_id: int | None,
    reason: str | Reason,
    still: Q = EVERY,
    wait: bool = False,
) -> int:
    """Erase units of one account as :func:`erase` does; returns how many, people with nothing left apart."""
    why = reason if isinstance(reason, Reason) else Reason(reason, account_id)
    erasures = erase(root_of(root), ids, reason=why, still=still, wait=wait)
    return sum(
        erasure.begun.params["units"] for erasure in erasures if _root_name(erasure) == root._meta.label_lower
    )


def erase(
    unit: PersonalData, ids: Collection, *, reason: Reason, still: Q = EVERY, wait: bool = False
) -> list[Erasure]:
    """Erase units of one account with everything that belongs to them, and people with nothing left.

    ``still`` is looked at once more under the lock: a unit for which it no longer holds, such as a ticket
    that was opened again a moment ago, is left alone, and so is one that a hold, a restriction or an open
    request stops. Units that are gone already count nothing, nor do people who still have units, nor units
    that somebody else holds locked, unless the caller waits for them: the next pass finds them. Must be
    called outside a transaction. Raises :class:`ErasureIncomplete`.
    """
    ids, erasures, size = list(ids), [], batch_size()
    for start in range(0, len(ids), size):
        erasures += _erase_batch(unit, ids[start : start + size], reason, still, skip_locked=not wait)
    return erasures


def is_over(unit: PersonalData) -> Q:
    """Return the condition that a unit is closed, so that its time may be over."""
    return Q(**{f"{unit.over}__isnull": False}) if unit.over else EVERY


def erase_person(person: Model, *, reason: str) -> list[Erasure]:
    """Erase everything about one person, and the person (Article 17); returns the erasures, all of them done.

    Raises :class:`privacy.services.suspensions.Suspended` where something stops it: what can be erased is
    gone by then, the rest goes once it is released. Raises :class:`ErasureIncomplete`; what was begun is
    finished by the next pass.
    """
    why = Reason(reason, getattr(person, "account_id", None))
    own, erasures = root_of(type(person)), []
    for _attempt in range(ATTEMPTS):  # somebody may open a unit for this person while the others go
        for root in _units_of_people(own):
            ids = list(root.rows().filter(**{root.person: person.pk}).values_list("pk", flat=True))
            erasures += erase(root, ids, reason=why, wait=True)
        erasures += erase(own, [person.pk], reason=why, wait=True)
        if not own.rows().filter(pk=person.pk).exists():
            return erasures
        if _is_stopped(own, person):
            raise Suspended(f"{own.model._meta.label} {person.pk}: something stops a part of it.")
    raise ErasureIncomplete(f"{own.model._meta.label} got new units during {ATTEMPTS} attempts.")


def _is_stopped(own: PersonalData, person: Model) -> bool:
    units = [(own, "pk"), *((root, root.person) for root in _units_of_people(own))]
    return any(root.rows().filter(suspended(root), **{way: person.pk}).exists() for root, way in units)


def finish_open_erasures(*, older_than: timedelta = IN_PROGRESS) -> int:
    """Finish what a crash left *begun*; returns how many were finished."""
    finished = 0
    limit = timezone.now() - older_than
    for erasure in (
        Erasure.objects.filter(done=None, begun__at__lte=limit).select_related("begun").order_by("begun")
    ):
        try:
            repeat(erasure)
            finished += 1
        except Suspended:
            log.info("Erasure %s waits until nothing stops it any more.", erasure.pk)
        except Exception:
            log.exception("Erasure %s could not be finished.", erasure.pk)
    return finished


def repeat(erasure: Erasure, *, is_replay: bool = False) -> int:
    """Run an erasure again from its record, wherever it stopped; returns how many rows were still there.

    Raises :class:`Suspended` where it stopped before its first row went and something stops it since, except
    in a replay: what was erased once must not come back.
    """
    params = erasure.begun.params
    keys = [UUID(key) for key in params["keys"]]
    root = root_of(apps.get_model(params["unit"]))
    with transaction.atomic(durable=True):
        ids = units_sealed_with(root, keys)
        if not (is_replay or params.get("despite_holds")) and _is_stopped_meanwhile(root, ids):
            raise Suspended(f"Erasure {erasure.pk} had not begun to delete; something stops a part of it.")
        files = _files_of(root, ids)
        if set(files) - set(erasure.files):
            erasure.files = sorted({*erasure.files, *files})
            erasure.save(update_fields=["files"])
        if params.get("skeleton"):
            keep_skeletons(root, ids, account_id=erasure.account_id)
        people = set() if is_replay else set(_people_of(root, ids))
        begun = [Begun(erasure, keys, sum(_erase_rows(root, ids)))]
        begun += _let_people_go(root, people, erasure.account_id)[0]
        for each in begun:
            remember_head(each.erasure.begun)
    _finish_each(begun)
    return begun[0].rows


def _is_stopped_meanwhile(root: PersonalData, ids: list) -> bool:
    locked = root.rows().filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")
    return bool(stopped_among(root, list(locked.values_list("pk", flat=True))))


def _erase_batch(
    unit: PersonalData, ids: list, reason: Reason, still: Q, *, skip_locked: bool
) -> list[Erasure]:
    with transaction.atomic(durable=True):
        people = _locked(unit, ids, still, skip_locked, despite_holds=reason.despite_holds)
        if not people:
            return []
        begun = [_erase_now(unit, list(people), reason)]
        bare, noticed = _let_people_go(unit, set(people.values()), reason.account_id)
        begun += bare
        for each in begun:
            remember_head(each.erasure.begun)
    _finish_each(begun)
    _notice_bare_people(unit, set(people.values()) - noticed, reason.account_id)
    return [each.erasure for each in begun]


def _erase_now(unit: PersonalData, ids: list, reason: Reason) -> Begun:
    """Erase the rows of locked units in the caller's transaction; the ledger knows of it before."""
    keys, files = _keys_of(unit, ids), _files_of(unit, ids)
    erasure = _begin(unit, keys, files, ids, reason)
    if reason.skeleton:
        keep_skeletons(unit, ids, account_id=reason.account_id)
    return Begun(erasure, keys, sum(_erase_rows(unit, ids)))


def _locked(
    unit: PersonalData, ids: list, still: Q, skip_locked: bool, *, despite_holds: bool
) -> dict[Any, Any]:
    """Lock the units that still exist and that nothing stops, and return their people by id.

    People who still have units are left out.
    """
    rows = (
        unit.rows()
        .filter(still, pk__in=ids)
        .select_for_update(skip_locked=skip_locked, of=("self",))
        .order_by("pk")
    )
    people = dict(rows.values_list("pk", unit.person))
    for pk in set() if despite_holds else stopped_among(unit, people):
        del people[pk]
    if unit.person != "pk":
        return people
    # Nothing can be opened for a locked person, so nothing comes between this look and the deletion.
    return {pk: pk for pk in people.keys() - _busy(unit, people)}


def _begin(unit: PersonalData, keys: Iterable[UUID], files: list, ids: list, reason: Reason) -> Erasure:
    with transaction.atomic(using=VAULT):
        begun = ledger.append(
            "erasure.begun",
            account_id=reason.account_id,
            unit=unit.model._meta.label_lower,
            reason=reason.code,
            units=len(ids),
            marks=sorted(map(ledger.mark, ids)),
            files=len(files),
            keys=sorted(key.hex for key in keys),
            **({"skeleton": True} if reason.skeleton else {}),
            **({"despite_holds": True} if reason.despite_holds else {}),
            **reason.rule,
        )
        return Erasure.objects.create(account_id=reason.account_id, begun=begun, files=files)


def _erase_rows(root: PersonalData, ids: list) -> Iterable[int]:
    return [declared.erase(declared.rows_of_units(ids)) for declared in unit_of(root.model)] if ids else []


def _finish_each(begun: Iterable[Begun]) -> None:
    """Finish erasures whose rows are gone, also where one of them can't be; raises the first error."""
    errors = []
    for each in begun:
        try:
            _finish(*each)
        except Exception as error:  # noqa: BLE001 (raised below)
            errors.append(error)
    if errors:
        raise errors[0]


def _finish(erasure: Erasure, keys: Iterable[UUID], rows: int = 0) -> None:
    keys = list(keys)
    vault.destroy_keys(keys, entry=erasure.begun)
    for name in erasure.files:
        delete_file(name)
    left = count_survivors(keys, erasure.files)
    if left:
        _report_survivors(erasure, left)
        raise ErasureIncomplete(f"Erasure {erasure.pk}: {left}")
    with transaction.atomic(using=VAULT):
        erasure.done = Erasure.objects.select_for_update(of=("self",)).get(
            pk=erasure.pk
        ).done or ledger.append(
            "erasure.done", account_id=erasure.account_id, begun=erasure.begun_id, rows=rows, survivors=0
        )
        erasure.files = []
        erasure.save(update_fields=["done", "files"])
    with transaction.atomic():
        remember_head(erasure.done)


def _report_survivors(erasure: Erasure, left: dict[str, int]) -> None:
    """Say once in the ledger that something survived, however often it is tried again."""
    said = LedgerEntry.objects.filter(seq__gt=erasure.begun_id, action="erasure.survivors")
    if not said.filter(params__erasure=erasure.pk.hex).exists():
        ledger.append("erasure.survivors", account_id=erasure.account_id, erasure=erasure.pk, **left)


def _keys_of(unit: PersonalData, ids: list) -> set[UUID]:
    """Return the keys of the units; those that a part shares with what stays are not among them."""
    keys = {
        key
        for declared in unit_of(unit.model)
        if declared.is_root or declared.owns_key
        for key in declared.rows_of_units(ids).values_list("key_id", flat=True)
    }
    for model, way in unit.ways_up()[1:] if unit.separable else ():
        above = every_row(model).filter(pk__in=unit.rows().filter(pk__in=ids).values(way))
        keys -= set(above.values_list("key_id", flat=True))
    return keys


def _files_of(root: PersonalData, ids: list) -> list[str]:
    return [
        name
        for declared in unit_of(root.model)
        for field in declared.files
        for name in declared.rows_of_units(ids).values_list(field, flat=True)
        if name
    ]


def units_sealed_with(root: PersonalData, keys: list[UUID]) -> list:
    """Return the ids of the units of which any row is sealed with one of these keys."""
    found: set = set()
    for declared in unit_of(root.model):
        if issubclass(declared.model, SealedModel):
            found.update(declared.rows().filter(key_id__in=keys).values_list(declared.path, flat=True))
    return list(found)


def _let_people_go(unit: PersonalData, people: set, account_id: int | None) -> tuple[list[Begun], set]:
    """Erase people of whom nothing is left, or start their clock, in the transaction that takes the rest.

    So a crash leaves nobody behind. Returns what was begun, and the people who are seen to: without
    those who still have units, and those whom somebody else holds locked.
    """
    person = _person_of(unit)
    if person is None or account_id is None or not people:
        return [], set()
    free = person.rows().filter(pk__in=people).select_for_update(skip_locked=True, of=("self",))
    bare = set(free.order_by("pk").values_list("pk", flat=True))
    bare -= _busy(person, bare)
    policy = policy_in_force(account_id=account_id, category=person.category)
    gone: set = set()
    if policy.term.rule == Rule.AT_ONCE:
        gone = bare - set(stopped_among(person, bare))
    # Also for those whom something stops: the purge finds them once it is released.
    _start_clock(person, bare - gone)
    return (
        [_erase_now(person, sorted(gone), Reason.of_policy("nothing_left", policy))] if gone else []
    ), bare


def _notice_bare_people(unit: PersonalData, people: set, account_id: int | None) -> None:
    """Start the clock of people whose last units went in two transactions at once: neither saw it."""
    person = _person_of(unit)
    if person is not None and account_id is not None and (bare := people - _busy(person, people)):
        with transaction.atomic():
            # Locked in one order first: two that wind the same clocks would wait for one another.
            locked = person.rows().filter(pk__in=bare).select_for_update(of=("self",)).order_by("pk")
            _start_clock(person, set(locked.values_list("pk", flat=True)))


def _people_of(unit: PersonalData, ids: list) -> QuerySet:
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


def _units_of_people(person: PersonalData) -> list[PersonalData]:
    return [root for root in roots() if root.person_model is person.model and root.model is not person.model]


def _busy(person: PersonalData, people: Collection) -> set:
    """Return which of these people still have units."""
    busy: set = set()
    for root in _units_of_people(person):
        busy.update(root.rows().filter(**{f"{root.person}__in": people}).values_list(root.person, flat=True))
    return busy


def _root_name(erasure: Erasure) -> str:
    return erasure.begun.params["unit"]
