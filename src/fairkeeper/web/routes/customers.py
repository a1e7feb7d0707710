"""The customers' list and one customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.consent.queries import show_customer as show_consent
from fairkeeper.customers.actions.custody.move_custody import show_custody
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.actions.ring_clock import close_reminder
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.path.steps import Step
from fairkeeper.customers.queries import list_customers, list_reminders, show_customer
from fairkeeper.customers.views import CustomerDetail, CustomerLine, CustomerPage, JobLine, ReminderLine
from fairkeeper.deals.book.queries import list_charges, show_deal
from fairkeeper.deals.book.views import ChargeLine
from fairkeeper.evidence.actions import request_export
from fairkeeper.values.money import Money
from fairkeeper.web.format import count, state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import customers as pages
from fairkeeper.web.parts import Empty, Fact, Identifier, Link, Path, PathStep, Standing, Timeline
from fairkeeper.web.routes.consent_needs import consent_needs
from fairkeeper.web.routes.customer_actions import is_revocable, revoke_asking
from fairkeeper.web.routes.subscription_actions import question_of
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import (
    commercial_state,
    deadlines_with_reminders,
    line_row,
    path_of,
    record_of,
    reminder_finding,
    sentence_of,
    words,
)
from fairkeeper.web.serving.visit import Visit, of_one_moment
from fairkeeper.web.serving.ways import Audience, Way, get

PAGE_ROWS: Final = 50
EXPORT_ROWS: Final = 500
_CHARGES_SINCE: Final = timedelta(days=365)
_MOST_CHARGES: Final = 100
_HEADS: Final[tuple[str, ...]] = (
    *("customer", "id", "tenant", "step", "status", "plan", "seats", "may_act", "next_deadline", "next_at"),
)
_NOTHING_YET: Final = Path(steps=(PathStep(standing=Standing.NOW), *(PathStep(standing=Standing.NEXT),) * 5))

TRAIL: Final = (Link(label="Customers", href="/customers"),)


# -------------------- the list


def show_customers(visit: Visit) -> Response:
    """Show the customers, filtered, ordered and turned by the address."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _customers(visit, offset=(number - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    page = pages.CustomersPage(
        frame=frame(visit, "Customers"),
        sentence=_sentence(visit, found.total),
        customers=_listing(visit, found, number),
        actions=(
            Link(label="How buyers arrive", href="/onboarding"),
            Link(label="Observed and managed", href="/custody"),
        )
        if visit.allows(show_custody)
        else (),
    )
    return visit.show(page)


def sheet_of_customers(visit: Visit) -> Sheet:
    """Return every customer that the address shows as a sheet."""
    return Sheet(name="customers", heads=_HEADS, rows=(_cells(line) for line in _all_customers(visit)))


def _customers(visit: Visit, *, offset: int, limit: int) -> CustomerPage:
    given = {name: visit.query(name) for name in ("text", "status", "provisioning", "plan", "step", "sort")}
    asked = {name: value for name, value in given.items() if value}
    found: CustomerPage = visit.read(list_customers, offset=offset, limit=limit, **asked)
    return found


def _all_customers(visit: Visit) -> Iterator[CustomerLine]:
    offset, total = 0, 1
    while offset < total:
        found = _customers(visit, offset=offset, limit=EXPORT_ROWS)
        yield from found.customers
        offset, total = offset + EXPORT_ROWS, found.total


def _cells(line: CustomerLine) -> tuple[Cell, ...]:
    main, after = line.main, None if line.main is None else line.main.next_deadline
    return (
        line.name,
        line.customer_id,
        line.tenant_id,
        line.step.value,
        "" if main is None else main.status,
        "" if main is None else main.plan_id or "",
        None if main is None else main.quantity,
        "" if main is None else "yes" if main.allowed else "no",
        "" if after is None else after.title,
        None if after is None else after.due_at,
    )


