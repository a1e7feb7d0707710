"""Every reason a decision can have, each distinct, in the order in which they are looked for."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Reason(StrEnum):
    """Why a decision came out as it did."""

    # --- authenticate
    CALLER_UNKNOWN = "caller_unknown"
    CALLER_REVOKED = "caller_revoked"
    CALLER_MAY_NOT_ASK = "caller_may_not_ask"
    CALLER_IS_NOT_THE_AGENT = "caller_is_not_the_agent"
    # --- tenant match
    AGENT_UNKNOWN = "agent_unknown"
    TOOL_UNKNOWN = "tool_unknown"
    ACTION_UNKNOWN = "action_unknown"
    ANOTHER_CUSTOMER = "another_customer"
    RESOURCE_OF_ANOTHER_CUSTOMER = "resource_of_another_customer"
    LABELS_OF_ANOTHER_CUSTOMER = "labels_of_another_customer"
    WRONG_ENVIRONMENT = "wrong_environment"
    DELEGATION_UNKNOWN = "delegation_unknown"
    # --- standing and containment
    CUSTOMER_MAY_NOT_ACT = "customer_may_not_act"
    EVERYTHING_CONTAINED = "everything_contained"
    CUSTOMER_CONTAINED = "customer_contained"
    AGENT_CONTAINED = "agent_contained"
    TOOL_CONTAINED = "tool_contained"
    OUTSIDE_PROFILE = "outside_profile"
    # --- delegation and use
    DELEGATION_MISSING = "delegation_missing"
    DELEGATION_ENDED = "delegation_ended"
    DELEGATION_OF_ANOTHER_TASK = "delegation_of_another_task"
    DELEGATION_TOO_DEEP = "delegation_too_deep"
    DELEGATION_EXCEEDED = "delegation_exceeded"
    USE_UNKNOWN = "use_unknown"
    USE_NOT_APPROVED = "use_not_approved"
    USE_WITHDRAWN = "use_withdrawn"
    # --- schema and arguments
    MANIFEST_CHANGED = "manifest_changed"
    ARGUMENTS_NOT_EXACT = "arguments_not_exact"
    ARGUMENTS_REFUSED = "arguments_refused"
    # --- data and policies
    DATA_NOT_GRANTED = "data_not_granted"
    GRANT_ENDED = "grant_ended"
    FORBIDDEN = "forbidden"
    POLICY_ERROR = "policy_error"
    NO_DECISION = "no_decision"
    ENGINE_FAILED = "engine_failed"
    RESPONSE_BLOCKS = "response_blocks"
    # --- information flow
    FLOW_UNTRUSTED = "flow_untrusted"
    FLOW_TOO_SENSITIVE = "flow_too_sensitive"
    # --- lane and limits
    NOT_PERMITTED = "not_permitted"
    PERMIT_ENDED = "permit_ended"
    AMOUNT_UNKNOWN = "amount_unknown"
    LIMIT_REACHED = "limit_reached"
    APPROVAL_NEEDED = "approval_needed"
    APPROVAL_UNKNOWN = "approval_unknown"
    APPROVAL_PENDING = "approval_pending"
    APPROVAL_DENIED = "approval_denied"
    APPROVAL_OF_ANOTHER_CALL = "approval_of_another_call"
    APPROVAL_STALE = "approval_stale"
    APPROVAL_ENDED = "approval_ended"
    APPROVAL_CONSUMED = "approval_consumed"
    # --- the record
    TIMED_OUT = "timed_out"
    NOT_RECORDED = "not_recorded"
    FAILED = "failed"
    # --- yes
    PERMITTED = "permitted"
    APPROVED = "approved"


SENTENCES: Final = MappingProxyType(
    {
        Reason.CALLER_UNKNOWN: "Nobody has proved who is asking.",
        Reason.CALLER_REVOKED: "The credentials were revoked or have expired.",
        Reason.CALLER_MAY_NOT_ASK: "The roles of whoever asks do not include asking for decisions.",
        Reason.CALLER_IS_NOT_THE_AGENT: "Whoever asks does not speak for this agent.",
        Reason.AGENT_UNKNOWN: "There is no such agent here.",
        Reason.TOOL_UNKNOWN: "There is no such tool here.",
        Reason.ACTION_UNKNOWN: "Tools can only be called.",
        Reason.ANOTHER_CUSTOMER: "The request names another customer than the agent's.",
        Reason.RESOURCE_OF_ANOTHER_CUSTOMER: "The call touches a thing of another customer.",
        Reason.LABELS_OF_ANOTHER_CUSTOMER: "Data of another customer has reached this call.",
        Reason.WRONG_ENVIRONMENT: "Agent, tool and request are not of one environment.",
        Reason.DELEGATION_UNKNOWN: "There is no such delegation here.",
        Reason.CUSTOMER_MAY_NOT_ACT: "The customer's agents may not act now.",
        Reason.EVERYTHING_CONTAINED: "Everything is held.",
        Reason.CUSTOMER_CONTAINED: "All agents of this customer are held.",
        Reason.AGENT_CONTAINED: "The agent is held.",
        Reason.TOOL_CONTAINED: "The tool is held.",
        Reason.OUTSIDE_PROFILE: "What is held leaves only a narrower profile, and this is outside it.",
        Reason.DELEGATION_MISSING: "The agent acts only for people, and nobody has delegated this task to it.",
        Reason.DELEGATION_ENDED: "The delegation has ended or was taken back.",
        Reason.DELEGATION_OF_ANOTHER_TASK: "The delegation is for another task, agent or person.",
        Reason.DELEGATION_TOO_DEEP: "More agents stand between the person and this call than may.",
        Reason.DELEGATION_EXCEEDED: "The delegation does not include this tool.",
        Reason.USE_UNKNOWN: "The call names no intended use of this agent.",
        Reason.USE_NOT_APPROVED: "The intended use has not been approved.",
        Reason.USE_WITHDRAWN: "The intended use was withdrawn.",
        Reason.MANIFEST_CHANGED: "The tool's description differs from the one that was approved.",
        Reason.ARGUMENTS_NOT_EXACT: "The arguments hold what has no exact spelling, such as NaN.",
        Reason.ARGUMENTS_REFUSED: "The arguments do not fit the tool's schema.",
        Reason.DATA_NOT_GRANTED: "The call touches data that its owner has not granted to this use.",
        Reason.GRANT_ENDED: "The grant to the data has ended or was taken back.",
        Reason.FORBIDDEN: "A policy forbids it; nothing lifts that.",
        Reason.POLICY_ERROR: "A policy could not be evaluated; it may have been a forbid.",
        Reason.NO_DECISION: "The request does not fit the policies' schema.",
        Reason.ENGINE_FAILED: "The policies could not be asked.",
        Reason.RESPONSE_BLOCKS: "Severity, reversibility and impact together ask for a block.",
        Reason.FLOW_UNTRUSTED: "Untrusted content has reached this call, and the tool takes none.",
        Reason.FLOW_TOO_SENSITIVE: "More sensitive data has reached this call than the tool may take.",
        Reason.NOT_PERMITTED: "Nobody has permitted it yet; it may be asked for.",
        Reason.PERMIT_ENDED: "The permit has ended.",
        Reason.AMOUNT_UNKNOWN: "A limit on money applies, and the call does not say what it is worth.",
        Reason.LIMIT_REACHED: "A limit is reached.",
        Reason.APPROVAL_NEEDED: "A person has to approve exactly this call.",
        Reason.APPROVAL_UNKNOWN: "There is no such approval here.",
        Reason.APPROVAL_PENDING: "The approval has not been answered yet.",
        Reason.APPROVAL_DENIED: "The approval was denied or cancelled.",
        Reason.APPROVAL_OF_ANOTHER_CALL: "The approval was given for another call.",
        Reason.APPROVAL_STALE: "The policies have changed since the approval was asked for.",
        Reason.APPROVAL_ENDED: "The approval has expired.",
        Reason.APPROVAL_CONSUMED: "The approval was used already.",
        Reason.TIMED_OUT: "It could not be decided in time.",
        Reason.NOT_RECORDED: "The decision could not be recorded, so the answer is no.",
        Reason.FAILED: "Something failed while deciding.",
        Reason.PERMITTED: "It is permitted.",
        Reason.APPROVED: "A person approved exactly this call.",
    }
)
"""What a person reads."""


class Refused(Exception):  # noqa: N818 - not an error but an answer on its way out
    """Carries the reason out of the step that found it."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail[:300]
