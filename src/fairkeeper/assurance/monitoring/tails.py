"""How surprising counts are, and which surprises to believe among many.

Calls of one agent come in bursts, so counts vary more than chance alone: negative binomial and beta-binomial instead of
Poisson and binomial. Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", 1995.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

_MOST_TERMS: Final = 2_000


def count_tail(count: Floats, mean: Floats, spread: Floats) -> Floats:
    """Return the chance of at least `count` where `mean` is expected, with the variance `mean + spread * mean²`.

    Example:
        >>> import numpy as np
        >>> round(float(count_tail(np.array([1.0]), np.array([1.0]), np.array([1.0]))[0]), 6)
        0.5
    """
    import numpy as np
    from scipy.special import betainc

    answer = np.ones_like(count)
    known = (count > 0) & (mean > 0)
    shape = 1 / np.maximum(spread[known], 1e-6)
    answer[known] = betainc(count[known], shape, mean[known] / (mean[known] + shape))
    return answer


def share_tail(count: Floats, trials: Floats, share: Floats, spread: Floats) -> Floats:
    """Return the chance of at least `count` of `trials`, whose share varies about `share` with intra-class `spread`.

    Example:
        >>> import numpy as np
        >>> one = [np.array([value]) for value in (2.0, 2.0, 0.5, 1 / 3)]
        >>> round(float(share_tail(*one)[0]), 6)
        0.333333
    """
    import numpy as np
    from scipy.special import betaln, gammaln

    answer = np.ones_like(count)
    # What is below its expectation is no surprise upwards; nearly all places end here.
    asked = (count > 0) & (trials > 0) & (count > trials * share)
    if not asked.any():
        return answer
    k, n = count[asked].copy(), trials[asked]
    strength = 1 / np.clip(spread[asked], 1e-5, 0.99) - 1
    a, b = share[asked] * strength, (1 - share[asked]) * strength
    term = np.exp(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + betaln(k + a, n - k + b) - betaln(a, b))
    total = term.copy()
    for _ in range(_MOST_TERMS):
        going = (k < n) & (term > total * 1e-9)
        if not going.any():
            break
        term = np.where(going, term * (n - k) * (k + a) / ((k + 1) * np.maximum(n - k - 1 + b, 1e-300)), 0.0)
        total += term
        k = k + 1
    answer[asked] = np.clip(total, 0, 1)
    return answer


def discoveries(chances: Floats, rate: float) -> Flags:
    """Say which chances stand below the line at which a share of `rate` of them is expected to be false.

    Example:
        >>> import numpy as np
        >>> discoveries(np.array([0.001, 0.02, 0.9, 0.5]), 0.1).tolist()
        [True, True, False, False]
    """
    import numpy as np

    count = len(chances)
    if not count:
        return np.zeros(0, dtype=bool)
    ordered = np.sort(chances)
    below = np.flatnonzero(ordered <= rate * np.arange(1, count + 1) / count)
    return chances <= ordered[below.max()] if below.size else np.zeros(count, dtype=bool)
