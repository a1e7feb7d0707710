"""A customer's own home: what its people see of their company, and what their roles let them do."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.path.clocks import ClockName
from fairkeeper.customers.queries import list_receipts, show_customer
from fairkeeper.customers.views import CustomerDetail, ReceiptLine
from fairkeeper.evidence.actions import request_export
from fairkeeper.evidence.queries import show_entry
from fairkeeper.overview.queries import show_today
from fairkeeper.overview.views import Today
from fairkeeper.web.format import state
from fairkeeper.web.pages.buyer import HomePage, ReceiptRow
from fairkeeper.web.parts import Deadline, Identifier, Link
from fairkeeper.web.routes.customer_actions import is_revocable, revoke_asking
from fairkeeper.web.routes.customers import timeline_of
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.needing import part_of
from fairkeeper.web.serving.telling import commercial_state, deadline_of, line_row, path_of, sentence_of, words
from fairkeeper.web.serving.visit import Visit, of_one_moment

VERIFY_EXPORT: Final = "fairkeeper evidence verify export.jsonl"


@of_one_moment
def show_home(visit: Visit) -> Response:
    """Show a customer's own home."""
    customer_id = visit.principal.customer_id
    customer: CustomerDetail = visit.run(show_customer, customer=customer_id)
    may_open = visit.allows(list_receipts) and visit.allows(show_entry)
    receipts: tuple[ReceiptLine, ...] = visit.run(list_receipts) if may_open else ()
    main = customer.subscriptions[0]
    today: Today = visit.run(show_today)
    may_revoke = visit.allows(revoke_customer) and is_revocable(customer)
    page = HomePage(
        frame=frame(visit, "Home"),
        customer=customer.name,
        state=commercial_state(main.line.status),
        sentence=sentence_of(main),
        path=path_of(main),
        subscriptions=tuple(line_row(each.line, each.name) for each in customer.subscriptions),
        timeline=timeline_of(visit, customer.customer_id),
        receipts=tuple(receipt_row(line) for line in receipts),
        exports=(Link(label="Ask for your export", href="/exports/ask"),) if visit.allows(request_export) else (),
        verify_command=VERIFY_EXPORT,
        revoke=revoke_asking(visit, customer).question if may_revoke else None,
        deadlines=_deadlines(visit, customer),
        needs=tuple(part_of(visit, need) for need in today.needs if need.room != "customers"),
    )
    return visit.show(page)


def _deadlines(visit: Visit, customer: CustomerDetail) -> tuple[Deadline, ...]:
    """Return what is due, with the way to activate what still waits for it."""
    may_activate = visit.allows(activate_subscription)
    found = []
    for each in customer.subscriptions:
        name, address = each.name or "The subscription", f"/subscriptions/{each.line.subscription_id}"
        for view in each.deadlines:
            deadline = deadline_of(view, name, with_owner=False)
            if view.clock == ClockName.ACTIVATION.value and may_activate:
                action = Link(label="Activate", href=f"{address}/activate")
                deadline = replace(deadline, owner="You", action=action)
            found.append(deadline)
    return tuple(sorted(found, key=lambda deadline: deadline.due_at))


def receipt_row(line: ReceiptLine) -> ReceiptRow:
    """Return a receipt as a line of a list."""
    return ReceiptRow(
        link=Link(label=words(line.kind), href=f"/receipts/{line.entry_id}"),
        receipt=Identifier(text=line.entry_id, names="receipt id"),
        issued_at=line.at,
        state=state(line.kind),
    )
