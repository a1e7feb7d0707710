"""Contrast and lightness, computed from the variables that every page uses; source: WCAG 2.2, 1.4.3 and 1.4.11."""

from __future__ import annotations

import itertools
import re
from importlib import resources

import pytest

THEMES = ("light", "dark")
TONES = ("bad", "busy", "good", "care")
_PAIR = re.compile(r"--([a-z-]+):\s*light-dark\(\s*(#[0-9a-f]{6})\s*,\s*(#[0-9a-f]{6})\s*\)")


def _text(name: str) -> str:
    return (resources.files("fairkeeper.web") / "static" / name).read_text(encoding="utf-8")


COLOURS = {name: dict(zip(THEMES, pair, strict=True)) for name, *pair in _PAIR.findall(_text("tokens.css"))}


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _lightness(colour: str) -> float:
    luminance = _luminance(colour)
    return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "paper", "sunk"])
@pytest.mark.parametrize("text", ["ink", "soft", "accent", "accent-deep", *TONES])
def test_text_can_be_read_on_every_ground(text: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, f"{tone}-wash") for tone in TONES for text in (tone, "ink", "soft")),
        ("accent-deep", "accent-wash"),
        ("ink", "accent-wash"),
        ("on-accent", "accent"),
        ("on-accent", "accent-deep"),
        ("paper", "bad"),
        ("paper", "ink"),
    ],
)
def test_text_can_be_read_on_every_wash_and_button(text: str, ground: str, theme: str) -> None:
    assert contrast(COLOURS[text][theme], COLOURS[ground][theme]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["ground", "paper", "sunk"])
def test_the_edges_of_fields_can_be_seen(ground: str, theme: str) -> None:
    assert contrast(COLOURS["edge"][theme], COLOURS[ground][theme]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_the_four_state_colours_differ_in_lightness_too(theme: str) -> None:
    levels = sorted(_lightness(COLOURS[tone][theme]) for tone in TONES)
    assert min(after - before for before, after in itertools.pairwise(levels)) >= 3.5


def test_no_colour_is_written_outside_the_variables() -> None:
    for sheet in ("base", "frame", "parts", "forms", "lists", "pages", "print"):
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)", _text(f"{sheet}.css")), sheet


def test_every_variable_that_is_used_exists() -> None:
    sheets = [_text(f"{name}.css") for name in ("tokens", "base", "frame", "parts", "forms", "lists", "pages", "print")]
    used = {name for sheet in sheets for name in re.findall(r"var\(--([a-z0-9-]+)", sheet)}
    made = {name for sheet in sheets for name in re.findall(r"--([a-z0-9-]+):", sheet)}
    assert used <= made
    assert made <= used, "a variable that nobody uses"
