"""How unusual an hour is for each agent: one chance for each agent and kind, against its own past and its peers'.

An agent with little past of its own is expected to be like its peers (shrinkage); the more it has, the more it counts
for itself. What befalls the whole group on one day (the end of a month) is expected of each. Source: the method of
facts on change detection; the numbers were chosen on simulated runs that are not the ones reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairkeeper.assurance.monitoring.acts import SHARES, Kind
from fairkeeper.assurance.monitoring.panel import DAY, HOURS, Panel, Tally
from fairkeeper.assurance.monitoring.tails import count_tail, share_tail

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_OWN_HOURS: Final = 4.0
"""Pseudo-hours of each slot by which a slot of an agent is drawn to its group's."""
_OWN_CALLS: Final = 20.0
_SHARE_CALLS: Final = 150.0
_CUSUM_SLACK: Final = 0.75
_LEAST_SPREAD: Final = 0.05
_LEAST_SHARE_SPREAD: Final = 0.01
_UNKNOWN_SPREAD, _UNKNOWN_SHARE_SPREAD = 0.5, 0.05
"""Where a group has shown too little to say how much it varies."""
_QUIET_SHARE: Final = 0.15
"""Below this share of its mean hour, an agent hardly ever acts at that time of the week."""
_MOST_SURPRISE: Final = 6.0
_MOST_DAILY: Final = 2.5
_IDLE_DAY: Final = 4.0
"""A day on which fewer calls are expected says nothing about growth."""
_AWAY_SHARE: Final = 0.2
_BUSY_DAY: Final = 10.0
"""Of fewer expected calls none may come by chance, and nobody is away."""
_LONGEST_AWAY_DAYS: Final = 14
_FEW_HOURS: Final = 4
_FEW_AMOUNTS: Final = 3
YOUNG_DAYS: Final = 7
_SETTLED_DAYS: Final = 10
"""From then on an agent has shown at which hours it acts, and for whom; peers do not tell that."""
_NEEDS_OWN_PAST: Final = frozenset({Kind.PERSONS, Kind.SEQUENCE})
_UNSURE: Final = 0.35
"""The relative variance of the level of an agent of which nothing is known but its peers."""


@dataclass(frozen=True, slots=True)
class Left:
    """The hour that no window holds any more: of what is judged now, few calls would already move the usual."""

    calls: Floats
    shares: Floats
    amounts: Floats
    amount_sum: Floats


@dataclass(slots=True)
class Judged:
    """By kind: the chance, what was observed and expected, and how many times that is, one of each for every agent.

    Of a share the last compares odds: from a fifth to two thirds is eight times, though the share only tripled.
    """

    chances: dict[Kind, Floats]
    observed: dict[Kind, Floats]
    expected: dict[Kind, Floats]
    times: dict[Kind, Floats]
    hour_expected: Floats
    left: Left


def expected_calls(panel: Panel, slot: int) -> tuple[Floats, Floats]:
    """Return how many calls of each agent an hour of a slot should hold, and how unsure that level itself is."""
    import numpy as np

    hours, calls = panel.by_group(panel.hours_by_slot), panel.by_group(panel.calls_by_slot)
    usual = (calls + 0.02) / (hours + 1.0)
    own_expected = (panel.hours_by_slot * usual).sum(axis=1)
    own = panel.calls_by_slot.sum(axis=1)
    level = (own + _OWN_CALLS) / (own_expected + _OWN_CALLS)
    like_peers = level * usual[:, slot]
    mean = (panel.calls_by_slot[:, slot] + _OWN_HOURS * like_peers) / (panel.hours_by_slot[:, slot] + _OWN_HOURS)
    # In its first week an agent is judged by its peers alone: else one that began too busy would call that its usual.
    is_young = panel.age_days < YOUNG_DAYS
    mean = np.where(is_young, usual[:, slot], mean)
    unsure = np.where(is_young, _UNSURE, _UNSURE * _OWN_CALLS * 5 / (own + _OWN_CALLS * 5))
    return np.maximum(mean, 0.01), unsure


