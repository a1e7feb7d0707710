"""The storefront's words: prices, periods, instants and statuses as a person reads them. Pure.

Separate, so that every page says the same thing in the same way.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from fairkeeper.sandbox.ingestion.pricing import CustomerPrice
from fairkeeper.sandbox.marketplace.catalog import Plan
from fairkeeper.sandbox.marketplace.clocks import Lapse
from fairkeeper.sandbox.marketplace.faults import Quirk
from fairkeeper.sandbox.marketplace.private_offers import PrivateOffer
from fairkeeper.sandbox.marketplace.subscriptions import Status
from fairkeeper.sandbox.marketplace.terms import months_and_days
from fairkeeper.values.currencies import CURRENCIES

STATUS_WORDS = {
    Status.PENDING: ("Waiting for configuration", "waiting"),
    Status.SUBSCRIBED: ("Subscribed", "good"),
    Status.SUSPENDED: ("Suspended", "bad"),
    Status.UNSUBSCRIBED: ("Unsubscribed", "gone"),
}
LAPSE_WORDS = {
    Lapse.NOT_ACTIVATED: "is dropped unless it is activated",
    Lapse.TERM_RENEWS: "renews",
    Lapse.TERM_ENDS: "ends, because renewal is off",
    Lapse.GRACE_ENDS: "is unsubscribed unless the payment arrives",
}

QUIRK_WORDS = {
    Quirk.UNKNOWN_SUBSCRIPTION_HAS_NO_OPERATIONS: "Operations of an unknown subscription: an empty list, not 404",
    Quirk.UNKNOWN_OPERATION_IS_BAD_REQUEST: "An unknown operation: 400, not 404",
    Quirk.NONSENSE_STATUS_IS_ACCEPTED: "Answering an operation with a nonsense status: 200",
    Quirk.OWN_OPERATION_PATCH_FAILS: "Answering an operation that the publisher began: 500",
    Quirk.OPERATIONS_LISTED_LATE: "A pending operation appears in the list five seconds late",
    Quirk.ACTIVATE_IGNORES_PLAN: "Activate does not look at the plan",
    Quirk.UNKNOWN_SUBSCRIPTION_HAS_EMPTY_PLANS: "Plans of an unknown subscription: an empty answer, not 404",
    Quirk.LOOSE_VALUES: "Loose values: seats as text, padded statuses, dates of the year 1, unknown fields",
}


def money(minor: int, currency: str) -> str:
    """Write an amount.

    Example:
        >>> money(2_400_000, "USD")
        'USD 24,000.00'
    """
    return f"{currency} {minor // 100:,}.{minor % 100:02d}"


def duration(unit: str) -> str:
    """Write an ISO 8601 duration in words.

    Example:
        >>> duration("P1M"), duration("P3Y"), duration("P18M")
        ('month', '3 years', '18 months')
    """
    months, days = months_and_days(unit)
    if days:
        return f"{months} months and {days} days" if months else ("day" if days == 1 else f"{days} days")
    if months % 12 == 0:
        return "year" if months == 12 else f"{months // 12} years"
    return "month" if months == 1 else f"{months} months"


def amount(value: Decimal, currency: str) -> str:
    """Write an exact amount with the decimals of its currency.

    Example:
        >>> amount(Decimal("80000000"), "USD"), amount(Decimal(1200), "JPY")
        ('USD 80,000,000.00', 'JPY 1,200')
    """
    known = CURRENCIES.get(currency)
    return f"{currency} {value:,.{known.exponent if known else 2}f}"


def customer_price(price: CustomerPrice) -> str:
    """Write what a plan of a private offer costs.

    Example:
        >>> customer_price(CustomerPrice(unit="P3Y", payment_unit="P1Y", amount=Decimal(24_000), currency="USD"))
        'USD 24,000.00 a year, for 3 years'
    """
    total = amount(price.amount, price.currency)
    if price.charges:
        return f"{total} in {len(price.charges)} charges, for {counted(price.unit)}"
    seat = "a seat and " if price.seats else "a "
    if price.payment_unit is None:
        return f"{total} for {counted(price.unit)}"
    return f"{total} {seat}{duration(price.payment_unit)}, for {counted(price.unit)}"


def price(plan: Plan | PrivateOffer, currency: str = "USD") -> str:
    """Write what a plan costs and how often.

    Example:
        >>> price(Plan(id="p", name="P", description="", price_minor=1900, term_unit="P1M", max_quantity=5))
        'USD 19.00 a seat and month'
    """
    if isinstance(plan, PrivateOffer):
        currency = plan.currency
        if plan.charges:
            total = sum((charge.amount for charge in plan.charges), Decimal())
            return f"{amount(total, currency)} in {len(plan.charges)} charges, for {counted(plan.term_unit)}"
    every = duration(plan.charge_duration or plan.term_unit)
    if every[0].isdigit():
        return f"{money(plan.price_minor, currency)} for {every}"
    seat = "a seat and " if isinstance(plan, Plan) and plan.is_per_seat else "a "
    bound = f", for {counted(plan.term_unit)}" if plan.charge_duration else ""
    return f"{money(plan.price_minor, currency)} {seat}{every}{bound}"


def counted(unit: str) -> str:
    """Write a duration with its number, "one" included.

    Example:
        >>> counted("P1M"), counted("P3Y")
        ('one month', '3 years')
    """
    words = duration(unit)
    return words if words[0].isdigit() else f"one {words}"


def day(on: date) -> str:
    """Write a date.

    Example:
        >>> day(date(2026, 11, 22))
        '22 Nov 2026'
    """
    return f"{on.day} {on:%b %Y}"


def instant(at: datetime) -> str:
    """Write an instant.

    Example:
        >>> from datetime import UTC
        >>> instant(datetime(2026, 11, 22, 9, 5, tzinfo=UTC))
        '22 Nov 2026, 09:05 UTC'
    """
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def ahead(by: timedelta) -> str:
    """Write how far the sandbox's clock is ahead.

    Example:
        >>> ahead(timedelta(days=3, hours=2)), ahead(timedelta())
        ('3 days and 2 hours ahead of real time', 'with real time')
    """
    days, hours = by.days, by.seconds // 3600
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((days, "day"), (hours, "hour")) if n]
    if not parts:
        return f"{by.seconds} seconds ahead of real time" if by.seconds else "with real time"
    return f"{' and '.join(parts)} ahead of real time"
