"""What the landing page shows on a later look, from the mirror, to a person who was proved before; and who claims it.

Separate from the visit, which needs a fresh token of Microsoft's; people load a page again, and activation takes a
moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from pydantic import Field
from sqlalchemy import select

from fairkeeper.access.people import CUSTOMER_ADMIN, PersonState
from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import SYSTEM_ONLY, Operation, OperationInput, QueryContext, query
from fairkeeper.customers.actions.land import claims_of
from fairkeeper.customers.actions.landing.answers import answers_of
from fairkeeper.customers.actions.landing.looks import ShowLandingLook, show_landing_look
from fairkeeper.customers.path.landing import Branch, LandingView, SignedIn, view_landing
from fairkeeper.customers.path.landing_look import LandingLook
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.customers.store import load_subscription, parties_of_row
from fairkeeper.customers.tables import ClaimRow, SubscriptionRow
from fairkeeper.customers.views import LandingAnswer
from fairkeeper.values.ids import SubscriptionId, TenantId


class ShowLanding(OperationInput):
    """Which subscription, and who wants to see it."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    tenant_id: TenantId = Field(max_length=64, description="The person's tenant.")
    object_id: str = Field(max_length=64, description="The person's object id.")
    is_guest: bool = Field(False, description="Whether the account is a guest in its tenant.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What the page shows.

    Attributes:
        claim_waits: Whether this person's claim waits for the publisher's staff.
        ask: Whom a colleague asks for access to what is active already.
        look: How the page looks and what it asks; to somebody whose it is not, only what is said for everything.
        logo: The logo's digest.
        answers: What was answered before.
    """

    subscription_id: str
    customer_id: str
    view: LandingView
    claim_waits: bool
    ask: tuple[str, ...] = ()
    look: LandingLook = field(default_factory=LandingLook)
    logo: str = ""
    answers: tuple[LandingAnswer, ...] = ()


@query("customers.show_landing", groups=SYSTEM_ONLY, mcp=False)
def show_landing(context: QueryContext, request: ShowLanding) -> Landing:
    """Say what the landing page shows to a proved person who looks again, without another token.

    Raises `customers.subscription_not_found`.
    """
    row = load_subscription(context.session, request.subscription_id)
    person = SignedIn(
        tenant_id=TenantId(request.tenant_id.lower()), object_id=request.object_id.lower(), is_guest=request.is_guest
    )
    status = None if row.status is None else CommercialStatus(row.status)
    known = replace(parties_of_row(row), status=status)
    claim = context.session.get(ClaimRow, (row.subscription_id, person.tenant_id, person.object_id))
    view = view_landing(known, person, claims_of(context.session, row.subscription_id))
    is_theirs = view.branch not in {Branch.NOT_YOURS, Branch.ASK, Branch.SIGN_IN}
    shown = show_landing_look.function(
        context,
        ShowLandingLook(offer_id=row.offer_id or "", plan_id=row.plan_id or "") if is_theirs else ShowLandingLook(),
    )
    return Landing(
        subscription_id=row.subscription_id,
        customer_id=row.customer_id,
        view=view,
        claim_waits=claim is not None and not claim.is_confirmed,
        ask=_in_charge(context, row) if view.branch is Branch.ASK else (),
        look=shown.look,
        logo=shown.logo,
        answers=answers_of(context.session, [row.subscription_id]) if is_theirs else (),
    )


def _in_charge(context: QueryContext, row: SubscriptionRow) -> tuple[str, ...]:
    """Return who administers a customer's side, by name; the account it was bought for where nobody has come yet."""
    people = context.session.scalars(
        select(PersonRow)
        .where(PersonRow.customer_id == row.customer_id, PersonRow.state == PersonState.ACTIVE.value)
        .order_by(PersonRow.created_at)
    )
    named = tuple(each.name or each.email or "" for each in people if CUSTOMER_ADMIN in each.roles)
    return tuple(name for name in named if name) or ((row.beneficiary_email,) if row.beneficiary_email else ())


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
    name: str | None = None
    email: str | None = None


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
            name=claim.name,
            email=claim.email,
        )
        for claim in context.session.scalars(claims.order_by(ClaimRow.claimed_at.desc(), ClaimRow.object_id))
    )


OPERATIONS: tuple[Operation, ...] = (show_landing, list_claims)
