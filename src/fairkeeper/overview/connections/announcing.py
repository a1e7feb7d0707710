"""Says in time that a credential of ours ends: 60, 30 and 7 days ahead, each once, to those who can replace it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

from pydantic import Field

from fairkeeper.action.operation import CommandContext, Operation, OperationInput, Outcome, internal_command
from fairkeeper.action.telling import MessageTemplate, Telling, Urgency, message_templates, tell

ANNOUNCED_DAYS: Final = (60, 30, 7)
EXPIRES: Final = message_templates.declare(
    MessageTemplate(
        code="connections.credential_expires",
        title="A credential for Microsoft ends",
        subject="The {credential} for Microsoft ends on {on}",
        text="The {credential} by which Fairkeeper proves itself to Microsoft Entra ends on {on}, in {days} days. "
        "After that nothing can be activated, answered or metered.\n\nMake a new one in the Entra admin center, "
        "set it beside the old one (two may overlap), and start the server again.",
    )
)


class AnnounceExpiry(OperationInput):
    """Which credential, and when it ends."""

    credential: str = Field(max_length=60, description="In words.")
    expires_on: date = Field(description="Its last day.")


@internal_command("overview.announce_expiry", evidence=())
def announce_expiry(context: CommandContext, request: AnnounceExpiry) -> Outcome[bool]:
    """Let those who run the platform hear that a credential ends; each step once, the nearest one urgently."""
    left = (request.expires_on - context.now.date()).days
    step = step_of(left)
    if step is None:
        return Outcome(result=False, entry=None)
    told = Telling(
        template=EXPIRES,
        key=f"{request.credential}:{request.expires_on}:{step}",
        to="platform",
        urgency=Urgency.URGENT if step == min(ANNOUNCED_DAYS) else Urgency.DIGEST,
        values={"credential": request.credential, "on": f"{request.expires_on:%d %b %Y}", "days": str(max(left, 0))},
        href="/settings/connections",
        due_at=datetime.combine(request.expires_on, time(), UTC),
    )
    return Outcome(result=tell(context, told), entry=None)


def step_of(days: int) -> int | None:
    """Return which announcement is due with so many days left; None while the end is far.

    Example:
        >>> [step_of(days) for days in (61, 60, 31, 30, 8, 7, 0, -3)]
        [None, 60, 60, 30, 30, 7, 7, 7]
    """
    return min((step for step in ANNOUNCED_DAYS if days <= step), default=None)


OPERATIONS: tuple[Operation, ...] = (announce_expiry,)
