"""Writes a picture as SVG: real text that can be selected, no script, nothing from elsewhere.

On a page of the console its classes are coloured by the console's own sheet, light and dark, and the tables beside it
say what was cut; as a file of its own it carries a sheet for paper, and the whole text of each box in its title.

Source: SVG 2, W3C Candidate Recommendation, chapters "Text" and "Document structure".
"""

from __future__ import annotations

from html import escape
from typing import Final

from fairkeeper.accounts.structure.picture.boxes import LineKind
from fairkeeper.accounts.structure.picture.layout import KICKER_HEIGHT, PADDING, Edge, Layout, PlacedBox

_CLASSES: Final = {
    LineKind.NAME: "pic-name",
    LineKind.ID: "pic-id",
    LineKind.NOTE: "pic-note",
    LineKind.CARE: "pic-care",
}
_SIGN: Final = "M0 -10 6 1 -6 1z"
PAPER_SHEET: Final = """
.picture { background: #ffffff; }
.pic-box { fill: #fcfdfc; stroke: #7f8b85; stroke-width: 1; }
.pic-loose { stroke-dasharray: 5 4; }
.pic-edge { fill: none; stroke: #7f8b85; stroke-width: 1.5; }
.picture text {
  font-family: system-ui, "Segoe UI", "Noto Sans", "Liberation Sans", sans-serif;
  font-size: 13px;
  fill: #16201c;
}
.picture .pic-kicker { font-size: 12px; fill: #4c5953; }
.picture .pic-name { font-weight: 600; font-size: 14px; }
.picture .pic-id { font-family: ui-monospace, "Cascadia Mono", Menlo, "Liberation Mono", monospace; font-size: 12px; }
.picture .pic-note { fill: #4c5953; }
.picture .pic-care { fill: #8f6000; font-weight: 600; }
.pic-sign { fill: #8f6000; }
""".strip()
"""What a file of its own is coloured by."""


def write_svg(layout: Layout, *, title: str, is_alone: bool) -> str:
    """Return a layout as SVG.

    Args:
        layout: The picture.
        title: What it shows.
        is_alone: Whether it is a file of its own and has to carry its sheet.
    """
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" viewBox="0 0 {layout.width} {layout.height}" '
            f'width="{layout.width}" height="{layout.height}" role="img" aria-label="{_clean(title)}">'
        ),
    ]
    if is_alone:
        parts += [f"<title>{_clean(title)}</title>", f"<style>{PAPER_SHEET}</style>"]
    parts += [_edge(edge) for edge in layout.edges]
    parts += [_box(box, has_title=is_alone) for box in layout.boxes]
    return "\n".join([*parts, "</svg>\n"])


def _edge(edge: Edge) -> str:
    points = " ".join(f"{x},{y}" for x, y in edge.points)
    return f'<polyline class="pic-edge" points="{points}"/>'


def _box(box: PlacedBox, *, has_title: bool) -> str:
    whole = "; ".join([box.kicker, *(line.whole for line in box.lines)])
    loose = " pic-loose" if box.is_loose else ""
    text_x = box.x + PADDING
    parts = [
        f"<g><title>{_clean(whole)}</title>" if has_title else "<g>",
        f'<rect class="pic-box{loose}" x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="4"/>',
        f'<text class="pic-kicker" x="{text_x}" y="{box.y + PADDING + KICKER_HEIGHT - 8}">{_clean(box.kicker)}</text>',
    ]
    for line in box.lines:
        baseline, x = line.y + 12, text_x
        if line.kind is LineKind.CARE:
            parts.append(f'<path class="pic-sign" d="{_SIGN}" transform="translate({x + 6} {baseline})"/>')
            x += 16
        parts.append(f'<text class="{_CLASSES[line.kind]}" x="{x}" y="{baseline}">{_clean(line.shown)}</text>')
    return "\n".join([*parts, "</g>"])


def _clean(text: str) -> str:
    """Return a text as XML takes it: escaped, and without characters that no XML may hold."""
    return escape("".join(letter for letter in text if letter.isprintable() or letter == " "))
