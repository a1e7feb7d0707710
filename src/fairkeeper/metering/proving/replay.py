"""Counts usage again from its evidence alone: every event, every counter, every hour, whatever the entries claim.

Used by who makes a proof and by who checks one; it reads nothing but the entries, and believes none of their sums.
Whatever does not hold is a problem in words; nothing is ever raised for what an entry says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from fairkeeper.metering.rules.counting import RULE, overage
from fairkeeper.values.clock import parse_instant

USAGE_KINDS: Final = frozenset({"metering.usage_recorded/1"})
COUNT_KIND: Final = "metering.hours_counted/1"
ANSWER_KIND: Final = "metering.usage_answered/1"
GIVEN_UP_KIND: Final = "metering.hours_given_up/1"
DECIDED: Final = {"metering.hour_released/1": "ready", "metering.hour_refused/1": "refused"}
SETTLED_KIND: Final = "metering.doubt_settled/1"
OPENING_KIND: Final = "metering.opening_set/1"
ISSUED_KIND: Final = "metering.proof_issued/1"
OUTCOME_KIND: Final = "governance.outcome_recorded/1"
SOURCES: Final[Mapping[str, str]] = {
    "action": "governed actions, recorded before they ran",
    "customer_action": "governed actions, recorded before they ran and reported by the customer's own program",
    "publisher": "the publisher's own events",
    "customer": "events of the customer's own program",
    "hand": "entered by hand",
    "file": "a file",
    "schedule": "fixed usage",
}
"""Whose word the units of an event are."""
GOVERNED: Final = frozenset({"action", "customer_action"})
"""Sources of which each event names the outcome of a governed call."""
CALL_MILLI: Final = 1000
"""What a call counts whose outcome says nothing else."""
_NOT_SENT: Final = frozenset({"elsewhere", "lost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One entry as a proof carries it."""

    id: str
    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One usage event in an entry."""

    dimension: str
    milli: int
    used_at: datetime
    source: str
    cause: str | None


@dataclass(slots=True, kw_only=True)
class Hour:
    """One counted hour as it follows from the entries."""

    id: str
    number: int
    dimension: str
    plan: str
    hour: datetime
    units: int
    quantity: int
    state: str
    by_source: Mapping[str, int]
    event_id: str | None = None


@dataclass(slots=True, kw_only=True)
class _Books:
    """What was seen so far."""

    events: Mapping[tuple[str, str], Event]
    causes: Mapping[str, Seen]
    used: dict[tuple[str, str], int]
    counted: set[tuple[str, str]] = field(default_factory=set)
    claimed: Counter[tuple[str | None, str, int]] = field(default_factory=Counter)
    carried: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Replayed:
    """What follows from the entries, and what does not hold."""

    hours: dict[str, Hour] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def replay(entries: Sequence[Seen], *, resource: str, first: int, last: int) -> Replayed:
    """Count a resource's hours from number `first` to `last` again.

    Args:
        entries: All entries of the proof but the proof's own, in the order of the log.
    """
    found = Replayed()
    try:
        _replay(found, entries, resource, first, last)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        found.problems.append(f"An entry is not of the form of its kind: {type(error).__name__} {error}.")
    return found


def _replay(found: Replayed, entries: Sequence[Seen], resource: str, first: int, last: int) -> None:
    books = _Books(
        events=_events(found, entries, resource),
        causes={entry.id: entry for entry in entries if entry.kind == OUTCOME_KIND},
        used=_openings(entries, resource),
    )
    expected = first
    for entry in entries:
        payload = entry.payload
        if entry.kind == COUNT_KIND and payload["resource"] == resource:
            if payload["rule"] != RULE:
                found.problems.append(f"The rule {payload['rule']!r} is not known.")
            for line in payload["counts"]:
                if not first <= line["number"] <= last:
                    continue
                if line["number"] != expected:
                    found.problems.append(f"Hour number {expected} is missing before {line['number']}.")
                expected = line["number"] + 1
                _count(found, line, books)
        elif payload.get("resource", resource) == resource:
            _follow(found, entry)
    if expected != last + 1:
        found.problems.append(f"Hours {expected} to {last} are missing.")


def _events(found: Replayed, entries: Iterable[Seen], resource: str) -> dict[tuple[str, str], Event]:
    events: dict[tuple[str, str], Event] = {}
    known: set[str] = set()
    for entry in entries:
        if entry.kind not in USAGE_KINDS or entry.payload["resource"] != resource:
            continue
        for event_id, dimension, milli, used_at, cause in entry.payload["events"]:
            if event_id in known:
                found.problems.append(f"The event {event_id} was recorded twice.")
            known.add(event_id)
            events[entry.id, event_id] = Event(
                dimension=dimension,
                milli=milli,
                used_at=parse_instant(used_at),
                source=entry.payload["source"],
                cause=cause,
            )
    return events


def _openings(entries: Iterable[Seen], resource: str) -> dict[tuple[str, str], int]:
    return {
        (entry.payload["dimension"], entry.payload["from"]): entry.payload["milli"]
        for entry in entries
        if entry.kind == OPENING_KIND and entry.payload["resource"] == resource
    }


def _count(found: Replayed, line: Mapping[str, Any], books: _Books) -> None:
    where = f"Hour {line['number']} ({line['dimension']}, {line['hour'][:13]})"
    units = over = 0
    by_source: Counter[str] = Counter()
    for part in line["parts"]:
        members = _members(found, where, line, part, books)
        part_units = sum(event.milli for event in members)
        for event in members:
            by_source[event.source] += event.milli
        key = (line["dimension"], part["from"])
        before = books.used.get(key, 0)
        part_over = overage(used_before=before, units=part_units, included=part["included"])
        stated = (part["before"], part["units"], part["overage"])
        if stated != (before, part_units, part_over):
            found.problems.append(f"{where}: states {stated} and has {(before, part_units, part_over)}.")
        books.used[key] = before + part_units
        units, over = units + part_units, over + part_over
    over += _carry(found, where, line, books)
    quantity = 0 if line["state"] in _NOT_SENT else over
    if line["quantity"] != quantity:
        found.problems.append(f"{where}: reports {line['quantity']} and has {quantity}.")
    found.hours[line["id"]] = Hour(
        id=line["id"],
        number=line["number"],
        dimension=line["dimension"],
        plan=line["plan"],
        hour=parse_instant(line["hour"]),
        units=units,
        quantity=quantity,
        state=line["state"],
        by_source=dict(by_source),
    )


def _members(
    found: Replayed, where: str, line: Mapping[str, Any], part: Mapping[str, Any], books: _Books
) -> list[Event]:
    members = []
    for entry_id, event_ids in part["events"].items():
        for event_id in event_ids:
            key = (entry_id, event_id)
            event = books.events.get(key)
            problem = _problem(event, line, part, books)
            if key in books.counted:
                problem = "is counted twice"
            books.counted.add(key)
            if problem is not None or event is None:
                found.problems.append(f"{where}: the event {event_id} {problem}.")
            else:
                members.append(event)
    return members


def _carry(found: Replayed, where: str, line: Mapping[str, Any], books: _Books) -> int:
    total = 0
    for count_id, quantity in line["carried"]:
        earlier = found.hours.get(count_id)
        stands = earlier is not None and earlier.state == "folded" and earlier.quantity == quantity
        if not stands or count_id in books.carried:
            found.problems.append(f"{where}: carries {count_id}, which does not stand to be carried.")
        books.carried.add(count_id)
        total += quantity
    return total


def _problem(event: Event | None, line: Mapping[str, Any], part: Mapping[str, Any], books: _Books) -> str | None:
    if event is None:
        return "is in no entry"
    if event.dimension != line["dimension"]:
        return f"is of {event.dimension}"
    if not parse_instant(part["from"]) <= event.used_at < parse_instant(part["to"]):
        return "is not of this counter's time"
    return _call_problem(event, books) if event.source in GOVERNED else None


def _call_problem(event: Event, books: _Books) -> str | None:
    """Say what does not hold of a governed call: it ran, it counts this much, and each of its meters counts once."""
    cause = books.causes.get(event.cause or "")
    if cause is None:
        return "names a governed call whose outcome is not here"
    if cause.payload["outcome"] != "ok":
        return "names a governed call that was not carried out"
    told = cause.payload.get("metered", [[event.dimension, CALL_MILLI]])
    if cause.payload.get("by_customer", False) != (event.source == "customer_action"):
        return "says of a governed call that another one reported it"
    claim = (event.cause, event.dimension, event.milli)
    books.claimed[claim] += 1
    if books.claimed[claim] > sum(line == [event.dimension, event.milli] for line in told):
        return "counts more of a governed call than its outcome says"
    return None


def _follow(found: Replayed, entry: Seen) -> None:
    """Follow what became of hours: Microsoft's answers, decisions, what was given up."""
    payload = entry.payload
    if entry.kind == ANSWER_KIND:
        for answer in payload["answers"]:
            hour = found.hours.get(answer["id"])
            if hour is None:
                continue
            if answer["quantity"] != hour.quantity:
                found.problems.append(f"Hour {hour.number}: was sent as {answer['quantity']}, and is {hour.quantity}.")
            hour.state, hour.event_id = answer["state"], answer["event"]
    elif entry.kind in {GIVEN_UP_KIND, SETTLED_KIND}:
        for line in payload["hours"]:
            if line["id"] in found.hours:
                found.hours[line["id"]].state = line["state"]
    elif entry.kind in DECIDED and payload["id"] in found.hours:
        found.hours[payload["id"]].state = DECIDED[entry.kind]


def lines_of(hours: Iterable[Hour], *, from_on: str, to_on: str) -> list[dict[str, Any]]:
    """Return the statement's lines: of each dimension the units, their kinds of source, and what became of the overage.

    Args:
        from_on: First day of the window, `2026-11-01`.
        to_on: The day after its last.
    """
    since, until = date.fromisoformat(from_on), date.fromisoformat(to_on)
    grouped: dict[tuple[str, str], list[Hour]] = defaultdict(list)
    for hour in hours:
        if since <= hour.hour.date() < until:
            grouped[hour.dimension, hour.plan].append(hour)
    lines = []
    for (dimension, plan), members in sorted(grouped.items()):
        sources: Counter[str] = Counter()
        states: Counter[str] = Counter()
        for hour in members:
            sources.update(hour.by_source)
            if hour.quantity:
                states[hour.state] += hour.quantity
        lines.append(
            {
                "dimension": dimension,
                "plan": plan,
                "units": sum(hour.units for hour in members),
                "sources": dict(sorted(sources.items())),
                "reported": dict(sorted(states.items())),
                "hours": len(members),
            }
        )
    return lines
