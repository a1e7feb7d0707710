"""Requested, registered, granted and effective permissions side by side, one line for each.

*Requested* is what the plan asks this tenant for, *registered* what the app registration lists, *granted* what the
tenant was last proved to have granted, *effective* what a token carried at the last success. They differ on purpose or
by accident, and only side by side a person sees which.

Source: Microsoft Learn, "Overview of permissions and consent"; for agents, inherited permissions show in tokens alone
("Inheritable permissions for agents").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fairkeeper.consent.catalogue.permissions import Kind


class Difference(StrEnum):
    """What is to be said of a line."""

    NONE = "as_asked"
    NOT_YET = "not_yet"
    """It is asked for, and no token was seen yet."""
    MISSING = "missing"
    EXTRA = "not_asked_for"
    REGISTERED_ONLY = "registered_only"
    UNREGISTERED = "not_registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftLine:
    """One permission in its four places."""

    name: str
    kind: Kind
    is_requested: bool
    is_registered: bool
    is_granted: bool
    is_effective: bool
    difference: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The permissions of one kind by place."""

    kind: Kind
    requested: frozenset[str]
    registered: frozenset[str]
    granted: frozenset[str]
    effective: frozenset[str]


def compare(places: Places, *, was_proved: bool) -> tuple[DriftLine, ...]:
    """Return one line for each permission that stands in any place, what differs first.

    Args:
        places: Where each stands.
        was_proved: Whether a token was ever seen; before that nothing is missing yet.

    Example:
        >>> [line] = compare(
        ...     Places(
        ...         kind=Kind.APPLICATION,
        ...         requested=frozenset({"Mail.Send"}),
        ...         registered=frozenset({"Mail.Send"}),
        ...         granted=frozenset(),
        ...         effective=frozenset(),
        ...     ),
        ...     was_proved=True,
        ... )
        >>> line.difference.value
        'missing'
    """
    names = places.requested | places.registered | places.granted | places.effective
    lines = [
        DriftLine(
            name=name,
            kind=places.kind,
            is_requested=name in places.requested,
            is_registered=name in places.registered,
            is_granted=name in places.granted,
            is_effective=name in places.effective,
            difference=_difference(name, places, was_proved=was_proved),
        )
        for name in names
    ]
    return tuple(sorted(lines, key=lambda line: (line.difference is Difference.NONE, line.name)))


def _difference(name: str, places: Places, *, was_proved: bool) -> Difference:
    is_requested, is_granted = name in places.requested, name in places.granted
    if is_requested and was_proved and not is_granted:
        return Difference.MISSING
    if is_granted and not is_requested:
        return Difference.EXTRA
    if is_requested and places.kind is Kind.APPLICATION and name not in places.registered:
        return Difference.UNREGISTERED
    if not is_requested and name in places.registered:
        return Difference.REGISTERED_ONLY
    if is_requested and not was_proved:
        return Difference.NOT_YET
    return Difference.NONE
