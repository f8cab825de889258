"""Colours that can be read: contrast as WCAG 2.2 defines it, and mixes that have enough of it."""

from collections.abc import Iterable

WHITE, BLACK = "#ffffff", "#000000"
TEXT, CONTROL = 4.5, 3.0  # the least contrast of text (criterion 1.4.3) and of controls (1.4.11)
STEPS = 50


def luminance(colour: str) -> float:
    """Return the relative luminance, from 0 for black to 1 for white (WCAG 2.2, definitions)."""
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, definitions)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def least_contrast(colour: str, surfaces: Iterable[str]) -> float:
    """Return the contrast of a colour on the one of some surfaces where it is read worst."""
    return min(contrast(colour, surface) for surface in surfaces)


def text_on(*surfaces: str) -> str:
    """Return black or white, whichever is read better; on a single colour that is 4.58 or more."""
    return max((BLACK, WHITE), key=lambda ink: least_contrast(ink, surfaces))


def mixed(colour: str, other: str, share: float) -> str:
    """Return a colour with a share of another one in it, from 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def adjusted(colour: str, surfaces: Iterable[str], least: float) -> str:
    """Return the colour, with no more black or white in it than it takes to reach a contrast on all surfaces.

    The surfaces are all light or all dark, so that black or white reaches it on each.
    """
    surfaces = list(surfaces)
    ink = text_on(*surfaces)
    mixes = (mixed(colour, ink, step / STEPS) for step in range(STEPS))
    return next((each for each in mixes if least_contrast(each, surfaces) >= least), ink)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
