"""Prices by market as rows of a spreadsheet, out and back: one row for each plan, market and line.

What comes back replaces the deal's local prices and nothing else: its own currency, its dates and its notes stay, and a
row that contradicts them is a finding. What cannot be read is told with its row, and then nothing is changed.

Source: Microsoft Learn, "Flexible billing schedule" (prices by market are exported, edited and imported as a sheet).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from fairkeeper.deals.book.finding_kinds import MARKET_ROW_UNREADABLE
from fairkeeper.deals.deal import Deal, LocalPrice, Plan
from fairkeeper.deals.schedules.charging import charges_of
from fairkeeper.deals.sheets.mapping import Purpose, headings_of, missing_headings, unread_headings
from fairkeeper.deals.sheets.tables import read_table, write_spreadsheet
from fairkeeper.values.currencies import CURRENCIES, Currency
from fairkeeper.values.errors import AmountRefusedError
from fairkeeper.values.findings import Finding, Findings
from fairkeeper.values.money import Money, Rounding

SHEET_NAME: Final = "Market prices"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketsRead:
    """What came back.

    Args:
        deal: With the new local prices; as it was where anything could not be read.
        unread: Headings that nothing was read from.
    """

    deal: Deal
    findings: Findings
    unread: tuple[str, ...]


def write_market_prices(
    deal: Deal, columns: Mapping[str, str] | None = None, wanted: Sequence[tuple[str, str]] = ()
) -> bytes:
    """Write a deal's prices by market as a spreadsheet, and rows to fill in for markets that have none.

    Args:
        deal: Its local prices are written as they are.
        columns: The headings, where they are not the standard ones.
        wanted: Country and currency of further markets; their amounts follow the deal's rates where it has one.
    """
    headings = headings_of(Purpose.MARKET_PRICES, columns or {})
    rows = [[row[name] for name in headings] for plan in deal.plans for row in _rows(deal, plan, wanted)]
    return write_spreadsheet(SHEET_NAME, list(headings.values()), rows)


def read_market_prices(content: bytes, deal: Deal, columns: Mapping[str, str] | None = None) -> MarketsRead:
    """Read a spreadsheet of prices by market back into a deal.

    Raises:
        TableUnreadableError: It is no table.
    """
    headings = headings_of(Purpose.MARKET_PRICES, columns or {})
    table = read_table(content)
    unread = unread_headings(table, headings)
    if lacking := missing_headings(table, Purpose.MARKET_PRICES, headings):
        found = [MARKET_ROW_UNREADABLE.found(f"The column {name!r} is missing.", row=1) for name in lacking]
        return MarketsRead(deal=deal, findings=Findings.of(found), unread=unread)
    read = _Reader(deal)
    for number, row in table.rows:
        read.take(number, {name: row.get(heading, "") for name, heading in headings.items()})
    prices, found = read.prices()
    if found:
        return MarketsRead(deal=deal, findings=Findings.of(found), unread=unread)
    plans = tuple(replace(plan, local_prices=prices.get(_key(plan), ())) for plan in deal.plans)
    return MarketsRead(deal=replace(deal, plans=plans), findings=Findings(), unread=unread)


def _key(plan: Plan) -> tuple[str, str]:
    return plan.offer, plan.new_plan or plan.plan


def _rows(deal: Deal, plan: Plan, wanted: Sequence[tuple[str, str]]) -> Iterator[dict[str, str | date | Decimal]]:
    lines = _lines(plan, deal)
    offer, name = _key(plan)
    sold: list[tuple[str, Currency, Sequence[Money]]] = [
        (market, price.currency, price.amounts) for price in plan.local_prices for market in price.markets
    ]
    have = {market for market, _, _ in sold}
    for market, code in wanted:
        unit = CURRENCIES.get(code)
        if market not in have and unit is not None:
            sold.append((market, unit, [_converted(deal, amount, unit) for _, amount, _ in lines]))
    for market, unit, amounts in sold:
        for number, ((on, _, note), amount) in enumerate(zip(lines, amounts, strict=False), 1):
            yield {
                "offer": offer,
                "plan": name,
                "market": market,
                "currency": unit.code,
                "line": str(number),
                "charge_date": on or "at start",
                "amount": amount.to_decimal(),
                "note": note,
            }


def _lines(plan: Plan, deal: Deal) -> list[tuple[date | None, Money, str]]:
    """Return day, amount and note of each line; regular billing is one line, whatever number of payments it has."""
    charges = plan.schedule or charges_of(plan, deal.starts_on)[:1]
    return [(charge.on, charge.amount, charge.note) for charge in charges]


def _converted(deal: Deal, amount: Money, unit: Currency) -> Money:
    """Return an amount at the deal's own rates; nothing where it has none, for a person to fill in."""
    own, other = deal.usd_rate(amount.currency), deal.usd_rate(unit)
    if own is None or other is None:
        return Money.zero(unit)
    scale = Decimal(unit.minor_per_major) / Decimal(amount.currency.minor_per_major)
    return Money(Money(amount.minor, unit).multiply_rounded(own / other * scale, Rounding.HALF_UP).minor, unit)


