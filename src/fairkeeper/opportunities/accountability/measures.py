"""How good a ranking was: pure measures of an order, of probabilities, and of how sure the measures are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Accounts of about the same likelihood: what was said, and what happened."""

    said: float
    happened: float
    count: int


def first(rank: Floats, k: int) -> Ints:
    """Return the places of the `k` highest values; equal ones as they stand.

    Example:
        >>> import numpy as np
        >>> first(np.array([0.1, 0.9, 0.5]), 2).tolist()
        [1, 2]
    """
    import numpy as np

    return np.asarray(np.argsort(-rank, kind="stable")[:k])


def precision_at(happened: Flags, rank: Floats, k: int) -> float:
    """Return which share of the first `k` happened."""
    chosen = first(rank, k)
    return float(happened[chosen].mean()) if len(chosen) else float("nan")


def lift_at(gain: Floats, rank: Floats, k: int) -> float:
    """Return how many times as much is in the first `k` as in `k` drawn by lot; the gain may be flags or seats.

    Example:
        >>> import numpy as np
        >>> lift_at(np.array([1.0, 0.0, 0.0, 0.0]), np.array([4.0, 3.0, 2.0, 1.0]), 1)
        4.0
    """
    average = float(gain.mean()) if len(gain) else 0.0
    return float(gain[first(rank, k)].mean()) / average if average > 0 else float("nan")


def ndcg_at(gain: Floats, rank: Floats, k: int) -> float:
    """Return the discounted gain of the first `k` against that of the best order."""
    import numpy as np

    discount = 1 / np.log2(np.arange(2, min(k, len(gain)) + 2))
    best = float((np.sort(gain)[::-1][: len(discount)] * discount).sum())
    return float((gain[first(rank, k)] * discount).sum()) / best if best > 0 else float("nan")


def brier(happened: Flags, likelihood: Floats) -> float:
    """Return the mean squared error of probabilities; 0 is perfect.

    Example:
        >>> import numpy as np
        >>> brier(np.array([True, False]), np.array([1.0, 0.5]))
        0.125
    """
    return float(((likelihood - happened) ** 2).mean()) if len(happened) else float("nan")


def reliability(happened: Flags, likelihood: Floats, bins: int = 10) -> tuple[Bin, ...]:
    """Return what was said against what happened, in bins of equally many accounts."""
    import numpy as np

    if not len(happened):
        return ()
    parts = np.array_split(np.argsort(likelihood, kind="stable"), min(bins, len(happened)))
    return tuple(
        Bin(said=float(likelihood[part].mean()), happened=float(happened[part].mean()), count=len(part))
        for part in parts
        if len(part)
    )


def calibration_error(bins: tuple[Bin, ...]) -> float:
    """Return the mean distance of what was said from what happened, over all accounts."""
    total = sum(each.count for each in bins)
    return sum(abs(each.said - each.happened) * each.count for each in bins) / total if total else float("nan")


def area_under_curve(happened: Flags, rank: Floats) -> float:
    """Return the chance that something that happened stands above something that did not."""
    from scipy.stats import rankdata

    positives = int(happened.sum())
    negatives = len(happened) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(rank)
    return float((ranks[happened].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(happened: Flags, rank: Floats) -> float:
    """Return the mean precision at each account that happened."""
    import numpy as np

    ordered = happened[np.argsort(-rank, kind="stable")]
    if not ordered.any():
        return float("nan")
    share = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    return float(share[ordered].mean())
