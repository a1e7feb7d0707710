"""Judges lenses on the publisher's own book: what would they have said some months ago, and what happened since?

Later snapshots are the outcome, for every account and not only for those that were shown: seats that were added,
bought or given up. What the insights do not show (Agent 365, E7) is not judged this way, and is said so. It is no
claim of cause: that needs accounts that nobody contacts, see the holdout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from fairkeeper.opportunities.accountability.baselines import BASELINES, baseline_ranks
from fairkeeper.opportunities.accountability.measures import (
    Bin,
    area_under_curve,
    brier,
    calibration_error,
    lift_at,
    ndcg_at,
    precision_at,
    reliability,
)
from fairkeeper.opportunities.insights.portfolio import Portfolio, Source, comparable, load_portfolio
from fairkeeper.opportunities.lenses.definition import Lens
from fairkeeper.opportunities.lenses.features import Features, compute
from fairkeeper.opportunities.lenses.scoring import LensScores, score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

K: Final = 50
FEWEST_OUTCOMES: Final = 5
SEEN_IN_INSIGHTS: Final = ("expansion", "conversion", "at_risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One order's measures.

    Attributes:
        lift: Outcomes in the first fifty against fifty by lot.
        seats_lift: Seats in the first fifty against fifty by lot.
    """

    name: str
    lift: float
    seats_lift: float
    precision: float
    ndcg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LensReport:
    """How a lens did; `measures` begins with the lens's own orders, then the baselines.

    Attributes:
        why_not: In words, why it is not judged; empty if it is.
    """

    lens: str
    title: str
    outcome: str
    as_of: date
    until: date
    accounts: int
    outcomes: int
    base_rate: float
    measures: tuple[Measured, ...] = ()
    brier: float = float("nan")
    brier_of_base_rate: float = float("nan")
    area_under_curve: float = float("nan")
    calibration_error: float = float("nan")
    bins: tuple[Bin, ...] = ()
    why_not: str = ""


def backtest(sources: Sequence[Source], lenses: Sequence[Lens]) -> tuple[LensReport, ...]:
    """Judge each lens at the snapshot that lies its horizon before the newest.

    Args:
        sources: Snapshots of the Copilot tab of one connection.
        lenses: The lenses.
    """
    chosen = comparable(sources)
    reports = []
    known: dict[int, tuple[Portfolio, Features]] = {}
    for lens in lenses:
        back = lens.horizon_months
        if lens.name not in SEEN_IN_INSIGHTS or len(chosen) <= back:
            why = (
                "The insights do not show this outcome; it is judged by the outcomes that people enter."
                if lens.name not in SEEN_IN_INSIGHTS
                else f"It takes {back + 1} monthly snapshots to judge it, and there are {len(chosen)}."
            )
            reports.append(_not_judged(lens, chosen, why))
            continue
        if back not in known:
            portfolio = load_portfolio(chosen[back:])
            known[back] = portfolio, compute(portfolio)
        portfolio, features = known[back]
        now = load_portfolio(chosen[:1])
        reports.append(judge(lens, portfolio, features, _gains(lens, portfolio, now), until=chosen[0].as_of))
    return tuple(reports)


def judge(lens: Lens, portfolio: Portfolio, features: Features, gains: Floats, *, until: date) -> LensReport:
    """Judge a lens by what each account brought since; NaN where that is not known.

    Args:
        lens: The lens.
        portfolio: The accounts as they were.
        features: Their features.
        gains: Seats that the outcome brought (or cost), 0 for none.
        until: The day up to which outcomes were looked at.
    """
    import numpy as np

    scores: LensScores = score(lens, features)
    inside = np.flatnonzero(scores.applies & np.isfinite(gains))
    gain = gains[inside]
    happened = gain > 0
    head = {
        "lens": lens.name,
        "title": lens.title,
        "outcome": lens.outcome,
        "as_of": portfolio.as_of,
        "until": until,
        "accounts": len(inside),
        "outcomes": int(happened.sum()),
        "base_rate": float(happened.mean()) if len(inside) else 0.0,
    }
    if happened.sum() < FEWEST_OUTCOMES:
        return LensReport(**head, why_not=f"Only {int(happened.sum())} outcomes are known, too few to say anything.")  # type: ignore[arg-type]
    likelihood = scores.likelihood[inside]
    cautious = likelihood * (0.5 + 0.5 * scores.confidence[inside])
    ranks = {"likelihood": cautious, "expected": cautious * scores.seats[inside]}
    ranks |= {name: values[inside] for name, values in baseline_ranks(portfolio, features, lens.name).items()}
    bins = reliability(happened, likelihood)
    base = np.full(len(inside), happened.mean())
    return LensReport(
        **head,  # type: ignore[arg-type]
        measures=tuple(
            Measured(
                name=name,
                lift=lift_at(happened.astype(np.float64), rank, K),
                seats_lift=lift_at(gain, rank, K),
                precision=precision_at(happened, rank, K),
                ndcg=ndcg_at(gain, rank, K),
            )
            for name, rank in ranks.items()
        ),
        brier=brier(happened, likelihood),
        brier_of_base_rate=brier(happened, base),
        area_under_curve=area_under_curve(happened, likelihood),
        calibration_error=calibration_error(bins),
        bins=bins,
    )


def is_ahead(report: LensReport) -> bool:
    """Say whether the lens's order by likelihood beats each baseline in outcomes, and that by seats in seats."""
    by_name = {each.name: each for each in report.measures}
    own, expected = by_name.get("likelihood"), by_name.get("expected")
    if own is None or expected is None:
        return False
    return all(own.lift > by_name[name].lift and expected.seats_lift > by_name[name].seats_lift for name in BASELINES)


def _gains(lens: Lens, then: Portfolio, now: Portfolio) -> Floats:
    """Return the seats that each account added, bought or gave up; NaN where it is not in the newest snapshot."""
    import numpy as np

    before = then.numbers["paid_seats"]
    after = np.full(then.size, np.nan)
    for place, tenant in enumerate(then.tenant_ids):
        found = now.place_of(str(tenant))
        if found is not None:
            after[place] = now.numbers["paid_seats"][found]
    change = after - before
    return np.asarray(np.maximum(-change if lens.name == "at_risk" else change, 0) + 0 * change)


def _not_judged(lens: Lens, chosen: Sequence[Source], why: str) -> LensReport:
    return LensReport(
        lens=lens.name,
        title=lens.title,
        outcome=lens.outcome,
        as_of=chosen[-1].as_of,
        until=chosen[0].as_of,
        accounts=0,
        outcomes=0,
        base_rate=0.0,
        why_not=why,
    )
