"""What makes a visitor's page an account's own: the colours that follow from its one, as a sheet of its own.

The sheet is a file and no inline style, so the strict policy of the pages stays as it is. Its address carries
a hash of its content, so browsers may keep it.
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from django.urls import reverse

from helpdesk.colours import BLACK, CONTROL, TEXT, WHITE, adjusted, least_contrast, mixed, text_on
from helpdesk.models import Account

OURS = "#0b5f69"  # the colour of a launcher whose account chose none


class Theme(NamedTuple):
    """What the pages are painted on in one theme; the same values as in tokens.css, which a test compares."""

    surface: str
    others: tuple[str, ...]
    ink: str
    tint: float  # how much of the brand is in the surface of a notice

    @property
    def surfaces(self) -> tuple[str, ...]:
        return (self.surface, *self.others)


LIGHT = Theme("#ffffff", ("#f3f6f5", "#eaf0ef"), "#10272c", 0.12)
DARK = Theme("#111f22", ("#0a1416", "#0d191c", "#182a2e"), "#e6efee", 0.22)
THEMES = (LIGHT, DARK)
# 1.4.3 asks for 4.5; a few words on a tint are read with more ease.
ON_TINT = 7.0


class Fill(NamedTuple):
    """The account's colour as a ground, the same in both themes, and what stands on it."""

    colour: str
    ink: str
    hover: str


def fill_of(colour: str) -> Fill:
    """Return a ground with black or white on it; under the pointer it moves away from its ink."""
    ink = text_on(colour)
    return Fill(colour, ink, mixed(colour, WHITE if ink == BLACK else BLACK, 0.16))


class Accents(NamedTuple):
    """What follows from the account's colour on the page's own ground, by the names of tokens.css."""

    edge: str
    fill_edge: str
    brand: str
    brand_hover: str
    on_brand: str
    brand_soft: str
    on_brand_soft: str
    focus: str


def accents_of(colour: str, theme: Theme) -> Accents:
    """Return the colour as words, edges and tints of one theme, adjusted where it would be too faint."""
    soft = mixed(theme.surface, colour, theme.tint)
    brand = adjusted(colour, (*theme.surfaces, soft), TEXT)
    edge = adjusted(colour, theme.surfaces, CONTROL)
    return Accents(
        edge=edge,
        fill_edge=edge,
        brand=brand,
        brand_hover=mixed(brand, text_on(*theme.surfaces), 0.2),
        on_brand=text_on(brand),
        brand_soft=soft,
        on_brand_soft=adjusted(colour, (soft,), ON_TINT),
        focus=brand,
    )


@lru_cache(maxsize=1024)
def sheet_of(colour: str) -> str:
    """Return the style sheet of a colour: values for the properties of tokens.css, and nothing else."""
    fill = fill_of(colour)
    values = {"fill": fill.colour, "on_fill": fill.ink, "fill_hover": fill.hover}
    values |= {"head": fill.colour, "on_head": fill.ink, "bubble": fill.colour, "on_bubble": fill.ink}
    light, dark = (accents_of(colour, theme)._asdict() for theme in THEMES)
    values |= {name: f"light-dark({light[name]}, {dark[name]})" for name in light}
    lines = "".join(f"  --{name.replace('_', '-')}: {value};\n" for name, value in values.items())
    return f":root {{\n{lines}}}\n"


def mark_of(colour: str) -> str:
    return hashlib.sha256(sheet_of(colour).encode()).hexdigest()[:16]


def sheet_address(account: Account | None) -> str:
    """Return the address of the account's sheet, or nothing where it chose no colour."""
    if not account or not account.brand_colour:
        return ""
    return reverse("brand_sheet", args=[account.public_id, mark_of(account.brand_colour)])


def logo_address(account: Account | None) -> str:
    """Return the address of the account's logo, or nothing where it has none."""
    if not account or not account.logo_mark:
        return ""
    return reverse("brand_logo", args=[account.public_id, account.logo_mark])


class Reached(NamedTuple):
    """How a colour is read in one theme, for the manager who chose it."""

    theme: Theme
    accents: Accents
    as_text: float
    as_edge: float


def reached_by(colour: str) -> list[Reached]:
    """Return what became of a colour in the light and in the dark theme, and the contrasts it reaches."""
    themes = []
    for theme in THEMES:
        accents = accents_of(colour, theme)
        as_text = least_contrast(accents.brand, (*theme.surfaces, accents.brand_soft))
        as_edge = least_contrast(accents.fill_edge, theme.surfaces)
        themes.append(Reached(theme, accents, as_text, as_edge))
    return themes
