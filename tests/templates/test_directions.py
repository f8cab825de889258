"""Style sheets and the loader say start and end, so that pages turn with the direction of their language."""

import re
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils import translation

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]
SHEETS = [*sorted((ROOT / "static/css").rglob("*.css")), ROOT / "chat/loader.js"]
SIDES = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|inset|scroll-margin|scroll-padding|border-top|border-bottom)-)?"
    r"(?:left|right)(?:-[\w-]+)?\s*:"  # left:, margin-right:, border-left-color:, border-top-left-radius:
    r"|(?:text-align|float|clear|justify-\w+)\s*:\s*(?:left|right)\b"
    r"|translateX"
)
# Shorthands go round from the top: with four values, the second is for the right and the fourth for the left.
ROUND = re.compile(
    r"(?<![\w-])(inset|margin|padding|scroll-margin|scroll-padding|border-(?:width|color|style|radius))\s*:([^;}]+)"
)


def one_sided(sheet: str) -> list[str]:
    """Return the declarations of a sheet that mean one side whatever the direction."""
    found = [match.group() for match in SIDES.finditer(sheet)]
    for match in ROUND.finditer(sheet):
        values = values_of(match.group(2))
        corners = match.group(1) == "border-radius"
        if len(values) == 4 and (values[:3:2] != values[1::2] if corners else values[1] != values[3]):
            found.append(match.group())
    return found


def values_of(text: str) -> list[str]:
    """Return the values of a shorthand; what stands in brackets is one value."""
    while text != (text := re.sub(r"\([^()]*\)", "", text)):
        pass
    return text.replace("!important", "").split()


@pytest.mark.parametrize(
    ("sheet", "count"),
    [
        ("a { margin-left: 1px; right: 0 }", 2),
        ("a { border-top-left-radius: 1px; text-align: right; float: left }", 3),
        ("a { padding: 0 1px 0 calc(2px * (1 + 1)) }", 1),
        ("a { padding: 0 1px; inset: 0 1px 0 1px; border-radius: 1px 1px 0 0; margin: 1px 2px 3px }", 0),
        ("a { border-radius: 1px 0 0 1px }", 1),
        ("a { margin-inline-start: 1px; text-align: start; inset-inline: 0 auto }", 0),
    ],
)
def test_one_sided_declarations_are_found(sheet, count):
    assert len(one_sided(sheet)) == count


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sheet_means_no_side_in_particular(path):
    assert one_sided(path.read_text()) == []


@pytest.mark.parametrize(
    ("language", "direction"), [("en", None), ("de", None), ("ar", "rtl"), ("he", "rtl")]
)
def test_page_says_its_direction(language, direction):
    with translation.override(language):
        page = render_to_string("404.html")

    assert re.findall(r'<html lang="(\w+)"(?: dir="(\w+)")?>', page) == [(language, direction or "")]
