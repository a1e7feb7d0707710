"""A small made-up book: five monthly exports of the declared market, and an installation that imported them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import Principal
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.installation import Installation, open_installation
from fairkeeper.bootstrap.local import local_principal
from fairkeeper.bootstrap.settings import read_settings
from fairkeeper.bootstrap.wiring.opportunities import import_and_rank, make_desk
from fairkeeper.sandbox.insights.export import export_csv, taken_on
from fairkeeper.sandbox.insights.market import Market, MarketPlan, make_market
from fairkeeper.values.clock import FixedClock, MovableClock

SEED = 7
MONTHS = 5
TENANTS = 400
NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)


@cache
def market() -> Market:
    return make_market(MarketPlan(seed=SEED, tenants=TENANTS, months=MONTHS))


@cache
def export(month: int) -> tuple[str, bytes]:
    return f"copilot-{taken_on(month).isoformat()}.csv", export_csv(market(), month).encode()


@dataclass(slots=True)
class Book:
    """An installation with what was imported so far."""

    installation: Installation
    clock: MovableClock

    def run(self, operation: Operation, by: Principal | None = None, **fields: Any) -> Any:
        call = Call(principal=by or local_principal())
        return self.installation.runner.run(operation, operation.input.model_validate(fields), call)

    def take(self, *months: int, files: list[tuple[str, bytes]] | None = None, rank: bool = True) -> dict[str, Any]:
        desk = make_desk(self.installation.settings, self.installation.runner)
        given = files if files is not None else [export(month) for month in months]
        call = Call(principal=local_principal())
        return import_and_rank(desk, given, call, taken_on=None, connection=None, is_ranked=rank)


def open_book(folder: Path, **settings: Any) -> Book:
    clock = MovableClock(FixedClock(NOW))
    return Book(installation=open_installation(read_settings(data_dir=folder, **settings), clock), clock=clock)
