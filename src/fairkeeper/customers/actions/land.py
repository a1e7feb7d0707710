"""What happens on the landing page: a visit, a claim by somebody else, its confirmation by staff.

Resolving the token is the channel's (it is a call to Microsoft); here stands what is recorded of it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.customers.actions.marketplace.follow_notice import LARGEST_JSON, snapshot_of
from fairkeeper.customers.actions.marketplace.tell_consent import tell_consent
from fairkeeper.customers.actions.reminders import Raising, find_reminder, raise_reminder
from fairkeeper.customers.evidence_kinds import CLAIM_CONFIRMED, CLAIMED, LANDED
from fairkeeper.customers.finding_kinds import CLAIM_WAITS
from fairkeeper.customers.path.landing import LandingView, Relation, SignedIn, relate, view_landing
from fairkeeper.customers.store import load_subscription, parties_of_row
from fairkeeper.customers.tables import ClaimRow, SubscriptionRow
from fairkeeper.errors import ConflictError, InvalidError, NotFoundError
from fairkeeper.values.ids import SubscriptionId, TenantId


class RecordVisit(OperationInput):
    """What Microsoft resolved, and who has signed in."""

    subscription: str = Field(max_length=LARGEST_JSON, description="Microsoft's answer to Resolve, JSON.")
    tenant_id: TenantId = Field(max_length=64, description="The person's tenant.")
    object_id: str = Field(max_length=64, description="The person's object id.")
    is_guest: bool = Field(False, description="Whether the account is a guest in its tenant.")
    person_id: str | None = Field(None, max_length=40, description="Our id of the person, if known.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRecorded:
    """What the page shows, and whose subscription it is."""

    subscription_id: str
    customer_id: str
    view: LandingView


@internal_command("customers.record_visit", evidence=(LANDED,))
def record_visit(context: CommandContext, request: RecordVisit) -> Outcome[VisitRecorded]:
    """Record a visit to the landing page and say what it shows to this person.

    The subscription must have been followed before (`customers.follow_reading`). A stranger's visit is recorded too.
    """
    snapshot = snapshot_of(request.subscription)
    if snapshot is None:
        msg = "Microsoft's answer names no subscription."
        raise InvalidError(msg, code="customers.reading_unreadable")
    row = load_subscription(context.session, snapshot.id, for_change=True)
    person = SignedIn(
        tenant_id=TenantId(request.tenant_id.lower()), object_id=request.object_id.lower(), is_guest=request.is_guest
    )
    view = view_landing(snapshot, person, claims_of(context.session, row.subscription_id))
    if view.relation is not Relation.STRANGER:
        row.was_visited = True
        tell_consent(context, row, person)
    entry = EvidenceDraft(
        kind=LANDED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        on_behalf_of=request.person_id,
        payload={
            "who": f"The {view.relation}" if view.relation else "Somebody",
            "branch": view.branch.value.replace("_", " "),
            "relation": view.relation.value if view.relation else None,
            "plan": row.plan_id,
        },
    )
    result = VisitRecorded(subscription_id=row.subscription_id, customer_id=row.customer_id, view=view)
    return Outcome(result=result, entry=entry)


class ClaimSubscription(OperationInput):
    """Who says that a subscription is theirs to set up."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    tenant_id: TenantId = Field(max_length=64, description="The person's tenant.")
    object_id: str = Field(max_length=64, description="The person's object id.")
    is_guest: bool = Field(False, description="Whether the account is a guest in its tenant.")
    name: str | None = Field(None, max_length=200, description="What the account calls itself.")
    email: str | None = Field(None, max_length=320, description="Its address, which proves nothing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The claim is recorded.

    Attributes:
        is_confirmed: Whether it counts already; otherwise it waits for the publisher's staff.
    """

    subscription_id: str
    is_confirmed: bool


@internal_command("customers.claim_subscription", evidence=(CLAIMED,))
def claim_subscription(context: CommandContext, request: ClaimSubscription) -> Outcome[Claimed]:
    """Record a person's explicit claim of a subscription; a stranger's waits for the publisher's staff.

    Raises `customers.claim_not_needed` for whoever bought it or for whom it was bought.
    """
    row = load_subscription(context.session, request.subscription_id)
    person = SignedIn(
        tenant_id=TenantId(request.tenant_id.lower()), object_id=request.object_id.lower(), is_guest=request.is_guest
    )
    known = context.session.get(ClaimRow, (row.subscription_id, person.tenant_id, person.object_id))
    if known is not None:
        result = Claimed(subscription_id=row.subscription_id, is_confirmed=known.is_confirmed)
        return Outcome(result=result, entry=None)
    relation = relate(parties_of_row(row), person)
    if relation not in {Relation.COLLEAGUE, Relation.STRANGER, Relation.RESELLER}:
        msg = "No claim is needed for this person."
        raise ConflictError(msg, code="customers.claim_not_needed", remedy="Go on to the subscription.")
    is_confirmed = relation is not Relation.STRANGER
    context.session.add(
        ClaimRow(
            subscription_id=row.subscription_id,
            tenant_id=person.tenant_id,
            object_id=person.object_id,
            customer_id=row.customer_id,
            claimed_at=context.now,
            name=request.name,
            email=request.email,
            is_confirmed=is_confirmed,
        )
    )
    if not is_confirmed:
        _ask_staff(context, row, person)
    entry = EvidenceDraft(
        kind=CLAIMED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"tenant_id": person.tenant_id, "object_id": person.object_id, "is_confirmed": is_confirmed},
    )
    return Outcome(result=Claimed(subscription_id=row.subscription_id, is_confirmed=is_confirmed), entry=entry)


class ConfirmClaim(OperationInput):
    """Whose claim of what is confirmed."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    tenant_id: TenantId = Field(max_length=64, description="The person's tenant.")
    object_id: str = Field(max_length=64, description="The person's object id.")


@command(
    "customers.confirm_claim",
    groups=("customers.change",),
    evidence=(CLAIM_CONFIRMED,),
    http="POST /subscriptions/{subscription_id}/confirm-claim",
    cli="customers confirm-claim SUBSCRIPTION_ID TENANT_ID OBJECT_ID",
)
def confirm_claim(context: CommandContext, request: ConfirmClaim) -> Outcome[Claimed]:
    """Confirm that a person who is neither beneficiary nor purchaser may set a subscription up.

    Raises `customers.claim_not_found` where nobody claimed it so.
    """
    row = load_subscription(context.session, request.subscription_id)
    key = (row.subscription_id, request.tenant_id.lower(), request.object_id.lower())
    claim = context.session.get(ClaimRow, key, with_for_update=True)
    if claim is None:
        msg = "Nobody of that account has claimed this subscription."
        raise NotFoundError(msg, code="customers.claim_not_found")
    result = Claimed(subscription_id=row.subscription_id, is_confirmed=True)
    if claim.is_confirmed:
        return Outcome(result=result, entry=None)
    claim.is_confirmed, claim.confirmed_by = True, context.principal.id
    waiting = find_reminder(context, CLAIM_WAITS.code, row.subscription_id, request.object_id.lower())
    if waiting is not None:
        waiting.closed_at, waiting.closed_why = context.now, "The claim was confirmed."
    entry = EvidenceDraft(
        kind=CLAIM_CONFIRMED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"tenant_id": claim.tenant_id, "object_id": claim.object_id},
    )
    return Outcome(result=result, entry=entry)


def claims_of(session: Session, subscription_id: str) -> frozenset[SignedIn]:
    """Return the people whose claim of a subscription counts."""
    rows = session.scalars(
        select(ClaimRow).where(ClaimRow.subscription_id == subscription_id, ClaimRow.is_confirmed.is_(True))
    )
    return frozenset(SignedIn(tenant_id=row.tenant_id, object_id=row.object_id) for row in rows)


def _ask_staff(context: CommandContext, row: SubscriptionRow, person: SignedIn) -> None:
    message = f"Somebody of the tenant {person.tenant_id} says that this subscription is theirs to set up."
    raising = Raising(key=person.object_id, owner_role="support")
    raise_reminder(context, CLAIM_WAITS.found(message), row, raising)


OPERATIONS: tuple[Operation, ...] = (record_visit, claim_subscription, confirm_claim)
