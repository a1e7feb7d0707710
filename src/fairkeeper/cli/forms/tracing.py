"""How a trace reads on a terminal: link under link, each with what stands there, its id and its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.cli.asking import Form

_MARKS: Final = {"found": "+", "missing": "!", "hidden": "-"}
_MARGIN: Final = 10


def traced_text(result: Any, *, width: int) -> str:
    """Say what stands at each link of the chain, or why nothing does."""
    del width
    there = sum(link["state"] == "found" for link in result["chain"])
    head = f"{result['subject']}, the id of a {result['named']}: {there} of {len(result['chain'])} links found."
    return "\n".join([head, "", *(line for link in result["chain"] for line in _lines(link))])


def _lines(link: Mapping[str, Any]) -> list[str]:
    margin = f"{_MARKS[link['state']]} {link['name']:<{_MARGIN}}"
    lines = [] if link["things"] else [f"{margin}{link['why']}"]
    for thing in link["things"]:
        first = margin if not lines else " " * len(margin)
        amount = f", {thing['amount']} {thing['currency'] or ''}".rstrip() if thing["amount"] else ""
        note = f" ({thing['note']})" if thing["note"] else ""
        lines += [
            _plain(f"{first}{thing['label']}{amount}{note}"),
            _plain(f"{' ' * len(margin)}  {thing['kind']} {thing['id']}  {thing['page']}"),
        ]
    if link["things"] and link["why"]:
        lines.append(f"{' ' * len(margin)}{link['why']}")
    if link["has_more"]:
        lines.append(f"{' ' * len(margin)}… and more")
    return lines


def _plain(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


FORMS: Final[Mapping[str, Form]] = {"overview.trace": traced_text}
"""Forms by operation."""
