"""How answers of the room of accounts read on a terminal: findings in full, pictures as they are.

The general rendering cuts long cells, which would cut remedies and ids here. Works on the JSON form of results.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Final

from fairkeeper.cli.asking import Form
from fairkeeper.cli.forms.findings import count as _count
from fairkeeper.cli.forms.findings import finding_text as _finding


def checked_text(result: Any, *, width: int) -> str:
    """Say what the check of a structure found."""
    parts = [_heading(result), *(_finding(each, width) for each in result["findings"])]
    if result["ways_in"]:
        parts += ["", "Ways in:", *_ways(result["ways_in"], width)]
    errors, warnings = result["errors"], result["warnings"]
    return "\n".join(
        [*parts, "", f"{_count(errors, 'error')}, {_count(warnings, 'warning')}, as of {result['as_of']}."]
    )


def picture_text(result: Any, *, width: int) -> str:  # noqa: ARG001 - every form takes it
    """Say a picture as the SVG text that a file takes."""
    svg: str = result["svg"]
    return svg.rstrip("\n")


def proposed_text(result: Any, *, width: int) -> str:  # noqa: ARG001 - as above
    """Say a proposed id alone on its line, so that it can be piped."""
    taken = "\nThis id is taken already." if result["is_taken"] else ""
    return f"{result['id']}{taken}"


FORMS: Final[Mapping[str, Form]] = {
    "accounts.check_file": checked_text,
    "accounts.draw_file": picture_text,
    "accounts.propose_id": proposed_text,
}
"""Forms by operation."""


def _heading(result: Mapping[str, Any]) -> str:
    facts = [result["company"]] if result["company"] else []
    if result["counts"]:
        facts += [
            _count(number, name[:-1]) if name != "people" else f"{number} people"
            for name, number in result["counts"].items()
        ]
    facts.append("no errors" if not result["errors"] else _count(result["errors"], "error"))
    return f"{result['file'] or 'structure'}: {', '.join(facts)}"


def _ways(found: Iterable[Mapping[str, Any]], width: int) -> Iterable[str]:
    return [_wrapped(f"{each['person']}: {each['way'] or 'none'}. {each['reason']}", width) for each in found]


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, max(width, 40), initial_indent="    ", subsequent_indent="    ")
