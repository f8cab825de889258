"""What goes along with the units that a rehearsal counts: parts with rules of their own, and people."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db.models import Model

from privacy.declarations import PersonalData, roots, unit_of
from privacy.services.rules.policies import Policy
from privacy.services.rules.rehearsal import Rehearsal
from privacy.services.rules.suspensions import stopped_among
from privacy.terms import Rule

CHUNK = 2_000

Taken = Mapping[type[Model], Collection]


def along_with(rehearsal: Rehearsal) -> dict[str, dict[str, int]]:
    """Return what goes with the units of each category within the days, as numbers by category.

    Parts that go before by a rule of their own are not counted again, and people only where they go as soon
    as nothing of theirs is left. No more is looked at than the rehearsal counted.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    taken = {model: set(ids) for model, ids in rehearsal.taken.items()}
    for root in roots():
        for part in unit_of(root.model) if taken.get(root.model) else ():
            if part.category != root.category and (number := _parts(part, root, taken)):
                found[root.category][part.category] = found[root.category].get(part.category, 0) + number
    rules = {forecast.category: forecast.policy for forecast in rehearsal.forecasts}
    for person in roots():
        if person.erase_when_bare and _goes_at_once(rules.get(person.category)):
            for category, number in _people(person, taken).items():
                found[category][person.category] = number
    return dict(found)


def _parts(part: PersonalData, root: PersonalData, taken: Taken) -> int:
    alone = taken.get(part.model, ())
    number = 0
    for ids in _chunks(taken[root.model]):
        rows = part.rows_of_units(ids)
        number += sum(pk not in alone for pk in rows.values_list("pk", flat=True)) if alone else rows.count()
    return number


def _people(person: PersonalData, taken: Taken) -> dict[str, int]:
    """Return how many people go with their last unit, by the category of a unit of theirs."""
    units = [each for each in roots() if each.person_model is person.model and each.model is not person.model]
    of_unit: dict[Any, str] = {}
    for unit in units:
        for ids in _chunks(taken.get(unit.model, ())):
            theirs = unit.rows().filter(pk__in=ids).values_list(unit.person, flat=True)
            of_unit.update(dict.fromkeys(theirs, str(unit.category)))
    staying = set(taken.get(person.model, ()))  # by a rule of their own: counted already
    for people in _chunks(of_unit):
        staying.update(stopped_among(person, people))
        for unit in units:
            gone = taken.get(unit.model, ())
            rows = unit.rows().filter(**{f"{unit.person}__in": people}).values_list(unit.person, "pk")
            staying.update(pk for pk, of in rows.iterator(chunk_size=CHUNK) if of not in gone)
    numbers: dict[str, int] = defaultdict(int)
    for pk, category in of_unit.items():
        numbers[category] += pk not in staying
    return {category: number for category, number in numbers.items() if number}


def _goes_at_once(policy: Policy | None) -> bool:
    return policy is not None and policy.term.rule == Rule.AT_ONCE


def _chunks(ids: Collection) -> Iterator[list]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
