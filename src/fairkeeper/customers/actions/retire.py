"""The end of the path: the stopped receipt, the end of the retention, the erasure and its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.customers.actions.erasure import erase_customer, erase_subscription, is_last_subscription
from fairkeeper.customers.actions.reminders import plant_clocks
from fairkeeper.customers.actions.wishes import ask, move, newest_job
from fairkeeper.customers.evidence_kinds import ERASED_RECEIPT, ERASURE_ASKED, STOPPED_RECEIPT
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningEvent, ProvisioningState
from fairkeeper.customers.path.receipts import (
    ErasedThing,
    EraseFacts,
    StopCause,
    StopFacts,
    StoppedThing,
    Whose,
    erased_statement,
    stopped_statement,
)
from fairkeeper.customers.ports import ProvisioningWish, Retention, SystemsToStop, WhatRemains
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.errors import ConflictError
from fairkeeper.evidence.ports import LegalHolds
from fairkeeper.values.ids import EntryId, SubscriptionId

_KEPT = (
    ("headers of evidence entries", "so that the log still verifies; they name people by random ids alone"),
    ("receipts", "so that they can be verified; they hold no personal data"),
    ("subscription id, offer, plan, term and dates", "for the publisher's books"),
    ("the company's name and tenant id, if it is one", "so that it is recognised when it buys again"),
)


class OneSubscription(OperationInput):
    """Which subscription."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """How far the end is."""

    subscription_id: str
    provisioning: str
    receipt: str | None


@internal_command("customers.issue_stopped_receipt", evidence=(STOPPED_RECEIPT,))
def issue_stopped_receipt(context: CommandContext, request: OneSubscription) -> Outcome[Retired]:
    """Sign what was stopped, what remains for the customer to remove, and until when data is kept; once."""
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    if row.provisioning != ProvisioningState.STOPPED or row.stopped_at is not None:
        return Outcome(result=_view(row, row.stopped_receipt), entry=None)
    row.stopped_at = context.now
    systems = _stop_systems(context, row)
    facts = StopFacts(
        whose=_whose(row),
        cause=StopCause(row.stop_cause or StopCause.DECIDED),
        stopped_at=context.now,
        stopped=(*_own_things(context, row), *systems),
        remaining=context.ports.of(WhatRemains).remaining(context.session, row.beneficiary_tenant_id),
        retention_started_at=row.retention_started_at or context.now,
        retention_days=context.ports.of(Retention).days,
        proofs=(EntryId(row.stop_entry_id),) if row.stop_entry_id else (),
    )
    entry = _receipt(STOPPED_RECEIPT.name, row, stopped_statement(facts))
    row.stopped_receipt = entry.entry_id
    plant_clocks(context, row)
    return Outcome(result=_view(row, entry.entry_id), entry=entry)


@internal_command("customers.end_retention", evidence=(ERASURE_ASKED,))
def end_retention(context: CommandContext, request: OneSubscription) -> Outcome[Retired]:
    """Ask the publisher's systems to erase, once the retention is over; again changes nothing.

    Nothing is asked while the customer's data is under a legal hold; lifting it asks again.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    days = context.ports.of(Retention).days
    started_at = row.retention_started_at
    is_over = started_at is not None and context.now >= started_at + timedelta(days=days)
    asked = newest_job(context, row, ProvisioningWish.ERASE)
    was_asked = asked is not None and started_at is not None and asked.asked_at >= started_at
    if row.provisioning != ProvisioningState.STOPPED or not is_over or was_asked or _is_held(context, row):
        return Outcome(result=_view(row, None), entry=None)
    job = ask(context, row, ProvisioningWish.ERASE)
    entry = EvidenceDraft(
        kind=ERASURE_ASKED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"request_id": job.request_id, "retention_days": days},
    )
    return Outcome(result=_view(row, None), entry=entry)


