"""The colours of tokens.css against WCAG 2.2: 1.4.3 (text) and 1.4.11 (controls and focus)."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static/css/tokens.css"
SURFACES = ["canvas", "surface", "surface-sunken", "surface-raised"]
TEXT = [
    *(("ink", surface) for surface in SURFACES),
    *(("ink-muted", surface) for surface in SURFACES),
    *(("brand", surface) for surface in [*SURFACES, "brand-soft"]),
    *(("brand-hover", surface) for surface in SURFACES),
    *(("danger", surface) for surface in SURFACES),
    *((f"on-{name}-soft", f"{name}-soft") for name in ["brand", "danger", "warning", "success"]),
    ("on-warning-soft", "surface"),
    ("on-brand", "brand"),
    ("on-brand", "brand-hover"),
    ("on-danger", "danger-fill"),
    ("on-danger", "danger-fill-hover"),
    ("on-bubble", "bubble"),
    ("canvas", "ink"),
]
CONTROLS = [(name, surface) for name in ["line-strong", "focus"] for surface in SURFACES]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read(theme):
    assert too_faint(TEXT, theme, 4.5) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_focus_can_be_seen(theme):
    assert too_faint(CONTROLS, theme, 3) == []


def too_faint(pairs: list[tuple[str, str]], theme: str, least: float) -> list[str]:
    colours = read_colours(theme)
    ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    return [f"{ink} on {surface}: {ratio:.2f}" for (ink, surface), ratio in ratios.items() if ratio < least]


def read_colours(theme: str) -> dict[str, str]:
    definitions = re.findall(r"--([\w-]+): (.*#.*);", TOKENS.read_text())
    hexes = {name: re.findall(r"#\w{6}", value) for name, value in definitions}
    return {name: found[-1 if theme == "dark" else 0] for name, found in hexes.items()}


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
