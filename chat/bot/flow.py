"""A flow: the steps of a small tree, in an order of their own, each with where it goes on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, NamedTuple, Self

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from privacy.texts import Texts

END = "."  # where a dialogue ends, in the place of a step's name
STEPS_AT_MOST = 60
BUTTONS_AT_MOST = 6


class Kind(TextChoices):
    CONSENT = "consent", _("questions of consent")
    MESSAGE = "message", _("message")
    BUTTONS = "buttons", _("question with buttons")
    TEXT = "text", _("question with a free answer")
    DEPARTMENT = "department", _("department")
    HOURS = "hours", _("open or closed")
    AGENT = "agent", _("hand over to an agent")
    LEAVE = "leave", _("leave a message")
    LINK = "link", _("link to help")


ENDS = {Kind.AGENT, Kind.LEAVE}  # nothing comes after these
WAITS = {Kind.CONSENT, Kind.BUTTONS, Kind.TEXT} | ENDS  # here the visitor, or somebody else, goes on
STORES = {Kind.TEXT, Kind.DEPARTMENT} | ENDS  # keeps something, so never without consent
BRANCHES = {Kind.CONSENT, Kind.HOURS}  # ``next`` for yes or open, ``otherwise`` for no or closed
SPEAKS = {Kind.MESSAGE, Kind.BUTTONS, Kind.TEXT, Kind.LINK}  # nothing without words


class Way(NamedTuple):
    """Where a step leads: the name of the control that decides it, and the step that it names."""

    control: str
    target: str


@dataclass(frozen=True)
class Button:
    words: Texts
    next: str = ""


@dataclass(frozen=True)
class Step:
    """One step. What its kind doesn't use is empty; ``next`` is empty as long as nobody has chosen it."""

    name: str
    kind: str
    words: Texts = field(default_factory=dict)
    next: str = ""
    otherwise: str = ""
    buttons: tuple[Button, ...] = ()
    asks: str = ""  # the code of a field
    team: int | None = None
    url: str = ""

    @property
    def ways(self) -> list[Way]:
        """Every way out, in order; none of a step that ends."""
        if self.kind in ENDS:
            return []
        if self.kind == Kind.BUTTONS:
            return [Way(f"button_{n}_next", each.next) for n, each in enumerate(self.buttons)]
        ways = [Way("next", self.next)]
        return [*ways, Way("otherwise", self.otherwise)] if self.kind in BRANCHES else ways

    @property
    def kind_in_words(self) -> str:
        return str(Kind(self.kind).label)

    def renamed(self, old: str, new: str) -> "Step":
        """Return the step with its ways to ``old`` leading to ``new``."""
        buttons = tuple(replace(b, next=new) if b.next == old else b for b in self.buttons)
        here = {way: new for way in ("next", "otherwise") if getattr(self, way) == old}
        return replace(self, buttons=buttons, **here)

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value not in ("", None, (), {})}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        buttons = tuple(Button(**button) for button in stored.get("buttons", ()))
        return cls(**{**stored, "buttons": buttons})


@dataclass(frozen=True)
class Flow:
    """Steps in the order of the list; the first one begins."""

    steps: tuple[Step, ...] = ()

    @classmethod
    def from_json(cls, stored: Iterable[Mapping[str, Any]]) -> Self:
        return cls(tuple(Step.from_json(step) for step in stored))

    def as_json(self) -> list[dict[str, Any]]:
        return [step.as_json() for step in self.steps]

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def names(self) -> list[str]:
        return [step.name for step in self.steps]

    @property
    def first(self) -> str:
        return self.steps[0].name if self.steps else END

    def get(self, name: str) -> Step | None:
        return next((step for step in self.steps if step.name == name), None)

    def reached(self, starts: Sequence[str], *, closed: Iterable[str] = ()) -> set[str]:
        """Return the names of the steps that can be reached from some, these included, past no closed one."""
        found, waiting = set[str](), list(starts)
        while waiting:
            step = self.get(waiting.pop())
            if step and step.name not in found and step.name not in closed:
                found.add(step.name)
                waiting += [way.target for way in step.ways]
        return found
