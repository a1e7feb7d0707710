"""Scores every tenant through a lens: likelihood and value apart, each term's contribution kept.

Pure and deterministic: the same columns and the same definition give the same numbers, and ties are broken by the
tenant's id, so that two runs on the same data give the same ranking.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairkeeper.opportunities.lenses.definition import Bound, Lens, Motion, Term
from fairkeeper.opportunities.lenses.features import Features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Ints = NDArray[np.int64]

MODEL_VERSION = 1
"""Raised when the arithmetic changes, so that a score says which arithmetic it is of."""


@dataclass(slots=True, kw_only=True)
class LensScores:
    """One lens over a portfolio; every column is aligned with the portfolio's tenants.

    Attributes:
        applies: Whom the lens applies to; the others have no score.
        likelihood: 0 to 1; NaN where it does not apply.
        confidence: Which share of the lens's weight is known, 0 to 1.
        contributions: What each term adds to the log odds; NaN where it is unknown.
        seats: How many seats are at stake.
        motion: Index of the motion in `list(Motion)`.
        order: Places of the tenants it applies to, first first.
    """

    lens: Lens
    applies: Flags
    likelihood: Floats
    confidence: Floats
    contributions: Floats
    seats: Floats
    motion: Ints
    order: Ints

    @property
    def ranks(self) -> Ints:
        """Each tenant's rank, counted from 1; 0 where the lens does not apply."""
        import numpy as np

        answer = np.zeros(len(self.applies), dtype=np.int64)
        answer[self.order] = np.arange(1, len(self.order) + 1)
        return answer


def score(lens: Lens, features: Features) -> LensScores:
    """Score every tenant through one lens."""
    import numpy as np

    applies = np.logical_and.reduce([within(bound, features) for bound in lens.applies])
    contributions = np.column_stack([contribution(term, features[term.feature]) for term in lens.terms])
    known = np.isfinite(contributions)
    weights = np.array([term.weight for term in lens.terms])
    confidence = (known * weights).sum(axis=1) / max(lens.total_weight, 1e-9)
    odds = lens.base + np.where(known, contributions, 0).sum(axis=1)
    likelihood = np.where(applies, 1 / (1 + np.exp(-odds)), np.nan)
    seats = np.where(applies, np.nan_to_num(features[lens.worth.seats]) * lens.worth.share, np.nan)
    return LensScores(
        lens=lens,
        applies=applies,
        likelihood=likelihood,
        confidence=np.where(applies, confidence, np.nan),
        contributions=contributions,
        seats=seats,
        motion=_motions(lens, features),
        order=_order(lens, applies, likelihood, confidence, seats),
    )


def contribution(term: Term, values: Floats) -> Floats:
    """Return what a term adds for each value; NaN for unknown ones.

    Example:
        >>> import numpy as np
        >>> term = Term(feature="utilization", points=((0.0, -1.0), (1.0, 1.0)), says="", change="")
        >>> contribution(term, np.array([0.5, 2.0, np.nan])).tolist()
        [0.0, 1.0, nan]
    """
    import numpy as np

    places = [place for place, _ in term.points]
    odds = [value for _, value in term.points]
    return np.where(np.isnan(values), np.nan, np.interp(np.nan_to_num(values, posinf=1e300), places, odds))


def within(bound: Bound, features: Features) -> Flags:
    """Say where a feature is within a bound; unknown is not."""
    import numpy as np

    values = features[bound.feature]
    answer = np.isfinite(values)
    if bound.at_least is not None:
        answer = answer & (values >= bound.at_least)
    if bound.at_most is not None:
        answer = answer & (values <= bound.at_most)
    return np.asarray(answer)


def _motions(lens: Lens, features: Features) -> Ints:
    import numpy as np

    motions = list(Motion)
    size = len(next(iter(features.values.values())))
    answer = np.full(size, motions.index(lens.motion), dtype=np.int64)
    for bound, motion in reversed(lens.motions):
        answer[within(bound, features)] = motions.index(motion)
    return answer


def _order(lens: Lens, applies: Flags, likelihood: Floats, confidence: Floats, seats: Floats) -> Ints:
    """Rank by what is expected; less known ranks lower, and equal ones stand as their ids do."""
    import numpy as np

    places = np.flatnonzero(applies)
    cautious = likelihood[places] * (0.5 + 0.5 * confidence[places])
    rank = cautious * np.maximum(seats[places], 0) if lens.order == "expected" else cautious
    return np.asarray(places[np.argsort(-rank, kind="stable")])
