"""Which of many surprises to believe: false-discovery control over a portfolio, and hysteresis over time.

Source: Benjamini and Hochberg, "Controlling the False Discovery Rate", 1995.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]


def discoveries(chances: Floats, rate: float, tested: Flags | None = None) -> Flags:
    """Say which chances stay below the line at which a share of `rate` of them is expected to be false.

    Args:
        chances: One p-value for each place.
        rate: The false-discovery rate.
        tested: Which places were tested at all; the others do not count.

    Example:
        >>> import numpy as np
        >>> discoveries(np.array([0.001, 0.02, 0.9, 0.5]), 0.1).tolist()
        [True, True, False, False]
    """
    import numpy as np

    tested = np.ones(len(chances), dtype=bool) if tested is None else tested
    count = int(tested.sum())
    answer = np.zeros(len(chances), dtype=bool)
    if not count:
        return answer
    ordered = np.sort(chances[tested])
    below = ordered <= rate * np.arange(1, count + 1) / count
    if below.any():
        answer = tested & (chances <= ordered[int(np.flatnonzero(below).max())])
    return answer
