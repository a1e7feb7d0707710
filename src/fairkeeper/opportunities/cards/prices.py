"""What seats are worth: the partner's own dated prices, never a constant of ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fairkeeper.errors import InvalidError
from fairkeeper.opportunities.errors import PricesUnreadableError
from fairkeeper.values.csv_text import CsvUnreadableError, read_csv
from fairkeeper.values.money import Money, Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of one seat for one month, from a day on."""

    product: str
    from_on: date
    price: Money
    source: str


def read_prices(text: str, *, source: str) -> tuple[Price, ...]:
    """Read a price list.

    Raises:
        PricesUnreadableError: A column is missing, or a row cannot be read; the message names it.

    Example:
        >>> text = chr(10).join(["product,price_per_seat_per_month,currency,from", "copilot,30,USD,2026-05-01"])
        >>> str(read_prices(text, source="p.csv")[0].price)
        '30.00 USD'
    """
    try:
        table = read_csv(text)
    except CsvUnreadableError as error:
        raise PricesUnreadableError(f"{source or 'The file'} cannot be read: {error}.") from error
    missing = table.lacks("currency", "from", "price_per_seat_per_month", "product")
    if missing:
        raise PricesUnreadableError(f"The prices in {source or 'the file'} lack {', '.join(missing)}.")
    prices = []
    for row in table.rows:
        cells = row.cells
        try:
            prices.append(
                Price(
                    product=cells["product"].lower().replace(" ", "_").replace("-", "_"),
                    from_on=date.fromisoformat(cells["from"]),
                    price=Money.from_decimal_text(cells["price_per_seat_per_month"], cells["currency"]),
                    source=source,
                )
            )
        except (ValueError, InvalidError) as error:
            raise PricesUnreadableError(
                f"Row {row.number} of {source or 'the prices'} cannot be read: {error}."
            ) from error
    if len(prices) > 500 or len({(each.product, each.from_on) for each in prices}) != len(prices):
        raise PricesUnreadableError("A product has two prices from one day on, or there are more than 500 rows.")
    return tuple(prices)


def price_on(prices: Iterable[Price], product: str, day: date) -> Price | None:
    """Return the price that is in force on a day; None where the list has none."""
    fitting = [each for each in prices if each.product == product and each.from_on <= day]
    return max(fitting, key=lambda each: each.from_on, default=None)


def worth_of(price: Price | None, seats: float, months: int) -> Money | None:
    """Return what seats are worth over some months; None without a price."""
    if price is None:
        return None
    return price.price.multiply_rounded(Decimal(str(round(max(seats, 0), 3))) * months, Rounding.HALF_EVEN)
