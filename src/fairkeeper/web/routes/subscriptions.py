"""One subscription: whether it may act and why, its four lifecycles, what Microsoft says, and what can be done."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.queries import list_reminders, show_subscription
from fairkeeper.customers.views import OperationLine, ReminderLine, SubscriptionDetail
from fairkeeper.evidence.queries import show_entry
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import state, when_text
from fairkeeper.web.listing import Column, Listing
from fairkeeper.web.pages.customers import Machine, SubscriptionPage
from fairkeeper.web.pages.webhooks import WebhookRow
from fairkeeper.web.parts import Answer, Empty, Fact, Identifier, Link, Timeline, Value
from fairkeeper.web.routes.subscription_actions import VERBS, answer_verb, ask_verb, offered
from fairkeeper.web.serving.exports import Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import (
    commercial_state,
    deadline_of,
    deadlines_with_reminders,
    record_of,
    reminder_finding,
    sentence_of,
)
from fairkeeper.web.serving.tracing import trace_way
from fairkeeper.web.serving.visit import Visit, of_one_moment
from fairkeeper.web.serving.ways import Way, get, post


@of_one_moment
def show_one(visit: Visit) -> Response:
    """Show a subscription."""
    detail: SubscriptionDetail = visit.run(show_subscription, subscription_id=visit.named("subscription_id")[:64])
    line = detail.line
    questions, links = offered(visit, detail)
    reminders, may_close = _reminders(visit, detail), visit.allows(close_reminder)
    page = SubscriptionPage(
        frame=frame(visit, "Customers" if visit.is_staff else "Home"),
        trail=trail_of(visit, detail),
        name=name_of(detail),
        state=commercial_state(line.status),
        sentence=sentence_of(detail),
        answer=Answer(
            question="May it act now?",
            is_yes=line.allowed,
            reasons=tuple(f"{reason.sentence} {reason.remedy}" for reason in detail.reasons)
            or ("Subscribed, consented, set up, and nobody paused it.",),
        ),
        machines=_machines(detail),
        facts=_facts(visit, detail),
        operations=_operations(visit, detail),
        timeline=_timeline(visit, line.subscription_id),
        needs=tuple(reminder_finding(each, may_close=may_close) for each in reminders if each.due_at is None),
        deadlines=deadlines_with_reminders(detail.deadlines, reminders, may_close=may_close)
        if visit.is_staff
        else tuple(deadline_of(view, with_owner=False) for view in detail.deadlines),
        actions=(*links, trace_way(detail.line.subscription_id)),
        questions=questions,
    )
    return visit.show(page)


def name_of(detail: SubscriptionDetail) -> str:
    """Return what a subscription is called."""
    return detail.name or f"{detail.line.customer_name}, {detail.line.plan_id or 'subscription'}"


def trail_of(visit: Visit, detail: SubscriptionDetail) -> tuple[Link, ...]:
    """Return the way up from a subscription."""
    line = detail.line
    if not visit.is_staff:
        return (Link(label=line.customer_name, href="/"),)
    return (
        Link(label="Customers", href="/customers"),
        Link(label=line.customer_name, href=f"/customers/{line.customer_slug}"),
    )


def _reminders(visit: Visit, detail: SubscriptionDetail) -> tuple[ReminderLine, ...]:
    found: tuple[ReminderLine, ...] = visit.run(list_reminders, customer=detail.line.customer_id)
    return tuple(each for each in found if each.subject_id == detail.line.subscription_id)


def _machines(detail: SubscriptionDetail) -> tuple[Machine, ...]:
    line = detail.line
    last = detail.jobs[0] if detail.jobs else None
    return (
        Machine(name="Commercial", state=commercial_state(line.status), meaning="as Microsoft says"),
        Machine(name="Consent", state=state(line.consent), meaning="permissions in the customer's tenant"),
        Machine(
            name="Provisioning",
            state=state(line.provisioning),
            meaning=f"last asked to {last.wish}" if last else "the publisher's own code",
            since_at=None if last is None else last.answered_at,
        ),
        Machine(name="Operation", state=state(line.operation), meaning="what people here decided"),
    )


def _facts(visit: Visit, detail: SubscriptionDetail) -> tuple[Fact, ...]:
    line = detail.line
    term: Value = None
    if detail.term_start_on and line.term_end_on:
        term = f"{when_text(detail.term_start_on)} to {when_text(line.term_end_on)}"
    renews = {True: "renews by itself", False: "does not renew", None: ""}[detail.auto_renew]
    facts = [
        Fact(label="Subscription", value=Identifier(text=line.subscription_id, names="subscription id")),
        Fact(label="Offer", value=line.offer_id),
        Fact(label="Plan", value=line.plan_id, note="flat rate" if line.quantity is None else ""),
        Fact(label="Seats", value=line.quantity),
        Fact(label="Term", value=term, note=", ".join(part for part in (detail.term_unit or "", renews) if part)),
        Fact(label="Beneficiary", value=_tenant(detail.beneficiary_tenant_id), note=detail.beneficiary_email or ""),
        Fact(label="Purchaser", value=_tenant(detail.purchaser_tenant_id), note=detail.purchaser_email or ""),
        Fact(label="Private offer", value=", ".join(detail.private_offer_ids) or None),
        Fact(label="Bought", value=line.bought_at),
        Fact(label="Last read from Microsoft", value=detail.read_at),
    ]
    flags = {"a test purchase": detail.is_test, "a free trial": detail.is_free_trial}
    marks = [words for words, is_so in flags.items() if is_so]
    marks += [text for text in (detail.session_mode, detail.sandbox_type) if text]
    if marks and visit.is_staff:
        facts.append(Fact(label="Marked as", value=", ".join(marks)))
    if detail.custody == "observed" and visit.is_staff:
        facts.append(Fact(label="Run by", value="another system", note="observed; nothing is done outside for it"))
    facts += [Fact(label=each.label, value=each.value, note="answered on the landing page") for each in detail.answers]
    for label, entry_id in (("Stopped", detail.stopped_receipt), ("Erased", detail.erased_receipt)):
        if entry_id and visit.allows(show_entry):
            facts.append(Fact(label=f"{label} receipt", value=Link(label="Open it", href=f"/receipts/{entry_id}")))
    if detail.retention_ends_at:
        facts.append(Fact(label="Data is kept until", value=detail.retention_ends_at))
    return tuple(facts)


def _tenant(tenant_id: str | None) -> Value:
    return None if tenant_id is None else Identifier(text=tenant_id, names="tenant id")


def sheet_of_operations(visit: Visit) -> Sheet:
    """Return a subscription's operations as a sheet."""
    detail: SubscriptionDetail = visit.run(show_subscription, subscription_id=visit.named("subscription_id")[:64])
    whose = _whose(visit, detail)
    return sheet_of_rows("operations", WebhookRow, (_operation_row(detail, line, whose) for line in detail.operations))