@internal_command("customers.issue_erased_receipt", evidence=(ERASED_RECEIPT,))
def issue_erased_receipt(context: CommandContext, request: OneSubscription) -> Outcome[Retired]:
    """Erase what is left of a customer's data here and sign that it is gone; once.

    Most payloads of the customer's evidence are erased before this, in pieces, by the work that runs it. People and
    what belongs to the customer as a whole go with its last subscription.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    if row.provisioning == ProvisioningState.ERASED:
        return Outcome(result=_view(row, row.erased_receipt), entry=None)
    if row.provisioning != ProvisioningState.STOPPED:
        msg = f"The subscription is {row.provisioning}; only what has stopped is erased."
        raise ConflictError(msg, code="customers.not_stopped", remedy="Stop it first.")
    if _is_held(context, row):
        # Whoever lifts the hold asks again.
        return Outcome(result=_view(row, None), entry=None)
    erased = [ErasedThing(kind="provisioned_data", count=None, erased_by="the publisher's systems")]
    erased += erase_subscription(context, row)
    if is_last_subscription(context.session, row):
        erased += erase_customer(context, row)
    move(context, row, ProvisioningEvent.ERASE, note=None)
    row.erased_at = context.now
    facts = EraseFacts(
        whose=_whose(row),
        erased_at=context.now,
        retention_ended_at=(row.retention_started_at or context.now) + timedelta(days=context.ports.of(Retention).days),
        erased=tuple(erased),
        kept=_KEPT,
        stopped_receipt=EntryId(row.stopped_receipt) if row.stopped_receipt else None,
        proofs=(EntryId(row.stop_entry_id),) if row.stop_entry_id else (),
    )
    entry = _receipt(ERASED_RECEIPT.name, row, erased_statement(facts))
    row.erased_receipt = entry.entry_id
    plant_clocks(context, row)
    return Outcome(result=_view(row, entry.entry_id), entry=entry)


def _is_held(context: CommandContext, row: SubscriptionRow) -> bool:
    return context.ports.of(LegalHolds).holds(context.session, row.customer_id)


def _stop_systems(context: CommandContext, row: SubscriptionRow) -> tuple[StoppedThing, ...]:
    """Stop what acts for the whole customer, unless another of its subscriptions is still in use."""
    others = context.session.scalars(
        select(SubscriptionRow).where(
            SubscriptionRow.customer_id == row.customer_id, SubscriptionRow.subscription_id != row.subscription_id
        )
    )
    if any(_is_in_use(other) for other in others):
        return ()
    return context.ports.of(SystemsToStop).stop(context.session, row.customer_id, now=context.now)


def _is_in_use(row: SubscriptionRow) -> bool:
    if row.provisioning == ProvisioningState.NONE:
        return row.status != CommercialStatus.UNSUBSCRIBED
    return row.provisioning in {ProvisioningState.RUNNING, ProvisioningState.READY, ProvisioningState.FAILED}


def _own_things(context: CommandContext, row: SubscriptionRow) -> tuple[StoppedThing, ...]:
    """Return what has stopped of this subscription; systems that nobody ever set up are none."""
    use = StoppedThing(
        kind="use",
        name=f"use of {row.plan_id or 'the plan'}",
        stopped_at=row.retention_started_at,
        entry_id=EntryId(row.stop_entry_id) if row.stop_entry_id else None,
    )
    if newest_job(context, row, ProvisioningWish.PROVISION) is None:
        return (use,)
    systems = "the publisher's systems"
    return (use, StoppedThing(kind="provisioned_system", name=systems, stopped_at=row.provisioning_since_at))


def _whose(row: SubscriptionRow) -> Whose:
    return Whose(customer_id=row.customer_id, subscription_id=row.subscription_id, tenant_id=row.beneficiary_tenant_id)


def _receipt(kind: str, row: SubscriptionRow, statement: Mapping[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload=statement,
    )


def _view(row: SubscriptionRow, receipt: str | None) -> Retired:
    return Retired(subscription_id=row.subscription_id, provisioning=row.provisioning, receipt=receipt)


OPERATIONS: tuple[Operation, ...] = (issue_stopped_receipt, end_retention, issue_erased_receipt)
