"""Takes out of rows about calls what they carried and whom they name; the record itself is erased where evidence is.

What stays says that there was a call, of which tool, when, and what was decided: a count, not a content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow, StandingApprovalRow
from fairkeeper.governance.tables import DecisionRow, DelegationRow, ReviewRow
from fairkeeper.policy.decision.labels import NO_LABELS, labels_to_json
from fairkeeper.policy.decision.record import omitted
from fairkeeper.values.ids import CustomerId

ERASED: Final = "erased"
_NOTHING: Final = json.dumps(omitted(ERASED))
_NO_LABELS: Final = json.dumps({**labels_to_json(NO_LABELS), "follows": []}, sort_keys=True)


def forget_calls(session: Session, decision_ids: Sequence[str]) -> None:
    """Forget what these calls carried, in the caller's transaction; a question about one that waits is taken back."""
    _set(session, DecisionRow, DecisionRow.decision_id.in_(decision_ids), person_id=None, task_id=None, detail="")
    _set(session, ReviewRow, ReviewRow.decision_id.in_(decision_ids), note=None)
    _forget_approvals(session, ApprovalRow.decision_id.in_(decision_ids))


def forget_approvals_of(session: Session, customer_id: CustomerId) -> int:
    """Forget what a customer's approvals carried, and what standing ones ask for; return how many there were."""
    standing = _set(
        session, StandingApprovalRow, StandingApprovalRow.customer_id == customer_id, where="{}", reason=ERASED
    )
    return standing + _forget_approvals(session, ApprovalRow.customer_id == customer_id)


def forget_person(session: Session, customer_id: CustomerId | None, person_id: str) -> list[str]:
    """Take one person out of rows about calls; return the decisions that were made for that person."""
    own = DecisionRow.customer_id.is_not_distinct_from(customer_id), DecisionRow.person_id == person_id
    decisions = list(session.scalars(select(DecisionRow.decision_id).where(*own)))
    for some in _pieces(decisions):
        forget_calls(session, some)
    _forget_approvals(
        session, ApprovalRow.customer_id.is_not_distinct_from(customer_id), ApprovalRow.person_id == person_id
    )
    _set(
        session,
        DelegationRow,
        DelegationRow.customer_id.is_not_distinct_from(customer_id),
        DelegationRow.person_id == person_id,
        person_id=None,
        person_issuer=None,
    )
    return decisions


def forget_ended_delegations(session: Session, customer_id: CustomerId | None, before: datetime) -> None:
    """Take people out of delegations that ended before an instant; one that still runs needs to know for whom."""
    _set(
        session,
        DelegationRow,
        DelegationRow.customer_id.is_not_distinct_from(customer_id),
        DelegationRow.ends_at < before,
        person_id=None,
        person_issuer=None,
    )


def _pieces(ids: Sequence[str], size: int = 500) -> Iterable[Sequence[str]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))


def _forget_approvals(session: Session, *where: ColumnElement[bool]) -> int:
    asked = select(ApprovalRow.approval_id).where(*where)
    _set(session, ApprovalAnswerRow, ApprovalAnswerRow.approval_id.in_(asked), reason=ERASED)
    _set(session, ApprovalRow, *where, ApprovalRow.state.in_(("pending", "approved")), state="cancelled")
    return _set(
        session,
        ApprovalRow,
        *where,
        arguments=_NOTHING,
        resources="[]",
        labels=_NO_LABELS,
        task_id=None,
        person_id=None,
        person_issuer=None,
    )


def _set(session: Session, table: Any, *where: ColumnElement[bool], **values: Any) -> int:
    statement = update(table).where(*where).values(**values).execution_options(synchronize_session=False)
    return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]
