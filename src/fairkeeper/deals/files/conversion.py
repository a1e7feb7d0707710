"""Turns the shapes of a file into the model: texts into money, words into values, with a finding for what does not fit.

Separate from `reading`, which decides how much of a faulty file is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fairkeeper.deals.deal import (
    BasePlan,
    Billing,
    ChannelPartner,
    Charge,
    Customer,
    Deal,
    Eligibility,
    LocalPrice,
    Plan,
    RenewalAttestation,
    ReplacedOffer,
    Reseller,
    TermsDocument,
)
from fairkeeper.deals.files.kinds import (
    CURRENCY_PRECISION,
    CURRENCY_UNKNOWN,
    MISSING_KEY,
    PERCENTAGE_UNREADABLE,
    UNKNOWN_WORD,
)
from fairkeeper.deals.files.shapes import (
    AT_START,
    AmountText,
    ChargeShape,
    DealShape,
    LocalPriceShape,
    PlanShape,
    Shape,
)
from fairkeeper.deals.prices.percentage import Percentage, PercentageRefusedError
from fairkeeper.values.currencies import CURRENCIES, Currency
from fairkeeper.values.errors import AmountRefusedError
from fairkeeper.values.findings import Finding
from fairkeeper.values.money import Money


@dataclass(slots=True)
class Conversion:
    """Converts parts of one file and collects what is wrong with them."""

    found: list[Finding] = field(default_factory=list)

    def currency(self, code: str, path: str) -> Currency | None:
        """Return the currency of a code, None where there is none."""
        if code in CURRENCIES:
            return CURRENCIES[code]
        self.found.append(CURRENCY_UNKNOWN.found(f"No currency has the code {code!r}.", path=path))
        return None

    def rates(self, shape: DealShape) -> tuple[tuple[str, Decimal], ...] | None:
        """Return the rates to USD, None where a currency is unknown."""
        before = len(self.found)
        for code in shape.usd_rates:
            self.currency(code, f"usd_rates/{code}")
        rates = tuple((code, Decimal(rate)) for code, rate in shape.usd_rates.items())
        return rates if len(self.found) == before else None

    def plan(self, shape: PlanShape, currency: Currency, path: str) -> Plan | None:
        """Return a plan, None where something in it does not fit."""
        before = len(self.found)
        plan = Plan(
            offer=shape.offer,
            plan=shape.plan,
            new_plan=shape.new_plan,
            new_plan_name=shape.new_plan_name,
            new_plan_description=shape.new_plan_description,
            price_model=shape.price_model,
            term_months=shape.term_months,
            agreed_total=self._money(shape.agreed_total, currency, f"{path}/agreed_total"),
            discount=self._percentage(shape.discount_percent, f"{path}/discount_percent"),
            schedule=tuple(
                self._charge(charge, currency, f"{path}/schedule/{number}")
                for number, charge in enumerate(shape.schedule)
            ),
            billing=None
            if shape.billing is None
            else Billing(
                frequency=shape.billing.frequency,
                amount=self._exact(shape.billing.amount, currency, f"{path}/billing/amount"),
            ),
            local_prices=tuple(
                local
                for number, price in enumerate(shape.local_prices)
                if (local := self._local_price(price, f"{path}/local_prices/{number}"))
            ),
            adjustment=self._percentage(shape.adjustment_percent, f"{path}/adjustment_percent"),
            customer_total=self._money(shape.customer_total, currency, f"{path}/customer_total"),
            note=shape.note,
            base=BasePlan(
                **_fields(shape.base)
                | {
                    "terms_months": tuple(shape.base.terms_months),
                    "list_total": self._money(shape.base.list_total, currency, f"{path}/base/list_total"),
                }
            ),
        )
        return plan if len(self.found) == before else None

    def _charge(self, shape: ChargeShape, currency: Currency, path: str) -> Charge:
        if shape.charge is not None and shape.charge != AT_START:
            self.found.append(UNKNOWN_WORD.found(f"charge: {shape.charge!r} is not at_start.", path=f"{path}/charge"))
        elif (shape.charge is None) == (shape.on is None):
            message = "A line of a schedule has either `charge: at_start` or `on:` with a date."
            self.found.append(MISSING_KEY.found(message, path=path))
        return Charge(on=shape.on, amount=self._exact(shape.amount, currency, f"{path}/amount"), note=shape.note)

    def _local_price(self, shape: LocalPriceShape, path: str) -> LocalPrice | None:
        currency = self.currency(shape.currency, f"{path}/currency")
        if currency is None:
            return None
        return LocalPrice(
            currency=currency,
            markets=tuple(shape.markets),
            amounts=tuple(
                self._exact(text, currency, f"{path}/amounts/{number}") for number, text in enumerate(shape.amounts)
            ),
            agreed_total=self._money(shape.agreed_total, currency, f"{path}/agreed_total"),
        )

    def _money(self, text: AmountText | None, currency: Currency, path: str) -> Money | None:
        return None if text is None else self._exact(text, currency, path)

    def _exact(self, text: AmountText, currency: Currency, path: str) -> Money:
        try:
            return Money.from_decimal_text(text, currency)
        except AmountRefusedError as error:  # its form was judged before, so it has too many decimals
            self.found.append(CURRENCY_PRECISION.found(error.message, path=path))
            return Money.zero(currency)

    def _percentage(self, text: str | None, path: str) -> Percentage | None:
        try:
            return None if text is None else Percentage.parse(text)
        except PercentageRefusedError as error:
            self.found.append(PERCENTAGE_UNREADABLE.found(error.message, path=path))
            return None


def deal_of(
    shape: DealShape, currency: Currency, rates: tuple[tuple[str, Decimal], ...], plans: tuple[Plan, ...]
) -> Deal:
    """Return the deal of a shape and its converted parts."""
    return Deal(
        name=shape.name,
        kind=shape.kind,
        pricing=shape.pricing,
        currency=currency,
        accept_by=shape.accept_by,
        billing_starts=shape.billing_starts,
        ends=shape.ends,
        plans=plans,
        customer=Customer(**_fields(shape.customer)) if shape.customer else None,
        resellers=tuple(Reseller(**_fields(reseller)) for reseller in shape.resellers),
        partner=ChannelPartner(**_fields(shape.partner)) if shape.partner else None,
        prepared_by=shape.prepared_by,
        contacts=tuple(shape.contacts),
        terms=tuple(TermsDocument(**_fields(document)) for document in shape.terms),
        eligibility=Eligibility(**_fields(shape.eligibility)),
        renewal_attestation=RenewalAttestation(**_fields(shape.renewal_attestation))
        if shape.renewal_attestation
        else None,
        replaces=ReplacedOffer(**_fields(shape.replaces)) if shape.replaces else None,
        auto_renew=shape.auto_renew,
        usd_rates=rates,
        existing_plan_ids=tuple(shape.existing_plan_ids),
    )


def _fields(shape: Shape) -> dict[str, Any]:
    return {name: getattr(shape, name) for name in type(shape).model_fields}
