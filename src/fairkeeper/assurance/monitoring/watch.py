"""The watch: judges each hour, believes few of many surprises, and keeps a signal open until the surprise is over.

Entering asks for far more than staying (hysteresis); what came back within three days is the same episode. So one cause
is one alert, and a value that swings about a line rings once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.assurance.monitoring.acts import Act, Kind
from fairkeeper.assurance.monitoring.judging import YOUNG_DAYS, Judged, judge, learn, learn_day
from fairkeeper.assurance.monitoring.panel import First, Panel, Tally, slot_of
from fairkeeper.assurance.monitoring.tails import discoveries
from fairkeeper.values.clock import format_instant, parse_instant

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEARNING_DAYS: Final = YOUNG_DAYS
"""An agent is judged from then on; one that is new among peers earlier, see `_is_judged`."""
NOVELTY_CALLS: Final = 100
"""Before that, an agent has not yet shown which of its tools are rare."""
_QUIET_HOURS: Final = 24
_SAME_EPISODE: Final = timedelta(hours=72)
_LONGEST_HELD: Final = timedelta(days=10)
"""After that the new level is the usual one: an agent that somebody changed for good must not be held for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a kind rings; data, so that an installation can change it.

    Attributes:
        enter: The chance below which a surprise opens a signal.
        leave: The chance above which it counts as over.
        least: How many observations at least.
        times: By how much the observed exceeds the expected at least; of shares, their odds.
    """

    enter: float
    leave: float = 0.05
    least: float = 5
    times: float = 2.0


RULES: Final[Mapping[Kind, Rule]] = {
    Kind.FIRST_TOOL: Rule(enter=1e-7, least=1, times=0),
    Kind.FIRST_DATA: Rule(enter=1e-7, least=1, times=0),
    Kind.SEQUENCE: Rule(enter=1e-6, least=4),
    Kind.FREQUENCY: Rule(enter=1e-8, least=15, times=3.0),
    Kind.OUT_OF_HOURS: Rule(enter=1e-8, least=8, times=5.0),
    Kind.VOLUME: Rule(enter=3e-7, least=20, times=2.0),
    Kind.DRIFT: Rule(enter=2e-6, least=20, times=1.2),
    Kind.DENIALS: Rule(enter=1e-8, least=5, times=3.0),
    Kind.APPROVALS: Rule(enter=5e-6, least=5, times=2.5),
    Kind.INSTRUCTIONS: Rule(enter=1e-6, least=5, times=3.0),
    Kind.SENSITIVE: Rule(enter=1e-7, least=5, times=2.0),
    Kind.FAILURES: Rule(enter=1e-9, least=6, times=3.0),
    Kind.PERSONS: Rule(enter=5e-7, least=6, times=3.0),
    Kind.COST: Rule(enter=1e-6, least=0, times=1.5),
}
FALSE_DISCOVERIES: Final = 0.01
"""The share of a kind's surprises of one hour that may be false, among all agents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A signal that opened: who, what, how surprising, against what.

    Attributes:
        is_new_episode: Whether it rings; another kind of the same episode is told beside the first, and so is a single
            first use.
        what: The tool, the class of data; empty for counts.
        acts: Behind it, the newest last; at most 50.
    """

    agent_id: str
    kind: Kind
    at: datetime
    chance: float
    observed: float
    expected: float
    own_days: int
    own_calls: int
    group: str
    peers: int
    is_new_episode: bool
    what: str = ""
    acts: tuple[Act, ...] = ()


@dataclass(slots=True)
class Open:
    """A surprise that is not over."""

    since: datetime
    quiet_hours: int = 0


@dataclass(slots=True)
class Episodes:
    """What is open of each agent, and when its last episode ended."""

    open: dict[tuple[str, Kind], Open] = field(default_factory=dict)
    last_at: dict[str, datetime] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "open": [
                [agent, kind.value, format_instant(each.since), each.quiet_hours]
                for (agent, kind), each in self.open.items()
            ],
            "last_at": {agent: format_instant(at) for agent, at in self.last_at.items()},
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Episodes:
        """Return it from plain JSON."""
        return cls(
            open={
                (agent, Kind(kind)): Open(since=parse_instant(since), quiet_hours=quiet)
                for agent, kind, since, quiet in kept.get("open", [])
            },
            last_at={agent: parse_instant(at) for agent, at in kept.get("last_at", {}).items()},
        )


class Watch:
    """Judges hour after hour.

    Args:
        panel: The memory.
        rules: When which kind rings.
        episodes: What is open.
    """

    def __init__(self, panel: Panel, rules: Mapping[Kind, Rule] = RULES, episodes: Episodes | None = None) -> None:
        self.panel = panel
        self.rules = rules
        self.episodes = episodes or Episodes()

    def observe(
        self, began_at: datetime, acts: Sequence[Act], announced: Collection[tuple[str, str]] = ()
    ) -> list[Raised]:
        """Judge one hour and learn from it; return the signals that opened.

        Args:
            began_at: The hour's beginning.
            acts: What happened in it, in order.
            announced: Agent with a tool or class of data that was permitted just now: its first use is no news.
        """
        slot = slot_of(began_at)
        hour = self.panel.tally(acts)
        judged = judge(self.panel, hour, slot)
        raised = [*self._news(hour, began_at, announced), *self._surprises(hour, judged, began_at)]
        self._settle(judged, began_at)
        held = self._held(began_at)
        learn(self.panel, hour, judged, slot, held)
        if began_at.hour == 23:
            learn_day(self.panel, held)
            self.panel.end_day()
        return raised

    def _news(self, hour: Tally, at: datetime, announced: Collection[tuple[str, str]]) -> list[Raised]:
        """Tell each first use, and ring for one that is repeated: of a single one nobody can say that it is more."""
        raised = []
        for first in hour.firsts:
            agent = self.panel.agents[first.agent]
            share = self._share_of_news(first)
            if (agent, first.what) in announced or share is None:
                continue
            chance = self._chance_of_news(first, share)
            rings = first.calls > 1 and chance < self.rules[first.kind].enter
            if rings or first.hours == 0:
                found = self._raise(
                    first.agent, first.kind, at, chance, first.calls, 0.0, hour, first.what, rings=rings
                )
                raised += [found] if found is not None else []
        return raised

    def _share_of_news(self, first: First) -> float | None:
        """Return of which share of calls one meets this, going by the peers; None while there is too little past."""
        panel = self.panel
        mine, group = panel.met[first.agent], panel.group[first.agent]
        peers = (panel.group_tools if first.kind is Kind.FIRST_TOOL else panel.group_data)[group]
        own = mine.tools if first.kind is Kind.FIRST_TOOL else mine.data
        own_calls, all_calls = own.total() - first.calls, peers.total() - own.total()
        is_known = own_calls >= NOVELTY_CALLS and panel.age_days[first.agent] >= LEARNING_DAYS
        if not is_known or peers[first.what] > own[first.what]:
            return None
        return float(0.5 / (all_calls + own_calls + 1))

    def _chance_of_news(self, first: First, share: float) -> float:
        """Return how likely so many calls of the last days meet what that share of calls meets."""
        from scipy.special import gammainc

        calls = self.panel.day_calls[first.agent, -first.hours - 1 :].sum()
        return float(gammainc(first.calls, max(calls, first.calls) * share))

    def _surprises(self, hour: Tally, judged: Judged, at: datetime) -> list[Raised]:
        import numpy as np

        raised = []
        judged_here = self._is_judged()
        for kind, chances in judged.chances.items():
            rule = self.rules[kind]
            observed, expected = judged.observed[kind], judged.expected[kind]
            believed = (
                judged_here
                & (chances < rule.enter)
                & discoveries(chances, FALSE_DISCOVERIES)
                & (observed >= rule.least)
                & (judged.times[kind] >= rule.times)
            )
            for place in np.flatnonzero(believed):
                found = self._raise(
                    int(place), kind, at, float(chances[place]), float(observed[place]), float(expected[place]), hour
                )
                raised += [found] if found is not None else []
        return raised

    def _is_judged(self) -> NDArray[np.bool_]:
        """Say which agents have a past to be judged by: their own week, or a group of peers that has one."""
        panel = self.panel
        import numpy as np

        others = panel.by_group(np.ones(len(panel.agents))) - 1
        group_days = panel.by_group(panel.age_days) - panel.age_days
        is_told_by_peers = (others >= 4) & (group_days >= 2 * LEARNING_DAYS * others)
        return np.asarray((panel.age_days >= LEARNING_DAYS) | is_told_by_peers)

    def _raise(  # noqa: PLR0913, PLR0917 - everything that a signal tells
        self,
        place: int,
        kind: Kind,
        at: datetime,
        chance: float,
        observed: float,
        expected: float,
        hour: Tally,
        what: str = "",
        *,
        rings: bool = True,
    ) -> Raised | None:
        agent, panel = self.panel.agents[place], self.panel
        if (agent, kind) in self.episodes.open:
            return None
        is_new = (
            rings
            and not any(each == agent for each, _ in self.episodes.open)
            and (agent not in self.episodes.last_at or at - self.episodes.last_at[agent] > _SAME_EPISODE)
        )
        if rings:
            self.episodes.open[agent, kind] = Open(since=at)
            self.episodes.last_at[agent] = at
        return Raised(
            agent_id=agent,
            kind=kind,
            at=at,
            chance=chance,
            observed=observed,
            expected=expected,
            own_days=int(panel.age_days[place]),
            own_calls=round(panel.met[place].tools.total()),
            group=panel.group_names[panel.group[place]],
            peers=int((panel.group == panel.group[place]).sum()) - 1,
            is_new_episode=is_new,
            what=what,
            acts=tuple(hour.acts.get(place, ())[-50:]),
        )

    def _settle(self, judged: Judged, at: datetime) -> None:
        """Close what has been usual again for a day."""
        for (agent, kind), each in list(self.episodes.open.items()):
            place = self.panel.place.get(agent)
            chances = judged.chances.get(kind)
            is_over = place is None or chances is None or bool(chances[place] > self.rules[kind].leave)
            each.quiet_hours = each.quiet_hours + 1 if is_over else 0
            if each.quiet_hours >= _QUIET_HOURS:
                del self.episodes.open[(agent, kind)]
            else:
                self.episodes.last_at[agent] = at

    def _held(self, at: datetime) -> Floats:
        import numpy as np

        held = np.zeros(len(self.panel.agents))
        for (agent, _), each in self.episodes.open.items():
            place = self.panel.place.get(agent)
            if place is not None and at - each.since < _LONGEST_HELD:
                held[place] = 1.0
        return held
