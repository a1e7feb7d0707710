"""From rows to views: standing, path, answer and deadlines of subscriptions, read together and not one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from fairkeeper.action.operation import QueryContext
from fairkeeper.customers.path.clocks import ASKS_NOTHING, Deadline, OpenChange, deadlines
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.path.standing import Standing, may_act
from fairkeeper.customers.path.steps import PathStep, StepState, path
from fairkeeper.customers.ports import ConsentStanding, Retention
from fairkeeper.customers.store import clock_facts_of_row, open_changes_of, standing_of_row
from fairkeeper.customers.tables import ClaimRow, CustomerRow, JobRow, LandingAnswerRow, OperationRow, SubscriptionRow
from fairkeeper.customers.views import (
    DeadlineView,
    JobLine,
    LandingAnswer,
    OperationLine,
    SubscriptionDetail,
    SubscriptionLine,
)
from fairkeeper.values.ids import SubscriptionId

CLOCK_COLUMNS = (
    SubscriptionRow.subscription_id,
    SubscriptionRow.customer_id,
    SubscriptionRow.status,
    SubscriptionRow.provisioning,
    SubscriptionRow.bought_at,
    SubscriptionRow.suspended_at,
    SubscriptionRow.unsubscribed_at,
    SubscriptionRow.retention_started_at,
    SubscriptionRow.term_end_on,
    SubscriptionRow.term_unit,
    SubscriptionRow.auto_renew,
)
"""What the clocks of a subscription are read from: a quarter of its row, which is most of the time for thousands."""

STANDING_COLUMNS = (
    SubscriptionRow.subscription_id,
    SubscriptionRow.customer_id,
    SubscriptionRow.status,
    SubscriptionRow.status_text,
    SubscriptionRow.status_since_at,
    SubscriptionRow.provisioning,
    SubscriptionRow.provisioning_since_at,
    SubscriptionRow.provisioning_note,
    SubscriptionRow.operation,
    SubscriptionRow.operation_since_at,
    SubscriptionRow.operation_note,
    SubscriptionRow.bought_at,
    SubscriptionRow.activated_at,
    SubscriptionRow.ready_at,
    SubscriptionRow.stopped_at,
    SubscriptionRow.erased_at,
    SubscriptionRow.read_at,
)
"""What the four machines of a subscription are read from."""

_LIVELINESS = {
    CommercialStatus.SUBSCRIBED.value: 0,
    CommercialStatus.PENDING_FULFILLMENT_START.value: 1,
    CommercialStatus.SUSPENDED.value: 2,
    None: 3,
    CommercialStatus.NOT_STARTED.value: 4,
    CommercialStatus.UNSUBSCRIBED.value: 5,
}


def liveliest_first(rows: Sequence[SubscriptionRow]) -> list[SubscriptionRow]:
    """Return subscriptions in the order in which a person wants to see them."""
    newest_first = sorted(rows, key=lambda row: (row.bought_at or row.read_at, row.subscription_id), reverse=True)
    return sorted(newest_first, key=lambda row: _LIVELINESS.get(row.status, 3))


def plain_rows(
    session: Session, columns: Sequence[InstrumentedAttribute[Any]], *wanted: ColumnElement[bool]
) -> Sequence[SubscriptionRow]:
    """Return subscriptions as plain rows with these columns alone, to be read and not to be changed.

    For a thousand of them that takes a third of the time of objects that the session watches (measured 2026-11-28).
    """
    rows = session.execute(select(*columns).where(*wanted)).all()
    return cast("Sequence[SubscriptionRow]", rows)


def running_of(
    context: QueryContext, row: SubscriptionRow, changes: tuple[OpenChange, ...] = ()
) -> tuple[Deadline, ...]:
    """Return the deadlines that run for a subscription, the nearest first; of the row only `CLOCK_COLUMNS` are read."""
    facts = clock_facts_of_row(row, changes, retention_days=context.ports.of(Retention).days)
    return deadlines(facts, context.now)


def standings_of(context: QueryContext, rows: Sequence[SubscriptionRow]) -> dict[str, Standing]:
    """Return the four machines of subscriptions, by id; consent is asked once for all of them."""
    marks = context.ports.of(ConsentStanding).standings_of(context.session, [row.subscription_id for row in rows])
    found: dict[str, Standing] = {row.subscription_id: standing_of_row(row, marks[row.subscription_id]) for row in rows}
    if _is_for_staff(context):
        return found
    return {
        key: replace(standing, provisioning=replace(standing.provisioning, note=None))
        for key, standing in found.items()
    }


def _is_for_staff(context: QueryContext) -> bool:
    """Say whether what the publisher's systems wrote for the publisher may be quoted: not to a customer's people."""
    return context.principal.customer_id is None


def _first(running: Sequence[Deadline]) -> Deadline:
    """Return the next deadline for which somebody can do something; the nearest if there is none such."""
    return next((deadline for deadline in running if deadline.name not in ASKS_NOTHING), running[0])


def place_of(standing: Standing) -> PathStep:
    """Return the step at which a subscription stands: what is broken before what goes on."""
    steps = path(standing)
    broken = next((step for step in steps if step.state is StepState.BROKEN), None)
    return broken or next((step for step in steps if step.state is StepState.NOW), steps[-1])


def line_of(context: QueryContext, customer: CustomerRow, row: SubscriptionRow, standing: Standing) -> SubscriptionLine:
    """Return a subscription as a line of a list, without what would need another question to the database."""
    answer = may_act(standing)
    running = running_of(context, row)
    return SubscriptionLine(
        subscription_id=row.subscription_id,
        customer_id=customer.customer_id,
        customer_slug=customer.slug,
        customer_name=customer.name,
        offer_id=row.offer_id,
        plan_id=row.plan_id,
        quantity=row.quantity,
        status=row.status_text,
        provisioning=row.provisioning,
        operation=row.operation,
        consent=standing.consent.state.value,
        allowed=answer.allowed,
        reason=answer.reasons[0].sentence if answer.reasons else "",
        bought_at=row.bought_at,
        term_end_on=row.term_end_on,
        next_deadline=deadline_view(customer, row, _first(running)) if running else None,
    )


def details_of(
    context: QueryContext, customer: CustomerRow, rows: Sequence[SubscriptionRow]
) -> tuple[SubscriptionDetail, ...]:
    """Return subscriptions of one customer in full, the liveliest first."""
    ids = [row.subscription_id for row in rows]
    changes = open_changes_of(context.session, ids)
    jobs = context.session.scalars(
        select(JobRow).where(JobRow.subscription_id.in_(ids)).order_by(JobRow.asked_at.desc(), JobRow.request_id)
    ).all()
    operations = context.session.scalars(
        select(OperationRow).where(OperationRow.subscription_id.in_(ids)).order_by(OperationRow.asked_at.desc())
    ).all()
    standings = standings_of(context, rows)
    waiting = Counter(
        context.session.scalars(
            select(ClaimRow.subscription_id).where(ClaimRow.subscription_id.in_(ids), ClaimRow.is_confirmed.is_(False))
        )
    )
    details = tuple(
        _detail(
            context,
            customer,
            row,
            standing=standings[row.subscription_id],
            running=running_of(context, row, changes.get(row.subscription_id, ())),
            jobs=tuple(_job(context, job) for job in jobs if job.subscription_id == row.subscription_id),
            operations=tuple(_operation(o) for o in operations if o.subscription_id == row.subscription_id),
        )
        for row in liveliest_first(rows)
    )
    answers: dict[str, list[LandingAnswer]] = {}
    for row in context.session.scalars(
        select(LandingAnswerRow).where(LandingAnswerRow.subscription_id.in_(ids)).order_by(LandingAnswerRow.place)
    ):
        said = LandingAnswer(name=row.name, label=row.label, value=row.value)
        answers.setdefault(row.subscription_id, []).append(said)
    return tuple(
        replace(
            each,
            waiting_claims=waiting[SubscriptionId(each.line.subscription_id)],
            answers=tuple(answers.get(each.line.subscription_id, ())),
        )
        for each in details
    )


def _detail(  # noqa: PLR0913 - the parts of one view, read together above
    context: QueryContext,
    customer: CustomerRow,
    row: SubscriptionRow,
    *,
    standing: Standing,
    running: tuple[Deadline, ...],
    jobs: tuple[JobLine, ...],
    operations: tuple[OperationLine, ...],
) -> SubscriptionDetail:
    retention = timedelta(days=context.ports.of(Retention).days)
    keeps = row.retention_started_at is not None and row.provisioning != ProvisioningState.ERASED
    return SubscriptionDetail(
        line=line_of(context, customer, row, standing),
        name=row.name,
        path=path(standing),
        reasons=may_act(standing).reasons,
        deadlines=tuple(deadline_view(customer, row, deadline) for deadline in running),
        jobs=jobs,
        operations=operations,
        term_start_on=row.term_start_on,
        term_unit=row.term_unit,
        charge_unit=row.charge_unit,
        auto_renew=row.auto_renew,
        beneficiary_tenant_id=row.beneficiary_tenant_id,
        beneficiary_email=row.beneficiary_email,
        purchaser_tenant_id=row.purchaser_tenant_id,
        purchaser_email=row.purchaser_email,
        is_test=row.is_test,
        is_free_trial=row.is_free_trial,
        session_mode=row.session_mode,
        sandbox_type=row.sandbox_type,
        private_offer_ids=tuple(row.private_offer_ids),
        was_visited=row.was_visited,
        read_at=row.read_at,
        suspended_at=row.suspended_at,
        unsubscribed_at=row.unsubscribed_at,
        retention_ends_at=row.retention_started_at + retention if keeps and row.retention_started_at else None,
        stopped_receipt=row.stopped_receipt,
        erased_receipt=row.erased_receipt,
        custody=row.custody,
        adopted_at=row.adopted_at,
    )


def deadline_view(customer: CustomerRow, row: SubscriptionRow, deadline: Deadline) -> DeadlineView:
    """Return a deadline and for whom it runs."""
    return DeadlineView(
        customer_id=customer.customer_id,
        customer_slug=customer.slug,
        customer_name=customer.name,
        subscription_id=row.subscription_id,
        clock=deadline.name.value,
        title=deadline.title,
        due_at=deadline.due_at,
        next_reminder_at=deadline.next_reminder_at,
        is_overdue=deadline.is_overdue,
        consequence=deadline.consequence,
        owner_role=deadline.owner_role,
        resource=deadline.resource,
    )


def _job(context: QueryContext, row: JobRow) -> JobLine:
    return JobLine(
        request_id=row.request_id,
        wish=row.wish,
        attempt=row.attempt,
        state=row.state,
        message=row.message if _is_for_staff(context) else None,
        asked_at=row.asked_at,
        accepted_at=row.accepted_at,
        answered_at=row.answered_at,
    )


def _operation(row: OperationRow) -> OperationLine:
    return OperationLine(
        operation_id=row.operation_id,
        action=row.action_text,
        is_ours=row.is_ours,
        answer=row.answer,
        answer_reason=row.answer_reason,
        asked_at=row.asked_at,
        answered_at=row.answered_at,
        outcome=row.outcome,
    )