def _sentence(visit: Visit, total: int) -> str:
    is_filtered = any(visit.query(name) for name in ("text", "status", "provisioning", "plan", "step"))
    if is_filtered:
        return f"{count(total, 'customer')} match{'es' if total == 1 else ''} these filters."
    return f"{count(total, 'customer')}." if total else "Nobody has bought yet."


def _listing(visit: Visit, found: CustomerPage, number: int) -> Listing[pages.CustomerRow]:
    address = visit.address
    first = (number - 1) * PAGE_ROWS + 1
    last = first + len(found.customers) - 1
    storefront = visit.parts.house.storefront
    return Listing(
        id="customers",
        caption="Customers",
        columns=(
            Column(label="Customer", key="name"),
            Column(label="Step"),
            Column(label="State"),
            Column(label="Next"),
            Column(label="Subscriptions", is_number=True),
            Column(label="Tenant"),
        ),
        rows=tuple(_row(line) for line in found.customers),
        empty=Empty(
            title="No customers yet",
            text="Each company that buys appears here by itself, with its path and its deadlines.",
            action=storefront,
        ),
        address=address,
        filters=(
            Filter(name="step", label="Step", choices=_choices(Step)),
            Filter(name="status", label="Microsoft’s status", choices=_choices(CommercialStatus)),
            Filter(name="provisioning", label="Provisioning", choices=_choices(ProvisioningState)),
            Filter(name="text", label="Name or id", placeholder="Contoso"),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(first)}–{count(last)} of {count(found.total)}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        ),
    )


def _choices(states: type[Step | CommercialStatus | ProvisioningState]) -> tuple[Choice, ...]:
    return tuple(Choice(value=each.value, label=state(each.value).word) for each in states)


def _row(line: CustomerLine) -> pages.CustomerRow:
    main = line.main
    after = None if main is None else main.next_deadline
    return pages.CustomerRow(
        customer=Link(label=line.name, href=f"/customers/{line.slug}"),
        tenant=Identifier(text=line.tenant_id, names="tenant id"),
        step=f"{words(line.step.value)}, stuck" if line.is_stuck else words(line.step.value),
        state=commercial_state("" if main is None else main.status),
        subscriptions=line.subscriptions,
        next_what="" if after is None else after.title,
        next_at=None if after is None else after.due_at,
    )


# -------------------- one customer


@of_one_moment
def show_one(visit: Visit) -> Response:
    """Show a customer: what needs a person, its path, what comes next, what it bought, the record."""
    customer: CustomerDetail = visit.run(show_customer, customer=visit.named("customer")[:80])
    reminders: tuple[ReminderLine, ...] = visit.run(list_reminders, customer=customer.customer_id)
    may_close = visit.allows(close_reminder)
    main = customer.subscriptions[0] if customer.subscriptions else None
    page = pages.CustomerPage(
        frame=frame(visit, "Customers"),
        trail=TRAIL,
        name=customer.name,
        state=commercial_state("" if main is None else main.line.status),
        sentence="Known, and has no subscription." if main is None else sentence_of(main),
        facts=_facts(customer),
        path=_NOTHING_YET if main is None else path_of(main),
        subscriptions=tuple(line_row(each.line, each.name) for each in customer.subscriptions),
        provisioning=provisioning_of(visit, customer),
        timeline=timeline_of(visit, customer.customer_id),
        needs=(
            *(reminder_finding(line, may_close=may_close) for line in reminders if line.due_at is None),
            *consent_needs(visit, customer.customer_id),
        ),
        deadlines=deadlines_with_reminders(
            (view for each in customer.subscriptions for view in each.deadlines),
            reminders,
            may_close=may_close,
            names={each.line.subscription_id: each.name or "The subscription" for each in customer.subscriptions},
        ),
        charges=charges_of(visit, customer.customer_id),
        actions=_ways(visit, customer),
        questions=(revoke_asking(visit, customer).question,)
        if is_revocable(customer) and visit.allows(revoke_customer)
        else (),
    )
    return visit.show(page)


