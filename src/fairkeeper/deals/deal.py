"""The model of a deal: one private offer with its plans, prices, dates and parties.

Decides what a deal is made of and nothing about what is allowed: a deal with eleven plans can be held and shown, so
that `fairkeeper.deals.checks` can say what is wrong with it. Where it is read from or sent to is decided elsewhere.

Source: Microsoft Learn, "Private offers submission API" with the schema of 2023-07-15, "Flexible billing schedule" and
"Multiparty private offers" (names and shapes); words of ours stand where Microsoft has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.values.currencies import Currency
from fairkeeper.values.money import Money

LONGEST_TERM_MONTHS: Final = 600
"""Our own bound, so that not every figure in a file passes for a term."""


class DealKind(StrEnum):
    """Between whom the private offer is made."""

    CUSTOMER = "customer"
    MULTIPARTY = "multiparty"
    CSP = "csp"


class PricingKind(StrEnum):
    """Which of the wizard's ways of pricing it uses."""

    EXISTING_PLAN_DISCOUNT = "existing_plan_discount"
    CUSTOMISED_PLAN = "customised_plan"
    VM_RESERVATION = "vm_reservation"
    PROFESSIONAL_SERVICE = "professional_service"


class PriceModel(StrEnum):
    """How the plan counts what is paid for."""

    FLAT_RATE = "flat_rate"
    PER_USER = "per_user"


class Frequency(StrEnum):
    """How often a plan without a flexible schedule is billed."""

    ONCE = "once"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class Agreement(StrEnum):
    """The customer's agreement with Microsoft, which decides when money is paid out."""

    EA = "ea"
    MCA = "mca"
    CSP = "csp"


class Side(StrEnum):
    """Who of a multiparty offer adds a document."""

    ORIGINATOR = "originator"
    CHANNEL_PARTNER = "channel_partner"


class RenewalReason(StrEnum):
    """Why a deal qualifies for half of the agency fee."""

    RENEWAL = "renewal"
    AGREEMENT_ELSEWHERE = "agreement_elsewhere"
    UPSELL = "upsell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One installment.

    Args:
        on: Its date; None is the charge at the start, when the customer buys.
        note: What customer and publisher read beside it.
    """

    on: date | None
    amount: Money
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    """Equal payments without a flexible schedule; the amount is for one payment."""

    frequency: Frequency
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPrice:
    """The same plan in another currency, from the market pricing sheet.

    Args:
        markets: ISO 3166 codes of two letters.
        amounts: One for each installment, in their order; a single one for regular billing.
        agreed_total: What they must add up to, if that was agreed.
    """

    currency: Currency
    markets: tuple[str, ...]
    amounts: tuple[Money, ...]
    agreed_total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BasePlan:
    """What is known of the public plan a deal starts from; None or empty is not known.

    Args:
        terms_months: Durations that the plan lists.
        has_trial: Whether it has a free trial.
        has_meters: Whether it has metered dimensions.
        counts_towards_commitment: Whether Partner Center shows it as eligible for a customer's cloud commitment.
        list_total: What the public plan would cost for the whole term, to say how much a price of its own takes off.
    """

    price_model: PriceModel | None = None
    terms_months: tuple[int, ...] = ()
    has_trial: bool | None = None
    has_meters: bool | None = None
    counts_towards_commitment: bool | None = None
    list_total: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One product plan in the deal.

    Args:
        offer: Offer id, as in Partner Center.
        plan: Plan id of the public plan.
        new_plan: Id of the customised plan that the deal makes, if it makes one.
        new_plan_description: What the customer reads of it; its name where nothing is said.
        term_months: Length of the contract.
        agreed_total: What all charges must add up to.
        discount: Off the public price, for a discount on an existing plan and for a CSP margin.
        schedule: Installments; empty without a flexible schedule.
        billing: Regular payments instead of a schedule.
        adjustment: The channel partner's percentage on top (multiparty).
        customer_total: What the customer shall pay in all; the adjustment is worked out from it.
        note: The channel partner's note.
    """

    offer: str
    plan: str
    new_plan: str | None = None
    new_plan_name: str | None = None
    new_plan_description: str | None = None
    price_model: PriceModel = PriceModel.FLAT_RATE
    term_months: int | None = None
    agreed_total: Money | None = None
    discount: Percentage | None = None
    schedule: tuple[Charge, ...] = ()
    billing: Billing | None = None
    local_prices: tuple[LocalPrice, ...] = ()
    adjustment: Percentage | None = None
    customer_total: Money | None = None
    note: str = ""
    base: BasePlan = field(default_factory=BasePlan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who shall accept and buy.

    Args:
        billing_account: Billing account id, which is no tenant id; empty while it is not known.
        country: Country of the billing account, two letters.
        pays_by_card: Card payments reach the publisher a month later.
    """

    name: str
    billing_account: str = ""
    country: str = ""
    tenant_id: str = ""
    agreement: Agreement | None = None
    pays_by_card: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseller:
    """A CSP partner that may resell at the margin."""

    name: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPartner:
    """The seller of a multiparty offer.

    Args:
        seller_id: Its Marketplace seller id, digits.
    """

    name: str
    seller_id: str
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsDocument:
    """One document of terms and conditions."""

    file: str
    name: str = ""
    added_by: Side = Side.ORIGINATOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """What must be true of the publisher; None is not known."""

    partner_program: bool | None = None
    publisher_agreement: bool | None = None
    published_offer: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalAttestation:
    """The statement made while the private offer is created, and what it rests on."""

    qualifies: bool
    evidence: str = ""
    reason: RenewalReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacedOffer:
    """The accepted private offer that this one upgrades.

    Args:
        ends: Its last day.
    """

    name: str
    id: str
    ends: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One private offer.

    Args:
        currency: Of every amount that is no local price.
        accept_by: Last day to accept it.
        billing_starts: First day of the contract; None starts it on acceptance.
        ends: Last day of the private offer.
        usd_rates: What one unit of a currency is worth in USD, for rules that are stated in USD.
        existing_plan_ids: Plan ids that the offers of this deal have already.
    """

    name: str
    kind: DealKind
    pricing: PricingKind
    currency: Currency
    accept_by: date
    billing_starts: date | None
    ends: date
    plans: tuple[Plan, ...]
    customer: Customer | None = None
    resellers: tuple[Reseller, ...] = ()
    partner: ChannelPartner | None = None
    prepared_by: str = ""
    contacts: tuple[str, ...] = ()
    terms: tuple[TermsDocument, ...] = ()
    eligibility: Eligibility = field(default_factory=Eligibility)
    renewal_attestation: RenewalAttestation | None = None
    replaces: ReplacedOffer | None = None
    auto_renew: bool = False
    usd_rates: tuple[tuple[str, Decimal], ...] = ()
    existing_plan_ids: tuple[str, ...] = ()

    @property
    def starts_on(self) -> date:
        """The first day of the contract; of one that starts on acceptance, the latest it can be."""
        return self.billing_starts or self.accept_by

    def usd_rate(self, currency: Currency) -> Decimal | None:
        """Return what one unit of a currency is worth in USD, None if the deal does not say."""
        return Decimal(1) if currency.code == "USD" else dict(self.usd_rates).get(currency.code)
