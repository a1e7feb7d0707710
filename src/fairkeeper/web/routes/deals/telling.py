"""From what the room of deals answers to the parts of pages: needs, findings, money, pictures.

Separate, because the board, a deal's page and its editor tell the same things, and must tell them alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import accumulate
from typing import Final

from markupsafe import Markup

from fairkeeper.deals.actions.price_file import price_file
from fairkeeper.deals.actions.views import FindingView, PricedFile
from fairkeeper.deals.book.views import DealLine, DealNeed
from fairkeeper.values.currencies import currency
from fairkeeper.values.findings import Level
from fairkeeper.values.money import Money
from fairkeeper.web import parts
from fairkeeper.web.format import amount
from fairkeeper.web.pages.deals import Chart, DealMoney, QuarterRow, ScheduleRow
from fairkeeper.web.parts import Deadline, Finding, Link
from fairkeeper.web.serving.charts import ChargePoint, QuarterBar, charges_chart, quarters_chart
from fairkeeper.web.serving.telling import resource_link, words
from fairkeeper.web.serving.visit import Visit

_LEVELS: Final = {Level.ERROR: parts.Level.ERROR, Level.WARNING: parts.Level.WARNING, Level.INFO: parts.Level.NOTE}
DEAL_PATH: Final = ("Draft", "Submitted", "Offered", "Accepted", "Bought", "Ended")
CHARGED, PAID = "Charged", "Paid out to us"


def need_part(need: DealNeed, *, with_deal: bool = True, may_close: bool) -> Finding | Deadline:
    """Return what waits for a person: with a date a deadline, without one a finding."""
    where = Link(label=need.deal_name, href=f"/deals/{need.deal_slug}") if with_deal else None
    close = Link(label="Close with a reason", href=f"/deal-reminders/{need.deal_reminder_id}/close")
    if need.code == "deals.renewal_near":
        close = Link(label="Say how it goes on", href=f"/deals/{need.deal_slug}/renewal")
    if need.due_on is not None:
        return Deadline(
            due_at=datetime.combine(need.due_on, time(23, 59), UTC),
            what=need.message,
            otherwise=need.remedy,
            where=where,
            owner=words(need.owner_role),
            action=close if may_close else None,
        )
    return Finding(
        level={"error": parts.Level.ERROR, "warning": parts.Level.WARNING}.get(need.level, parts.Level.NOTE),
        what=need.message,
        remedy=need.remedy,
        since_at=need.raised_at,
        where=where,
        resource=resource_link(need.resource),
        owner=words(need.owner_role),
        close=close if may_close else None,
    )


def finding_parts(findings: Iterable[FindingView]) -> tuple[Finding, ...]:
    """Return what the rules found, the gravest first as they come."""
    return tuple(
        Finding(
            level=_LEVELS[each.level],
            what=f"{each.message} ({each.path or 'the deal'}{f', line {each.line}' if each.line else ''})",
            remedy=each.remedy + (f" Assumed: {each.assumption}." if each.assumption else ""),
            resource=Link(label=each.explained_by, href=each.address) if each.address else None,
            owner="Deal desk",
        )
        for each in findings
    )


def money_in(text: str, code: str) -> Money:
    """Return an amount of an answer."""
    return Money.from_decimal_text(text, currency(code))


def total_of_line(line: DealLine) -> Money:
    """Return what a deal is worth."""
    return money_in(line.total, line.currency)


# -------------------- money


def price(visit: Visit, text: str, as_of: date, against: str = "") -> PricedFile:
    """Price a deal's text, and another beside it."""
    fields = {"file": {"text": text}, "as_of": as_of, **({"against": {"text": against}} if against else {})}
    found: PricedFile = visit.run(price_file, **fields)
    return found


def deal_money(priced: PricedFile, charts: Sequence[Chart] = ()) -> DealMoney:
    """Return a priced deal as a page shows it; nothing where it has faults."""
    if priced.currency is None:
        return DealMoney(sentence="Nothing can be said of its money while it has faults.")
    schedule = schedule_rows(priced)
    fee = f"Agency fee {priced.fee_percent} %."
    paid = (
        f"Paid out as a customer under {priced.agreement.upper()} is."
        if priced.agreement
        else "The customer's agreement is not known, so no day of a payout can be told."
    )
    counts = {"yes": "counts", "no": "does not count"}.get(priced.counts_towards_commitment)
    commitment = (
        f"It {counts} towards the customer's cloud commitment (MACC)."
        if counts
        else "Whether it counts towards the customer's cloud commitment (MACC) is not known: say so in the base plan."
    )
    return DealMoney(
        charts=charts if schedule else (),
        schedule=schedule,
        quarters=quarter_rows(priced),
        sentence=f"{fee} {paid} {commitment}",
    )