def judge(panel: Panel, hour: Tally, slot: int) -> Judged:
    """Judge an hour before it becomes part of the past; the panel's last hours move on by it."""
    import numpy as np

    mean, unsure = expected_calls(panel, slot)
    vectors = (panel.day_calls, panel.day_shares, panel.day_amounts, panel.day_amount_sum)
    left = Left(*(values[:, 0].copy() for values in vectors))
    for values, now in (
        (panel.day_calls, hour.calls),
        (panel.day_expected, mean),
        (panel.day_shares, hour.shares),
        (panel.day_amounts, hour.amounts),
        (panel.day_amount_sum, hour.amount_sum),
    ):
        values[:, :-1] = values[:, 1:]
        values[:, -1] = now
    day, day_mean = panel.day_calls[:, -DAY:].sum(axis=1), panel.day_expected[:, -DAY:].sum(axis=1)
    common = _common_factor(panel, day, day_mean)
    judged = Judged({}, {}, {}, {}, mean, left)
    _judge_calls(panel, hour, judged, mean * np.maximum(common, _common_now(panel)), unsure)
    spread = _pooled(panel, panel.daily_excess, panel.daily_square, 4.0, _LEAST_SPREAD)
    _put(judged, Kind.VOLUME, count_tail(day, day_mean * common, spread + unsure), day, day_mean * common)
    _judge_shares(panel, judged, slot)
    _judge_cost(panel, judged)
    drift = np.exp(-2 * _CUSUM_SLACK * panel.cusum)
    _put(judged, Kind.DRIFT, drift, day, day_mean)
    return judged


def _put(judged: Judged, kind: Kind, chances: Floats, observed: Floats, expected: Floats) -> None:
    judged.chances[kind], judged.observed[kind], judged.expected[kind] = chances, observed, expected
    judged.times[kind] = observed / _not_zero(expected)


def _not_zero(values: Floats) -> Floats:
    import numpy as np

    return np.maximum(values, 1e-9)


def _common_factor(panel: Panel, day: Floats, day_mean: Floats) -> Floats:
    """Return by how much the median of each agent's group is above its expectation in these 24 hours, 1 at least."""
    import numpy as np

    ratio = (day + 3) / (day_mean + 3)
    factor = np.ones(len(day))
    for group in range(len(panel.group_names)):
        members = panel.group == group
        if members.sum() >= 5:
            factor[members] = np.clip(np.median(ratio[members]), 1.0, 5.0)
    return factor


def _common_now(panel: Panel) -> Floats:
    """Return by how much the others of each agent's group are above their expectation in the last few hours.

    A busy day shows itself here before it has filled a day; nobody counts for more than three times its own.
    """
    import numpy as np

    few, mean = panel.day_calls[:, -_FEW_HOURS:].sum(axis=1), panel.day_expected[:, -_FEW_HOURS:].sum(axis=1)
    bounded = np.minimum(few, 3 * mean + 3)
    others = panel.by_group(np.ones(len(few))) - 1
    ratio = (panel.by_group(bounded) - bounded + _OWN_CALLS) / (panel.by_group(mean) - mean + _OWN_CALLS)
    return np.where(others >= 4, np.clip(ratio, 1.0, 5.0), 1.0)


def _pooled(panel: Panel, excess: Floats, square: Floats, weight: float, least: float) -> Floats:
    """Return each agent's spread, drawn towards its group's."""
    import numpy as np

    group_excess, group_square = panel.by_group(excess), panel.by_group(square)
    pooled = np.maximum(group_excess, 0) / np.maximum(group_square, 1e-9)
    pooled = np.where(
        group_square > 50, pooled, _UNKNOWN_SPREAD if least > _LEAST_SHARE_SPREAD else _UNKNOWN_SHARE_SPREAD
    )
    typical = group_square / np.maximum(panel.by_group(np.ones(len(square))), 1)
    own = (np.maximum(excess, 0) + weight * 0.25 * typical * pooled) / np.maximum(
        square + weight * 0.25 * typical, 1e-9
    )
    return np.clip(np.maximum(own, pooled), least, 3.0)


def _judge_calls(panel: Panel, hour: Tally, judged: Judged, mean: Floats, unsure: Floats) -> None:
    import numpy as np

    spread = _pooled(panel, panel.hour_excess, panel.hour_square, 4.0, _LEAST_SPREAD * 2)
    chances = count_tail(hour.calls, mean, spread + unsure)
    # A burst of some hours: each could be chance, all of them hardly. Their common part is the day's own level.
    daily = _pooled(panel, panel.daily_excess, panel.daily_square, 4.0, _LEAST_SPREAD)
    few, few_mean = panel.day_calls[:, -_FEW_HOURS:].sum(axis=1), panel.day_expected[:, -_FEW_HOURS:].sum(axis=1)
    some = count_tail(few, few_mean * mean / np.maximum(panel.day_expected[:, -1], 1e-9), daily + spread / 4 + unsure)
    usual = panel.calls_by_slot.sum(axis=1) / np.maximum(panel.hours_by_slot.sum(axis=1), 1)
    is_settled = panel.age_days >= _SETTLED_DAYS
    quiet = mean < np.maximum(_QUIET_SHARE * usual, 0.05)
    ones = np.ones_like(chances)
    _put(judged, Kind.OUT_OF_HOURS, np.where(quiet & is_settled, chances, ones), hour.calls, mean)
    is_some = some < chances
    _put(
        judged,
        Kind.FREQUENCY,
        np.where(quiet | ~is_settled, ones, np.minimum(some, chances)),
        np.where(is_some, few, hour.calls),
        np.where(is_some, few_mean, mean),
    )


