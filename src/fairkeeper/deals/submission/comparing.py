"""Says where Microsoft's copy of a deal is not what was submitted, place by place; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from fairkeeper.deals.deal import Deal, Side
from fairkeeper.deals.files.reading import ROOT_KEY
from fairkeeper.deals.files.writing import to_document
from fairkeeper.deals.submission.submitted import submitted_part

MOST_TOLD: Final = 50
_NOTHING: Final = object()


def differences(sent: Deal, read: Deal, side: Side = Side.ORIGINATOR) -> tuple[str, ...]:
    """Return what differs between a deal that was sent and the one that was read back, at most fifty places.

    Example:
        >>> from dataclasses import replace
        >>> from fairkeeper.deals.files.reading import read_deal
        >>> from pathlib import Path
        >>> deal = read_deal(Path("examples/deals/three-years.yaml").read_text("utf-8")).deal
        >>> differences(deal, submitted_part(replace(deal, name="Another")))
        ("name: 'Another' there, 'Contoso three years' here",)
    """
    here = to_document(submitted_part(sent, side))[ROOT_KEY]
    there = to_document(read)[ROOT_KEY]
    return tuple(_different(here, there, ""))[:MOST_TOLD]


def _different(here: Any, there: Any, path: str) -> Iterator[str]:
    if here == there:
        return
    if isinstance(here, dict) and isinstance(there, dict):
        for key in dict.fromkeys([*here, *there]):
            yield from _different(here.get(key, _NOTHING), there.get(key, _NOTHING), f"{path}/{key}".lstrip("/"))
    elif isinstance(here, list) and isinstance(there, list):
        for number in range(max(len(here), len(there))):
            one = here[number] if number < len(here) else _NOTHING
            other = there[number] if number < len(there) else _NOTHING
            yield from _different(one, other, f"{path}/{number}")
    else:
        yield f"{path}: {_told(there)} there, {_told(here)} here"


def _told(value: Any) -> str:
    return "nothing" if value is _NOTHING else repr(value)[:120]
