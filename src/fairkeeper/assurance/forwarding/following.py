"""A receiver that keeps failing is put before somebody; once it takes events again, that is taken away.

A look a quarter of an hour after the first failure, and one when it works again; each finds out for itself how it is.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, internal_command
from fairkeeper.assurance.tables import EventDestinationRow
from fairkeeper.customers.actions.reminders import Raising, close_reminders, raise_reminder
from fairkeeper.values.findings import FindingKind, Level, finding_kinds

FOLLOW_RECEIVER: Final = "assurance.follow_receiver"
PATIENCE: Final = timedelta(minutes=15)
RECEIVER_FAILING: Final = finding_kinds.declare(
    FindingKind(
        code="assurance.receiver_failing",
        level=Level.WARNING,
        title="A security system does not take the events that it is sent",
        remedy="Look at the receiver; delivery goes on where it stopped, and nothing is lost meanwhile.",
        resource="blog-securing-agents",
        example="SIEM answers 503 since 22 Nov 2026 09:01 UTC",
    )
)


class FollowReceiver(OperationInput):
    """Which destination."""

    destination_id: str = Field(max_length=40, description="The destination's id.")


@internal_command(FOLLOW_RECEIVER, evidence=())
def follow_receiver(context: CommandContext, request: FollowReceiver) -> Outcome[bool]:
    """Put a receiver that still fails before somebody, or take that away; return whether it fails."""
    row = context.session.get(EventDestinationRow, request.destination_id)
    if row is None:
        return Outcome(result=False, entry=None)
    since = row.failing_since
    if since is None or row.ended_at is not None:
        why = "It takes events again." if row.ended_at is None else "It was ended."
        close_reminders(context, row.destination_id, (RECEIVER_FAILING.code,), why=why)
        return Outcome(result=False, entry=None)
    if context.now - since >= PATIENCE:
        finding = RECEIVER_FAILING.found(
            f"{row.name} takes no events since {since:%d %b %Y %H:%M} UTC: {row.last_error or 'no answer'}",
            subject=row.destination_id,
        )
        how = Raising(comes_back=False, owner_role="security", about=row.name, href="/assurance/destinations")
        raise_reminder(context, finding, None, how)
    return Outcome(result=True, entry=None)
