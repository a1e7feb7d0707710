"""Small pieces of Markdown that every generated page is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Write a Markdown table.

    Example:
        >>> print(table(["a", "b"], [["1", "x | y"]]))
        | a | b |
        | --- | --- |
        | 1 | x \| y |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def code(text: str) -> str:
    """Write a name as it is typed; nothing for nothing.

    Example:
        >>> code("fairkeeper serve"), code("")
        ('`fairkeeper serve`', '')
    """
    return f"`{text}`" if text else ""


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
