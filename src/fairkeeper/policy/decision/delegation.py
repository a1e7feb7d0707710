"""Delegation: an agent's authority is its own permits, narrowed by every link from the person to it; never more.

A delegation is bound to one task and one agent, and has an end. A chain holds only as long as each of its links does.
"""

from __future__ import annotations

from datetime import datetime

from fairkeeper.policy.decision.facts import Basis, Call, DelegationFacts, Moment
from fairkeeper.policy.decision.reasons import Reason, Refused


def follow_delegation(call: Call, basis: Basis, moment: Moment) -> None:
    """Check the chain from a person to this agent.

    Raises:
        Refused: It does not hold, is another's, is too long, or does not include the tool.
    """
    if call.delegation_id is None:
        if call.person is not None or not basis.agent.acts_alone:
            raise Refused(Reason.DELEGATION_MISSING)
        return
    chain = moment.chain
    if not chain or chain[-1].id != call.delegation_id:
        raise Refused(Reason.DELEGATION_UNKNOWN)
    if len(chain) - 1 > basis.agent.chain_limit:
        raise Refused(Reason.DELEGATION_TOO_DEEP, f"{len(chain) - 1} above {basis.agent.chain_limit}")
    person = chain[0].person
    if chain[-1].to_agent_id != basis.agent.id or (call.person is not None and call.person != person):
        raise Refused(Reason.DELEGATION_OF_ANOTHER_TASK)
    for link in chain:
        _follow_link(call, basis, link, moment.at)


def _follow_link(call: Call, basis: Basis, link: DelegationFacts, at: datetime) -> None:
    if link.task_id != call.task_id:
        raise Refused(Reason.DELEGATION_OF_ANOTHER_TASK, link.id)
    if link.revoked_at is not None or at >= link.ends_at:
        raise Refused(Reason.DELEGATION_ENDED, link.id)
    if link.tools is not None and basis.tool.name not in link.tools:
        raise Refused(Reason.DELEGATION_EXCEEDED, link.id)
