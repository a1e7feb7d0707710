"""How surprising a count is: tails of the beta-binomial and of the negative binomial, for whole portfolios at once.

Users among seats are over-dispersed: people of one company start and stop together, so that the binomial calls far too
much a change. Source of the method: Skellam, "A probability distribution derived from the binomial distribution by
regarding the probability of success as variable between the sets of trials", 1948.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_EXACT_UP_TO: Final = 400
"""Above this many trials a beta distribution of the same mean and variance is taken; it differs by less than 0.002."""


def beta_binomial_low(count: Floats, trials: Floats, alpha: Floats, beta: Floats) -> Floats:
    """Return the chance of at most `count` successes in `trials`, one value for each place.

    Places with a NaN, or without a trial, give 1: nothing is known there, so nothing is surprising.

    Example:
        >>> import numpy as np
        >>> def one(value):
        ...     return np.array([value], dtype=float)
        >>> round(float(beta_binomial_low(one(1), one(2), one(1), one(1))[0]), 6)
        0.666667
    """
    import numpy as np

    answer = np.ones_like(np.asarray(count, dtype=float))
    known = np.isfinite(count) & np.isfinite(trials) & np.isfinite(alpha) & np.isfinite(beta) & (trials > 0)
    few = known & (trials <= _EXACT_UP_TO)
    many = known & (trials > _EXACT_UP_TO)
    if few.any():
        answer[few] = _exact(count[few], trials[few], alpha[few], beta[few])
    if many.any():
        answer[many] = _approximate(count[many], trials[many], alpha[many], beta[many])
    return answer


def _exact(count: Floats, trials: Floats, alpha: Floats, beta: Floats) -> Floats:
    """Add the probabilities from `count` downwards; each follows from the one above it."""
    import numpy as np
    from scipy.special import betaln, gammaln

    top = np.minimum(np.floor(count), trials)
    choose = gammaln(trials + 1) - gammaln(top + 1) - gammaln(trials - top + 1)
    term = np.exp(choose + betaln(top + alpha, trials - top + beta) - betaln(alpha, beta))
    term = np.where(top < 0, 0.0, term)
    total = term.copy()
    place = top.copy()
    for _ in range(_EXACT_UP_TO + 1):
        going = (place > 0) & (term > total * 1e-12)
        if not going.any():
            break
        k, n, a, b = place[going], trials[going], alpha[going], beta[going]
        term[going] = term[going] * k * (n - k + b) / ((n - k + 1) * (k - 1 + a))
        total[going] += term[going]
        place[going] = k - 1
    return np.clip(total, 0, 1)


def _approximate(count: Floats, trials: Floats, alpha: Floats, beta: Floats) -> Floats:
    import numpy as np
    from scipy.special import betainc

    mean = alpha / (alpha + beta)
    inner = (alpha + beta + trials) / ((alpha + beta + 1) * trials)
    strength = np.maximum(1 / inner - 1, 1e-6)
    point = np.clip((count + 0.5) / trials, 0, 1)
    return np.asarray(betainc(mean * strength, (1 - mean) * strength, point))


def negative_binomial_high(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """Return the chance of at least `count` when `mean` is expected, with variance `mean + spread * mean²`.

    Example:
        >>> import numpy as np
        >>> float(negative_binomial_high(np.array([0.0]), np.array([3.0]), np.array([0.1]))[0])
        1.0
    """
    import numpy as np
    from scipy.special import betainc

    answer = np.ones_like(np.asarray(count, dtype=float))
    known = np.isfinite(count) & np.isfinite(mean) & (mean > 0) & (count > 0)
    shape = 1 / np.maximum(spread, 1e-6)
    share = mean / (mean + shape)
    answer[known] = betainc(count[known], shape[known], share[known])
    return answer
