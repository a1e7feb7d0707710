"""Bounds on the shape of policy and schema text, checked before Cedar's parser sees it.

The parser recurses natively, so text that nests too deeply does not raise but ends the process, and a long dotted
`has` grows with its square. Measured with cedarpy 4.12.2 on a thread of 8 MB, 2026-11-22: 1,500 nested brackets and
6,000 nested `if` crash it, `context has a.a…` of 6,000 members makes 468 MB. The bounds lie far above any policy a
person writes and far below those.
"""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT_LENGTH: Final = 400_000
"""Characters of a whole set of policies, or of a schema."""
MAX_STATEMENT_LENGTH: Final = 20_000
"""Characters of one policy or one declaration."""
MAX_NESTING: Final = 64
"""Open brackets of all kinds at one place."""
MAX_CONDITIONALS: Final = 64
"""`if` expressions in one policy."""
MAX_PATH_LENGTH: Final = 16
"""Members of one dotted path."""

_TOKEN: Final = re.compile(
    r"""(?P<skip>"(?:[^"\\]|\\.)*"|//[^\n]*|\s+)|(?P<word>\w+)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<other>.)""",
    re.DOTALL,
)


def problems_of_shape(text: str) -> tuple[str, ...]:
    """Return why a text is too large or too deep to be parsed; empty if it may be.

    Example:
        >>> problems_of_shape("permit (principal, action, resource);")
        ()
        >>> problems_of_shape("permit (principal, action, resource) when { " + "(" * 99 + "true" + ")" * 99 + " };")
        ('Brackets nest deeper than 64.',)
    """
    if len(text) > MAX_TEXT_LENGTH:
        return (f"The text has {len(text)} characters; {MAX_TEXT_LENGTH} are allowed.",)
    return tuple(sorted({problem for problem in _scan(text) if problem}))


def _scan(text: str) -> list[str]:
    problems: list[str] = []
    depth = sets = conditionals = dots = start = 0
    word = ""
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token.group()
        if kind == "skip":
            continue
        if value == "<" and word == "Set":  # a type of a schema; elsewhere `<` compares
            sets += 1
        elif value == ">":
            sets = max(0, sets - 1)
        depth += (kind == "open") - (kind == "close")
        conditionals += value == "if"
        dots = dots + 1 if value == "." else dots if kind == "word" else 0
        word = value if kind == "word" else ""
        problems.append(_problem(depth + sets, conditionals, dots, token.end() - start))
        if value == ";" and depth <= 0:
            start, depth, sets, conditionals = token.end(), 0, 0, 0
    return problems


def _problem(depth: int, conditionals: int, dots: int, length: int) -> str:
    if depth > MAX_NESTING:
        return f"Brackets nest deeper than {MAX_NESTING}."
    if conditionals > MAX_CONDITIONALS:
        return f"One policy has more than {MAX_CONDITIONALS} conditionals (if)."
    if dots >= MAX_PATH_LENGTH:
        return f"A path has more than {MAX_PATH_LENGTH} members."
    if length > MAX_STATEMENT_LENGTH:
        return f"One statement has more than {MAX_STATEMENT_LENGTH} characters."
    return ""
