"""Currencies and local prices: which are sold in, whom they fit, and that they match the schedule.

Source: Microsoft Learn, "Geographic availability and currency support" (currencies by billing country, May 2023), and
"Flexible billing schedule" (prices by market).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from fairkeeper.deals.assumptions import CURRENCY_LIST
from fairkeeper.deals.checks.declaring import Basis, assumed, declare
from fairkeeper.deals.checks.installments import NEGATIVE_AMOUNT
from fairkeeper.deals.deal import Deal, Plan
from fairkeeper.values.currencies import MARKETPLACE_CURRENCY_CODES
from fairkeeper.values.findings import Finding, Level

_COUNTRIES: Final = {
    "AUD": "AU", "BRL": "BR", "CAD": "CA", "CHF": "CH LI", "DKK": "DK FO GL", "GBP": "GB", "INR": "IN", "JPY": "JP",
    "KRW": "KR", "NOK": "NO", "NZD": "NZ", "RUB": "RU", "SEK": "SE", "TWD": "TW", "USD": "US",
    "EUR": "AT BE CY DE EE ES FI FR GR HR IE IT LT LU LV MC ME MT NL PT SI SK",
}  # fmt: skip
CURRENCY_OF_COUNTRY: Final = {country: code for code, countries in _COUNTRIES.items() for country in countries.split()}
"""Countries whose own currency is among the sixteen; nothing is said of the others."""

CURRENCY_NOT_SOLD: Final = declare(
    "currency_not_sold",
    title="The currency is one that Marketplace sells software in",
    remedy="Use the currency of the customer's billing country, or USD.",
    resource="learn-availability-currencies",
    example="currency: PLN",
)
CURRENCY_NOT_CUSTOMERS: Final = declare(
    "currency_not_customers",
    title="A price is in the currency that the customer is billed in",
    remedy="Add a local price in the customer's currency, so that no conversion changes the amounts.",
    resource="learn-availability-currencies",
    example="currency: USD, customer in DE, no local price in EUR",
    level=Level.WARNING,
)
LOCAL_LINES_DIFFER: Final = declare(
    "local_lines_differ",
    title="A local price has one amount for each installment",
    remedy="Give as many amounts as the schedule has lines, in the same order; one for regular billing.",
    resource="learn-flexible-billing",
    example="a schedule of four lines, local_prices: [{amounts: three}]",
)
MARKET_REPEATED: Final = declare(
    "market_repeated",
    title="A market has one price",
    remedy="Remove the market from one of the two local prices.",
    resource="learn-flexible-billing",
    example="DE in two local prices of one plan",
)
MARKET_INVALID: Final = declare(
    "market_invalid",
    title="A market is a code of two capital letters, and a local price has at least one",
    remedy="Use the code of ISO 3166, such as DE.",
    resource="learn-availability-currencies",
    example="markets: [Germany]",
)


def check_currency(deal: Deal, basis: Basis) -> Iterator[Finding]:
    """Find a deal in a currency that is not sold in."""
    if basis.assumptions.holds(CURRENCY_LIST) and deal.currency.code not in MARKETPLACE_CURRENCY_CODES:
        message = f"Software offers are not sold in {deal.currency}."
        yield assumed(CURRENCY_NOT_SOLD, CURRENCY_LIST, message, path="currency")


def check_customer_currency(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001
    """Find a price of its own that will be converted for the customer."""
    country = deal.customer.country if deal.customer else ""
    theirs = CURRENCY_OF_COUNTRY.get(country)
    has_price = plan.billing is not None or bool(plan.schedule)
    if theirs is None or not has_price or deal.currency.code == theirs:
        return
    if not any(price.currency.code == theirs and country in price.markets for price in plan.local_prices):
        message = f"A customer in {country} is billed in {theirs}, the price is in {deal.currency}."
        yield CURRENCY_NOT_CUSTOMERS.found(message, path=path)


def check_local_prices(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - all four
    """Find local prices that do not fit the schedule, and markets that are wrong or stand twice."""
    wanted = len(plan.schedule) or (1 if plan.billing else 0)
    seen: set[str] = set()
    for number, price in enumerate(plan.local_prices):
        where = f"{path}/local_prices/{number}"
        if basis.assumptions.holds(CURRENCY_LIST) and price.currency.code not in MARKETPLACE_CURRENCY_CODES:
            message = f"Software offers are not sold in {price.currency}."
            yield assumed(CURRENCY_NOT_SOLD, CURRENCY_LIST, message, path=f"{where}/currency")
        if len(price.amounts) != wanted:
            message = f"{price.currency} has {len(price.amounts)} amounts; {wanted} are needed."
            yield LOCAL_LINES_DIFFER.found(message, path=f"{where}/amounts")
        bad = [market for market in price.markets if not _is_market(market)]
        if bad or not price.markets:
            told = f"{bad[0][:40]!r} is not a market." if bad else "The local price names no market."
            yield MARKET_INVALID.found(told, path=f"{where}/markets")
        times = Counter(price.markets)
        repeated = sorted(market for market, count in times.items() if count > 1 or market in seen)
        if repeated:
            yield MARKET_REPEATED.found(f"{', '.join(repeated)} has two prices.", path=f"{where}/markets")
        seen.update(price.markets)


def check_local_amounts(deal: Deal, plan: Plan, path: str, basis: Basis) -> Iterator[Finding]:  # noqa: ARG001 - as above
    """Find local amounts below zero."""
    for number, price in enumerate(plan.local_prices):
        for line, amount in enumerate(price.amounts):
            if amount.minor < 0:
                where = f"{path}/local_prices/{number}/amounts/{line}"
                yield NEGATIVE_AMOUNT.found(f"Line {line + 1} in {price.currency} is {amount}.", path=where)


def _is_market(text: str) -> bool:
    return len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()