def shares_expected(panel: Panel) -> Floats:
    """Return the share of calls that each agent's each kind is expected to have."""
    import numpy as np

    count, trials = panel.by_group(panel.share_count), panel.by_group(panel.share_trials)[:, None]
    peers = (count + 0.5) / (trials + 100.0)
    own = panel.share_trials[:, None]
    return np.clip((panel.share_count + _SHARE_CALLS * peers) / (own + _SHARE_CALLS), 1e-5, 0.98)


def _judge_shares(panel: Panel, judged: Judged, slot: int) -> None:
    """Judge the last day, and the last three: what one day makes likely, three alike can make sure."""
    import numpy as np

    expected = shares_expected(panel)
    unsure = 1 / (panel.share_trials + _SHARE_CALLS)
    spans = [
        (hours, panel.day_calls[:, -hours:].sum(axis=1), panel.day_shares[:, -hours:].sum(axis=1))
        for hours in (DAY, HOURS)
    ]
    for place, kind in enumerate(SHARES):
        spread = _pooled(panel, panel.share_excess[:, place], panel.share_square[:, place], 4.0, _LEAST_SHARE_SPREAD)
        # Days vary each for itself, so the mean of some varies less.
        tails = [
            share_tail(counts[:, place], trials, expected[:, place], spread * DAY / hours + unsure)
            for hours, trials, counts in spans
        ]
        is_long = tails[1] < tails[0]
        chances = np.minimum(1.0, len(spans) * np.where(is_long, tails[1], tails[0]))
        if kind in _NEEDS_OWN_PAST:
            chances = np.where(panel.age_days >= _SETTLED_DAYS, chances, 1.0)
        trials = np.where(is_long, spans[1][1], spans[0][1])
        observed = np.where(is_long, spans[1][2][:, place], spans[0][2][:, place])
        if kind is Kind.FAILURES:
            # One bad day is a system's that was down; what goes on for a second one is the agent's.
            chances = _second_bad_day(panel, place, expected[:, place], spread + unsure, slot)
        _put(judged, kind, chances, observed, trials * expected[:, place])
        odds = (observed + 0.5) / (trials - observed + 0.5)
        judged.times[kind] = odds * (1 - expected[:, place]) / expected[:, place]


def _second_bad_day(panel: Panel, place: int, expected: Floats, spread: Floats, slot: int) -> Floats:
    """Return the chance that of today and the two days before two are as bad as the second worst.

    Days vary each for itself, and a bad one may be as bad as can be: of three independent chances the second smallest
    is below p in at most 3 p² of all cases.
    """
    import numpy as np

    today = slot % DAY + 1
    ends = (HOURS, HOURS - today, HOURS - today - DAY)
    begins = (HOURS - today, HOURS - today - DAY, max(HOURS - today - 2 * DAY, 0))
    chances = [
        share_tail(
            panel.day_shares[:, begin:end, place].sum(axis=1),
            panel.day_calls[:, begin:end].sum(axis=1),
            expected,
            spread,
        )
        for begin, end in zip(begins, ends, strict=True)
    ]
    second = np.sort(np.stack(chances), axis=0)[1]
    found: Floats = np.minimum(1.0, 3 * second**2)
    return found


def _judge_cost(panel: Panel, judged: Judged) -> None:
    """Compare the mean logarithm of the last amounts: a ratio, so that large agents are like small ones.

    Of the last day where it holds enough amounts to say anything, else of the last three.
    """
    import numpy as np
    from scipy.stats import t

    group_count, group_sum = panel.by_group(panel.amount_count), panel.by_group(panel.amount_sum)
    group_mean = group_sum / np.maximum(group_count, 1)
    weight = 10.0
    own_mean = (panel.amount_sum + weight * group_mean) / (panel.amount_count + weight)
    group_square = panel.by_group(panel.amount_squares)
    within = (panel.amount_squares + 20 * group_square / np.maximum(group_count, 1) + 1) / (panel.amount_count + 21)
    chances, means = [], []
    for hours in (DAY, HOURS):
        count = panel.day_amounts[:, -hours:].sum(axis=1)
        mean = panel.day_amount_sum[:, -hours:].sum(axis=1) / np.maximum(count, 1)
        deviation = np.sqrt(within * (1 / np.maximum(count, 1) + 1 / (panel.amount_count + weight)) + 0.02)
        is_judged = (count >= _FEW_AMOUNTS) & (group_count >= 50) & (mean > own_mean + np.log(1.5))
        score = np.where(is_judged, (mean - own_mean) / deviation, 0.0)
        chances.append(np.where(score > 0, t.sf(score, np.minimum(panel.amount_count, 60) + 8), 1.0))
        means.append(mean)
    is_long = chances[1] < chances[0]
    mean = np.where(is_long, means[1], means[0])
    _put(
        judged,
        Kind.COST,
        np.minimum(1.0, 2 * np.where(is_long, chances[1], chances[0])),
        np.expm1(mean),
        np.expm1(own_mean),
    )


