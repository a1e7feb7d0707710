"""Assurance: how well monitoring finds what was planted among 200 agents in 60 days, and how rarely it rings in vain.

Three populations with twelve planted behaviours each, and one with none; none of these seeds was looked at when the
rules were chosen. An alert is an episode: what opens while another signal of the agent is open, or within three days
after, does not ring again. It is right where it rings for an agent with a planted behaviour, from its beginning to a
day after its end. The naive rule beside it rings when a day's calls, refusals or approvals differ by half from the
mean of the week before.
"""

from __future__ import annotations

import os
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bench.assurance_world import START, Plant, Population, World, make_population
from bench.report import Report
from fairkeeper.assurance.monitoring.acts import Act
from fairkeeper.assurance.monitoring.panel import Panel
from fairkeeper.assurance.monitoring.watch import Raised, Watch

SEEDS: Final = tuple(int(each) for each in os.environ.get("FAIRKEEPER_BENCH_SEEDS", "101,102,103").split(","))
CLEAN_SEED: Final = 104
_GRACE: Final = timedelta(hours=24)
_SAME_EPISODE: Final = timedelta(hours=72)
_LONGEST_EPISODE: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One ring: for whom and when."""

    agent_id: str
    at: datetime
    kinds: frozenset[str]


@dataclass(slots=True)
class Score:
    """What became of the alerts of some populations."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    named: int = 0
    planted: int = 0
    agent_weeks: float = 0
    delays: list[float] | None = None

    def add(self, population: Population, alerts: Sequence[Alert]) -> list[Plant]:
        """Count one population's alerts; return the plants that were missed."""
        self.delays = self.delays if self.delays is not None else []
        missed = []
        self.planted += len(population.plants)
        self.agent_weeks += len(population.agents) * population.days / 7
        for alert in alerts:
            is_right = any(_matches(plant, alert) for plant in population.plants)
            self.right, self.wrong = self.right + is_right, self.wrong + (not is_right)
        for plant in population.plants:
            hits = [alert for alert in alerts if _matches(plant, alert)]
            if not hits:
                missed.append(plant)
                continue
            self.found += 1
            self.named += any(plant.kind.value in hit.kinds for hit in hits)
            # An hour is judged when it is over.
            self.delays.append((min(hit.at for hit in hits) - plant.begins_at).total_seconds() / 3600 + 1)
        return missed


def _matches(plant: Plant, alert: Alert) -> bool:
    return alert.agent_id == plant.agent_id and plant.begins_at <= alert.at <= plant.ends_at + _GRACE


def watch(population: Population) -> tuple[list[Alert], list[Alert], list[Raised]]:
    """Watch a population hour by hour; return the alerts, those of the naive rule, and every signal."""
    world = World(population)
    roster = {agent: group for agent, group in population.agents.items() if agent not in population.joins_on}
    watching = Watch(Panel(roster))
    naive = Naive()
    signals: list[Raised] = []
    rings: dict[str, list[Alert]] = defaultdict(list)
    for at, acts in world.hours():
        day = (at - START).days
        if at.hour == 0:
            joining = [agent for agent, on in population.joins_on.items() if on == day]
            if joining:
                roster |= {agent: population.agents[agent] for agent in joining}
                watching.panel = Panel.from_json(roster, watching.panel.to_json())
        for raised in watching.observe(at, acts, world.announced(day)):
            signals.append(raised)
            mine = rings[raised.agent_id]
            if raised.is_new_episode:
                mine.append(Alert(agent_id=raised.agent_id, at=at, kinds=frozenset({raised.kind.value})))
            elif mine and at - mine[-1].at <= _LONGEST_EPISODE:
                last = mine[-1]
                mine[-1] = Alert(agent_id=last.agent_id, at=last.at, kinds=last.kinds | {raised.kind.value})
        naive.observe(at, acts)
    return [each for mine in rings.values() for each in mine], list(naive.alerts()), signals


class Naive:
    """The rule by percentages: a day that differs by half from the mean of the week before."""

    def __init__(self) -> None:
        self._days: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._last = 0

    def observe(self, at: datetime, acts: Sequence[Act]) -> None:
        """Count an hour."""
        day = self._last = (at - START).days
        for act in acts:
            self._days[act.agent_id, "calls"][day] += 1
            self._days[act.agent_id, "denials"][day] += act.is_denied
            self._days[act.agent_id, "approvals"][day] += act.is_waiting

    def alerts(self) -> Iterator[Alert]:
        """Yield what it rings for, with the same grace for what comes again within three days."""
        last: dict[str, datetime] = {}
        for day in range(7, self._last + 1):
            for (agent, name), by_day in self._days.items():
                before = statistics.mean(by_day.get(day - back, 0) for back in range(1, 8))
                at = START + timedelta(days=day, hours=23)
                if before and abs(by_day.get(day, 0) - before) > 0.5 * before:
                    if agent not in last or at - last[agent] > _SAME_EPISODE:
                        yield Alert(agent_id=agent, at=at, kinds=frozenset({name}))
                    last[agent] = at


def run(report: Report) -> None:
    """Measure monitoring."""
    score, naive = Score(), Score()
    for seed in SEEDS:
        population = make_population(seed)
        alerts, percentages, _ = watch(population)
        for plant in score.add(population, alerts):
            report.note(f"missed with seed {seed}: {plant.kind.value}, {plant.name}")
        naive.add(population, percentages)
    conditions = f"{len(SEEDS)} seeds, 200 agents, 60 days, 12 planted each"
    _tell(report, score, "", conditions)
    clean, clean_naive = Score(), Score()
    population = make_population(CLEAN_SEED, is_planted=False)
    alerts, percentages, _ = watch(population)
    clean.add(population, alerts)
    clean_naive.add(population, percentages)
    rate = clean.wrong / clean.agent_weeks
    report.at_most("false alerts per agent-week, none planted", rate, unit="", target=0.05, conditions="1 seed")
    report.plain(
        "naive rule: precision", _share(naive.right, naive.right + naive.wrong), unit="", conditions=conditions
    )
    report.plain("naive rule: recall", _share(naive.found, naive.planted), unit="", conditions=conditions)
    report.plain(
        "naive rule: false alerts per agent-week, none planted",
        clean_naive.wrong / clean_naive.agent_weeks,
        unit="",
        conditions="1 seed",
    )


def _tell(report: Report, score: Score, prefix: str, conditions: str) -> None:
    report.at_least(
        f"{prefix}precision", _share(score.right, score.right + score.wrong), unit="", target=0.9, conditions=conditions
    )
    report.at_least(f"{prefix}recall", _share(score.found, score.planted), unit="", target=0.9, conditions=conditions)
    report.plain(f"{prefix}named by the right kind", _share(score.named, score.planted), unit="", conditions=conditions)
    report.at_most(
        f"{prefix}false alerts per agent-week",
        score.wrong / score.agent_weeks,
        unit="",
        target=0.05,
        conditions=conditions,
    )
    if score.delays:
        report.plain(f"{prefix}median delay", statistics.median(score.delays), unit="hours", conditions=conditions)
        report.plain(f"{prefix}longest delay", max(score.delays), unit="hours", conditions=conditions)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
