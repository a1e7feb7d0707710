"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"governance.{name}", sentence=sentence)


CALL_ALLOWED = _kind("call_allowed/1", "{agent} may call {tool}: {reason}.")
CALL_WAITS = _kind("call_waits/1", "{agent} wants to call {tool}; a person has to approve.")
CALL_REFUSED = _kind("call_refused/1", "{agent} may not call {tool}: {reason}.")
NEVER_ATTEMPTED = _kind("never_attempted/1", "{agent} tried to call {tool}, which is never permitted: {reason}.")
DECISIONS = (CALL_ALLOWED, CALL_WAITS, CALL_REFUSED, NEVER_ATTEMPTED)

OUTCOME_RECORDED = _kind("outcome_recorded/1", "The call of {tool} ended: {outcome}.")
TASK_ENDORSED = _kind("task_endorsed/1", "A person endorsed what had reached the task: {why}")
REVIEWED = _kind("call_reviewed/1", "A call was reviewed: {verdict}. {note}")

AGENT_REGISTERED = _kind("agent_registered/1", "The agent {name} was registered for {environment}.")
AGENT_CHANGED = _kind("agent_changed/1", "The agent {name} was changed: {fields}.")
DESCRIPTION_PUBLISHED = _kind("description_published/1", "Anybody may read now what the agent {name} is for.")
DESCRIPTION_HIDDEN = _kind("description_hidden/1", "The description of the agent {name} is no longer public.")
AGENT_PROMOTED = _kind("agent_promoted/1", "The agent {name} was promoted from {before} to {environment}.")
USE_PROPOSED = _kind("use_proposed/1", "The intended use {title} was proposed.")
USE_APPROVED = _kind("use_approved/1", "The intended use {title} was approved.")
USE_WITHDRAWN = _kind("use_withdrawn/1", "The intended use {title} was withdrawn: {why}")
TOOL_REGISTERED = _kind("tool_registered/1", "The tool {name} was registered for {environment}.")
MANIFEST_CHANGED = _kind("manifest_changed/1", "The description of {name} changed; its calls are refused.")
MANIFEST_APPROVED = _kind("manifest_approved/1", "The changed description of {name} was approved.")
PERMIT_GRANTED = _kind("permit_granted/1", "{tool} was permitted to {agent} in the lane {lane}.")
PERMIT_ENDED = _kind("permit_ended/1", "The permit for {tool} was ended.")
DATA_GRANTED = _kind("data_granted/1", "Access to {data_class} was granted until {ends_at}.")
DATA_REVOKED = _kind("data_revoked/1", "Access to {data_class} was taken back: {why}")
LIMIT_SET = _kind("limit_set/1", "A limit of {maximum} {meter} in each {span} was set on this {scope}.")
LIMIT_ENDED = _kind("limit_ended/1", "A limit was ended.")
DELEGATED = _kind("authority_delegated/1", "Authority for the task was delegated to {agent}.")
DELEGATION_ENDED = _kind("delegation_ended/1", "A delegation was taken back.")
CONTAINED = _kind("contained/1", "This {scope} is now {state}: {reason}")
CONTAINMENT_LIFTED = _kind("containment_lifted/1", "The hold on this {scope} was lifted: {why}")
