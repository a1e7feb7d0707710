"""What Microsoft told us: every webhook as it came, those that nobody here could judge first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from fairkeeper.customers.actions.marketplace.follow_notice import retry_notice
from fairkeeper.customers.actions.marketplace.reconcile import reconcile
from fairkeeper.customers.queries import list_notices, show_notice
from fairkeeper.customers.views import NoticeLine
from fairkeeper.errors import NotFoundError
from fairkeeper.evidence.queries import list_entries
from fairkeeper.evidence.views import EntryPage
from fairkeeper.overview.names import NamedCustomer, Names, name_things
from fairkeeper.web import parts
from fairkeeper.web.format import StateWord, count, relative, state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages.webhooks import WebhookPage, WebhookRow, WebhooksPage
from fairkeeper.web.parts import Check, Empty, Fact, Finding, Identifier, Link, Proof
from fairkeeper.web.routes.customer_actions import retry_notice_asking
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import NOBODY, proof_of
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

_ROWS: Final = 50
_EXPORT_ROWS: Final = 500
_HEADS: Final = (
    *("webhook", "action", "operation_id", "received_at", "deliveries"),
    *("customer", "customer_id", "subscription_id", "state", "outcome", "settled_at"),
)
_STATES: Final = {"open": "received", "done": "applied", "held": "held"}
TRAIL: Final = (Link(label="Webhooks received", href="/webhooks"),)


def show_list(visit: Visit) -> Response:
    """Show the webhooks, newest first."""
    found = _notices(visit, visit.query("before"), limit=_ROWS + 1)
    held: tuple[NoticeLine, ...] = visit.run(list_notices, state="held", limit=20)
    rows, names = found[:_ROWS], _names(visit, (*found, *held))
    may_ask = visit.allows(reconcile)
    page = WebhooksPage(
        frame=frame(visit, "Webhooks"),
        sentence=_sentence(visit, rows, held),
        actions=(Link(label="Compare with Microsoft", href="/webhooks/compare"),) if may_ask else (),
        webhooks=_listing(visit, rows, names, older=rows[-1].notice_id if len(found) > _ROWS else None),
        held=tuple(_held(line, names) for line in held),
    )
    return visit.show(page)


def sheet_of_notices(visit: Visit) -> Sheet:
    """Return every webhook that the address shows as a sheet."""
    return Sheet(name="webhooks", heads=_HEADS, rows=_cells(visit))


def _notices(visit: Visit, before: str, *, limit: int) -> tuple[NoticeLine, ...]:
    asked = {name: visit.query(name) for name in ("state", "subscription_id") if visit.query(name)}
    older = {"before": before} if before else {}
    found: tuple[NoticeLine, ...] = visit.read(list_notices, limit=limit, **asked, **older)
    return found


def _cells(visit: Visit) -> Iterator[tuple[Cell, ...]]:
    before, has_more = "", True
    while has_more:
        found = _notices(visit, before, limit=_EXPORT_ROWS)
        names = _names(visit, found)
        for line in found:
            whose = _customer(line, names)
            yield (
                *(line.notice_id, line.action, line.operation_id, line.received_at, line.deliveries),
                *(None if whose is None else whose.label, line.customer_id, line.subscription_id),
                *(_state(line).word, line.outcome, line.settled_at),
            )
        has_more = len(found) == _EXPORT_ROWS
        before = str(found[-1].notice_id) if found else ""


def show_one(visit: Visit) -> Response:
    """Show one webhook: both checks, what came of it, the body as it came."""
    number = visit.named("notice_id")
    if not number.isascii() or not number.isdigit() or len(number) > 15:
        raise NotFoundError(f"There is no webhook {number[:20]!r} here.", code="customers.notice_not_found")
    line: NoticeLine = visit.run(show_notice, notice_id=int(number))
    names = _names(visit, (line,))
    may_retry = line.state == "held" and visit.allows(retry_notice)
    page = WebhookPage(
        frame=frame(visit, "Webhooks"),
        trail=TRAIL,
        action=line.action or "A webhook without an action",
        state=_state(line),
        sentence=line.outcome or "It is being worked on.",
        facts=_facts(line, names),
        checks=_checks(line),
        body=_body(line),
        proof=_arrival(visit, line),
        questions=(retry_notice_asking(line).question,) if may_retry else (),
    )
    return visit.show(page)


def _sentence(visit: Visit, rows: tuple[NoticeLine, ...], held: tuple[NoticeLine, ...]) -> str:
    if not rows:
        return "Microsoft has told nothing yet."
    told = f"The last one came {relative(rows[0].received_at, visit.now)}"
    return f"{told}; {count(len(held))} held for a person." if held else f"{told}; none is held."


def _names(visit: Visit, lines: tuple[NoticeLine, ...]) -> Names:
    wanted = tuple(sorted({line.customer_id for line in lines if line.customer_id}))
    found: Names = visit.run(name_things, ids=wanted) if wanted else NOBODY
    return found


def _state(line: NoticeLine) -> StateWord:
    return state(_STATES.get(line.state, line.state))


def _customer(line: NoticeLine, names: Names) -> Link | None:
    named: NamedCustomer | None = names.customers.get(line.customer_id or "")
    return None if named is None else Link(label=named.name, href=f"/customers/{named.slug}")


def _listing(visit: Visit, rows: tuple[NoticeLine, ...], names: Names, *, older: int | None) -> Listing[WebhookRow]:
    address = visit.address
    return Listing(
        id="webhooks",
        caption="Webhooks",
        columns=(
            Column(label="Action"),
            Column(label="Received"),
            Column(label="Customer"),
            Column(label="State"),
            Column(label="Outcome"),
        ),
        rows=tuple(_row(line, names) for line in rows),
        empty=Empty(
            title="No webhook yet",
            text="Microsoft sends one whenever a subscription changes. Copy the webhook’s address into Partner Center.",
            action=Link(label="Values for Partner Center", href="/settings/partner-center"),
        ),
        address=address,
        filters=(
            Filter(
                name="state",
                label="State",
                choices=tuple(Choice(value=value, label=state(word).word) for value, word in _STATES.items()),
            ),
            Filter(name="subscription_id", label="Subscription id"),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(len(rows))} shown, newest first",
            previous_href=str(address.without("before")) if visit.query("before") else "",
            next_href=str(address.having(before=str(older))) if older is not None else "",
        ),
    )


def _row(line: NoticeLine, names: Names) -> WebhookRow:
    times = f" It came {line.deliveries} times." if line.deliveries > 1 else ""
    return WebhookRow(
        link=Link(label=line.action or "No action", href=f"/webhooks/{line.notice_id}"),
        operation=Identifier(text=line.operation_id, names="operation id"),
        received_at=line.received_at,
        state=_state(line),
        outcome=f"{line.outcome or 'Being worked on.'}{times}",
        customer=_customer(line, names),
    )


def _held(line: NoticeLine, names: Names) -> Finding:
    return Finding(
        level=parts.Level.WARNING,
        what=f"“{line.action or 'no action'}”: {line.outcome or 'nobody here can judge it'}",
        remedy="It was answered with 200 and kept. Read it, and work on it again once the cause is mended.",
        since_at=line.received_at,
        where=_customer(line, names),
        close=Link(label="Open it", href=f"/webhooks/{line.notice_id}"),
    )


def _facts(line: NoticeLine, names: Names) -> tuple[Fact, ...]:
    subscription = None
    if line.subscription_id:
        href = f"/subscriptions/{quote(line.subscription_id, safe='')}" if line.customer_id else None
        subscription = Identifier(text=line.subscription_id, names="subscription id", href=href)
    return (
        Fact(label="Customer", value=_customer(line, names)),
        Fact(label="Subscription", value=subscription),
        Fact(label="Operation", value=Identifier(text=line.operation_id, names="operation id")),
        Fact(label="Received", value=line.received_at),
        Fact(label="Times it came", value=line.deliveries),
        Fact(label="Settled", value=line.settled_at),
    )


def _checks(line: NoticeLine) -> tuple[Check, ...]:
    """Return both stages; what has no valid token is refused at the door and never comes as far as this list."""
    second = {"open": "waiting", "done": "passed", "held": "held"}.get(line.state, line.state)
    return (
        Check(what="The token proves Microsoft Marketplace, for this publisher", state=state("passed")),
        Check(
            what="What it tells was read back from Microsoft, and followed",
            state=state(second),
            note=line.outcome or "",
        ),
    )


def _body(line: NoticeLine) -> str:
    if line.body is None:
        return "Erased with the customer's data."
    try:
        return json.dumps(json.loads(line.body), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return line.body


def _arrival(visit: Visit, line: NoticeLine) -> Proof | None:
    if not visit.allows(list_entries):
        return None
    found: EntryPage = visit.run(list_entries, subject_type="operation", subject_id=line.operation_id, limit=1)
    return proof_of(found.entries[0]) if found.entries else None


WAYS: Final[tuple[Way, ...]] = (
    get("/webhooks", show_list, Audience.STAFF),
    *export_ways("/webhooks", sheet_of_notices, Audience.STAFF),
    get("/webhooks/{notice_id}", show_one, Audience.STAFF),
)
