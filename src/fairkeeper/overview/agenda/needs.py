"""What needs a person, whom, and in which order: by deadline, then by money.

Pure: the rooms say what is the case, this module says what comes first. The order is total, so that two people who
look at the same day see the same list. Amounts of different currencies are compared as they stand, because no rate is
assumed anywhere; that can only decide between things of the same hour or day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from fairkeeper.values.findings import Level

SEES_EVERYTHING: Final = frozenset({"owner", "operations", "leader", "auditor"})
"""Staff roles that see what waits for anybody, as far as they may read it."""
MOST_OF_A_ROOM: Final = 25
"""Things of one room that are named one by one; the rest is one line that leads to the room."""


class Urgency(StrEnum):
    """How soon something needs somebody, the soonest first."""

    OVERDUE = "overdue"
    DAY = "day"
    """Within 24 hours."""
    BROKEN = "broken"
    """Without a date, and wrong already."""
    WEEK = "week"
    LATER = "later"
    OPEN = "open"
    """Without a date, and not wrong yet."""


URGENCIES: Final = tuple(Urgency)
_LEVELS: Final = tuple(Level)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Something that needs a person.

    Attributes:
        key: Which thing it is, the same each time it is looked for (`approval:apr_…`).
        room: The room that knows of it.
        what: What is the case, with its values.
        remedy: What to do about it, or what happens if nobody does.
        level: `error`, `warning` or `info`.
        roles: Whom it waits for: roles of staff, or of a customer's people.
        page: The address of its page in the console.
        where: What that page is called.
        due_at: By when; None where nothing says so.
        since_at: Since when it is known.
        amount, currency: The money that it is about, as an exact decimal; None where none is known.
        resource: Key of the official page that explains the rule.
    """

    key: str
    room: str
    what: str
    remedy: str
    level: str
    roles: tuple[str, ...]
    page: str
    where: str
    due_at: datetime | None = None
    since_at: datetime | None = None
    amount: str | None = None
    currency: str | None = None
    resource: str | None = None


def urgency_of(need: Need, now: datetime) -> Urgency:
    """Return how soon a thing needs somebody.

    Example:
        >>> from datetime import UTC
        >>> noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
        >>> call = Need(key="a", room="x", what="", remedy="", level="error", roles=(), page="/", where="")
        >>> urgency_of(call, noon).value
        'broken'
    """
    if need.due_at is None:
        return Urgency.BROKEN if need.level == Level.ERROR else Urgency.OPEN
    left = need.due_at - now
    if left <= timedelta():
        return Urgency.OVERDUE
    if left <= _DAY:
        return Urgency.DAY
    return Urgency.WEEK if left <= _WEEK else Urgency.LATER


def in_order(needs: Iterable[Need], now: datetime) -> list[Need]:
    """Return things in the order in which they are worth doing.

    What is overdue comes first, then what is due within a day, by the hour; then what is broken and has no date; then
    what is due later, by the day; last what is open and has no date, warnings before notes. What is due in the same
    hour or on the same day, and all that is overdue, goes by the money that it is about, the most first; then by the
    deadline itself, by how bad it is, and by how long it has waited.
    """
    return sorted(needs, key=lambda need: _rank(need, now))


def _rank(need: Need, now: datetime) -> tuple[object, ...]:
    urgency = urgency_of(need, now)
    level = _LEVELS.index(Level(need.level))
    due = timedelta() if need.due_at is None else need.due_at - now
    slot = {
        Urgency.OVERDUE: 0,
        Urgency.DAY: due // _HOUR,
        Urgency.BROKEN: 0,
        Urgency.WEEK: due // _DAY,
        Urgency.LATER: due // _DAY,
        Urgency.OPEN: level,
    }[urgency]
    since = timedelta() if need.since_at is None else need.since_at - now
    return (URGENCIES.index(urgency), slot, -weight_of(need), due, level, since, need.key)


def weight_of(need: Need) -> Decimal:
    """Return how much money a thing is about, in the units of its own currency; nothing known is nothing.

    Example:
        >>> lost = Need(
        ...     key="a", room="x", what="", remedy="", level="error", roles=(), page="/", where="", amount="-12.5"
        ... )
        >>> weight_of(lost)
        Decimal('12.5')
    """
    try:
        weight = abs(Decimal(need.amount or 0))
    except InvalidOperation:
        return Decimal(0)
    return weight if weight.is_finite() else Decimal(0)


def waits_for(need: Need, roles: Iterable[str]) -> bool:
    """Say whether a thing waits for somebody with these roles: it is theirs, or they see what is anybody's.

    Example:
        >>> call = Need(key="a", room="x", what="", remedy="", level="error", roles=("finance",), page="/", where="")
        >>> waits_for(call, {"finance", "seller"}), waits_for(call, {"seller"}), waits_for(call, {"owner"})
        (True, False, True)
    """
    held = frozenset(roles)
    return bool(held & SEES_EVERYTHING) or not held.isdisjoint(need.roles)


def shortened(needs: Sequence[Need], *, room: str, page: str, most: int = MOST_OF_A_ROOM) -> list[Need]:
    """Return the first of a room's things, and one line that counts the rest.

    Args:
        needs: In their order.
        room: The room's name.
        page: Where all of them are.
        most: How many are named one by one.
    """
    rest = needs[most:]
    if not rest:
        return list(needs)
    worst = min(rest, key=lambda need: _LEVELS.index(Level(need.level)))
    first_due = min((need.due_at for need in rest if need.due_at is not None), default=None)
    summary = Need(
        key=f"more:{room}",
        room=room,
        what=f"{len(rest):,} more {'thing' if len(rest) == 1 else 'things'} in {room}.",
        remedy="They come after the ones that are named here, and stand in their room.",
        level=worst.level,
        roles=tuple(sorted({role for need in rest for role in need.roles})),
        page=page,
        where=room.capitalize(),
        due_at=first_due,
    )
    return [*needs[:most], summary]
