"""Where each box of a picture stands: children to the right of what they belong to, nothing over anything else.

All measures are pixels of the picture's own grid. Texts are cut to what a column holds, at widths that no common font
exceeds; the whole text stays in the box's title.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from fairkeeper.accounts.structure.picture.boxes import Box, Boxes, Line, LineKind

MARGIN: Final = 8
COLUMN_GAP: Final = 24
ROW_GAP: Final = 12
PADDING: Final = 10
LINE_HEIGHT: Final = 18
KICKER_HEIGHT: Final = 18
WIDTHS: Final = (176, 164, 196, 180, 156)
"""Of the columns: company, locations, publishers, offers, plans; together as wide as the console's pages on a desk."""
_CHARACTER_WIDTHS: Final = {LineKind.NAME: 8.2, LineKind.ID: 7.3, LineKind.NOTE: 7.0, LineKind.CARE: 7.0}
_SIGN_WIDTH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLine:
    """A line as it is shown, and as it is."""

    shown: str
    whole: str
    kind: LineKind
    y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBox:
    """A box with its place."""

    x: int
    y: int
    width: int
    height: int
    kicker: str
    lines: Sequence[PlacedLine]
    is_loose: bool

    @property
    def right(self) -> int:
        """Its right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Its lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A line from what something belongs to, to it."""

    points: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A picture laid out."""

    width: int
    height: int
    boxes: Sequence[PlacedBox]
    edges: Sequence[Edge]
    folded: str


def lay_out(boxes: Boxes) -> Layout:
    """Give every box its place."""
    page = _Page()
    top = page.place(boxes.company, MARGIN)
    placed = page.boxes[0]
    below = placed.bottom + ROW_GAP
    for tenant in boxes.tenants:
        box = page.put(tenant, below)
        middle = box.x + box.width // 2
        page.edges.append(Edge(points=((middle, below - ROW_GAP), (middle, below))))
        below = box.bottom + ROW_GAP
    bottom = top
    for loose in boxes.loose:
        bottom = page.place(loose, bottom)
    width = max(box.right for box in page.boxes) + MARGIN
    height = max(box.bottom for box in page.boxes) + MARGIN
    return Layout(width=width, height=height, boxes=page.boxes, edges=page.edges, folded=boxes.folded)


def cut(line: Line, width: int) -> str:
    """Return as much of a line as fits, ids cut in their middle and words at their end.

    Example:
        >>> cut(Line(text="0b010001-0000-4000-8000-000000000001", kind=LineKind.ID), 156)
        '0b010001-0…0000000001'
    """
    room = width - (_SIGN_WIDTH if line.kind is LineKind.CARE else 0)
    most = max(4, int(room / _CHARACTER_WIDTHS[line.kind]))
    text = " ".join(line.text.split())
    if len(text) <= most:
        return text
    if line.kind is LineKind.ID:
        head = most // 2
        return f"{text[:head]}…{text[-(most - head - 1) :]}"
    return f"{text[: most - 1].rstrip()}…"


def broken(line: Line, width: int) -> Sequence[Line]:
    """Return a name over two lines where one does not hold it; anything else as it is.

    Example:
        >>> [part.text for part in broken(Line(text="Fairmile Software Limited", kind=LineKind.NAME), 156)]
        ['Fairmile Software', 'Limited']
    """
    most = int(width / _CHARACTER_WIDTHS[line.kind])
    if line.kind is not LineKind.NAME or len(line.text) <= most:
        return (line,)
    first, *rest = textwrap.wrap(line.text, most)
    return (replace(line, text=first), replace(line, text=" ".join(rest))) if rest else (line,)


class _Page:
    """Collects placed boxes and edges."""

    def __init__(self) -> None:
        self.boxes: list[PlacedBox] = []
        self.edges: list[Edge] = []

    def put(self, box: Box, y: int) -> PlacedBox:
        """Place one box at a height of its column."""
        width = WIDTHS[box.column]
        x = MARGIN + sum(WIDTHS[: box.column]) + COLUMN_GAP * box.column
        room = width - 2 * PADDING
        first = y + PADDING + KICKER_HEIGHT
        lines = [part for line in box.lines for part in broken(line, room)]
        placed = PlacedBox(
            x=x,
            y=y,
            width=width,
            height=2 * PADDING + KICKER_HEIGHT + LINE_HEIGHT * len(lines) - 4,
            kicker=cut(Line(text=box.kicker), room),
            lines=tuple(
                PlacedLine(shown=cut(line, room), whole=line.text, kind=line.kind, y=first + LINE_HEIGHT * number)
                for number, line in enumerate(lines)
            ),
            is_loose=box.is_loose,
        )
        self.boxes.append(placed)
        return placed

    def place(self, box: Box, y: int) -> int:
        """Place a box and everything under it; return where the next one may begin."""
        placed = self.put(box, y)
        below = y
        for child in box.children:
            start = below
            below = self.place(child, below)
            self._connect(placed, WIDTHS[child.column], child.column, start)
        return max(below, placed.bottom + ROW_GAP)

    def _connect(self, parent: PlacedBox, width: int, column: int, top: int) -> None:
        """Draw from the parent's right edge to the child's left one, at the height of their first lines."""
        x = MARGIN + sum(WIDTHS[:column]) + COLUMN_GAP * column
        assert width == WIDTHS[column]  # noqa: S101 - a statement about our own columns
        height = PADDING + KICKER_HEIGHT // 2
        middle = parent.right + COLUMN_GAP // 2
        start, end = parent.y + height, top + height
        if start == end:
            points: tuple[tuple[int, int], ...] = ((parent.right, start), (x, end))
        else:
            points = ((parent.right, start), (middle, start), (middle, end), (x, end))
        self.edges.append(Edge(points=points))
