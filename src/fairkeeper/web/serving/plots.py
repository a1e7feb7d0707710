"""Charts as SVG files: a specification in Vega-Lite's words in, a picture out.

Rendered here and not in the browser, so that a chart is there without JavaScript and prints. The renderer is large, so
that it is imported when the first chart is asked for; a picture is kept by its specification.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from starlette.responses import Response

_SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v5.json"
_CONFIG: Final[Mapping[str, Any]] = {
    "background": "white",
    "font": "sans-serif",
    "axis": {"labelFontSize": 12, "titleFontSize": 12, "grid": True, "gridColor": "#e4e4e4"},
    "legend": {"labelFontSize": 12, "titleFontSize": 12, "orient": "bottom"},
    "range": {"category": ["#1f5fa6", "#b3541e", "#3f7d3f", "#6b4fa0", "#7a7a7a", "#a33c6b"]},
    "view": {"stroke": None},
}


def svg(specification: Mapping[str, Any]) -> Response:
    """Return a chart as an answer."""
    whole = {"$schema": _SCHEMA, "config": dict(_CONFIG), "width": 420, "height": 240, **specification}
    return Response(_rendered(json.dumps(whole, sort_keys=True)), media_type="image/svg+xml")


@lru_cache(maxsize=64)
def _rendered(specification: str) -> str:
    import vl_convert

    picture: str = vl_convert.vegalite_to_svg(specification)
    return picture


def lines(values: Sequence[Mapping[str, Any]], *, x: str, y: str, of: str) -> dict[str, Any]:
    """Return lines over months, one for each of a kind, told apart by dashes too."""
    return {
        "data": {"values": list(values)},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": x, "type": "temporal", "title": None, "axis": {"format": "%b %Y", "tickCount": 6}},
            "y": {"field": y, "type": "quantitative", "title": "seats and users"},
            "color": {"field": of, "type": "nominal", "title": None},
            "strokeDash": {"field": of, "type": "nominal", "title": None},
        },
    }


def bars(values: Sequence[Mapping[str, Any]], *, x: str, y: str, of: str) -> dict[str, Any]:
    """Return stacked bars, one for each of a kind."""
    return {
        "data": {"values": list(values)},
        "mark": "bar",
        "encoding": {
            "y": {"field": x, "type": "nominal", "title": None, "sort": None},
            "x": {"field": y, "type": "quantitative", "title": "accounts above the line"},
            "color": {"field": of, "type": "nominal", "title": None},
        },
    }


def reliability(bins: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return what was said against what happened; on the diagonal both are the same."""
    highest = max([0.05, *(each["said"] for each in bins), *(each["happened"] for each in bins)])
    diagonal = [{"said": 0, "happened": 0}, {"said": highest, "happened": highest}]
    axes = {
        "x": {"field": "said", "type": "quantitative", "title": "likelihood that was said", "axis": {"format": "%"}},
        "y": {"field": "happened", "type": "quantitative", "title": "share that happened", "axis": {"format": "%"}},
    }
    return {
        "layer": [
            {
                "data": {"values": diagonal},
                "mark": {"type": "line", "strokeDash": [4, 4], "color": "#7a7a7a"},
                "encoding": axes,
            },
            {"data": {"values": list(bins)}, "mark": {"type": "line", "point": {"size": 60}}, "encoding": axes},
        ]
    }
