"""Everything that is done with approvals, as one list for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.governance.approvals.answering import answer_approval, cancel_approval
from fairkeeper.governance.approvals.queries import list_approvals, list_standing, show_approval
from fairkeeper.governance.approvals.standing import grant_standing, revoke_standing
from fairkeeper.governance.approvals.telling import tell_approval

OPERATIONS: Final[tuple[Operation, ...]] = (
    list_approvals,
    show_approval,
    answer_approval,
    cancel_approval,
    list_standing,
    grant_standing,
    revoke_standing,
    tell_approval,
)
