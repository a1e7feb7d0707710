"""The kinds of evidence entry that approvals record, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"governance.{name}", sentence=sentence)


APPROVAL_GIVEN = _kind("approval_given/1", "A call of {tool} by {agent} was approved.")
APPROVAL_REFUSED = _kind("approval_refused/1", "A call of {tool} by {agent} was refused: {reason}")
APPROVAL_CANCELLED = _kind("approval_cancelled/1", "The question about a call of {tool} was taken back: {reason}")
STANDING_GRANTED = _kind("standing_granted/1", "{agent} may call {tool} {daily_limit} times a day without being asked.")
STANDING_REVOKED = _kind("standing_revoked/1", "The standing approval for {tool} was taken back.")
