"""What goes along with the units that a rehearsal counts: parts with rules of their own, and people."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db.models import Model

from privacy.declarations import PersonalData, declaration_of, roots, unit_of
from privacy.services.rules.policy import Policy
from privacy.services.rules.suspensions import stopped_among
from privacy.terms import Rule

CHUNK = 2_000

Taken = Mapping[type[Model], Collection]


def along_with(taken: Taken, rules: Iterable[Policy]) -> dict[str, dict[str, int]]:
    """Return what goes with the units of each category, as numbers by category.

    ``taken`` are the ids of what is erased, by model, and ``rules`` those of their account. Parts that go
    before by a rule of their own are not counted again, and people only where they go as soon as nothing of
    theirs is left. No more is looked at than is in ``taken``.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    taken = {model: set(ids) for model, ids in taken.items()}
    for root in roots():
        for part in unit_of(root.model) if taken.get(root.model) else ():
            if part.category != root.category and (number := _parts(part, root, taken)):
                found[root.category][part.category] = found[root.category].get(part.category, 0) + number
    at_once = {rule.category for rule in rules if rule.term.rule == Rule.AT_ONCE}
    for person in roots():
        if person.erase_when_bare and person.category in at_once:
            for category, number in _people(person, taken).items():
                found[category][person.category] = number
    return dict(found)


def all_in(taken: Taken, rules: Iterable[Policy]) -> Counter[str]:
    """Return how much goes in all, by category: what is taken, and what goes along with it."""
    numbers: Counter[str] = Counter()
    for model, ids in taken.items():
        if declared := declaration_of(model):
            numbers[str(declared.category)] += len(ids)
    for along in along_with(taken, rules).values():
        numbers.update({str(category): number for category, number in along.items()})
    return +numbers


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


def _chunks(ids: Collection) -> Iterator[list]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
