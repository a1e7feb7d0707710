"""The posture of this installation: each risk with its controls, their tests, and what was counted in a month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.assurance.posture.around import EVERY_CONTROL
from fairkeeper.assurance.posture.controls import CONTROLS, LLM_2025, RISKS, Control
from fairkeeper.assurance.tables import SignalRow, SuiteRunRow
from fairkeeper.governance.tables import DecisionRow

DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLine:
    """A control, and what it did here.

    Attributes:
        counted: In words, for the last 30 days.
    """

    control: str
    name: str
    says: str
    tests: list[str]
    counted: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLine:
    """A risk of an outside list, and what stands against it."""

    risk: str
    name: str
    source: str
    controls: list[ControlLine]
    gap: str


class ShowPosture(OperationInput):
    """Which risks."""

    risk: str = Field("", max_length=8, description="Only this one, as ASI01 or LLM06; all if empty.")


@query("assurance.show_posture", groups=("assurance.read",), http="GET /posture", cli="posture show")
def show_posture(context: QueryContext, request: ShowPosture) -> list[RiskLine]:
    """Show each risk of the OWASP lists with its controls, the tests that show them, what was counted, and the gap."""
    decided = _refusals(context.session, context.now)
    chosen = [each for each in RISKS.values() if not request.risk or each.id == request.risk.upper()]
    return [
        RiskLine(
            risk=each.id,
            name=each.name,
            source="OWASP Top 10 for LLM Applications 2025"
            if each in LLM_2025
            else "OWASP Top 10 for Agentic Applications 2026",
            controls=[_line(context, CONTROLS[control], decided) for control in each.controls],
            gap=each.gap,
        )
        for each in chosen
    ]


class ListControls(OperationInput):
    """Which controls."""

    control: str = Field("", max_length=40, description="Only this one, as separation; all if empty.")


@query("assurance.list_controls", groups=("assurance.read",), http="GET /posture/controls", cli="posture controls")
def list_controls(context: QueryContext, request: ListControls) -> list[ControlLine]:
    """List each control, around agents and of them, with the tests that show it and what was counted in a month."""
    decided = _refusals(context.session, context.now)
    chosen = [each for each in EVERY_CONTROL.values() if not request.control or each.id == request.control.lower()]
    return [_line(context, each, decided) for each in chosen]


def _refusals(session: Session, now: datetime) -> dict[str, int]:
    rows = session.execute(
        select(DecisionRow.reason, func.count())
        .where(DecisionRow.at >= now - timedelta(days=DAYS), DecisionRow.allowed.is_(False))
        .group_by(DecisionRow.reason)
    ).all()
    return {row[0]: row[1] for row in rows}


def _line(context: QueryContext, control: Control, decided: dict[str, int]) -> ControlLine:
    return ControlLine(
        control=control.id,
        name=control.name,
        says=control.says,
        tests=list(control.tests),
        counted=_counted(context, control, decided),
    )


def _counted(context: QueryContext, control: Control, decided: dict[str, int]) -> str:
    since = context.now - timedelta(days=DAYS)
    if control.reasons:
        return f"{sum(decided.get(each.value, 0) for each in control.reasons):,} calls refused in {DAYS} days"
    if control.counts == "signals":
        count = context.session.scalar(select(func.count()).select_from(SignalRow).where(SignalRow.at >= since))
        return f"{count or 0:,} signals in {DAYS} days"
    if control.counts == "runs":
        count = context.session.scalar(select(func.count()).select_from(SuiteRunRow).where(SuiteRunRow.ran_at >= since))
        return f"{count or 0:,} suites run in {DAYS} days"
    return "not counted"
