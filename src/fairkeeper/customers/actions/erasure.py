"""Takes away what names people or was said about them, when a subscription's retention is over.

Shared by the actions. What stays is what the erased receipt says: headers of evidence, receipts, what the books need.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.customers.path.landing import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.path.receipts import ErasedThing
from fairkeeper.customers.ports import DataToErase
from fairkeeper.customers.store import forget_people
from fairkeeper.customers.tables import (
    ClaimRow,
    CustomerRow,
    JobRow,
    LandingAnswerRow,
    NoticeRow,
    ReminderRow,
    SubscriptionRow,
)
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.actions import erase_payloads
from fairkeeper.evidence.tables import EntryRow

ERASED_AT_ONCE = 500
"""Payloads in one transaction, so that others are not held up."""


def erase_some_payloads(session: Session, row: SubscriptionRow, *, now: datetime) -> bool:
    """Erase payloads of the evidence about a subscription, of all the customer's with its last one.

    Returns:
        Whether there may be more; call again, in another transaction.
    """
    subject_id = None if is_last_subscription(session, row) else row.subscription_id
    erased = erase_payloads(session, row.customer_id, subject_id=subject_id, now=now, limit=ERASED_AT_ONCE)
    return erased == ERASED_AT_ONCE


def erase_subscription(context: CommandContext, row: SubscriptionRow) -> list[ErasedThing]:
    """Erase what is kept of one subscription, in the command's transaction; return what it was."""
    session, subscription_id = context.session, row.subscription_id
    # What was recorded since the last piece; far fewer than fit at once.
    erase_some_payloads(session, row, now=context.now)
    bodies = session.scalars(
        select(NoticeRow).where(NoticeRow.subscription_id == subscription_id, NoticeRow.body.is_not(None))
    ).all()
    for notice in bodies:
        notice.body = None
    for job in session.scalars(select(JobRow).where(JobRow.subscription_id == subscription_id)):
        job.message = None
    claims = session.scalars(select(ClaimRow).where(ClaimRow.subscription_id == subscription_id)).all()
    for claim in claims:
        session.delete(claim)
    answers = session.scalars(select(LandingAnswerRow).where(LandingAnswerRow.subscription_id == subscription_id)).all()
    for answer in answers:
        session.delete(answer)
    session.execute(delete(ReminderRow).where(ReminderRow.subject_id == subscription_id))
    _forget_errors(session, row, also_failed=False)
    contacts = sum(text is not None for text in (row.beneficiary_email, row.purchaser_email))
    forget_people(row)
    row.provisioning_note, row.operation_note = None, None
    return [
        ErasedThing(kind="webhook_body", count=len(bodies), erased_by="fairkeeper"),
        ErasedThing(kind="claim", count=len(claims), erased_by="fairkeeper"),
        *([ErasedThing(kind="landing_answer", count=len(answers), erased_by="fairkeeper")] if answers else []),
        ErasedThing(kind="evidence_payload", count=_erased_payloads(session, row), erased_by="fairkeeper"),
        ErasedThing(kind="buyer_contact", count=contacts, erased_by="fairkeeper"),
    ]


def erase_customer(context: CommandContext, row: SubscriptionRow) -> tuple[ErasedThing, ...]:
    """Erase what belongs to the customer as a whole, with its last subscription; return what it was.

    Whose personal account it was is forgotten too: whoever comes back is a new customer. A company's tenant stays.
    """
    session = context.session
    session.execute(delete(ReminderRow).where(ReminderRow.customer_id == row.customer_id))
    session.execute(delete(IdempotencyRow).where(IdempotencyRow.customer_id == row.customer_id))
    _forget_errors(session, row, also_failed=True)
    customer = session.get(CustomerRow, row.customer_id, with_for_update=True, populate_existing=True)
    if customer is not None and customer.tenant_id == PERSONAL_ACCOUNTS_TENANT:
        customer.object_id, customer.name = customer.customer_id, "Personal account"
    return context.ports.of(DataToErase).erase(session, row.customer_id, now=context.now)


def is_last_subscription(session: Session, row: SubscriptionRow) -> bool:
    """Return whether nothing else of the customer's is kept, so that the customer's own data goes too.

    A subscription that had ended before it was ever seen here holds nothing, and keeps nothing.
    """
    others = session.scalars(
        select(func.count())
        .select_from(SubscriptionRow)
        .where(
            SubscriptionRow.customer_id == row.customer_id,
            SubscriptionRow.subscription_id != row.subscription_id,
            SubscriptionRow.provisioning != ProvisioningState.ERASED.value,
            or_(
                SubscriptionRow.provisioning != ProvisioningState.NONE.value,
                SubscriptionRow.status.is_(None),
                SubscriptionRow.status != CommercialStatus.UNSUBSCRIBED.value,
            ),
        )
    ).one()
    return others == 0


def _erased_payloads(session: Session, row: SubscriptionRow) -> int:
    statement = (
        select(func.count())
        .select_from(EntryRow)
        .where(EntryRow.customer_id == row.customer_id, EntryRow.erased_at.is_not(None))
    )
    if not is_last_subscription(session, row):
        statement = statement.where(EntryRow.subject_id == row.subscription_id)
    return session.scalars(statement).one()


def _forget_errors(session: Session, row: SubscriptionRow, *, also_failed: bool) -> None:
    """Forget what was said when background work for the customer failed; work given up still waits for somebody."""
    statement = update(TaskRow).where(TaskRow.customer_id == row.customer_id, TaskRow.last_error.is_not(None))
    if not also_failed:
        statement = statement.where(TaskRow.state != TaskState.FAILED)
    session.execute(statement.values(last_error=None).execution_options(synchronize_session=False))
