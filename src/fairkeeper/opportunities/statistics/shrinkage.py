"""Rates of few among few, drawn towards what is usual for their kind; else every list is topped by one of one seat.

An empirical Bayes estimate: a Beta prior for each group (SKU and size), by the method of moments from the group's own
tenants, and from the whole portfolio where a group is small. How much counts vary beyond chance is estimated here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

SMALLEST_GROUP: Final = 20
_WEAKEST, _STRONGEST = 2.0, 200.0
LEAST_OVERDISPERSION, MOST_OVERDISPERSION = 0.002, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Prior:
    """A Beta prior for each tenant: `mean * strength` successes and `(1 - mean) * strength` failures."""

    mean: Floats
    strength: Floats


def members_of(group: Ints) -> Iterator[Ints]:
    """Yield the places of each group, in the order of the groups' numbers.

    Example:
        >>> import numpy as np
        >>> [each.tolist() for each in members_of(np.array([7, 3, 7]))]
        [[1], [0, 2]]
    """
    import numpy as np

    order = np.argsort(group, kind="stable")
    ends = np.flatnonzero(np.diff(group[order])) + 1
    if len(order):
        yield from np.split(order, ends)


def fit_prior(count: Floats, trials: Floats, group: Ints) -> Prior:
    """Return the prior of each tenant's group; unknown counts are left out of the estimate.

    Example:
        >>> import numpy as np
        >>> prior = fit_prior(np.array([1.0, 9.0, 5.0]), np.array([10.0, 10.0, 10.0]), np.zeros(3, dtype=int))
        >>> float(prior.mean[0]), bool(prior.strength[0] < 10)
        (0.5, True)
    """
    import numpy as np

    mean = np.empty(len(count))
    strength = np.empty(len(count))
    known = np.isfinite(count) & np.isfinite(trials) & (trials > 0)
    whole = _moments(count[known], trials[known])
    for members in members_of(group):
        inside = members[known[members]]
        mean[members], strength[members] = (
            _moments(count[inside], trials[inside]) if len(inside) >= SMALLEST_GROUP else whole
        )
    return Prior(mean=mean, strength=strength)


def _moments(count: Floats, trials: Floats) -> tuple[float, float]:
    """Return mean and strength of a Beta that explains the spread of rates beyond what counting alone gives."""
    import numpy as np

    total = float(trials.sum())
    if not total:
        return 0.5, _WEAKEST
    weight = np.minimum(trials, 200.0)
    rate = np.minimum(count / trials, 1)
    mean = float(np.clip((weight * rate).sum() / weight.sum(), 0.01, 0.99))
    variance = float((weight * (rate - mean) ** 2).sum() / weight.sum())
    by_counting = float((weight * mean * (1 - mean) / trials).sum() / weight.sum())
    beyond = max(variance - by_counting, 1e-6)
    return mean, float(np.clip(mean * (1 - mean) / beyond - 1, _WEAKEST, _STRONGEST))


def shrink(count: Floats, trials: Floats, prior: Prior) -> Floats:
    """Return the expected rate given what was counted; the prior's own mean where nothing is known."""
    import numpy as np

    known = np.isfinite(count) & np.isfinite(trials) & (trials > 0)
    successes = np.where(known, np.minimum(count, trials), 0.0)
    attempts = np.where(known, trials, 0.0)
    return np.asarray((successes + prior.mean * prior.strength) / (attempts + prior.strength))


def lower_bound(count: Floats, trials: Floats, prior: Prior, level: float = 0.1) -> Floats:
    """Return the rate that is exceeded with a chance of `1 - level`; NaN where nothing is known."""
    import numpy as np
    from scipy.special import betaincinv

    known = np.isfinite(count) & np.isfinite(trials) & (trials > 0)
    successes, attempts = np.minimum(count, trials)[known], trials[known]
    mean, strength = prior.mean[known], prior.strength[known]
    answer = np.full(len(count), np.nan)
    answer[known] = betaincinv(successes + mean * strength, attempts - successes + (1 - mean) * strength, level)
    return answer


def overdispersion(count: Floats, trials: Floats, expected: Floats, group: Ints) -> Floats:
    """Return how much more counts vary than a binomial, by group: 0 is a binomial, 1 is all or nothing.

    The true breaks that it helps to find must not hide themselves, so it rests on the middle of the residuals alone;
    and on those below what was expected, since growth is no noise.
    """
    import numpy as np

    middle = 0.4549  # the median of a squared standard normal
    variance = trials * expected * (1 - expected)
    usable = np.isfinite(count) & (trials >= 8) & (variance > 0.5) & (count < trials * expected)
    answer = np.full(len(count), 0.02)
    squared = np.full(len(count), np.nan)
    squared[usable] = (count[usable] - trials[usable] * expected[usable]) ** 2 / variance[usable]

    def estimate(inside: Ints) -> float:
        # Each tenant's residual is one over-dispersed draw: z² is about (1 + (n - 1) rho) times a chi-square.
        low, high = LEAST_OVERDISPERSION, MOST_OVERDISPERSION
        for _ in range(30):
            rho = (low + high) / 2
            scaled = squared[inside] / (1 + (trials[inside] - 1) * rho)
            low, high = (rho, high) if float(np.median(scaled)) > middle else (low, rho)
        return (low + high) / 2

    whole = estimate(np.flatnonzero(usable)) if usable.any() else 0.02
    for members in members_of(group):
        inside = members[usable[members]]
        answer[members] = estimate(inside) if len(inside) >= SMALLEST_GROUP * 3 else whole
    return answer
