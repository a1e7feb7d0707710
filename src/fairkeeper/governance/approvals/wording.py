"""What people are told of approvals by mail and Teams: that something waits, and where; never the way to approve it."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.telling import MessageTemplate, message_templates

APPROVAL_WAITS: Final = message_templates.declare(
    MessageTemplate(
        code="governance.approval_waits",
        title="An agent waits for an approval",
        subject="{agent} asks: {tool}",
        text=(
            "The agent {agent} wants to call {tool} and waits for a person. Open the page to see exactly what would "
            "happen; it cannot be answered from here."
        ),
    )
)
