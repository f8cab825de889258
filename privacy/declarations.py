"""What personal data the site holds, about whom, since when, and how each kind is erased.

Every app lists its models in its own ``personal_data.py``, which is discovered like ``admin.py``.
This module knows none of them: export, erasure, purge, replay and the search for traces walk the list.

What is erased as one is a **unit**: its *root* row (a chat, a ticket, a contact, a user) and the rows
that belong to it. A unit's text is sealed under keys of its own, so erasing it reaches every backup.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from django.db.models import SET_NULL, Model, Q, QuerySet

from privacy.categories import Category
from privacy.encryption.rows import SealedModel, SealedQuerySet

Erase = Callable[[QuerySet], int]


def every_row(model: type[Model]) -> QuerySet:
    """Return every row of a model, also those that its own managers hide."""
    return SealedQuerySet(model) if issubclass(model, SealedModel) else QuerySet(model)


def delete(rows: QuerySet) -> int:
    """Erase by deleting exactly these rows; returns how many.

    What depends on them is declared itself; a reference that may be empty is emptied.
    """
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if getattr(relation, "on_delete", None) is SET_NULL and relation.auto_created:
            name = relation.field.name
            every_row(relation.related_model).filter(**{f"{name}__in": rows.values("pk")}).update(
                **{name: None}
            )
    return rows._raw_delete(rows.db) or 0  # nothing where Django sees that no row can match


def redact(**blanks) -> Erase:
    """Erase by overwriting fields and keeping the rows."""
    return lambda rows: rows.update(**blanks)


def keep(rows: QuerySet) -> int:
    """Keep the rows: they say nothing any more once the key of their person is gone."""
    return 0


@dataclass(frozen=True, kw_only=True)
class PersonalData:
    """The personal data in one model, declared by the app that owns it.

    ``root`` and ``path``: the model of the unit and the look-up from a row to it (``pk`` for the root).
    ``person``: the look-up from a *root* row to its person (``pk`` where the person is the root);
    ``find``: the condition for rows that know their person under another name, for any of several people.
    ``clocks``: from which moments a term may run, by :class:`privacy.terms.Clock`, the usual one first;
    ``over``: the field that is set once a unit is over, so that its term may end at all.
    ``export``: names of what a person gets a copy of; a dot leads into a row that is referred to.
    ``files``: names of the fields that name stored files.
    ``account``: for rows that their account's rule erases one by one, the look-up to the account;
    ``ripe``: the condition under which such a row may go.
    ``term``: how long the platform keeps it, where no account decides, and ``since``: from which field on.
    ``owns_key``: rows below the root that bring a key of their own; ``separable``: those which may go before
    their unit does, by the rule of their own category; ``ends``: the field that says itself when such a row
    goes, empty where that is with its unit. Where it goes with its unit it has the key of that.
    ``archive``: the field of a root that says since when it is in the intermediate archive.
    ``skeleton``: names of what is kept as figures about nobody where the account wants that.
    ``erase_when_bare``: a person who goes when nothing of theirs is left.
    """

    model: type[Model]
    category: Category
    root: type[Model] | None = None
    path: str = "pk"
    person: str = ""
    find: Callable[[Collection[Model]], Q] | None = None
    person_model: type[Model] | None = None
    clocks: Mapping[str, str] = field(default_factory=dict)
    over: str = ""
    export: tuple[str, ...] = ()
    erase: Erase = delete
    files: tuple[str, ...] = ()
    account: str = ""
    ripe: Q = Q()  # noqa: RUF009 (never changed)
    term: timedelta | None = None
    since: str = ""
    owns_key: bool = False
    separable: bool = False
    ends: str = ""
    archive: str = ""
    skeleton: tuple[str, ...] = ()
    erase_when_bare: bool = False

    @property
    def is_root(self) -> bool:
        return self.root is self.model

    @property
    def usual_clock(self) -> str:
        """The clock of a unit that nobody chose another one for."""
        return next(iter(self.clocks), "")

    def rows(self) -> QuerySet:
        return every_row(self.model)

    def ways_up(self) -> list[tuple[type[Model], str]]:
        """Return what a row belongs to, itself first: the model and the look-up to it from a row."""
        ways: list[tuple[type[Model], str]] = [(self.model, "pk")]
        declared = declaration_of(self.model) or self  # a part knows its unit also when it goes alone
        root = root_of(declared.root) if declared.root else None
        if root is not None and root.model is not self.model:
            ways.append((root.model, declared.path))
        if root is not None and root.person_model is not None and root.person != "pk":
            way = root.person if root.model is self.model else f"{declared.path}__{root.person}"
            ways.append((root.person_model, way))
        return ways

    def as_unit(self) -> "PersonalData":
        """Return a separable part as the unit that it is when it goes alone."""
        way = f"{self.path}__{root_of(self.root).person}" if self.root else ""
        return replace(self, root=self.model, path="pk", person=way)

    def rows_of_units(self, root_ids) -> QuerySet:
        return self.rows().filter(**{f"{self.path}__in": root_ids})

    def rows_of_person(self, person: Model) -> QuerySet:
        """Return the rows about a person, found through the root of their unit."""
        if self.find is not None:
            return self.rows().filter(self.find([person]))
        if self.root is None:
            return self.rows().filter(**{self.person: person.pk}) if self.person else self.rows().none()
        way = root_of(self.root).person
        return self.rows().filter(**{way if self.path == "pk" else f"{self.path}__{way}": person.pk})


_declarations: list[PersonalData] = []
_impersonal: dict[type[Model], str] = {}


def declare(model: type[Model], category: Category, **declaration) -> None:
    """Declare the personal data in ``model``. A root says ``root=`` itself, a dependent its root and path."""
    _declarations.append(PersonalData(model=model, category=category, **declaration))


def declare_impersonal(*models: type[Model], because: str) -> None:
    """Declare that ``models`` say nothing about any person, and why."""
    _impersonal.update(dict.fromkeys(models, because))


def declarations() -> list[PersonalData]:
    """Return the declarations in a safe order of erasure: what is found through a row goes before it."""
    return sorted(_declarations, key=_distance, reverse=True)


def declaration_of(model: type[Model]) -> PersonalData | None:
    return next((d for d in _declarations if d.model is model), None)


def impersonal_models() -> dict[type[Model], str]:
    return dict(_impersonal)


def roots() -> list[PersonalData]:
    """Return the declarations of roots, people last: a contact goes after their chats and tickets."""
    return sorted((d for d in _declarations if d.is_root), key=lambda d: d.person == "pk")


def root_of(model: type[Model]) -> PersonalData:
    """Return the declaration of a root, or of a part as the unit that it is when it goes alone."""
    declared = next(d for d in _declarations if d.model is model and (d.is_root or d.separable))
    return declared if declared.is_root else declared.as_unit()


def unit_of(root: type[Model]) -> list[PersonalData]:
    """Return the declarations of everything that is erased with a row of ``root``, in a safe order."""
    return [d for d in declarations() if d.root is root] or [root_of(root)]


def units_in(category: str) -> list[PersonalData]:
    """Return what is erased as one under the rule of a category: roots with a clock, and separable parts."""
    found = [d for d in _declarations if d.category == category and (d.is_root or d.separable) and d.clocks]
    return [root_of(d.model) for d in found]


def parts_that_end() -> list[PersonalData]:
    """Return what says itself when it goes, before its unit does, each as the unit that it is then."""
    return [root_of(d.model) for d in _declarations if d.separable and d.ends]


def rows_in(category: str) -> list[PersonalData]:
    """Return what is erased row by row under the account's rule of a category."""
    return [d for d in declarations() if d.category == category and d.account and not d.separable]


def clocks_in(category: str) -> list[str]:
    """Return the clocks by which the units of a category may count, the usual one first."""
    return list(dict.fromkeys(clock for unit in units_in(category) for clock in unit.clocks))


def is_declared(model: type[Model]) -> bool:
    return model in _impersonal or declaration_of(model) is not None


def _distance(declaration: PersonalData) -> int:
    return 0 if declaration.path == "pk" else declaration.path.count("__") + 1