def learn(panel: Panel, hour: Tally, judged: Judged, slot: int, held: Floats) -> None:
    """Make the hour a part of the past; not for those that are `held`, whose present is not their usual.

    Args:
        panel: The memory.
        hour: What happened.
        judged: Of this hour.
        slot: The hour's.
        held: 1 for agents with an open signal, 0 for others.
    """
    import numpy as np

    counts = (1.0 - held) * (1.0 - is_away(panel))
    panel.calls_by_slot[:, slot] += hour.calls * counts
    panel.hours_by_slot[:, slot] += counts
    panel.share_count += judged.left.shares * counts[:, None]
    panel.share_trials += judged.left.calls * counts
    surprise = np.minimum((hour.calls - judged.hour_expected) ** 2, _capped(judged.hour_expected))
    panel.hour_excess += (surprise - judged.hour_expected) * counts
    panel.hour_square += judged.hour_expected**2 * counts
    _learn_amounts(panel, judged.left, counts)


def _learn_amounts(panel: Panel, left: Left, counts: Floats) -> None:
    """Learn the amounts that left the windows."""
    import numpy as np

    amounts, total = left.amounts, left.amount_sum
    usual, mean = panel.amount_sum / np.maximum(panel.amount_count, 1), total / np.maximum(amounts, 1)
    apart = np.where((amounts > 0) & (panel.amount_count > 5), amounts * (mean - usual) ** 2, 0.0)
    # An hour's mean of n amounts lies apart by a share of their variance: n times its square is one look at it, and
    # counts as n, as the sum beside it does.
    panel.amount_squares += np.minimum(apart, 9.0) * amounts * counts
    panel.amount_count += amounts * counts
    panel.amount_sum += total * counts


def is_away(panel: Panel) -> Floats:
    """Return 1 for agents that did next to nothing in the last day: away, which says nothing of how much they vary.

    One that stays away for long has another level now, and that is learned.
    """
    day, mean = panel.day_calls[:, -DAY:].sum(axis=1), panel.day_expected[:, -DAY:].sum(axis=1)
    away: Floats = ((mean > _BUSY_DAY) & (day < _AWAY_SHARE * mean) & (panel.away_days < _LONGEST_AWAY_DAYS)).astype(
        float
    )
    return away


def _capped(mean: Floats) -> Floats:
    """Return the square beyond which a residual says no more about the spread: else a true break would hide itself."""
    return (_MOST_SURPRISE**2) * (mean + 0.5 * mean**2)


def learn_day(panel: Panel, held: Floats) -> None:
    """Learn from a whole day how much days vary, and add it to the slow sums; at midnight, before the past decays."""
    import numpy as np

    away = is_away(panel)
    counts = (1.0 - held) * (1.0 - away)
    day = panel.day_calls[:, -DAY:].sum(axis=1)
    mean = np.maximum(panel.day_expected[:, -DAY:].sum(axis=1), 0.01)
    panel.away_days = np.where(away > 0, panel.away_days + 1, np.where(mean > _BUSY_DAY, 0.0, panel.away_days))
    common = _common_factor(panel, day, mean)
    mean = mean * common
    spread = _pooled(panel, panel.daily_excess, panel.daily_square, 4.0, _LEAST_SPREAD)
    # What grows must not teach that days vary, or it would hide itself.
    most = _MOST_DAILY**2 * (mean + spread * mean**2)
    panel.daily_excess += (np.minimum((day - mean) ** 2, most) - mean) * counts
    panel.daily_square += mean**2 * counts
    score = np.clip((day - mean) / np.sqrt(mean + spread * mean**2), -3, 3)
    grown = np.maximum(panel.cusum + score - _CUSUM_SLACK, 0)
    grown = np.where(mean > _IDLE_DAY, grown, panel.cusum)
    panel.cusum = np.where(panel.age_days >= _SETTLED_DAYS, grown, 0.0)
    # Of shares, the day that leaves the windows: an hour that is judged today must not teach today that days vary.
    day = panel.day_calls[:, :DAY].sum(axis=1)
    shares, counts_of = shares_expected(panel), panel.day_shares[:, :DAY].sum(axis=1)
    variance = day[:, None] * shares * (1 - shares)
    apart = np.minimum((counts_of - day[:, None] * shares) ** 2, 36 * variance * 2)
    panel.share_excess += (apart - variance) * counts[:, None]
    panel.share_square += np.maximum(day - 1, 0)[:, None] * variance * counts[:, None]