class _Reader:
    """Collects the rows of a sheet, plan by plan and market by market."""

    def __init__(self, deal: Deal) -> None:
        self.deal = deal
        self.plans = {_key(plan): plan for plan in deal.plans}
        self.by_name = {name: key for key in self.plans for name in [key[1]]}
        self.found: list[Finding] = []
        self.amounts: dict[tuple[tuple[str, str], str], dict[int, Money]] = {}

    def take(self, number: int, row: Mapping[str, str]) -> None:
        key = (row["offer"], row["plan"]) if row.get("offer") else self.by_name.get(row["plan"], ("", ""))
        unit = CURRENCIES.get(row["currency"].upper())
        if key not in self.plans:
            self._refuse(number, f"The deal has no plan {row['plan'][:60]!r}.")
        elif unit is None:
            self._refuse(number, f"No currency has the code {row['currency'][:10]!r}.")
        elif not row["line"].isdigit() or not row["market"]:
            self._refuse(number, "A row needs a market and the number of its line.")
        else:
            self._amount(number, key, row, unit)

    def _amount(self, number: int, key: tuple[str, str], row: Mapping[str, str], unit: Currency) -> None:
        lines = self.amounts.setdefault((key, row["market"].upper()), {})
        line = int(row["line"])
        try:
            amount = Money.from_decimal_text(row["amount"].replace(",", ""), unit)
        except AmountRefusedError as error:
            self._refuse(number, error.message)
            return
        if line in lines or any(each.currency != unit for each in lines.values()):
            self._refuse(number, f"Line {line} of {row['market']} stands twice, or in two currencies.")
            return
        lines[line] = amount

    def prices(self) -> tuple[dict[tuple[str, str], tuple[LocalPrice, ...]], list[Finding]]:
        """Return the local prices of each plan, markets of the same amounts together."""
        made: dict[tuple[str, str], dict[tuple[str, tuple[int, ...]], list[str]]] = {}
        for (key, market), lines in self.amounts.items():
            wanted = len(_lines(self.plans[key], self.deal))
            if sorted(lines) != list(range(1, wanted + 1)):
                message = f"{key[1]} in {market} has {len(lines)} lines; the plan has {wanted}."
                self.found.append(MARKET_ROW_UNREADABLE.found(message))
                continue
            amounts = tuple(lines[number] for number in sorted(lines))
            same = (amounts[0].currency.code, tuple(amount.minor for amount in amounts))
            made.setdefault(key, {}).setdefault(same, []).append(market)
        return {
            key: tuple(_price(same, markets) for same, markets in by.items()) for key, by in made.items()
        }, self.found

    def _refuse(self, number: int, message: str) -> None:
        self.found.append(MARKET_ROW_UNREADABLE.found(message, row=number))


def _price(same: tuple[str, tuple[int, ...]], markets: list[str]) -> LocalPrice:
    unit = CURRENCIES[same[0]]
    return LocalPrice(currency=unit, markets=tuple(markets), amounts=tuple(Money(minor, unit) for minor in same[1]))
