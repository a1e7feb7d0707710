"""What monitoring remembers of every agent: decayed counts, the last three days, and which tools, data, people it met.

All agents stand in arrays side by side, so that an hour of a few hundred agents is judged at once. A panel can be
written down as plain JSON and read back; nothing else is needed to go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.assurance.monitoring.acts import SHARES, Act, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY: Final = 24
HOURS: Final = 3 * DAY
"""So many of the last hours are kept one by one."""
SLOTS: Final = 48
"""An hour of the day, apart for working days and for the end of the week."""
HALF_LIFE_DAYS: Final = 21.0
MOST_REMEMBERED: Final = 5_000
"""People, and orders of tools, remembered for one agent; the least frequent are forgotten first."""
RARE_ORDER: Final = 2_000
"""An order is rare where peers' tools follow each other so at most once in so many times, and at most `FEW_ORDERS`
times in all: what came to the whole group with a new tool is usual after a few."""
FEW_ORDERS: Final = 2
USUAL_ORDER: Final = 20
"""So often done by the agent itself, an order is its own."""
_COLUMN: Final = {kind: place for place, kind in enumerate(SHARES)}
_VECTORS: Final = (
    *("calls_by_slot", "hours_by_slot", "day_calls", "day_expected", "day_shares", "day_amounts", "day_amount_sum"),
    *("share_count", "share_trials", "hour_excess", "hour_square", "daily_excess", "daily_square"),
    *("share_excess", "share_square", "amount_count", "amount_sum", "amount_squares", "cusum", "age_days"),
    "away_days",
)
_LASTING: Final = frozenset(_VECTORS[2:7]) | {"cusum", "age_days", "away_days"}
"""What does not fade: the last hours, and what counts days."""


def slot_of(at: datetime) -> int:
    """Return the slot of an instant.

    Example:
        >>> from datetime import UTC
        >>> slot_of(datetime(2026, 11, 22, 3, tzinfo=UTC)), slot_of(datetime(2026, 11, 23, 3, tzinfo=UTC))
        (27, 3)
    """
    return at.hour + (24 if at.weekday() >= 5 else 0)


@dataclass(slots=True)
class Met:
    """What one agent has met, with how often."""

    tools: Counter[str] = field(default_factory=Counter)
    data: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    persons: Counter[str] = field(default_factory=Counter)
    order_total: int = 0
    last_tool: dict[str, str] = field(default_factory=dict)
    """By task; forgotten at midnight."""
    fresh: dict[str, list[int]] = field(default_factory=dict)
    """By kind and name: since how many hours a new thing is used, and how often it was; for as long as it is news."""

    def forget_least(self) -> None:
        """Keep what is remembered within bounds."""
        for counter in (self.orders, self.persons):
            if len(counter) > MOST_REMEMBERED:
                for key, _ in counter.most_common()[MOST_REMEMBERED:]:
                    del counter[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class First:
    """Something that an agent began to use: so often since, and for so many hours."""

    agent: int
    kind: Kind
    what: str
    calls: int
    hours: int


@dataclass(slots=True)
class Tally:
    """One hour, counted: calls and shares by agent, what was met first, and the acts behind it."""

    calls: Floats
    shares: Floats
    amounts: Floats
    amount_sum: Floats
    firsts: list[First] = field(default_factory=list)
    acts: dict[int, list[Act]] = field(default_factory=dict)


class Panel:
    """The memory of all agents.

    Args:
        agents: Their ids, with the name of the group of peers that each is compared with.
    """

    def __init__(self, agents: Mapping[str, str]) -> None:
        import numpy as np

        self.agents = tuple(agents)
        self.group_names = tuple(sorted(set(agents.values())))
        self.place = {agent: place for place, agent in enumerate(self.agents)}
        self.group = np.array([self.group_names.index(agents[agent]) for agent in self.agents], dtype=np.int64)
        self.met = [Met() for _ in self.agents]
        self.group_tools: list[Counter[str]] = [Counter() for _ in self.group_names]
        self.group_data: list[Counter[str]] = [Counter() for _ in self.group_names]
        self.group_orders: list[Counter[str]] = [Counter() for _ in self.group_names]
        self.group_order_total = [0 for _ in self.group_names]
        count, shares = len(self.agents), len(SHARES)
        self.calls_by_slot, self.hours_by_slot = np.zeros((count, SLOTS)), np.zeros((count, SLOTS))
        self.day_calls, self.day_expected = np.zeros((count, HOURS)), np.zeros((count, HOURS))
        self.day_shares = np.zeros((count, HOURS, shares))
        self.day_amounts, self.day_amount_sum = np.zeros((count, HOURS)), np.zeros((count, HOURS))
        self.share_count, self.share_trials = np.zeros((count, shares)), np.zeros(count)
        self.hour_excess, self.hour_square = np.zeros(count), np.zeros(count)
        self.daily_excess, self.daily_square = np.zeros(count), np.zeros(count)
        self.share_excess, self.share_square = np.zeros((count, shares)), np.zeros((count, shares))
        self.amount_count, self.amount_sum, self.amount_squares = np.zeros(count), np.zeros(count), np.zeros(count)
        self.cusum, self.age_days, self.away_days = np.zeros(count), np.zeros(count), np.zeros(count)

    def by_group(self, values: Floats) -> Floats:
        """Return, for each agent, the sum over its group."""
        import numpy as np

        sums = np.zeros((len(self.group_names), *values.shape[1:]))
        np.add.at(sums, self.group, values)
        return np.asarray(sums[self.group])

    def tally(self, acts: Sequence[Act]) -> Tally:
        """Count one hour's acts and remember what they met; acts of agents that are not in the panel are left out."""
        import math

        import numpy as np

        count = len(self.agents)
        hour = Tally(np.zeros(count), np.zeros((count, len(SHARES))), np.zeros(count), np.zeros(count))
        first: dict[tuple[int, Kind, str], None] = {}
        for met in self.met:
            met.fresh = {key: [hours + 1, calls] for key, (hours, calls) in met.fresh.items() if hours + 1 < HOURS}
        for act in acts:
            agent = self.place.get(act.agent_id)
            if agent is None:
                continue
            hour.calls[agent] += 1
            hour.acts.setdefault(agent, []).append(act)
            row = hour.shares[agent]
            for kind in self._shares_of(agent, act):
                row[_COLUMN[kind]] += 1
            if act.amount_minor:
                hour.amounts[agent] += 1
                hour.amount_sum[agent] += math.log1p(act.amount_minor)
            self._meet(agent, act, first)
        for agent, kind, what in first:
            hours, calls = self.met[agent].fresh[f"{kind.value}:{what}"]
            hour.firsts.append(First(agent=agent, kind=kind, what=what, calls=calls, hours=hours))
        return hour

    def _shares_of(self, agent: int, act: Act) -> list[Kind]:
        found = []
        if act.is_denied:
            found.append(Kind.DENIALS)
        if act.is_waiting:
            found.append(Kind.APPROVALS)
        if act.is_untrusted:
            found.append(Kind.INSTRUCTIONS)
        if act.is_sensitive:
            found.append(Kind.SENSITIVE)
        if act.is_failed:
            found.append(Kind.FAILURES)
        if act.task_id is not None and self._is_new_order(agent, act):
            found.append(Kind.SEQUENCE)
        met = self.met[agent]
        if act.person_id is not None:
            if act.person_id not in met.persons:
                found.append(Kind.PERSONS)
            met.persons[act.person_id] += 1
        return found

    def _is_new_order(self, agent: int, act: Act) -> bool:
        """Say whether the tool follows its task's last one as it hardly ever does among peers; asked before it is met.

        Not only what nobody has ever done: in a large group somebody has done nearly everything once. What an agent
        itself does again and again becomes usual.
        """
        met, group = self.met[agent], self.group_orders[self.group[agent]]
        before = met.last_tool.get(act.task_id or "")
        met.last_tool[act.task_id or ""] = act.tool
        if before is None:
            return False
        order = f"{before} > {act.tool}"
        others = group[order] - met.orders[order]
        all_others = self.group_order_total[self.group[agent]] - met.order_total
        met.orders[order] += 1
        group[order] += 1
        met.order_total += 1
        self.group_order_total[self.group[agent]] += 1
        is_rare = others <= FEW_ORDERS and others * RARE_ORDER <= all_others
        return is_rare and met.orders[order] <= USUAL_ORDER

    def _meet(self, agent: int, act: Act, first: dict[tuple[int, Kind, str], None]) -> None:
        group, met = self.group[agent], self.met[agent]
        for kind, mine, peers, names in (
            (Kind.FIRST_TOOL, met.tools, self.group_tools[group], (act.tool,)),
            (Kind.FIRST_DATA, met.data, self.group_data[group], act.data),
        ):
            for name in names:
                key = f"{kind.value}:{name}"
                if name not in mine:
                    met.fresh[key] = [0, 0]
                if key in met.fresh:
                    met.fresh[key][1] += 1
                    first[agent, kind, name] = None
                mine[name] += 1
                peers[name] += 1

    def end_day(self) -> None:
        """Let the past weigh less, and forget the day's tasks."""
        keep = 0.5 ** (1 / HALF_LIFE_DAYS)
        for name in _VECTORS:
            if name not in _LASTING:
                setattr(self, name, getattr(self, name) * keep)
        self.age_days += 1
        for met in self.met:
            met.last_tool.clear()
            met.forget_least()

    # --- written down and read back

    def to_json(self) -> dict[str, Any]:
        """Return everything remembered, by agent."""
        return {
            agent: {
                "group": self.group_names[self.group[place]],
                "vectors": {name: getattr(self, name)[place].tolist() for name in _VECTORS},
                "tools": dict(self.met[place].tools),
                "data": dict(self.met[place].data),
                "orders": dict(self.met[place].orders),
                "persons": dict(self.met[place].persons),
                "last_tool": self.met[place].last_tool,
                "fresh": self.met[place].fresh,
            }
            for agent, place in self.place.items()
        }

    @classmethod
    def from_json(cls, agents: Mapping[str, str], kept: Mapping[str, Any]) -> Panel:
        """Return the panel of these agents; one that was not kept begins anew, one not named any more is left out."""
        import numpy as np

        panel = cls(agents)
        for agent, place in panel.place.items():
            if agent not in kept:
                continue
            mine = kept[agent]
            for name in _VECTORS:
                getattr(panel, name)[place] = np.asarray(mine["vectors"][name])
            met, group = panel.met[place], panel.group[place]
            met.tools, met.data = Counter(mine["tools"]), Counter(mine["data"])
            met.orders, met.persons = Counter(mine["orders"]), Counter(mine["persons"])
            met.last_tool, met.fresh = dict(mine["last_tool"]), dict(mine["fresh"])
            panel.group_tools[group].update(met.tools)
            panel.group_data[group].update(met.data)
            panel.group_orders[group].update(met.orders)
            met.order_total = met.orders.total()
            panel.group_order_total[group] += met.order_total
        return panel
