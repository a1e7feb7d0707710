"""Charts of a deal's money as SVG: charges on a time line with their running total, and the quarters.

Separate from the pages, because drawing is the one thing here that takes a tenth of a second: the library is imported
when the first chart is asked for, and a chart is drawn once for the same figures. Colours are those of `tokens.css`;
the two series differ in lightness and stand side by side, so that nobody needs the colours to tell them apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from fairkeeper.values.money import Money

VEGA_LITE: Final = "5.20"
_WIDTH: Final = 640
_HEIGHT: Final = 200
_LOOKS: Final = {
    "light": {
        "ink": "#16201c",
        "soft": "#4c5953",
        "rule": "#dce1dd",
        "deep": "#0a5460",
        "pale": "#8fb9be",
        "warn": "#a3471f",
    },
    "dark": {
        "ink": "#e5ebe8",
        "soft": "#a2afa9",
        "rule": "#2a332f",
        "deep": "#74c3d0",
        "pale": "#31646d",
        "warn": "#e2895f",
    },
}
_FONT: Final = "system-ui, sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterBar:
    """One quarter of one series."""

    quarter: str
    series: str
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargePoint:
    """One charge on the time line."""

    on: date
    amount: Money
    running: Money


def quarters_chart(bars: Sequence[QuarterBar], *, look: str = "light", title: str = "") -> Markup:
    """Return grouped bars by quarter, one colour for each series in the order in which they come."""
    if not bars:
        return Markup()
    colours = _LOOKS[look if look in _LOOKS else "light"]
    series = list(dict.fromkeys(bar.series for bar in bars))
    unit, divisor = _unit(max(abs(bar.amount.minor) for bar in bars), bars[0].amount)
    values = [
        {"quarter": bar.quarter, "series": bar.series, "amount": float(bar.amount.to_decimal()) / divisor}
        for bar in bars
    ]
    quarters = len({bar.quarter for bar in bars})
    encoding = {
        "x": {
            "field": "quarter", "type": "ordinal", "sort": None, "title": None,
            "axis": {"labelAngle": 0 if quarters <= 9 else -60},
        },
        "xOffset": {"field": "series", "sort": None},
        "y": {"field": "amount", "type": "quantitative", "title": unit, "axis": {"tickCount": 4}},
        "color": {
            "field": "series", "type": "nominal", "sort": None,
            "scale": {"domain": series, "range": [colours["deep"], colours["pale"], colours["soft"], colours["rule"]]},
            "legend": {"title": None, "orient": "top"} if len(series) > 1 else None,
        },
    }  # fmt: skip
    return _draw({"data": {"values": values}, "mark": {"type": "bar"}, "encoding": encoding}, colours, title)


def charges_chart(points: Sequence[ChargePoint], *, look: str = "light", title: str = "") -> Markup:
    """Return charges as bars on a time line, with the running total as steps above them."""
    if not points:
        return Markup()
    colours = _LOOKS[look if look in _LOOKS else "light"]
    unit, divisor = _unit(max(abs(point.running.minor) for point in points), points[0].amount)
    values = [
        {
            "on": point.on.isoformat(),
            "amount": float(point.amount.to_decimal()) / divisor,
            "running": float(point.running.to_decimal()) / divisor,
        }
        for point in points
    ]
    x = {
        "field": "on", "type": "temporal", "title": None,
        "axis": {"format": "%b %Y", "labelOverlap": "greedy", "tickCount": 8},
    }  # fmt: skip
    y = {"type": "quantitative", "title": unit, "axis": {"tickCount": 5}, "scale": {"nice": 5}}
    layers = [
        {
            "mark": {"type": "line", "interpolate": "step-after", "color": colours["pale"], "strokeWidth": 2},
            "encoding": {"x": x, "y": {**y, "field": "running"}},
        },
        {
            "mark": {"type": "rule", "color": colours["deep"], "strokeWidth": 7},
            "encoding": {"x": x, "y": {**y, "field": "amount"}, "y2": {"datum": 0}},
        },
    ]
    return _draw({"data": {"values": values}, "layer": layers}, colours, title)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageBar:
    """What was used on one day, of one of the two parts."""

    on: date
    part: str
    units: float


def usage_chart(bars: Sequence[UsageBar], *, look: str = "light", title: str = "") -> Markup:
    """Return days as stacked bars: what is included below, what is above it on top."""
    if not bars:
        return Markup()
    colours = _LOOKS[look if look in _LOOKS else "light"]
    values = [{"on": bar.on.isoformat(), "part": bar.part, "units": bar.units} for bar in bars]
    encoding = {
        "x": {
            "field": "on", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": None,
            "axis": {"format": "%d %b", "labelOverlap": "greedy", "tickCount": 8},
        },
        "y": {
            "field": "units", "type": "quantitative", "title": "units", "axis": {"tickCount": 4}, "scale": {"nice": 5},
        },
        "order": {"field": "part", "sort": "descending"},
        "color": {
            "field": "part", "type": "nominal", "sort": None,
            "scale": {"domain": ["Included", "Above"], "range": [colours["pale"], colours["deep"]]},
            "legend": {"title": None, "orient": "top"},
        },
    }  # fmt: skip
    return _draw({"data": {"values": values}, "mark": {"type": "bar"}, "encoding": encoding}, colours, title)


_STANDINGS: Final = (
    ("accepted", "pale"),
    ("waits", "rule"),
    ("sent", "soft"),
    ("at risk", "deep"),
    ("refused", "ink"),
    ("lost", "warn"),
)
"""Where units stand, from below to the top of a bar, each in a colour of another lightness."""


def standing_chart(bars: Sequence[UsageBar], *, look: str = "light", title: str = "") -> Markup:
    """Return days as stacked bars by where what was reported stands at Microsoft."""
    if not bars:
        return Markup()
    colours = _LOOKS[look if look in _LOOKS else "light"]
    there = {bar.part for bar in bars}
    parts = [(name, colours[colour]) for name, colour in _STANDINGS if name in there]
    order = {name: number for number, (name, _) in enumerate(_STANDINGS)}
    values = [{"on": bar.on.isoformat(), "part": bar.part, "units": bar.units, "z": order[bar.part]} for bar in bars]
    encoding = {
        "x": {
            "field": "on", "type": "temporal", "timeUnit": "utcyearmonthdate", "title": None,
            "axis": {"format": "%d %b", "labelOverlap": "greedy", "tickCount": 8},
        },
        "y": {
            "field": "units", "type": "quantitative", "title": "units", "axis": {"tickCount": 4}, "scale": {"nice": 5},
        },
        "order": {"field": "z", "type": "quantitative"},
        "color": {
            "field": "part", "type": "nominal", "sort": None,
            "scale": {"domain": [name for name, _ in parts], "range": [colour for _, colour in parts]},
            "legend": {"title": None, "orient": "top"},
        },
    }  # fmt: skip
    return _draw({"data": {"values": values}, "mark": {"type": "bar"}, "encoding": encoding}, colours, title)


def _unit(largest_minor: int, like: Money) -> tuple[str, int]:
    """Return what the axis counts, and by how much amounts are divided for it."""
    largest = abs(Money(largest_minor, like.currency).to_decimal())
    for divisor, words in ((1_000_000, "million "), (1_000, "thousand ")):
        if largest >= divisor * 2:
            return f"{words}{like.currency.code}", divisor
    return like.currency.code, 1


def _draw(part: dict[str, Any], colours: dict[str, str], title: str) -> Markup:
    axis = {
        "labelColor": colours["soft"], "titleColor": colours["soft"], "gridColor": colours["rule"],
        "domainColor": colours["rule"], "tickColor": colours["rule"], "labelFont": _FONT, "titleFont": _FONT,
        "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal",
    }  # fmt: skip
    legend = {"labelColor": colours["ink"], "labelFont": _FONT, "labelFontSize": 12, "symbolType": "square"}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": _WIDTH,
        "height": _HEIGHT,
        "background": None,
        "description": title,
        "config": {"axis": axis, "legend": legend, "view": {"stroke": None}},
        **part,
    }
    return Markup(_svg(json.dumps(spec, sort_keys=True)))  # noqa: S704 - the library escapes every text of the figures


@lru_cache(maxsize=256)
def _svg(spec: str) -> str:
    import vl_convert  # starts a JavaScript engine, so only for whoever looks at a chart

    drawn: str = vl_convert.vegalite_to_svg(spec, VEGA_LITE)
    return drawn