def schedule_rows(priced: PricedFile) -> tuple[ScheduleRow, ...]:
    """Return every charge in the deal's own currency, by day, with the running total over all plans."""
    own = [line for line in priced.lines if not line.markets]
    own.sort(key=lambda line: (line.charged_on, line.plan, line.number))
    has_partner = any(total.adjustment_percent for total in priced.totals)
    sums = accumulate(money_in(line.customer_price, line.currency) for line in own)
    return tuple(
        ScheduleRow(
            number=number,
            plan=line.plan,
            charged_on=line.charged_on,
            customer_pays=money_in(line.customer_price, line.currency),
            running=running,
            note=line.note,
            partner_pays=money_in(line.partner_price, line.currency) if has_partner else None,
            earning=money_in(line.earning, line.currency) if line.earning else None,
            paid_by=line.paid_by,
        )
        for number, (line, running) in enumerate(zip(own, sums, strict=True), 1)
    )


def quarter_rows(priced: PricedFile) -> tuple[QuarterRow, ...]:
    """Return the money by quarter."""
    code = priced.currency or "USD"

    def maybe(text: str | None) -> Money | None:
        return None if text is None else money_in(text, code)

    return tuple(
        QuarterRow(
            quarter=row.quarter,
            charged=money_in(row.charged, code),
            paid=money_in(row.paid, code),
            other_charged=maybe(row.other_charged),
            other_paid=maybe(row.other_paid),
            ahead=maybe(row.other_ahead),
        )
        for row in priced.quarters
    )


# -------------------- pictures


def charts_at(here: str, priced: PricedFile) -> tuple[Chart, ...]:
    """Return a deal's pictures, each at an address of its own."""
    charges, cash = titles(priced)
    found = [Chart(id="charges-chart", title=charges, alt=charges, href=f"{here}/charges.svg")]
    if priced.quarters:
        found.append(Chart(id="cash-chart", title=cash, alt=cash, href=f"{here}/cash.svg"))
    return tuple(found)


def charts_here(priced: PricedFile) -> tuple[Chart, ...]:
    """Return the pictures of a text that is kept nowhere, to stand in the page itself."""
    charges, cash = titles(priced)
    found = [Chart(id="charges-chart", title=charges, alt=charges, drawing=draw_charges(priced))]
    if priced.quarters:
        found.append(Chart(id="cash-chart", title=cash, alt=cash, drawing=draw_cash(priced)))
    return tuple(found)


def titles(priced: PricedFile) -> tuple[str, str]:
    """Return what the two pictures show, as findings: when most is charged, and when the last of it is paid out."""
    rows = schedule_rows(priced)
    if not rows:
        return "No charges", "No payouts"
    by_year: dict[int, int] = {}
    for row in rows:
        by_year[row.charged_on.year] = by_year.get(row.charged_on.year, 0) + row.customer_pays.minor
    year, most = max(by_year.items(), key=lambda item: (item[1], -item[0]))
    total = rows[-1].running
    share = round(100 * most / total.minor) if total.minor else 0
    charges = f"{amount(total)} in {len(rows)} charges, {share} % of it in {year}"
    paid = sum((each.paid.minor for each in quarter_rows(priced)), 0)
    last = priced.quarters[-1].quarter if priced.quarters else ""
    return charges, f"{amount(Money(paid, total.currency))} should have reached us by the end of {last}"


def draw_charges(priced: PricedFile, look: str = "light") -> Markup:
    """Draw the charges on a time line."""
    points = [
        ChargePoint(on=row.charged_on, amount=row.customer_pays, running=row.running) for row in schedule_rows(priced)
    ]
    return charges_chart(points, look=look, title=titles(priced)[0])


def draw_cash(priced: PricedFile, look: str = "light") -> Markup:
    """Draw charges and payouts by quarter."""
    bars = [
        QuarterBar(quarter=row.quarter, series=series, amount=money)
        for row in quarter_rows(priced)
        for series, money in ((CHARGED, row.charged), (PAID, row.paid))
    ]
    return quarters_chart(bars, look=look, title=titles(priced)[1])


def draw_comparison(priced: PricedFile, names: tuple[str, str], look: str = "light") -> Markup:
    """Draw what two deals have paid out by the end of each quarter."""
    rows = quarter_rows(priced)
    if not rows:
        return Markup()
    zero = Money.zero(rows[0].paid.currency)
    first = list(accumulate(row.paid for row in rows))
    second = list(accumulate(row.other_paid or zero for row in rows))
    bars = [
        QuarterBar(quarter=row.quarter, series=name, amount=paid)
        for row, one, other in zip(rows, first, second, strict=True)
        for name, paid in zip(names, (one, other), strict=True)
    ]
    return quarters_chart(bars, look=look, title=f"Paid out by the end of each quarter: {names[0]}, {names[1]}")
