"""What the pages of payouts share: tabs, amounts, the chain's picture."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from fairkeeper.payouts.views import ChainFinding, TraceStage, TraceView
from fairkeeper.values.findings import finding_kinds
from fairkeeper.web import parts
from fairkeeper.web.format import NO_BREAK, count
from fairkeeper.web.pages.payouts import ChainPicture, ChainRow, ChainStage
from fairkeeper.web.parts import Finding, Link, PathPlace, PathStep, Standing, Tab

ROOM: Final = "Payouts"
TRAIL: Final = (Link(label=ROOM, href="/payouts"),)
_TABS: Final = (
    ("Differences", "/payouts"),
    ("Payments", "/payouts/payments"),
    ("Months and forecast", "/payouts/months"),
    ("Trace", "/payouts/trace"),
    ("Files", "/payouts/files"),
)
_STANDINGS: Final = {
    "done": (Standing.DONE, "Done"),
    "waiting": (Standing.NEXT, "Expected"),
    "missing": (Standing.BROKEN, "Missing"),
    "unknown": (Standing.SKIPPED, "Not in the files"),
    "not_needed": (Standing.SKIPPED, "Not needed"),
}
_LEVELS: Final = {"error": parts.Level.ERROR, "warning": parts.Level.WARNING, "info": parts.Level.NOTE}


def tabs(here: str) -> tuple[Tab, ...]:
    """Return the room's tabs."""
    return tuple(Tab(label=label, href=href, is_here=href == here) for label, href in _TABS)


def money(amount: str | None, currency: str | None) -> str:
    """Write an exact decimal as pages do; nothing for nothing.

    Example:
        >>> money("-1234567.50", "EUR").replace(NO_BREAK, " ")
        '−1,234,567.50 EUR'
    """
    if amount is None:
        return ""
    shown = f"{Decimal(amount):,f}".replace("-", "\N{MINUS SIGN}")
    return f"{shown}{NO_BREAK}{currency}" if currency else shown


def title_of(code: str) -> str:
    """Return the rule of a kind of finding."""
    return finding_kinds[code].title


def needing(finding: ChainFinding) -> Finding:
    """Return a finding as it stands above a page."""
    return Finding(
        level=_LEVELS.get(finding.level, parts.Level.NOTE),
        what=finding.message,
        remedy=finding.remedy,
        at_stake=money(finding.amount, finding.currency),
        owner=finding.owner_role.replace("_", " ").capitalize(),
        close=Link(label="Open it", href=f"/payouts/findings/{finding.finding_id}"),
    )


def picture_of(view: TraceView) -> ChainPicture:
    """Return the chain as it is drawn."""
    reached = max((n for n, stage in enumerate(view.chain) if stage.state in ("done", "missing")), default=-1)
    return ChainPicture(
        stages=tuple(_stage(stage, is_passed=n < reached) for n, stage in enumerate(view.chain)),
        rows=tuple(row for stage in view.chain for row in _rows(stage)),
        notes=tuple(stage.note for stage in view.chain if stage.note and stage.state == "done"),
    )


def _stage(stage: TraceStage, *, is_passed: bool) -> ChainStage:
    standing, word = _STANDINGS[stage.state]
    step = PathStep(
        standing=standing,
        on=stage.expected_by if stage.state in ("waiting", "missing") else None,
        note=count(stage.row_count, "row") if stage.row_count else "",
    )
    amounts: Sequence[str] = [money(each.amount, each.currency) for each in stage.amounts[:3]]
    return ChainStage(
        place=PathPlace(name=stage.stage.capitalize(), step=step, word=word, is_passed=is_passed), amounts=amounts
    )


def _rows(stage: TraceStage) -> list[ChainRow]:
    return [
        ChainRow(
            stage=stage.stage.capitalize(),
            what=row.what,
            on=row.on,
            amount=money(row.amount, row.currency),
            status=row.status or "",
            where=f"{row.file}, row {row.row}",
        )
        for row in stage.rows
    ]
