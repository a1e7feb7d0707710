"""Labels of values: where they came from, whose they are, how sensitive, and whether they can be trusted.

A task keeps the join of everything that reached it. Joining only ever goes up: more sources, more sensitive, less
trusted. The only way down is a person's endorsement, which is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MOST_SOURCES: Final = 64
MANY_SOURCES: Final = "many"
"""Stands for the sources beyond `MOST_SOURCES`."""
SENSITIVITIES: Final = ("public", "internal", "confidential", "restricted")
"""The names of 0 to 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What is known about a value.

    Attributes:
        sources: Where it came from (a tool's name, a document's).
        customers: Whose data is in it.
        sensitivity: 0 public, 1 internal, 2 confidential, 3 restricted.
        is_trusted: Whether all of it comes from somewhere that nobody outside can write to.
    """

    sources: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    sensitivity: int = 0
    is_trusted: bool = True


NO_LABELS: Final = Labels()
"""Nothing has reached it yet."""


def join(left: Labels, right: Labels) -> Labels:
    """Return the labels of what was derived from both.

    Example:
        >>> mail = Labels(sources=frozenset({"mail"}), sensitivity=1, is_trusted=False)
        >>> join(mail, Labels(sources=frozenset({"crm"}), sensitivity=2)).is_trusted
        False
    """
    if right is NO_LABELS or right == NO_LABELS:
        return _bounded(left)
    if left is NO_LABELS or left == NO_LABELS:
        return _bounded(right)
    return _bounded(
        Labels(
            sources=left.sources | right.sources,
            customers=left.customers | right.customers,
            sensitivity=max(left.sensitivity, right.sensitivity),
            is_trusted=left.is_trusted and right.is_trusted,
        )
    )


def _bounded(labels: Labels) -> Labels:
    if len(labels.sources) <= MOST_SOURCES:
        return labels
    kept = sorted(labels.sources - {MANY_SOURCES})[: MOST_SOURCES - 1]
    return Labels(
        sources=frozenset({*kept, MANY_SOURCES}),
        customers=labels.customers,
        sensitivity=labels.sensitivity,
        is_trusted=labels.is_trusted,
    )


def labels_to_json(labels: Labels) -> dict[str, Any]:
    """Return labels as they are recorded.

    Example:
        >>> labels_to_json(NO_LABELS)
        {'sources': [], 'customers': [], 'sensitivity': 0, 'trusted': True}
    """
    return {
        "sources": sorted(labels.sources),
        "customers": sorted(labels.customers),
        "sensitivity": labels.sensitivity,
        "trusted": labels.is_trusted,
    }


def labels_from_json(document: Mapping[str, Any]) -> Labels:
    """Return recorded labels.

    Example:
        >>> labels_from_json({"sources": ["crm"], "customers": [], "sensitivity": 2, "trusted": True}).sensitivity
        2
    """
    return Labels(
        sources=frozenset(document["sources"]),
        customers=frozenset(document["customers"]),
        sensitivity=int(document["sensitivity"]),
        is_trusted=bool(document["trusted"]),
    )
