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

APPROVALS_WAIT: Final = message_templates.declare(
    MessageTemplate(
        code="governance.approvals_wait",
        title="Many approvals are waited for",
        subject="{count} questions of agents wait for a person",
        text=(
            "{count} calls of agents wait for a person, the last one asked by {agent}; for the next hour no single one "
            "is told of. Open the list to see exactly what would happen; nothing can be answered from here."
        ),
    )
)
