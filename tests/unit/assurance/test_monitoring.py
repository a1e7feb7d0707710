"""Monitoring: what rings and what does not, on small populations; the measured figures are bench_assurance's."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.assurance.monitoring.acts import SHARES, WORDS, Act, Kind
from fairkeeper.assurance.monitoring.judging import judge, learn
from fairkeeper.assurance.monitoring.panel import RARE_ORDER, Panel
from fairkeeper.assurance.monitoring.tails import count_tail, discoveries, share_tail
from fairkeeper.assurance.monitoring.watch import RULES, Episodes, Raised, Watch

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
AGENTS = {f"agt_{number}": "peers" for number in range(6)}


def usual_hour(at: datetime, rng: np.random.Generator) -> list[Act]:
    """Every agent reads and writes in working hours, now and then refused."""
    if not (8 <= at.hour < 17) or at.weekday() >= 5:
        return []
    return [
        Act(
            at=at + timedelta(minutes=minute),
            agent_id=agent,
            tool="read" if minute % 3 else "write",
            data=("orders",),
            is_denied=bool(rng.random() < 0.03),
            person_id=f"{agent}_anna",
            task_id=f"{agent}_{at.hour}",
            amount_minor=int(1000 * np.exp(rng.normal(0, 0.3))),
        )
        for agent in AGENTS
        for minute in range(int(rng.poisson(8)))
    ]


@pytest.fixture(scope="module")
def learned() -> str:
    """Five quiet weeks, written down; nothing may ring in them."""
    rng, watch = np.random.default_rng(7), Watch(Panel(AGENTS))
    rung = []
    for number in range(35 * 24):
        at = MONDAY + timedelta(hours=number)
        rung += watch.observe(at, usual_hour(at, rng))
    assert rung == []
    return json.dumps({"panel": watch.panel.to_json(), "episodes": watch.episodes.to_json()})


def again(learned: str) -> Watch:
    kept = json.loads(learned)
    return Watch(Panel.from_json(AGENTS, kept["panel"]), RULES, Episodes.from_json(kept["episodes"]))


def next_monday(watch: Watch, acts: list[Act]) -> list[Raised]:
    """One Monday whose given hour holds more than usual."""
    rng, raised = np.random.default_rng(8), []
    for number in range(24):
        at = MONDAY + timedelta(days=35, hours=number)
        more = [act for act in acts if at <= act.at < at + timedelta(hours=1)]
        raised += watch.observe(at, [*usual_hour(at, rng), *more])
    return raised


def some(count: int, hour: int = 10, **what: object) -> list[Act]:
    at = MONDAY + timedelta(days=35, hours=hour)
    given = {"agent_id": "agt_1", "tool": "read", "data": ("orders",), "person_id": "agt_1_anna", **what}
    return [Act(at=at + timedelta(seconds=number), **given) for number in range(count)]  # type: ignore[arg-type]


def test_a_quiet_day_rings_nothing(learned: str) -> None:
    assert next_monday(again(learned), []) == []


@pytest.mark.parametrize(
    ("kind", "acts"),
    [
        (Kind.FREQUENCY, some(150)),
        (Kind.OUT_OF_HOURS, some(30, hour=3)),
        (Kind.DENIALS, some(25, is_denied=True)),
        (Kind.APPROVALS, some(25, is_waiting=True)),
        (Kind.INSTRUCTIONS, some(25, is_untrusted=True)),
        (Kind.SENSITIVE, some(25, is_sensitive=True)),
        (Kind.COST, some(12, amount_minor=40_000)),
        (Kind.FIRST_TOOL, some(3, tool="export")),
        (Kind.FIRST_DATA, some(3, data=("payroll",))),
        (
            Kind.SEQUENCE,
            [act for n in range(12) for tool in ("pack", "send") for act in some(1, tool=tool, task_id=f"task_{n}")],
        ),
        (Kind.PERSONS, [act for number in range(25) for act in some(1, person_id=f"stranger_{number}")]),
    ],
)
def test_each_kind_rings_for_what_it_is_for(learned: str, kind: Kind, acts: list[Act]) -> None:
    raised = next_monday(again(learned), acts)
    assert kind in {each.kind for each in raised}
    assert {each.agent_id for each in raised} == {"agt_1"}
    assert sum(each.is_new_episode for each in raised) == 1, "one cause rings once"
    found = next(each for each in raised if each.kind is kind)
    assert found.peers == 5
    assert found.own_days == 35


def test_growth_day_by_day_rings_as_drift_or_volume(learned: str) -> None:
    rng, watch = np.random.default_rng(9), again(learned)
    raised: list[Raised] = []
    for number in range(18 * 24):
        at = MONDAY + timedelta(days=35, hours=number)
        acts = usual_hour(at, rng)
        mine = [act for act in acts if act.agent_id == "agt_2"]
        raised += watch.observe(
            at, [*acts, *(act for act in mine for _ in range(int(rng.poisson(number / 24 * 0.15))))]
        )
    assert {each.agent_id for each in raised} == {"agt_2"}
    assert {each.kind for each in raised} & {Kind.DRIFT, Kind.VOLUME}


def test_a_single_first_use_is_told_and_rings_once_it_is_repeated(learned: str) -> None:
    watch = again(learned)
    first = next_monday(watch, some(1, tool="export"))
    assert [(each.what, each.is_new_episode) for each in first] == [("export", False)]
    at = MONDAY + timedelta(days=36, hours=10)
    acts = [replace(act, at=at + timedelta(minutes=number)) for number, act in enumerate(some(2, tool="export"))]
    later = watch.observe(at, [*usual_hour(at, np.random.default_rng(11)), *acts])
    assert [(each.what, each.is_new_episode, each.observed) for each in later] == [("export", True, 3)]


def test_failures_of_one_day_are_a_systems_and_of_two_days_the_agents(learned: str) -> None:
    watch = again(learned)
    assert Kind.FAILURES not in {each.kind for each in next_monday(watch, some(60, is_failed=True))}
    rng, raised = np.random.default_rng(10), []
    for number in range(24):
        at = MONDAY + timedelta(days=36, hours=number)
        more = [replace(act, at=at) for act in some(60, is_failed=True)] if number == 10 else []
        raised += watch.observe(at, [*usual_hour(at, rng), *more])
    assert ("agt_1", Kind.FAILURES) in {(each.agent_id, each.kind) for each in raised}


def test_an_order_that_peers_hardly_ever_have_is_as_good_as_new(learned: str) -> None:
    kept = json.loads(learned)
    kept["panel"]["agt_2"]["orders"] |= {"pack > send": 1, "send > pack": 1, "read > pack": 1}
    kept["panel"]["agt_2"]["orders"]["read > read"] += 10 * RARE_ORDER
    acts = [act for n in range(12) for tool in ("pack", "send") for act in some(1, tool=tool, task_id=f"task_{n}")]
    for usual, expected in ((False, True), (True, False)):
        if usual:
            kept["panel"]["agt_2"]["orders"] |= {"pack > send": 100, "send > pack": 100, "read > pack": 100}
        raised = next_monday(again(json.dumps(kept)), acts)
        assert (Kind.SEQUENCE in {each.kind for each in raised}) is expected


def test_a_spread_of_amounts_is_learned_as_it_is_however_many_come_in_an_hour() -> None:
    panel, rng = Panel(AGENTS), np.random.default_rng(13)
    for number in range(60 * 24):
        at = MONDAY + timedelta(hours=number)
        hour = panel.tally(
            [
                Act(at=at, agent_id=agent, tool="read", amount_minor=int(1e4 * np.exp(rng.normal(0, 0.6))))
                for agent in AGENTS
                for _ in range(5)
            ]
        )
        learn(panel, hour, judge(panel, hour, number % 24), number % 24, np.zeros(len(AGENTS)))
    assert panel.amount_squares / panel.amount_count == pytest.approx(np.full(len(AGENTS), 0.36), rel=0.15)


def test_a_holiday_does_not_teach_that_days_vary(learned: str) -> None:
    rng, watch = np.random.default_rng(12), again(learned)
    before = watch.panel.daily_excess.copy() / watch.panel.daily_square
    for number in range(5 * 24):
        at = MONDAY + timedelta(days=35, hours=number)
        watch.observe(at, [act for act in usual_hour(at, rng) if act.agent_id != "agt_3"])
    after = watch.panel.daily_excess / watch.panel.daily_square
    assert after[3] <= before[3] + 0.01


def test_a_large_share_counts_by_its_odds(learned: str) -> None:
    """From a fifth of the calls to two thirds is far more than three times."""
    panel = again(learned).panel
    panel.share_count[:, SHARES.index(Kind.APPROVALS)] = panel.share_trials * 0.22
    panel.day_calls[:], panel.day_shares[:] = 0, 0
    judged = judge(panel, panel.tally([*some(12, is_waiting=True), *some(6)]), 10)
    assert judged.times[Kind.APPROVALS][1] == pytest.approx((12.5 / 6.5) * (0.78 / 0.22), rel=0.1)
    assert judged.observed[Kind.APPROVALS][1] / judged.expected[Kind.APPROVALS][1] == pytest.approx(3.0, rel=0.1)


def test_what_was_just_permitted_is_no_news(learned: str) -> None:
    watch = again(learned)
    at = MONDAY + timedelta(days=35, hours=10)
    acts = some(1, tool="export")
    assert watch.observe(at, acts, {("agt_1", "export")}) == []
    assert [each.what for each in again(learned).observe(at, acts)] == ["export"]


def test_an_open_signal_does_not_ring_again_and_ends_after_a_quiet_day(learned: str) -> None:
    watch = again(learned)
    first = next_monday(watch, some(150))
    assert first
    assert watch.episodes.open
    rng = np.random.default_rng(10)
    later: list[Raised] = []
    for number in range(24, 6 * 24):
        at = MONDAY + timedelta(days=35, hours=number)
        later += watch.observe(at, usual_hour(at, rng))
    assert not [each for each in later if each.is_new_episode]
    assert not watch.episodes.open


def test_what_is_held_does_not_become_the_usual(learned: str) -> None:
    watch = again(learned)
    before = watch.panel.calls_by_slot[1].sum()
    next_monday(watch, some(400))
    assert watch.panel.calls_by_slot[1].sum() <= before + 60


def test_a_panel_read_back_is_the_same_panel(learned: str) -> None:
    kept = json.loads(learned)["panel"]
    assert json.loads(json.dumps(Panel.from_json(AGENTS, kept).to_json())) == kept


def test_every_kind_has_words_and_a_rule() -> None:
    assert set(WORDS) == set(Kind) == set(RULES)
    assert set(SHARES) < set(Kind)


@given(st.integers(1, 40), st.floats(0.1, 20), st.floats(0.05, 2))
def test_count_tail_is_the_negative_binomial_of_scipy(count: int, mean: float, spread: float) -> None:
    from scipy import stats  # half a second, which only the worker that asks should pay

    shape = 1 / spread
    expected = stats.nbinom.sf(count - 1, shape, shape / (shape + mean))
    found = count_tail(np.array([float(count)]), np.array([mean]), np.array([spread]))[0]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(1, 60), st.integers(0, 60), st.floats(0.01, 0.4), st.floats(0.005, 0.3))
def test_share_tail_is_the_beta_binomial_of_scipy(count: int, more: int, share: float, spread: float) -> None:
    from scipy import stats  # half a second, which only the worker that asks should pay

    trials, strength = count + more, 1 / spread - 1
    found = share_tail(*(np.array([value]) for value in (float(count), float(trials), share, spread)))[0]
    if count <= trials * share:
        assert found == 1
        return
    expected = stats.betabinom.sf(count - 1, trials, share * strength, (1 - share) * strength)
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-10)


def test_no_discovery_among_even_chances() -> None:
    assert not discoveries(np.linspace(0.05, 1, 100), 0.01).any()
    assert discoveries(np.array([]), 0.01).size == 0
