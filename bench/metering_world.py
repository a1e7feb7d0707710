"""A publisher with many metered subscriptions, its usage by the hour, and what of it is truly overage.

What was used is a function of a seed, so that two processes agree on it without talking, and one that was killed can
go on. The true overage is summed up here from the events alone, by nothing of the room's own code but the terms.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fairkeeper.metering.rules.terms import Term, counter_at, midnight

START = datetime(2026, 11, 20, tzinfo=UTC)
OFFER, PLAN = "bench-offer", "bench-plan"
HOUR = timedelta(hours=1)
_LATE_PERCENT, _AGAIN_PERCENT = 3, 5
_LATEST_HOURS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """How much, of what, for how long, and when the service is away.

    Attributes:
        outages: Hours in which the service is away, as half-open spans.
        kills: Hours in which the process is killed.
    """

    events: int
    subscriptions: int
    dimensions: int
    hours: int
    outages: tuple[tuple[int, int], ...]
    kills: tuple[int, ...]

    @property
    def ends(self) -> int:
        """The hour in which everything has been sent: late usage comes up to 40 hours later."""
        return self.hours + _LATEST_HOURS + 4

    def is_away(self, hour: int) -> bool:
        """Say whether the service is away in an hour."""
        return any(first <= hour < last for first, last in self.outages)


def resource_of(number: int) -> str:
    """Return a subscription's id."""
    return f"00000000-0000-4000-8000-{number:012d}"


def anchor_of(number: int) -> date:
    """Return a subscription's anchor; some counters end in the middle of the story."""
    return date(2026, 10, (20, 21, 22, 23, 31)[number % 5])


def included_of(dimension: int) -> int:
    """Return a dimension's included quantity in units."""
    return (0, 20, 60, 200)[dimension % 4]


def made_in(story: Story, number: int, hour: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what a subscription uses in an hour, each with the hour in which it is reported to us."""
    if hour >= story.hours:
        return
    chance = random.Random(f"{number}/{hour}")
    share, rest = divmod(story.events // story.subscriptions, story.hours)
    for index in range(share + (1 if hour < rest else 0)):
        used_at = START + hour * HOUR + timedelta(seconds=chance.randrange(3600))
        event = {
            "event_id": f"h{hour}-{index}",
            "dimension": f"dimension-{chance.randrange(story.dimensions)}",
            "quantity": f"{chance.randint(1, 4000) / 1000:.3f}",
            "used_at": used_at.isoformat(),
        }
        late = chance.randint(1, _LATEST_HOURS) if chance.randrange(100) < _LATE_PERCENT else 0
        yield hour + late, event
        if chance.randrange(100) < _AGAIN_PERCENT:
            yield hour + late + 1, event


class Arrivals:
    """What reaches us hour by hour, repeated and late events among it; hours are asked for in their order.

    A process that goes on after a kill makes the hours before again, for what of them is still to come.
    """

    def __init__(self, story: Story, first: int) -> None:
        self._story = story
        self._due: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
        for hour in range(max(0, first - _LATEST_HOURS - 1), first):
            self._make(hour, since=first)

    def of(self, hour: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Yield each subscription's events that arrive in an hour."""
        self._make(hour, since=hour)
        for number in range(self._story.subscriptions):
            yield number, self._due.pop((number, hour), [])

    def _make(self, hour: int, *, since: int) -> None:
        for number in range(self._story.subscriptions):
            for due, event in made_in(self._story, number, hour):
                if due >= since:
                    self._due[number, due].append(event)


def true_overage(story: Story) -> Mapping[tuple[str, str], int]:
    """Return the true overage of the whole story in thousandths, by resource and dimension."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for number in range(story.subscriptions):
        anchor = anchor_of(number)
        terms = [Term(plan_id=PLAN, anchor_on=anchor, months=1, since_at=midnight(anchor))]
        seen: set[str] = set()
        used: dict[tuple[str, datetime], int] = defaultdict(int)
        for hour in range(story.hours):
            for _, event in made_in(story, number, hour):
                if event["event_id"] not in seen:
                    seen.add(event["event_id"])
                    starts_at = counter_at(terms, datetime.fromisoformat(event["used_at"])).starts_at
                    used[event["dimension"], starts_at] += round(float(event["quantity"]) * 1000)
        for (dimension, _), milli in used.items():
            included = included_of(int(dimension.rpartition("-")[2])) * 1000
            found[resource_of(number), dimension] += max(0, milli - included)
    return {key: milli for key, milli in found.items() if milli}
