"""The description of one of the publisher's agents, shown to anybody before they buy: who answers for what."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.governance.errors import NotDescribedError
from fairkeeper.governance.evidence_kinds import DESCRIPTION_HIDDEN, DESCRIPTION_PUBLISHED
from fairkeeper.governance.store import load_agent
from fairkeeper.policy.decision.facts import Environment


class PublishDescription(OperationInput):
    """Which agent, and whether anybody may read about it."""

    agent_id: str = Field(max_length=40, description="The agent's id.")
    is_public: bool = Field(True, description="Whether anybody may read it without signing in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptionPublished:
    """Whether it is public now, and where."""

    agent_id: str
    is_public: bool
    path: str


@command(
    "governance.publish_description",
    groups=("governance.change",),
    evidence=(DESCRIPTION_PUBLISHED, DESCRIPTION_HIDDEN),
    http="POST /agents/{agent_id}/description",
    cli="governance publish-description AGENT_ID",
)
def publish_description(context: CommandContext, request: PublishDescription) -> Outcome[DescriptionPublished]:
    """Show what an agent is for, what it may do and who answers for what to anybody, or stop showing it.

    Raises:
        NotDescribedError: It is a customer's, or does not live.
    """
    row = load_agent(context.session, request.agent_id, for_change=True)
    if row.customer_id is not None or row.environment != Environment.LIVE:
        raise NotDescribedError(f"The agent {row.name} is a customer's, or is not live.")
    result = DescriptionPublished(
        agent_id=row.agent_id, is_public=request.is_public, path=description_path(row.name) if request.is_public else ""
    )
    if (row.described_at is not None) == request.is_public:
        return Outcome(result=result, entry=None)
    row.described_at = context.now if request.is_public else None
    entry = EvidenceDraft(
        kind=(DESCRIPTION_PUBLISHED if request.is_public else DESCRIPTION_HIDDEN).name,
        subject_type="agent",
        subject_id=row.agent_id,
        payload={
            "name": row.name,
            "version": row.version,
            "publisher_duties": row.publisher_duties,
            "customer_duties": row.customer_duties,
        },
    )
    return Outcome(result=result, entry=entry)


def description_path(name: str) -> str:
    """Return where anybody reads the description of an agent."""
    return f"/about/agents/{name}"
