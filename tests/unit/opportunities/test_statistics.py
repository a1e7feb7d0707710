"""Tails, shrinkage and false-discovery control against the libraries' own slow forms and against known cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.opportunities.statistics.discovery import discoveries
from fairkeeper.opportunities.statistics.shrinkage import fit_prior, lower_bound, overdispersion, shrink
from fairkeeper.opportunities.statistics.tails import beta_binomial_low, negative_binomial_high


def one(value: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.array([value], dtype=np.float64)


@settings(max_examples=60, deadline=None)
@given(
    trials=st.integers(1, 300),
    share=st.floats(0, 1),
    mean=st.floats(0.05, 0.95),
    strength=st.floats(1, 200),
)
def test_the_beta_binomial_tail_is_that_of_scipy(trials: int, share: float, mean: float, strength: float) -> None:
    from scipy import stats  # half a second, which only the worker that asks should pay

    count = round(share * trials)
    alpha, beta = mean * strength, (1 - mean) * strength
    ours = beta_binomial_low(one(count), one(trials), one(alpha), one(beta))[0]
    assert ours == pytest.approx(stats.betabinom.cdf(count, trials, alpha, beta), abs=1e-7)


@pytest.mark.parametrize("count", [300, 500, 600, 650])
def test_the_tail_of_many_trials_is_near_enough(count: int) -> None:
    from scipy import stats

    ours = beta_binomial_low(one(count), one(1000), one(60), one(40))[0]
    assert ours == pytest.approx(stats.betabinom.cdf(count, 1000, 60, 40), abs=0.002)


@settings(max_examples=40, deadline=None)
@given(count=st.integers(1, 400), mean=st.floats(1, 200), spread=st.floats(0.01, 1))
def test_the_negative_binomial_tail_is_that_of_scipy(count: int, mean: float, spread: float) -> None:
    from scipy import stats  # half a second, which only the worker that asks should pay

    shape = 1 / spread
    expected = stats.nbinom.sf(count - 1, shape, shape / (shape + mean))
    assert negative_binomial_high(one(count), one(mean), one(spread))[0] == pytest.approx(expected, abs=1e-9)


def test_what_is_unknown_is_never_surprising() -> None:
    nan = np.nan
    assert beta_binomial_low(one(nan), one(10), one(1), one(1))[0] == 1
    assert negative_binomial_high(one(nan), one(10), one(0.1))[0] == 1


def test_one_of_one_is_drawn_towards_its_kind_and_ranks_below_many_of_many() -> None:
    random = np.random.default_rng(3)
    trials = np.concatenate([np.array([1.0, 400.0]), np.full(200, 50.0)])
    counts = np.concatenate([np.array([1.0, 360.0]), random.binomial(50, 0.5, 200).astype(float)])
    prior = fit_prior(counts, trials, np.zeros(202, dtype=np.int64))
    rates = shrink(counts, trials, prior)
    assert 0.45 < rates[0] < 0.75 < rates[1]
    assert lower_bound(counts, trials, prior)[0] < rates[0]


def test_overdispersion_is_found_and_a_binomial_has_hardly_any() -> None:
    random = np.random.default_rng(4)
    trials, group = np.full(4000, 100.0), np.zeros(4000, dtype=np.int64)
    plain = random.binomial(100, 0.6, 4000).astype(float)
    mixed = random.binomial(100, random.beta(0.6 * 49, 0.4 * 49, 4000)).astype(float)
    expected = np.full(4000, 0.6)
    assert overdispersion(plain, trials, expected, group)[0] < 0.005
    assert overdispersion(mixed, trials, expected, group)[0] == pytest.approx(0.02, abs=0.006)


def test_of_pure_chance_hardly_anything_is_discovered() -> None:
    random = np.random.default_rng(5)
    found = [discoveries(random.random(1000), 0.1).any() for _ in range(200)]
    assert sum(found) / 200 < 0.16
    assert not discoveries(np.array([0.5]), 0.1, np.array([False])).any()
