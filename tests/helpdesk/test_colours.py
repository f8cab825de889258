"""The contrast of whatever colour an account chooses: WCAG 2.2, 1.4.3 for text and 1.4.11 for controls."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.brand import DARK, LIGHT, OURS, THEMES, accents_of, fill_of, sheet_of
from helpdesk.colours import BLACK, CONTROL, TEXT, WHITE, adjusted, contrast, least_contrast, luminance, mixed

pytestmark = pytest.mark.once

TOKENS = Path(__file__).resolve().parents[2] / "static/css/tokens.css"
colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


# The formula, by values that others published


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#0000ff", "#ffffff", 8.59),
        ("#ff0000", "#000000", 5.25),
        ("#abcdef", "#abcdef", 1.0),
    ],
)
def test_contrast_is_that_of_the_guidelines(one, other, ratio):
    assert round(contrast(one, other), 2) == round(contrast(other, one), 2) == ratio


def test_luminance_goes_from_black_to_white():
    assert (luminance(BLACK), round(luminance(WHITE), 6)) == (0, 1)
    assert mixed(BLACK, WHITE, 0.5) == "#808080"


# Whatever colour is chosen


@given(colours)
def test_words_on_the_colour_are_black_or_white_whichever_reads_better(colour):
    for fill in (fill_of(colour), fill_of(colour.upper())):
        other = BLACK if fill.ink == WHITE else WHITE

        assert fill.ink in {BLACK, WHITE}
        assert contrast(fill.ink, fill.colour) >= contrast(other, fill.colour)
        assert contrast(fill.ink, fill.colour) >= TEXT
        assert contrast(fill.ink, fill.hover) >= contrast(fill.ink, fill.colour)


@given(colours)
def test_accents_are_read_on_every_surface_of_both_themes(colour):
    for theme in THEMES:
        accents = accents_of(colour, theme)
        grounds = (*theme.surfaces, accents.brand_soft)

        assert least_contrast(accents.brand, grounds) >= TEXT
        assert least_contrast(accents.brand_hover, theme.surfaces) >= TEXT
        assert contrast(accents.on_brand, accents.brand) >= TEXT
        assert contrast(accents.on_brand_soft, accents.brand_soft) >= TEXT
        assert least_contrast(accents.focus, theme.surfaces) >= CONTROL
        assert least_contrast(accents.fill_edge, theme.surfaces) >= CONTROL


@given(colours)
def test_words_of_the_page_are_read_on_the_tint_of_the_visitors_own_letters(colour):
    for theme, muted in ((LIGHT, "#4a6267"), (DARK, "#9fb5b6")):
        tint = mixed(theme.surface, accents_of(colour, theme).brand_soft, 0.45)

        assert contrast(theme.ink, tint) >= TEXT
        assert contrast(muted, tint) >= TEXT


@given(colours)
def test_colour_that_is_read_already_stays_as_it_is(colour):
    for theme in THEMES:
        if least_contrast(colour, theme.surfaces) >= CONTROL:
            assert accents_of(colour, theme).fill_edge == colour
        assert adjusted(colour, [theme.surface], 1) == colour


def test_colour_that_is_too_faint_keeps_its_hue():
    light = accents_of("#ffcc00", LIGHT)

    red, green, blue = (int(light.brand[at : at + 2], 16) for at in (1, 3, 5))
    assert red > green > blue == 0
    assert contrast("#ffcc00", WHITE) < CONTROL
    assert accents_of("#ffcc00", DARK).brand == "#ffcc00"


# What the sheets and the code have in common


def test_surfaces_are_those_of_the_style_sheet():
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text())
    light, dark = ({name: pair[at] for name, *pair in pairs} for at in (0, 1))
    names = ["surface", "canvas", "surface-sunken", "surface-raised"]

    for theme, values in ((LIGHT, light), (DARK, dark)):
        assert set(theme.surfaces) == {values[name] for name in names}
        assert theme.surface == values["surface"]
        assert theme.ink == values["ink"]
    assert light["brand"] == OURS
    assert (light["ink-muted"], dark["ink-muted"]) == ("#4a6267", "#9fb5b6")


def test_sheet_sets_properties_that_the_pages_know_and_nothing_else():
    known = set(re.findall(r"^    --([\w-]+):", TOKENS.read_text(), re.MULTILINE))

    first, *lines, last = sheet_of("#b3122b").strip().splitlines()

    assert (first, last) == (":root {", "}")
    assert {line.strip().split(":")[0].removeprefix("--") for line in lines} <= known
    value = r"#[0-9a-f]{6}|light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)"
    assert [line for line in lines if not re.fullmatch(rf"  --[\w-]+: ({value});", line)] == []
