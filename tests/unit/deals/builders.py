"""Deals to change for one test: a sound one, and strategies for many."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fairkeeper.deals.assumptions import Assumptions
from fairkeeper.deals.checks.checking import check_deal
from fairkeeper.deals.checks.declaring import Basis
from fairkeeper.deals.deal import (
    Agreement,
    BasePlan,
    Billing,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Frequency,
    LocalPrice,
    Plan,
    PriceModel,
    PricingKind,
    RenewalAttestation,
    RenewalReason,
    ReplacedOffer,
    Reseller,
    Side,
    TermsDocument,
)
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money

EXAMPLES = Path(__file__).parents[3] / "examples" / "deals"
AS_OF = date(2025, 1, 31)
CURRENCIES = ("JPY", "USD", "BHD")
"""Of no, two and three decimals."""


def usd(text: str) -> Money:
    return Money.from_decimal_text(text, "USD")


def charge(on: str | None, amount: str, note: str = "") -> Charge:
    return Charge(on=date.fromisoformat(on) if on else None, amount=usd(amount), note=note)


QUARTERS = (
    charge(None, "250000", "Q1"),
    charge("2025-05-01", "250000", "Q2"),
    charge("2025-08-01", "250000", "Q3"),
    charge("2025-11-01", "250000", "Q4"),
)


def a_plan(**changes: Any) -> Plan:
    plan = Plan(
        offer="fairmile-agent",
        plan="enterprise",
        new_plan="contoso-enterprise-1y",
        term_months=12,
        agreed_total=usd("1000000"),
        schedule=QUARTERS,
    )
    return replace(plan, **changes)


def a_deal(*plans: Plan, **changes: Any) -> Deal:
    deal = Deal(
        name="Contoso one year",
        kind=DealKind.CUSTOMER,
        pricing=PricingKind.CUSTOMISED_PLAN,
        currency=currency("USD"),
        accept_by=date(2025, 1, 31),
        billing_starts=date(2025, 2, 1),
        ends=date(2026, 1, 31),
        plans=plans or (a_plan(),),
        customer=Customer(name="Contoso", billing_account="12345678", country="US", agreement=Agreement.EA),
        eligibility=Eligibility(partner_program=True, publisher_agreement=True, published_offer=True),
    )
    return replace(deal, **changes)


def a_multiparty_deal(*plans: Plan, **changes: Any) -> Deal:
    partner = ChannelPartner(name="Adatum Sales", seller_id="7654321", country="US")
    return a_deal(*plans, **{"kind": DealKind.MULTIPARTY, "partner": partner, **changes})


def codes(deal: Deal, *, as_of: date = AS_OF, without: tuple[str, ...] = ()) -> list[str]:
    """What a check finds, without the room's name."""
    found = check_deal(deal, Basis(as_of=as_of, assumptions=Assumptions.without(without)))
    return [finding.code.removeprefix("deals.") for finding in found]


# --- many deals ---

TRICKY = (
    "on", "yes", "No", "null", "~", "007", "1e3", "2027-01-31", "a: b", "- x", "# no", "'quoted' \"twice\"", "a\\nb",
    "Ärger & Söhne", "契約", "😀", "{}", "[1]", "& *", "!tag", "| block", "%", "at_start", "true", ".5",
)  # fmt: skip
"""Texts that a careless YAML reader or writer takes for something else."""
words = st.sampled_from(TRICKY) | st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8
)
slugs = st.sampled_from(["agent", "fairmile-agent", "team_plus", "7", "on", "enterprise-1y", "null", "2027-01-31"])
days = st.dates(date(2020, 1, 1), date(2050, 12, 31))
codes_of_currencies = st.sampled_from(CURRENCIES)
percentages = st.integers(1, 100 * 10**8).map(Percentage)
maybe_texts = st.one_of(st.just(""), words)


def amounts(code: str, least: int = 0) -> st.SearchStrategy[Money]:
    return st.integers(least, 10**11).map(lambda minor: Money(minor, currency(code)))


@st.composite
def schedules(draw: st.DrawFn, code: str) -> tuple[Charge, ...]:
    start = draw(days)
    gaps = draw(st.lists(st.integers(1, 200), max_size=5))
    dates, day = [], start
    for gap in gaps:
        day += timedelta(days=gap)
        dates.append(day)
    charges = [Charge(on=None, amount=draw(amounts(code)), note=draw(maybe_texts))]
    return (*charges, *(Charge(on=each, amount=draw(amounts(code, 1)), note=draw(maybe_texts)) for each in dates))


