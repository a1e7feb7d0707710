"""Holding an agent, a tool, a customer or everything: paused, constrained to a narrower profile, or revoked for good.

What is held is written down with who, why and until when, and moves the epoch in the same transaction; so the next
decision of whatever is held is a no, and nobody else's changes. A drill is a real hold with a near end: it proves that
stopping works by stopping.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import AwareDatetime, Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.store import load_customer
from fairkeeper.errors import DeniedError
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import ContainmentRefusedError, StateRefusedError
from fairkeeper.governance.evidence_kinds import CONTAINED, CONTAINMENT_LIFTED
from fairkeeper.governance.store import load_agent, load_containment, tool_narrowed_by
from fairkeeper.governance.tables import ContainmentRow
from fairkeeper.policy.decision.facts import PUBLISHER, ContainmentState, Scope
from fairkeeper.policy.decision.profiles import PROFILES
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, new_id

EVERYTHING: Final = "everything"
LONGEST_DRILL: Final = timedelta(days=1)
_HELD: Final = (Scope.AGENT, Scope.TOOL, Scope.CUSTOMER, Scope.EVERYTHING)


class Contain(OperationInput):
    """What is held, how, why and until when."""

    scope: Scope = Field(description="agent, tool, customer or everything.")
    subject_id: str = Field(EVERYTHING, max_length=40, description="The id of what is held.")
    state: ContainmentState = Field(description="paused, constrained or revoked.")
    profile: str | None = Field(None, max_length=40, description="Of a constraint: the profile that is left.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")
    until_at: AwareDatetime | None = Field(None, description="When it ends by itself.")
    is_drill: bool = Field(False, description="Whether it is an exercise; it holds all the same.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contained:
    """What is held."""

    containment_id: str
    scope: str
    subject_id: str
    state: str


@command(
    "governance.contain",
    groups=("governance.administer",),
    evidence=(CONTAINED,),
    http="POST /containments",
    cli="governance contain SCOPE SUBJECT_ID STATE",
)
def contain(context: CommandContext, request: Contain) -> Outcome[Contained]:
    """Hold an agent, a tool, a customer or everything; it takes effect at the next decision.

    A customer's people hold their own agents, themselves, and the tools their agents may call, for these alone.
    Raises `governance.containment_refused`, or that there is no such thing.
    """
    owner = _owner(context, request)
    _refuse_misfit(context, request)
    row = ContainmentRow(
        containment_id=new_id("con"),
        customer_id=owner,
        scope=request.scope.value,
        subject_id=EVERYTHING if request.scope is Scope.EVERYTHING else request.subject_id,
        state=request.state.value,
        profile=request.profile,
        reason=request.reason,
        is_drill=request.is_drill,
        began_at=context.now,
        began_by=context.principal.id,
        is_publishers=context.principal.customer_id is None,
        until_at=request.until_at,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, owner)
    entry = EvidenceDraft(
        kind=CONTAINED.name,
        subject_type=row.scope,
        subject_id=row.subject_id,
        customer_id=owner,
        payload={
            "containment": row.containment_id,
            "scope": row.scope,
            "state": row.state,
            "profile": row.profile,
            "reason": row.reason,
            "until_at": None if row.until_at is None else format_instant(row.until_at),
            "drill": row.is_drill,
        },
    )
    return Outcome(result=_contained(row), entry=entry)


def _owner(context: CommandContext, request: Contain) -> CustomerId | None:
    """Return whose epoch moves: None is everybody's."""
    if request.scope is Scope.AGENT:
        return load_agent(context.session, request.subject_id).customer_id
    if request.scope is Scope.TOOL:
        return tool_narrowed_by(context.session, request.subject_id, context.principal.customer_id)
    if request.scope is Scope.CUSTOMER:
        if request.subject_id == PUBLISHER and context.principal.customer_id is None:
            return None
        return load_customer(context.session, request.subject_id).customer_id
    if request.scope is Scope.EVERYTHING and context.principal.customer_id is None:
        return None
    raise ContainmentRefusedError(f"You cannot hold {request.scope.value}.")


def _refuse_misfit(context: CommandContext, request: Contain) -> None:
    is_constraint = request.state is ContainmentState.CONSTRAINED
    if is_constraint != (request.profile is not None) or (is_constraint and request.profile not in PROFILES):
        raise ContainmentRefusedError(f"A constraint, and only one, names a profile of {', '.join(sorted(PROFILES))}.")
    if request.until_at is not None and (request.until_at <= context.now or request.state is ContainmentState.REVOKED):
        raise ContainmentRefusedError("A hold ends in the future, and what is revoked does not end.")
    too_long = request.until_at is None or request.until_at > context.now + LONGEST_DRILL
    if request.is_drill and too_long:
        raise ContainmentRefusedError("A drill ends by itself within a day.")
    if request.scope not in _HELD or (request.is_drill and request.state is ContainmentState.REVOKED):
        raise ContainmentRefusedError("This cannot be held, or not as a drill.")


class LiftContainment(OperationInput):
    """What is let go, and why."""

    containment_id: str = Field(max_length=40, description="The id of the hold.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@command(
    "governance.lift_containment",
    groups=("governance.administer",),
    evidence=(CONTAINMENT_LIFTED,),
    http="POST /containments/{containment_id}/lift",
    cli="governance lift CONTAINMENT_ID",
)
def lift_containment(context: CommandContext, request: LiftContainment) -> Outcome[Contained]:
    """Let go what is paused or constrained.

    Raises `governance.state_refused` for what is revoked or was lifted already, and
    `governance.publishers_hold` where a customer's person tries to lift the publisher's.
    """
    row = load_containment(context.session, request.containment_id, for_change=True)
    if row.lifted_at is not None or row.state == ContainmentState.REVOKED:
        raise StateRefusedError(
            "It was lifted already, or revoked for good.", remedy="Register the agent anew, if it shall act again."
        )
    if row.is_publishers and context.principal.customer_id is not None:
        raise DeniedError(
            "The publisher holds it.", code="governance.publishers_hold", remedy="Ask the publisher to lift it."
        )
    row.lifted_at, row.lifted_by = context.now, context.principal.id
    move(context.session, row.customer_id)
    entry = EvidenceDraft(
        kind=CONTAINMENT_LIFTED.name,
        subject_type=row.scope,
        subject_id=row.subject_id,
        customer_id=row.customer_id,
        payload={"containment": row.containment_id, "scope": row.scope, "state": row.state, "why": request.reason},
    )
    return Outcome(result=_contained(row), entry=entry)


def _contained(row: ContainmentRow) -> Contained:
    return Contained(containment_id=row.containment_id, scope=row.scope, subject_id=row.subject_id, state=row.state)
