"""What changed so much that a person should know: falls of paid use, rises of the free chat, lines that were crossed.

A fall in per cent says nothing about small numbers: a rule of 20 % flags a tenth of the book and is nearly always
wrong. So chances are computed from each tenant's own past (`lenses.features`), the false discoveries over the whole
book are controlled, an alert that is open stays so until the chance is ordinary again, and after it closed there is a
pause. Alerts never exceed a share of the book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.opportunities.insights.portfolio import Portfolio
from fairkeeper.opportunities.lenses.features import Features
from fairkeeper.opportunities.statistics.discovery import discoveries

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

FALSE_DISCOVERY_RATE: Final = 0.15
ENTER: Final = 0.001
LEAVE: Final = 0.05
COOL_DOWN: Final = timedelta(days=28)
LARGEST_SHARE: Final = 0.015
"""Alerts are at most this share of the book; of more, those with most users at stake are told."""
_SMALLEST_RISE: Final = 10
_URGENT_USERS: Final = 25
NAIVE_FALL: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing to be told.

    Attributes:
        surprise: Minus the logarithm of the chance, in powers of ten.
        is_urgent: Told at once; the others come with the weekly digest.
    """

    place: int
    kind: str
    sentence: str
    before: int
    after: int
    surprise: float
    is_urgent: bool


def drops(features: Features) -> Flags:
    """Say where paid use fell so far that it is believed."""
    import numpy as np

    tested = np.isfinite(features.drop_baseline)
    return discoveries(features.drop_chance, FALSE_DISCOVERY_RATE, tested) & (features.drop_chance < ENTER)


def spikes(portfolio: Portfolio, features: Features) -> Flags:
    """Say where the free chat rose so far that it is believed."""
    import numpy as np

    tested = np.isfinite(features.spike_baseline)
    rise = portfolio.numbers["chat_mau"] - features.spike_baseline
    found = discoveries(features.spike_chance, FALSE_DISCOVERY_RATE, tested) & (features.spike_chance < ENTER)
    return np.asarray(found & (np.nan_to_num(rise) >= _SMALLEST_RISE))


def naive_drops(portfolio: Portfolio) -> Flags:
    """Say where the percentage rule would alarm: a fifth fewer licensed users than the snapshot before."""
    import numpy as np

    users = portfolio.past["paid_mau"]
    if users.shape[1] < 2:
        return np.zeros(len(users), dtype=bool)
    return np.asarray((users[:, 1] > 0) & (users[:, 0] < (1 - NAIVE_FALL) * users[:, 1]))


def detect(portfolio: Portfolio, features: Features) -> tuple[Alert, ...]:
    """Return what is to be told of the newest snapshot, the most at stake first; nothing of a single snapshot."""
    import numpy as np

    found = [*_told_drops(portfolio, features), *_told_spikes(portfolio, features)]
    most = int(np.floor(LARGEST_SHARE * portfolio.size))
    ranked = sorted(found, key=lambda each: (each.kind != "paid_drop", -abs(each.after - each.before), each.place))
    return tuple(ranked[:most])


def _told_drops(portfolio: Portfolio, features: Features) -> Iterator[Alert]:
    import numpy as np

    users = portfolio.numbers["paid_mau"]
    for place in np.flatnonzero(drops(features)).tolist():
        before, after = round(float(features.drop_baseline[place])), int(users[place])
        yield Alert(
            place=place,
            kind="paid_drop",
            sentence=f"Licensed users fell to {after:,} where {before:,} were expected.",
            before=before,
            after=after,
            surprise=float(-np.log10(max(features.drop_chance[place], 1e-300))),
            is_urgent=before - after >= _URGENT_USERS,
        )


def _told_spikes(portfolio: Portfolio, features: Features) -> Iterator[Alert]:
    import numpy as np

    users = portfolio.numbers["chat_mau"]
    for place in np.flatnonzero(spikes(portfolio, features)).tolist():
        before, after = round(float(features.spike_baseline[place])), int(users[place])
        yield Alert(
            place=place,
            kind="chat_spike",
            sentence=f"The free chat's users rose to {after:,} where {before:,} were expected.",
            before=before,
            after=after,
            surprise=float(-np.log10(max(features.spike_chance[place], 1e-300))),
            is_urgent=False,
        )


def is_over(kind: str, place: int | None, features: Features) -> bool:
    """Say whether an open alert ends: the tenant is gone, or its chance is ordinary again."""
    if place is None:
        return True
    chance: Any = {"paid_drop": features.drop_chance, "chat_spike": features.spike_chance}.get(kind)
    return bool(chance is not None and chance[place] > LEAVE)


def may_open(closed_on: date | None, as_of: date) -> bool:
    """Say whether the pause after the last alert of a tenant and kind is over.

    Example:
        >>> may_open(date(2026, 11, 1), date(2026, 11, 20)), may_open(None, date(2026, 11, 20))
        (False, True)
    """
    return closed_on is None or as_of - closed_on >= COOL_DOWN
