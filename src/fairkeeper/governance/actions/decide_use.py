"""Intended uses: proposed with measure and limits, approved, and withdrawn when evidence no longer supports them."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.epochs import move
from fairkeeper.governance.errors import StateRefusedError
from fairkeeper.governance.evidence_kinds import USE_APPROVED, USE_PROPOSED, USE_WITHDRAWN
from fairkeeper.governance.store import load_agent, load_use
from fairkeeper.governance.tables import IntendedUseRow
from fairkeeper.values.ids import new_id


class ProposeUse(OperationInput):
    """What the agent shall be for."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    title: str = Field(min_length=1, max_length=200, description="What it is for, in a few words.")
    owner: str = Field(min_length=1, max_length=200, description="Who owns the use.")
    business_context: str = Field(min_length=1, max_length=4000, description="In which business context.")
    value_measure: str = Field(min_length=1, max_length=2000, description="How its value is measured.")
    known_errors: list[str] = Field([], max_length=50, description="Known types of error.")
    not_for: list[str] = Field([], max_length=50, description="What it is not for.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UseDecided:
    """Where the use stands."""

    use_id: str
    agent_id: str
    state: str


def state_of(row: IntendedUseRow) -> str:
    """Return a use's state in one word."""
    if row.withdrawn_at is not None:
        return "withdrawn"
    return "proposed" if row.approved_at is None else "approved"


@command(
    "governance.propose_use",
    groups=("governance.change",),
    evidence=(USE_PROPOSED,),
    http="POST /agents/{agent_id}/uses",
    cli="governance propose-use AGENT_ID TITLE",
)
def propose_use(context: CommandContext, request: ProposeUse) -> Outcome[UseDecided]:
    """Propose an intended use; calls under it are refused until it is approved."""
    agent = load_agent(context.session, request.agent_id)
    row = IntendedUseRow(
        use_id=new_id("use"),
        customer_id=agent.customer_id,
        **request.model_dump(),
        created_at=context.now,
    )
    context.session.add(row)
    context.session.flush()
    move(context.session, row.customer_id)
    return Outcome(
        result=UseDecided(use_id=row.use_id, agent_id=row.agent_id, state=state_of(row)),
        entry=_entry(row, USE_PROPOSED.name, **request.model_dump(exclude={"agent_id", "title"})),
    )


class ApproveUse(OperationInput):
    """Which use."""

    use_id: str = Field(max_length=40, description="The intended use's id.")


@command(
    "governance.approve_use",
    groups=("governance.administer",),
    evidence=(USE_APPROVED,),
    http="POST /uses/{use_id}/approve",
    cli="governance approve-use USE_ID",
)
def approve_use(context: CommandContext, request: ApproveUse) -> Outcome[UseDecided]:
    """Approve the business context of an intended use; permits under it begin to hold.

    Raises `governance.state_refused` where it was withdrawn.
    """
    row = load_use(context.session, request.use_id, for_change=True)
    if row.withdrawn_at is not None:
        raise StateRefusedError("The use was withdrawn.", remedy="Propose it anew.")
    result = UseDecided(use_id=row.use_id, agent_id=row.agent_id, state="approved")
    if row.approved_at is not None:
        return Outcome(result=result, entry=None)
    row.approved_at, row.approved_by = context.now, context.principal.id
    move(context.session, row.customer_id)
    return Outcome(result=result, entry=_entry(row, USE_APPROVED.name))


class WithdrawUse(OperationInput):
    """Which use, and why."""

    use_id: str = Field(max_length=40, description="The intended use's id.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded and shown.")


@command(
    "governance.withdraw_use",
    groups=("governance.administer",),
    evidence=(USE_WITHDRAWN,),
    http="POST /uses/{use_id}/withdraw",
    cli="governance withdraw-use USE_ID",
)
def withdraw_use(context: CommandContext, request: WithdrawUse) -> Outcome[UseDecided]:
    """Withdraw an intended use for good; every call under it is refused from the next decision on.

    Raises `governance.state_refused` where it was withdrawn already.
    """
    row = load_use(context.session, request.use_id, for_change=True)
    if row.withdrawn_at is not None:
        raise StateRefusedError("The use was withdrawn already.", remedy="Nothing is left to do.")
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_why = context.now, context.principal.id, request.reason
    move(context.session, row.customer_id)
    return Outcome(
        result=UseDecided(use_id=row.use_id, agent_id=row.agent_id, state="withdrawn"),
        entry=_entry(row, USE_WITHDRAWN.name, why=request.reason),
    )


def _entry(row: IntendedUseRow, kind: str, **told: str | list[str]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="intended_use",
        subject_id=row.use_id,
        customer_id=row.customer_id,
        payload={"agent": row.agent_id, "title": row.title, **told},  # type: ignore[dict-item]
    )
