"""The board of deals by state, their list as a table and as files, and the calendar of renewals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from starlette.responses import Response

from fairkeeper.deals.actions.approve_deal import set_approval_rules
from fairkeeper.deals.actions.draft_deal import draft_deal
from fairkeeper.deals.actions.follow_calendar import answer_renewal, close_deal_reminder
from fairkeeper.deals.book.lifecycle import DealState
from fairkeeper.deals.book.queries import list_deal_needs, list_deals, list_renewals
from fairkeeper.deals.book.views import DealLine, DealNeed, DealPage, RenewalLine, RenewalMonth
from fairkeeper.values.money import Money
from fairkeeper.web.addresses import Address
from fairkeeper.web.format import amount, count, state
from fairkeeper.web.listing import Choice, Column, Filter, Listing, Paging
from fairkeeper.web.pages import deals as pages
from fairkeeper.web.parts import Empty, Link
from fairkeeper.web.routes.deals.telling import money_in, need_part, total_of_line
from fairkeeper.web.serving.exports import Cell, Sheet, export_links, export_ways, sheet_of_rows
from fairkeeper.web.serving.frames import frame
from fairkeeper.web.serving.telling import words
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

ROOM: Final = "Deals"
TRAIL: Final = (Link(label="Deals", href="/deals"),)
PAGE_ROWS: Final = 50
EXPORT_ROWS: Final = 500
CARDS: Final = 12
_COLUMNS: Final = (
    ("Draft", (DealState.DRAFT,)),
    ("Submitted", (DealState.SUBMITTING, DealState.WITH_PARTNER)),
    ("Offered", (DealState.OFFERED,)),
    ("Accepted", (DealState.ACCEPTED,)),
    ("Bought", (DealState.BOUGHT,)),
    ("Lost or over", (DealState.EXPIRED, DealState.WITHDRAWN, DealState.LOST, DealState.ENDED)),
)
_HEADS: Final = (
    *("name", "customer", "state", "total", "currency", "accept_by", "starts_on", "ends_on", "owner"),
    *("crm_id", "private_offer_id", "why", "lost_to"),
)


def show_board(visit: Visit) -> Response:
    """Show the deals by how far they have come, after what needs a person."""
    columns: list[pages.BoardColumn] = []
    by_state: dict[str, int] = {}
    for title, states in _COLUMNS:
        column, by_state = _column(visit, title, states)
        columns.append(column)
    total = sum(by_state.values())
    needs: tuple[DealNeed, ...] = visit.run(list_deal_needs)
    may_close = visit.allows(close_deal_reminder)
    page = pages.DealBoardPage(
        frame=frame(visit, ROOM),
        sentence=_sentence(by_state, len(needs)),
        columns=tuple(columns) if total else (),
        needs=tuple(need_part(need, may_close=may_close) for need in needs),
        actions=_actions(visit),
        empty=None if total else _first_step(visit),
    )
    return visit.show(page)


def _column(visit: Visit, title: str, states: tuple[DealState, ...]) -> tuple[pages.BoardColumn, dict[str, int]]:
    found: list[DealLine] = []
    number, by_state = 0, {}
    for each in states:
        answer: DealPage = visit.run(list_deals, state=each, limit=CARDS)
        found += answer.deals
        number += answer.total
        by_state = answer.by_state
    found.sort(key=lambda line: line.state_since_at, reverse=True)
    more = Link(label=f"All {count(number)}", href=f"/deals/all?state={states[0].value}") if number > CARDS else None
    column = pages.BoardColumn(
        title=title,
        cards=tuple(_card(line) for line in found[:CARDS]),
        number=number,
        totals=_totals(found) if number <= CARDS else (),
        more=more,
    )
    return column, by_state


def _totals(lines: list[DealLine]) -> tuple[Money, ...]:
    by_currency: dict[str, list[Money]] = {}
    for line in lines:
        by_currency.setdefault(line.currency, []).append(total_of_line(line))
    return tuple(Money.sum(found, code) for code, found in sorted(by_currency.items()))


def _card(line: DealLine) -> pages.DealCard:
    return pages.DealCard(
        deal=Link(label=line.name, href=f"/deals/{line.slug}"),
        customer=line.customer,
        total=total_of_line(line),
        state=state(line.state),
        next_what=line.next_what,
        next_on=line.next_on,
        note=line.closed_why or "",
        needs=line.needs,
    )


def _sentence(by_state: dict[str, int], needs: int) -> str:
    if not sum(by_state.values()):
        return "No deal is kept here yet."
    open_deals = sum(by_state.get(each.value, 0) for _, states in _COLUMNS[:4] for each in states)
    told = f"{count(open_deals, 'deal')} under way, {count(by_state.get('bought', 0))} bought"
    return f"{told}; {count(needs, 'thing')} {'needs' if needs == 1 else 'need'} somebody." if needs else f"{told}."


def _actions(visit: Visit) -> tuple[Link, ...]:
    found = [Link(label="New deal", href="/deals/new")] if visit.allows(draft_deal) else []
    found += [Link(label="All deals", href="/deals/all"), Link(label="Renewals", href="/deals/renewals")]
    if visit.allows(set_approval_rules):
        found.append(Link(label="Approval rules", href="/deals/rules"))
    return tuple(found)


def _first_step(visit: Visit) -> Empty:
    return Empty(
        title="No deals yet",
        text="A deal is one private offer: who, which plans, which charges. Write one from a few answers, or paste a "
        "file; every rule is checked as you type.",
        action=Link(label="New deal", href="/deals/new") if visit.allows(draft_deal) else None,
    )


# -------------------- the list


def show_list(visit: Visit) -> Response:
    """Show deals as a table, filtered, ordered and turned by the address."""
    number = max(1, int(visit.query("page"))) if visit.query("page").isdigit() else 1
    found = _deals(visit, offset=(number - 1) * PAGE_ROWS, limit=PAGE_ROWS)
    page = pages.DealListPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=f"{count(found.total, 'deal')}." if found.total else "No deal matches.",
        deals=_listing(visit, found, number),
    )
    return visit.show(page)


def _deals(visit: Visit, *, offset: int, limit: int) -> DealPage:
    given = {name: visit.query(name) for name in ("text", "state", "sort")}
    asked = {name: value for name, value in given.items() if value}
    found: DealPage = visit.read(list_deals, offset=offset, limit=limit, **asked)
    return found


def sheet_of_deals(visit: Visit) -> Sheet:
    """Return every deal that the address shows as a sheet."""
    return Sheet(name="deals", heads=_HEADS, rows=(_cells(line) for line in _all_deals(visit)))


def _all_deals(visit: Visit) -> Iterator[DealLine]:
    offset, total = 0, 1
    while offset < total:
        found = _deals(visit, offset=offset, limit=EXPORT_ROWS)
        yield from found.deals
        offset, total = offset + EXPORT_ROWS, found.total


def _cells(line: DealLine) -> tuple[Cell, ...]:
    return (
        line.name,
        line.customer,
        line.state,
        total_of_line(line).to_decimal(),
        line.currency,
        line.accept_by,
        line.starts_on,
        line.ends_on,
        line.owner,
        line.crm_id,
        line.private_offer_id or "",
        line.closed_why or "",
        line.lost_to or "",
    )


def _listing(visit: Visit, found: DealPage, number: int) -> Listing[pages.DealRow]:
    address = visit.address
    first = (number - 1) * PAGE_ROWS + 1
    last = first + len(found.deals) - 1
    choices = tuple(
        Choice(value=each.value, label=state(each.value).word, count=found.by_state.get(each.value, 0))
        for each in DealState
    )
    return Listing(
        id="deals",
        caption="Deals",
        columns=(
            Column(label="Deal", key="name"),
            Column(label="Customer"),
            Column(label="State"),
            Column(label="Worth", key="total", is_number=True),
            Column(label="Accept by", key="accept_by"),
            Column(label="Ends", key="ends"),
            Column(label="Owner"),
        ),
        rows=tuple(_row(line) for line in found.deals),
        empty=Empty(title="No deals yet", text="Deals that are kept here stand in this list."),
        address=address,
        filters=(
            Filter(name="state", label="State", choices=choices),
            Filter(name="text", label="Name, customer, owner or id", placeholder="Contoso"),
        ),
        exports=export_links(address),
        paging=Paging(
            shown=f"{count(first)}–{count(last)} of {count(found.total)}",
            previous_href=str(address.having(page=str(number - 1))) if number > 1 else "",
            next_href=str(address.having(page=str(number + 1))) if last < found.total else "",
        ),
    )


def _row(line: DealLine) -> pages.DealRow:
    return pages.DealRow(
        deal=Link(label=line.name, href=f"/deals/{line.slug}"),
        customer=line.customer,
        state=state(line.state),
        total=total_of_line(line),
        accept_by=line.accept_by,
        ends_on=line.ends_on,
        owner=line.owner,
        crm_id=line.crm_id,
        why=line.closed_why or "",
    )


# -------------------- renewals


def show_renewals(visit: Visit) -> Response:
    """Show what ends in the next two years, month by month, with the answer to the agency-fee question."""
    months: tuple[RenewalMonth, ...] = visit.run(list_renewals, months=24)
    may_answer = visit.allows(answer_renewal)
    number = sum(len(month.renewals) for month in months)
    page = pages.RenewalsPage(
        frame=frame(visit, ROOM),
        trail=TRAIL,
        sentence=f"{count(number, 'contract')} {'ends' if number == 1 else 'end'} within two years."
        if number
        else "No contract ends within two years.",
        months=tuple(
            pages.RenewalGroup(
                title=month.month,
                totals=", ".join(amount(money_in(text, code)) for code, text in month.totals.items()),
                rows=tuple(_renewal(line, may_answer=may_answer) for line in month.renewals),
            )
            for month in months
        ),
        exports=export_links(Address("/deals/renewals")) if number else (),
        empty=Empty(
            title="Nothing ends yet",
            text="A deal that was bought stands here until its end, and asks ninety days before how it goes on.",
        ),
    )
    return visit.show(page)


def sheet_of_renewals(visit: Visit) -> Sheet:
    """Return what ends in the next two years as a sheet."""
    months: tuple[RenewalMonth, ...] = visit.run(list_renewals, months=24)
    rows = (_renewal(line, may_answer=False) for month in months for line in month.renewals)
    return sheet_of_rows("renewals", pages.RenewalRow, rows)


def _renewal(line: RenewalLine, *, may_answer: bool) -> pages.RenewalRow:
    told = {"yes": ", attested as a renewal", "no": ", not attested"}.get(line.qualifies, "")
    return pages.RenewalRow(
        deal=Link(label=line.deal.name, href=f"/deals/{line.deal.slug}"),
        customer=line.deal.customer,
        total=total_of_line(line.deal),
        ends_on=line.deal.ends_on,
        asked_on=line.asked_on,
        goes_on=line.goes_on,
        answer=f"{words(line.answer)}{told}" if line.answer else "",
        fee_at_stake=line.fee_at_stake,
        ask=Link(label="Say how it goes on", href=f"/deals/{line.deal.slug}/renewal") if may_answer else None,
    )


WAYS: Final[tuple[Way, ...]] = (
    get("/deals", show_board, Audience.STAFF),
    get("/deals/all", show_list, Audience.STAFF),
    *export_ways("/deals/all", sheet_of_deals, Audience.STAFF),
    *export_ways("/deals/renewals", sheet_of_renewals, Audience.STAFF),
    get("/deals/renewals", show_renewals, Audience.STAFF),
)