def timeline_of(visit: Visit, customer_id: str) -> Timeline:
    """Return the newest of a customer's record; empty for those who may not read evidence."""
    return record_of(visit, customer_id=customer_id, whole_href=f"/evidence?customer={customer_id}")


def charges_of(visit: Visit, customer_id: str) -> tuple[pages.ChargeRow, ...]:
    """Return what a customer is charged by the deals it bought, from a year ago on."""
    today = visit.now.date()
    found: tuple[ChargeLine, ...] = visit.run(
        list_charges, customer_id=customer_id, since=today - _CHARGES_SINCE, limit=_MOST_CHARGES
    )
    may_open = visit.is_staff and visit.allows(show_deal)
    return tuple(
        pages.ChargeRow(
            charged_on=line.charged_on,
            amount=Money.from_decimal_text(line.amount, line.currency),
            plan=line.plan,
            deal=Link(label=line.deal_name, href=f"/deals/{line.deal_id}" if may_open else ""),
            note=line.note,
            is_past=line.charged_on < today,
        )
        for line in found
    )


def provisioning_of(visit: Visit, customer: CustomerDetail) -> pages.Provisioning:
    """Say how the publisher's own code stands with a customer, by its liveliest subscription."""
    if not customer.subscriptions:
        return pages.Provisioning(state=state("none"), sentence="Nothing was bought, so nothing is set up.")
    main = customer.subscriptions[0]
    last = main.jobs[0] if main.jobs else None
    return pages.Provisioning(
        state=state(main.line.provisioning),
        sentence=_last_job(last),
        attempts=tuple(_attempt(job) for each in customer.subscriptions for job in each.jobs)[:6],
        retry=question_of(visit, main, "retry-provisioning", "provision"),
    )


def _last_job(job: JobLine | None) -> str:
    if job is None:
        return "Your code has not been called yet."
    return f"Last asked to {job.wish}: {(job.message or job.state).rstrip('.')}."


def _attempt(job: JobLine) -> pages.ProvisioningAttempt:
    return pages.ProvisioningAttempt(
        started_at=job.asked_at,
        wish=words(job.wish),
        attempt=job.attempt,
        state=state(job.state),
        message=job.message or "",
    )


def _facts(customer: CustomerDetail) -> tuple[Fact, ...]:
    kind = "all personal accounts share it" if customer.is_personal else "of whoever uses what was bought"
    main = customer.subscriptions[0] if customer.subscriptions else None
    facts = [
        Fact(label="Customer", value=Identifier(text=customer.customer_id, names="customer id")),
        Fact(label="Tenant", value=Identifier(text=customer.tenant_id, names="tenant id"), note=kind),
        Fact(label="Customer since", value=customer.created_at),
    ]
    if main is not None:
        facts += [
            Fact(label="Bought for", value=main.beneficiary_email),
            Fact(label="Bought by", value=main.purchaser_email),
        ]
    facts += [
        Fact(label=answer.label, value=answer.value, note="answered on the landing page")
        for each in customer.subscriptions
        for answer in each.answers
    ]
    return tuple(facts)


def _ways(visit: Visit, customer: CustomerDetail) -> tuple[Link, ...]:
    here = f"/customers/{customer.slug}"
    offered: Sequence[tuple[str, str, Operation]] = (
        ("Consent", f"{here}/consent", show_consent),
        ("Export the record", f"/exports/ask?customer={customer.customer_id}", request_export),
        ("Rename", f"{here}/rename", rename_customer),
    )
    return tuple(Link(label=label, href=href) for label, href, operation in offered if visit.allows(operation))


WAYS: Final[tuple[Way, ...]] = (
    get("/customers", show_customers, Audience.STAFF),
    *export_ways("/customers", sheet_of_customers, Audience.STAFF),
    get("/customers/{customer}", show_one, Audience.STAFF),
)
