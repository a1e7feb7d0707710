"""Legal holds: while one stands, neither retention nor anybody erases; lifting it lets what has waited begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.assurance.errors import HoldNotFoundError
from fairkeeper.assurance.evidence_kinds import HOLD_LIFTED, HOLD_PLACED
from fairkeeper.assurance.keeping.tables import LegalHoldRow
from fairkeeper.customers.path.lifecycle import ProvisioningState
from fairkeeper.customers.store import load_customer
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.values.ids import CustomerId, new_id


def is_held(session: Session, customer_id: CustomerId | None) -> bool:
    """Say whether a hold stands on a customer's data now; None asks of the publisher's own."""
    held = select(LegalHoldRow.hold_id).where(
        LegalHoldRow.customer_id.is_not_distinct_from(customer_id), LegalHoldRow.lifted_at.is_(None)
    )
    return session.scalars(held.limit(1)).first() is not None


class StandingHolds:
    """`LegalHolds` from the table."""

    def holds(self, session: Session, customer_id: CustomerId | None) -> bool:
        """Say whether one stands."""
        return is_held(session, customer_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    """A hold."""

    hold_id: str
    customer_id: str | None
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None
    lifted_why: str | None


class PlaceHold(OperationInput):
    """On whose data, and why."""

    customer_id: CustomerId | None = Field(None, description="The customer's id; left out: the publisher's own data.")
    reason: str = Field(min_length=3, max_length=500, description="Why: the matter it is for; recorded.")


@command(
    "assurance.place_hold",
    groups=("evidence.erase",),
    evidence=(HOLD_PLACED,),
    http="POST /legal-holds",
    cli="assurance place-hold",
)
def place_hold(context: CommandContext, request: PlaceHold) -> Outcome[HoldLine]:
    """Keep a customer's data from being erased, by retention, on request or at the customer's end, until it is lifted.

    Several may stand at once; each is lifted by itself.
    """
    if request.customer_id is not None:
        load_customer(context.session, request.customer_id)
    row = LegalHoldRow(
        hold_id=new_id("hld"),
        customer_id=request.customer_id,
        reason=request.reason,
        placed_at=context.now,
        placed_by=context.principal.id,
    )
    context.session.add(row)
    context.session.flush()
    return Outcome(result=_line(row), entry=_entry(HOLD_PLACED.name, row, reason=request.reason))


class LiftHold(OperationInput):
    """Which, and why."""

    hold_id: str = Field(max_length=40, description="The hold's id.")
    reason: str = Field(min_length=3, max_length=500, description="Why it is no longer needed; recorded.")


@command(
    "assurance.lift_hold",
    groups=("evidence.erase",),
    evidence=(HOLD_LIFTED,),
    http="POST /legal-holds/{hold_id}/lift",
    cli="assurance lift-hold HOLD_ID",
)
def lift_hold(context: CommandContext, request: LiftHold) -> Outcome[HoldLine]:
    """Lift a hold; with the last one of a customer, what has waited for its erasure is erased.

    Raises `assurance.hold_not_found` where it does not stand.
    """
    row = context.session.scalars(
        select(LegalHoldRow)
        .where(LegalHoldRow.hold_id == request.hold_id, LegalHoldRow.lifted_at.is_(None))
        .with_for_update()
    ).first()
    if row is None:
        raise HoldNotFoundError(f"No hold {request.hold_id!r} stands here.")
    row.lifted_at, row.lifted_by, row.lifted_why = context.now, context.principal.id, request.reason
    context.session.flush()
    if row.customer_id is not None and not is_held(context.session, row.customer_id):
        _let_go_on(context, row.customer_id, row.hold_id)
    return Outcome(result=_line(row), entry=_entry(HOLD_LIFTED.name, row, reason=request.reason))


def _let_go_on(context: CommandContext, customer_id: CustomerId, hold_id: str) -> None:
    """Ask again what the hold had stopped: each step looks for itself whether its time has come."""
    stopped = context.session.scalars(
        select(SubscriptionRow.subscription_id).where(
            SubscriptionRow.customer_id == customer_id, SubscriptionRow.provisioning == ProvisioningState.STOPPED.value
        )
    ).all()
    for subscription_id in stopped:
        for step in ("customers.end_retention", "customers.erase_held"):
            context.enqueue(
                step, f"{subscription_id}:{hold_id}", {"subscription_id": subscription_id}, customer_id=customer_id
            )


class ListHolds(OperationInput):
    """Nothing to say."""


@query("assurance.list_holds", groups=("assurance.read",), http="GET /legal-holds", cli="assurance holds")
def list_holds(context: QueryContext, _request: ListHolds) -> list[HoldLine]:
    """List legal holds, those that stand first."""
    rows = context.session.scalars(
        select(LegalHoldRow)
        .order_by(LegalHoldRow.lifted_at.is_not(None), LegalHoldRow.placed_at.desc(), LegalHoldRow.hold_id)
        .limit(500)
    ).all()
    return [_line(row) for row in rows]


def _line(row: LegalHoldRow) -> HoldLine:
    return HoldLine(
        hold_id=row.hold_id,
        customer_id=row.customer_id,
        reason=row.reason,
        placed_at=row.placed_at,
        placed_by=row.placed_by,
        lifted_at=row.lifted_at,
        lifted_why=row.lifted_why,
    )


def _entry(kind: str, row: LegalHoldRow, *, reason: str) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="legal_hold",
        subject_id=row.hold_id,
        customer_id=row.customer_id,
        payload={"reason": reason, "hold": row.hold_id},
    )
