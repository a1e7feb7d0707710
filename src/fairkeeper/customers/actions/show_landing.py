"""What the landing page shows on a later look, from the mirror, to a person who was proved before; and who claims it.

Separate from the visit, which needs a fresh token of Microsoft's; people load a page again, and activation takes a
moment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import SYSTEM_ONLY, Operation, OperationInput, QueryContext, query
from fairkeeper.customers.actions.land import claims_of
from fairkeeper.customers.path.landing import LandingView, SignedIn, view_landing
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription, parties_of_row
from fairkeeper.customers.tables import ClaimRow
from fairkeeper.values.ids import SubscriptionId, TenantId


class ShowLanding(OperationInput):
    """Which subscription, and who wants to see it."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    tenant_id: TenantId = Field(max_length=64, description="The person's tenant.")
    object_id: str = Field(max_length=64, description="The person's object id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What the page shows.

    Attributes:
        claim_waits: Whether this person's claim waits for the publisher's staff.
    """

    subscription_id: str
    customer_id: str
    view: LandingView
    claim_waits: bool


@query("customers.show_landing", groups=SYSTEM_ONLY, mcp=False)
def show_landing(context: QueryContext, request: ShowLanding) -> Landing:
    """Say what the landing page shows to a proved person who looks again, without another token.

    Raises `customers.subscription_not_found`.
    """
    row = load_subscription(context.session, request.subscription_id)
    person = SignedIn(tenant_id=TenantId(request.tenant_id.lower()), object_id=request.object_id.lower())
    status = None if row.status is None else CommercialStatus(row.status)
    known = replace(parties_of_row(row), status=status)
    claim = context.session.get(ClaimRow, (row.subscription_id, person.tenant_id, person.object_id))
    return Landing(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        view=view_landing(known, person, claims_of(context.session, row.subscription_id)),
        claim_waits=claim is not None and not claim.is_confirmed,
    )


class ListClaims(OperationInput):
    """Of which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """Somebody who says that a subscription is theirs to set up."""

    tenant_id: str
    object_id: str
    claimed_at: datetime
    is_confirmed: bool


@query(
    "customers.list_claims",
    groups=("customers.inspect",),
    http="GET /subscriptions/{subscription_id}/claims",
    cli="customers claims SUBSCRIPTION_ID",
)
def list_claims(context: QueryContext, request: ListClaims) -> tuple[ClaimLine, ...]:
    """List who says that a subscription is theirs to set up, the newest first.

    Raises `customers.subscription_not_found`.
    """
    row = load_subscription(context.session, request.subscription_id)
    claims = select(ClaimRow).where(ClaimRow.subscription_id == row.subscription_id)
    return tuple(
        ClaimLine(
            tenant_id=claim.tenant_id,
            object_id=claim.object_id,
            claimed_at=claim.claimed_at,
            is_confirmed=claim.is_confirmed,
        )
        for claim in context.session.scalars(claims.order_by(ClaimRow.claimed_at.desc(), ClaimRow.object_id))
    )


OPERATIONS: tuple[Operation, ...] = (show_landing, list_claims)
