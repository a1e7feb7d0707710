"""The account that the ranking gives of itself: on the publisher's own later snapshots, and by what people said."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from fairkeeper.action.operation import Operation, QueryContext, query
from fairkeeper.opportunities.accountability.backtest import LensReport, Measured, backtest, is_ahead
from fairkeeper.opportunities.accountability.baselines import TITLES
from fairkeeper.opportunities.actions.desk import used_snapshots
from fairkeeper.opportunities.cards.reading import newest_run
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.insights.portfolio import Source
from fairkeeper.opportunities.ports import RoomSettings
from fairkeeper.opportunities.queries import OfConnection
from fairkeeper.opportunities.tables import AccountRow, CardRow, OutcomeRow, ShowingRow
from fairkeeper.opportunities.views import (
    BinView,
    CardAccount,
    Holdout,
    LensAccount,
    MeasureView,
    Report,
)

_OWN_TITLES = {"likelihood": "This lens, by likelihood", "expected": "This lens, by likelihood and seats"}
NO_CAUSE = "No claim of cause: customers that are contacted differ from the others in more than that."


@query(
    "opportunities.report", groups=("opportunities.read",), http="GET /opportunities/report", cli="opportunities report"
)
def report(context: QueryContext, request: OfConnection) -> Report:
    """Say how good the rankings were: lift, precision, Brier and reliability against four baselines, and the outcomes.

    Judged on the publisher's own later snapshots, for every account and not only those that were shown. Raises
    `opportunities.no_snapshot` before anything was imported.
    """
    files = context.ports.of(ColumnFiles)
    run = newest_run(context.session, request.connection, files)
    sources = tuple(
        (row.id, row.as_of, files.path_of(context.session, row.table_digest))
        for row in used_snapshots(context.session, request.connection)
        if row.tab == "copilot"
    )
    judged = _judged(sources, tuple((lens.name, lens.text) for lens in run.lenses))
    outcomes = context.session.scalars(select(OutcomeRow)).all()
    reasons = Counter(each.reason for each in outcomes if each.outcome == "declined")
    return Report(
        as_of=run.row.as_of,
        lenses=tuple(_lens_account(each) for each in judged),
        cards=tuple(_card_account(context, lens.name) for lens in run.lenses),
        decline_reasons=dict(sorted(reasons.items())),
        holdout=_holdout(context),
        note=f"As of {run.row.as_of.isoformat()}. {NO_CAUSE}",
    )


@lru_cache(maxsize=4)
def _judged(sources: tuple[tuple[str, Any, Path], ...], lenses: tuple[tuple[str, str], ...]) -> tuple[LensReport, ...]:
    """Judge once for each set of snapshots and definitions; nothing else decides."""
    from fairkeeper.opportunities.lenses.definition import read_lens

    return backtest(
        [Source(snapshot_id=key, as_of=day, path=path) for key, day, path in sources],
        [read_lens(name, text) for name, text in lenses],
    )


def _lens_account(found: LensReport) -> LensAccount:
    return LensAccount(
        lens=found.lens,
        title=found.title,
        outcome=found.outcome,
        as_of=found.as_of,
        until=found.until,
        accounts=found.accounts,
        outcomes=found.outcomes,
        base_rate=round(found.base_rate, 4),
        is_ahead=is_ahead(found),
        measures=tuple(_measure(each) for each in found.measures),
        brier=_known(found.brier, 5),
        brier_of_base_rate=_known(found.brier_of_base_rate, 5),
        area_under_curve=_known(found.area_under_curve),
        calibration_error=_known(found.calibration_error),
        bins=tuple(
            BinView(said=round(each.said, 4), happened=round(each.happened, 4), count=each.count) for each in found.bins
        ),
        why_not=found.why_not,
    )


def _measure(each: Measured) -> MeasureView:
    return MeasureView(
        name=each.name,
        title=_OWN_TITLES.get(each.name) or TITLES[each.name],
        lift_at_50=_known(each.lift, 2),
        seats_lift_at_50=_known(each.seats_lift, 2),
        precision_at_50=_known(each.precision, 3),
        ndcg_at_50=_known(each.ndcg, 3),
    )


def _card_account(context: QueryContext, lens: str) -> CardAccount:
    session = context.session
    rows = session.scalars(select(CardRow).where(CardRow.lens == lens)).all()
    shown = set(session.scalars(select(ShowingRow.card_id).distinct()))
    states: Counter[str] = Counter()
    by_card = {row.id: row for row in rows}
    errors = []
    for outcome in session.scalars(select(OutcomeRow).order_by(OutcomeRow.id)):
        row = by_card.get(outcome.card_id)
        if row is None:
            continue
        states[outcome.outcome] += 1
        if outcome.outcome in ("won", "lost"):
            errors.append((row.first_likelihood_ppm / 1_000_000 - (outcome.outcome == "won")) ** 2)
    return CardAccount(
        lens=lens,
        opened=len(rows),
        shown=len(shown & set(by_card)),
        accepted=states["accepted"],
        declined=states["declined"],
        won=states["won"],
        lost=states["lost"],
        snoozed=states["snoozed"],
        brier=round(sum(errors) / len(errors), 4) if errors else None,
    )


def _holdout(context: QueryContext) -> Holdout:
    percent = context.ports.of(RoomSettings).holdout_percent
    flags = Counter(context.session.scalars(select(AccountRow.is_held_out)))
    note = (
        "Nobody is held out, so the figures say how well accounts were ranked, and not what contacting them changed."
        if not flags[True]
        else f"{flags[True]} accounts are contacted by nobody; compare their outcomes with the others'."
    )
    return Holdout(percent=percent, held_out=flags[True], contacted=flags[False], note=note)


def _known(value: float, digits: int = 3) -> float | None:
    return None if math.isnan(value) else round(value, digits)


OPERATIONS: tuple[Operation, ...] = (report,)
