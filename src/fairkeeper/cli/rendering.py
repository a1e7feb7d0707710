"""Results for people: a list becomes an aligned table, one thing becomes a sheet.

Works on the JSON form of any result, so that a new operation needs nothing here. What does not fit the terminal is
left out and said so; `--json` always has everything.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

NOTHING: Final = "–"
_WIDEST_CELL: Final = 60
_GAP: Final = 2


def render_json(result: Any) -> str:
    """Return a result as JSON on one line."""
    return json.dumps(result, ensure_ascii=False)


def render(result: Any, *, width: int = 120) -> str:
    """Return a result as a person reads it.

    Args:
        result: In its JSON form.
        width: Columns of the terminal.

    Example:
        >>> print(render([{"name": "Contoso", "seats": 5}, {"name": "Adatum", "seats": 12}]))
        name     seats
        Contoso      5
        Adatum      12
        >>> print(render({"plan_id": "team", "is_active": True}))
        plan id    team
        is active  yes
    """
    if isinstance(result, list):
        return _list(result, width)
    if isinstance(result, dict):
        return _sheet(result, width)
    return _cell(result)


def _list(items: Sequence[Any], width: int) -> str:
    if not items:
        return "Nothing."
    if all(isinstance(item, dict) for item in items):
        return table(items, width=width)
    return "\n".join(_cell(item) for item in items)


def table(rows: Sequence[Mapping[str, Any]], *, width: int) -> str:
    """Return rows as a table: a column for each plain field that some row has, numbers to the right."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    shown = [name for name in names if any(_is_plain(row.get(name)) and row.get(name) is not None for row in rows)]
    columns: list[list[str]] = []
    left = width
    for name in shown:
        values = [row.get(name) for row in rows]
        column = _column(_words(name), values)
        needed = _length(column[0]) + (_GAP if columns else 0)
        if columns and needed > left:
            break
        left -= needed
        columns.append(column)
    lines = [(" " * _GAP).join(cells).rstrip() for cells in zip(*columns, strict=True)]
    hidden = len(shown) - len(columns)
    if hidden:
        lines.append(f"({hidden} more column{'s' if hidden > 1 else ''}: --json)")
    return "\n".join(lines)


def _sheet(result: Mapping[str, Any], width: int) -> str:
    plain = {_words(name): _cell(value) for name, value in result.items() if _is_plain(value)}
    margin = max(map(_length, plain), default=0) + _GAP
    parts = ["\n".join(_entry(name, value, margin) for name, value in plain.items())] if plain else []
    for name, value in result.items():
        if _is_plain(value) or (not value and plain):
            continue
        heading = _words(name).capitalize()
        parts.append(f"{heading}\n{_indented(render(value, width=width - _GAP))}" if len(result) > 1 else render(value))
    return "\n\n".join(parts) or "Nothing."


def _entry(name: str, value: str, margin: int) -> str:
    first, *rest = value.split("\n")
    lines = [f"{_padded(name, margin)}{first}", *(" " * margin + line for line in rest)]
    return "\n".join(line.rstrip() for line in lines).rstrip()


def _column(heading: str, values: Sequence[Any]) -> list[str]:
    cells = [heading, *(_shortened(_cell(value)) for value in values)]
    widest = max(map(_length, cells))
    is_number = all(value is None or (isinstance(value, int | float) and value is not True) for value in values)
    return [_padded(cell, widest, right=is_number) for cell in cells]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(not isinstance(item, dict | list) for item in value)
    return not isinstance(value, dict)


def _cell(value: Any) -> str:
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or NOTHING
    return "".join(c if c.isprintable() or c == "\n" else " " for c in str(value))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDEST_CELL else f"{line[: _WIDEST_CELL - 1]}…"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.split("\n"))


def _length(text: str) -> int:
    """Return how many columns a text takes; East Asian characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, columns: int, *, right: bool = False) -> str:
    gap = " " * (columns - _length(text))
    return gap + text if right else text + gap