@st.composite
def plans(draw: st.DrawFn, code: str, kind: DealKind, pricing: PricingKind) -> Plan:
    is_new = pricing in {PricingKind.CUSTOMISED_PLAN, PricingKind.PROFESSIONAL_SERVICE}
    plan = Plan(
        offer=draw(slugs),
        plan=draw(slugs),
        new_plan=draw(slugs) if is_new else None,
        new_plan_name=draw(words) if is_new and draw(st.booleans()) else None,
        new_plan_description=draw(st.none() | words) if is_new else None,
        base=draw(
            st.builds(
                BasePlan,
                price_model=st.none() | st.sampled_from(PriceModel),
                terms_months=st.lists(st.integers(1, 60), max_size=4).map(tuple),
                has_trial=st.none() | st.booleans(),
                has_meters=st.none() | st.booleans(),
                counts_towards_commitment=st.none() | st.booleans(),
                list_total=st.none() | amounts(code, 1),
            )
        ),
    )
    if kind is DealKind.MULTIPARTY:
        note = draw(maybe_texts)
        plan = replace(plan, adjustment=draw(st.none() | percentages), note=note)
    if pricing is PricingKind.EXISTING_PLAN_DISCOUNT:
        return replace(plan, discount=draw(percentages), term_months=draw(st.none() | st.integers(1, 60)))
    plan = replace(plan, term_months=draw(st.integers(1, 60)))
    if draw(st.booleans()):
        schedule = draw(schedules(code))
        total = Money.sum((each.amount for each in schedule), code)
        return replace(
            plan,
            schedule=schedule,
            agreed_total=draw(st.sampled_from([None, total])),
            local_prices=draw(local_prices(len(schedule))),
        )
    billing = Billing(frequency=draw(st.sampled_from(Frequency)), amount=draw(amounts(code, 1)))
    model = draw(st.sampled_from(PriceModel))
    return replace(plan, price_model=model, billing=billing, local_prices=draw(local_prices(1)))


@st.composite
def local_prices(draw: st.DrawFn, lines: int) -> tuple[LocalPrice, ...]:
    found = []
    for market in draw(st.lists(st.sampled_from(["DE", "FR", "JP", "BH"]), unique=True, max_size=2)):
        code = draw(codes_of_currencies)
        sold = tuple(draw(st.lists(amounts(code), min_size=lines, max_size=lines)))
        total = draw(st.sampled_from([None, Money.sum(sold, code)]))
        found.append(LocalPrice(currency=currency(code), markets=(market,), amounts=sold, agreed_total=total))
    return tuple(found)


@st.composite
def deals(draw: st.DrawFn, kinds: tuple[DealKind, ...] = tuple(DealKind)) -> Deal:
    """Deals of every kind and pricing that a file can hold; not every one obeys every rule."""
    code, kind, pricing = draw(codes_of_currencies), draw(st.sampled_from(kinds)), draw(st.sampled_from(PricingKind))
    rows = draw(st.lists(plans(code, kind, pricing), min_size=1, max_size=2))
    is_csp = kind is DealKind.CSP
    customer = st.builds(
        Customer,
        name=words,
        billing_account=st.sampled_from(["", "12345678"]),
        country=st.sampled_from(["", "US", "DE"]),
        tenant_id=st.sampled_from(["", "0b7f61b4-0000-4000-8000-0000000000a1"]),
        agreement=st.none() | st.sampled_from(Agreement),
        pays_by_card=st.booleans(),
    )
    return Deal(
        name=draw(words),
        kind=kind,
        pricing=pricing,
        currency=currency(code),
        accept_by=draw(days),
        billing_starts=draw(st.none() | days),
        ends=draw(days),
        plans=tuple(rows),
        customer=None if is_csp else draw(customer),
        resellers=tuple(draw(st.lists(st.builds(Reseller, name=words, id=slugs), max_size=3))) if is_csp else (),
        partner=draw(st.builds(ChannelPartner, name=words, seller_id=slugs, country=st.sampled_from(["", "US"])))
        if kind is DealKind.MULTIPARTY
        else None,
        prepared_by=draw(maybe_texts),
        contacts=tuple(draw(st.lists(words, max_size=3))),
        terms=draw(terms(kind)),
        eligibility=draw(st.builds(Eligibility, partner_program=st.none() | st.booleans())),
        renewal_attestation=draw(
            st.none()
            | st.builds(
                RenewalAttestation,
                qualifies=st.booleans(),
                evidence=maybe_texts,
                reason=st.none() | st.sampled_from(RenewalReason),
            )
        ),
        replaces=draw(st.none() | st.builds(ReplacedOffer, name=words, id=slugs, ends=st.none() | days)),
        auto_renew=draw(st.booleans()),
        usd_rates=draw(st.sampled_from([(), (("EUR", Decimal("1.0825")),)])),
        existing_plan_ids=tuple(draw(st.lists(slugs, max_size=3))),
    )


def terms(kind: DealKind) -> st.SearchStrategy[tuple[TermsDocument, ...]]:
    files = st.sampled_from(["terms.pdf", "annex.pdf", "partner.pdf"])
    sides = st.sampled_from(Side) if kind is DealKind.MULTIPARTY else st.just(Side.ORIGINATOR)
    document = st.builds(TermsDocument, file=files, name=maybe_texts, added_by=sides)
    most = 3 if kind is DealKind.MULTIPARTY else 1
    return st.lists(document, max_size=most, unique_by=lambda each: each.file).map(tuple)
