"""The keys of a deal's file and the kind of each value, as pydantic models.

Decides the format and no rule of Marketplace. Amounts and percentages stay texts here, because their decimals can only
be judged with the currency; `reading` turns them into money.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt
from pydantic_core import PydanticCustomError

from fairkeeper.action.document import Number
from fairkeeper.deals.deal import (
    LONGEST_TERM_MONTHS,
    Agreement,
    DealKind,
    Frequency,
    PriceModel,
    PricingKind,
    RenewalReason,
    Side,
)

AT_START: Final = "at_start"
ON_ACCEPTANCE: Final = "on_acceptance"
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YEARS: Final = range(2000, 2200)
"""Beyond them a date is a slip, and the calendar's end would stand in the way of adding a term."""
_AMOUNT: Final = re.compile(r"-?[0-9]{1,24}(?:\.[0-9]{1,24})?")
_PERCENTAGE: Final = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,24})?")


def _read_date(value: Any) -> Any:
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            if (day := date.fromisoformat(value)).year in _YEARS:
                return day
        except ValueError:
            pass
    shown = value.text if isinstance(value, Number) else value
    raise PydanticCustomError("date", "{shown} is not a date like 2027-01-31", {"shown": repr(shown)[:60]})


def _read_amount(value: Any) -> Any:
    if isinstance(value, Number) or type(value) is int:
        shown = value.text if isinstance(value, Number) else str(value)
        raise PydanticCustomError("amount_not_text", "the amount {shown} has no quotes", {"shown": shown[:40]})
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise PydanticCustomError("amount", "{shown} is not an amount", {"shown": repr(value)[:60]})
    return value


def _read_percentage(value: Any) -> Any:
    if not isinstance(value, str) or not _PERCENTAGE.fullmatch(value):
        shown = value.text if isinstance(value, Number) else value
        raise PydanticCustomError("percentage", "{shown} is not a percentage in quotes", {"shown": repr(shown)[:60]})
    return value


def _read_start(value: Any) -> Any:
    return None if value == ON_ACCEPTANCE else _read_date(value)


Day = Annotated[date, BeforeValidator(_read_date)]
AmountText = Annotated[str, BeforeValidator(_read_amount)]
PercentageText = Annotated[str, BeforeValidator(_read_percentage)]
Start = Annotated[date | None, BeforeValidator(_read_start)]

T = TypeVar("T")
Many = Annotated[list[T], Field(max_length=2_000)]
"""Far more than any rule allows, so that the rules say what is wrong, and few enough to be checked for anybody."""


class Shape(BaseModel):
    """Base of every part: unknown keys are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2_000)


class ChargeShape(Shape):
    """One line of a schedule: `charge: at_start`, or `on:` with a date."""

    charge: str | None = None
    on: Day | None = None
    amount: AmountText
    note: str = ""


class BillingShape(Shape):
    """Equal payments."""

    frequency: Frequency
    amount: AmountText


class LocalPriceShape(Shape):
    """Amounts in another currency."""

    currency: str
    markets: Many[str]
    amounts: Many[AmountText]
    agreed_total: AmountText | None = None


class BaseShape(Shape):
    """What is known of the public plan."""

    price_model: PriceModel | None = None
    terms_months: Many[StrictInt] = Field(default_factory=list)
    has_trial: StrictBool | None = None
    has_meters: StrictBool | None = None
    counts_towards_commitment: StrictBool | None = None
    list_total: AmountText | None = None


class PlanShape(Shape):
    """One plan of the deal."""

    offer: str
    plan: str
    new_plan: str | None = None
    new_plan_name: str | None = None
    new_plan_description: str | None = None
    price_model: PriceModel = PriceModel.FLAT_RATE
    term_months: Annotated[StrictInt, Field(ge=1, le=LONGEST_TERM_MONTHS)] | None = None
    agreed_total: AmountText | None = None
    discount_percent: PercentageText | None = None
    schedule: Many[ChargeShape] = Field(default_factory=list)
    billing: BillingShape | None = None
    local_prices: Many[LocalPriceShape] = Field(default_factory=list)
    adjustment_percent: PercentageText | None = None
    customer_total: AmountText | None = None
    note: str = ""
    base: BaseShape = Field(default_factory=BaseShape)


class CustomerShape(Shape):
    """Who shall buy."""

    name: str
    billing_account: str = ""
    country: str = ""
    tenant_id: str = ""
    agreement: Agreement | None = None
    pays_by_card: StrictBool = False


class ResellerShape(Shape):
    """A CSP partner."""

    name: str
    id: str


class PartnerShape(Shape):
    """The channel partner of a multiparty offer."""

    name: str
    seller_id: str
    country: str = ""


class TermsShape(Shape):
    """One document."""

    file: str
    name: str = ""
    added_by: Side = Side.ORIGINATOR


class EligibilityShape(Shape):
    """What must be true of the publisher."""

    partner_program: StrictBool | None = None
    publisher_agreement: StrictBool | None = None
    published_offer: StrictBool | None = None


class AttestationShape(Shape):
    """The renewal attestation."""

    qualifies: StrictBool
    evidence: str = ""
    reason: RenewalReason | None = None


class ReplacedShape(Shape):
    """The accepted offer that this one upgrades."""

    name: str
    id: str
    ends: Day | None = None


class DealShape(Shape):
    """Everything but the plans, which are read one by one so that a fault in one hides no other."""

    name: str
    kind: DealKind
    pricing: PricingKind
    currency: str
    accept_by: Day
    billing_starts: Start
    ends: Day
    plans: Many[Any]
    customer: CustomerShape | None = None
    resellers: Many[ResellerShape] = Field(default_factory=list)
    partner: PartnerShape | None = None
    prepared_by: str = ""
    contacts: Many[str] = Field(default_factory=list)
    terms: Many[TermsShape] = Field(default_factory=list)
    eligibility: EligibilityShape = Field(default_factory=EligibilityShape)
    renewal_attestation: AttestationShape | None = None
    replaces: ReplacedShape | None = None
    auto_renew: StrictBool = False
    usd_rates: dict[str, PercentageText] = Field(default_factory=dict)
    existing_plan_ids: Many[str] = Field(default_factory=list)