def _whose(visit: Visit, detail: SubscriptionDetail) -> Link:
    address = f"/customers/{detail.line.customer_slug}" if visit.is_staff else "/"
    return Link(label=detail.line.customer_name, href=address)


def _operations(visit: Visit, detail: SubscriptionDetail) -> Listing[WebhookRow]:
    whose = _whose(visit, detail)
    return Listing(
        id="operations",
        caption="Operations",
        columns=(
            Column(label="Action"),
            Column(label="Received"),
            Column(label="Customer"),
            Column(label="State"),
            Column(label="Outcome"),
        ),
        rows=tuple(_operation_row(detail, line, whose) for line in detail.operations),
        empty=Empty(
            title="Microsoft has begun nothing here",
            text="A change of plan or seats, a renewal, a suspension or the end appears here with our answer.",
        ),
        address=Address(f"/subscriptions/{detail.line.subscription_id}"),
        exports=export_links(Address(f"/subscriptions/{detail.line.subscription_id}/operations")),
    )


def _operation_row(detail: SubscriptionDetail, line: OperationLine, whose: Link) -> WebhookRow:
    took_ms = None
    if line.answered_at is not None and not line.is_ours:
        took_ms = max(0, round((line.answered_at - line.asked_at).total_seconds() * 1000))
    state_word = line.outcome or line.answer or ("waiting" if line.answered_at is None else "done")
    who = "asked by us" if line.is_ours else "asked by Microsoft's side"
    reason = f": {line.answer_reason}" if line.answer_reason else ""
    return WebhookRow(
        link=Link(label=line.action or "Unknown action", href=f"/subscriptions/{detail.line.subscription_id}#record"),
        operation=Identifier(text=line.operation_id, names="operation id"),
        received_at=line.asked_at,
        state=state(state_word if len(state_word) < 20 else "done"),
        outcome=f"{who}{reason}",
        customer=whose,
        answered_in_ms=took_ms,
    )


def _timeline(visit: Visit, subscription_id: str) -> Timeline:
    whole = f"/evidence?subject_type=subscription&subject_id={subscription_id}"
    return record_of(visit, subject_type="subscription", subject_id=subscription_id, whole_href=whole)


WAYS: Final[tuple[Way, ...]] = (
    get("/subscriptions/{subscription_id}", show_one),
    *export_ways("/subscriptions/{subscription_id}/operations", sheet_of_operations),
    *(get(f"/subscriptions/{{subscription_id}}/{name}", ask_verb(name)) for name in VERBS),
    *(post(f"/subscriptions/{{subscription_id}}/{name}", answer_verb(name)) for name in VERBS),
)
