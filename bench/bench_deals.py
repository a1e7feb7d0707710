"""Deals: the largest one that the rules allow, checked and priced; beside it, read from its file and written.

Ten plans with seventy installments each in sixteen currencies, in an offer with a channel partner, so that every one of
the 11,200 amounts is also adjusted and rounded.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import date, timedelta

from bench.report import Report
from fairkeeper.deals.checks.checking import check_deal
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import (
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    LocalPrice,
    Plan,
    PricingKind,
)
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.prices.pricing import price_deal
from fairkeeper.values.currencies import MARKETPLACE_CURRENCY_CODES, currency
from fairkeeper.values.money import Money

PLANS = 10
LINES = 70
ROUNDS = 15
STARTS_ON = date(2027, 1, 1)


def run(report: Report) -> None:
    """Measure one large deal."""
    deal = _large_deal()
    basis = Basis(as_of=date(2026, 12, 31))
    found = check_deal(deal, basis)
    assert not found, list(found)[:3]
    assert sum(len(price.lines.customer) for plan in price_deal(deal) for price in plan.prices) == PLANS * LINES * 16

    conditions = f"median of {ROUNDS}; {LINES} lines × {PLANS} plans × {len(MARKETPLACE_CURRENCY_CODES)} currencies"
    milliseconds = 1000 * _median(lambda: (check_deal(deal, basis), price_deal(deal)))
    report.at_most("checked and priced", milliseconds, unit="ms", target=100, conditions=conditions)
    text = write_deal(deal)
    taken = 1000 * _median(lambda: read_deal(text), rounds=3)
    report.plain("read from its file", taken, unit="ms", conditions=f"{len(text) / 1e6:.1f} MB of YAML")
    taken = 1000 * _median(lambda: write_deal(deal), rounds=3)
    report.plain("written to its file", taken, unit="ms", conditions="YAML")


def _median(action: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Return the median seconds of an action."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _large_deal() -> Deal:
    return Deal(
        name="Contoso, everything",
        kind=DealKind.MULTIPARTY,
        pricing=PricingKind.CUSTOMISED_PLAN,
        currency=currency("USD"),
        accept_by=date(2026, 12, 31),
        billing_starts=STARTS_ON,
        ends=date(2031, 12, 31),
        plans=tuple(_plan(number) for number in range(PLANS)),
        customer=Customer(name="Contoso", billing_account="12345678", country="US"),
        partner=ChannelPartner(name="Adatum Sales", seller_id="7654321", country="US"),
        eligibility=Eligibility(partner_program=True, publisher_agreement=True, published_offer=True),
    )


def _plan(number: int) -> Plan:
    dates = [None, *(STARTS_ON + timedelta(days=26 * line) for line in range(1, LINES))]
    codes = [code for code in MARKETPLACE_CURRENCY_CODES if code != "USD"]
    own = _amounts("USD", number)
    return Plan(
        offer="fairmile-agent",
        plan="enterprise",
        new_plan=f"contoso-plan-{number}",
        term_months=60,
        agreed_total=Money.sum(own, "USD"),
        schedule=tuple(
            Charge(on=day, amount=amount, note=f"Installment {line}")
            for line, (day, amount) in enumerate(zip(dates, own, strict=True), 1)
        ),
        local_prices=tuple(
            LocalPrice(currency=currency(code), markets=(code[:2],), amounts=_amounts(code, number)) for code in codes
        ),
        adjustment=Percentage.parse("10.52631579"),
    )


def _amounts(code: str, number: int) -> tuple[Money, ...]:
    return tuple(Money(1_000_001 + 7 * line + 13 * number, currency(code)) for line in range(LINES))
