"""Remembers which alerts were told, so that each is told once: the urgent ones at once, the rest with a digest."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.opportunities.actions.evidence_kinds import ALERTS_TOLD
from fairkeeper.opportunities.tables import AlertRow


class RecordTold(OperationInput):
    """Which alerts, and where."""

    alert_ids: tuple[str, ...] = Field(max_length=200, description="The alerts.")
    channel: str = Field(max_length=20, description="Where they were told.")


@internal_command("opportunities.record_told", evidence=(ALERTS_TOLD,))
def record_told(context: CommandContext, request: RecordTold) -> Outcome[int]:
    """Remember that alerts were told; one that was told before stays as it was."""
    told = []
    for key in request.alert_ids:
        row = context.session.get(AlertRow, key, with_for_update=True)
        if row is not None and row.told_at is None:
            row.told_at = context.now
            told.append(row.id)
    if not told:
        return Outcome(result=0, entry=None)
    entry = EvidenceDraft(
        kind=ALERTS_TOLD.name,
        subject_type="alerts",
        subject_id=request.channel,
        payload={"count": len(told), "channel": request.channel, "alerts": [str(each) for each in told]},
    )
    return Outcome(result=len(told), entry=entry)


OPERATIONS = (record_told,)
