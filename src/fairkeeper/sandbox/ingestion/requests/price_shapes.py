"""The shape of a price resource, and how a plan is charged in it: regularly, by seats, by schedule, as a reservation.

Source: samples of `price-and-availability-private-offer-plan` in "Create a direct ISV to customer private offer"; the
fields `contractDuration`, `billingFrequency`, `flexibleSchedule` and `prices` by a third party's copy of the schema,
see the package; read 2026-11-22.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from fairkeeper.sandbox.ingestion.requests.values import Amount, Day, Flag, Id, Number, ResourceName, Shape, Text

PRICE_SCHEMA: Final = "https://schema.mp.microsoft.com/schema/price-and-availability-private-offer-plan/2023-07-15"
PricingType = Literal[
    "editExistingOfferPricingOnly", "saasNewCustomizedPlans", "vmSoftwareReservations", "newCustomizedPlans"
]
_MONTHS_OF: Final = {"month": 1, "year": 12}


class TermShape(Shape):
    """So many days, weeks, months or years; a single payment is `oneTime`."""

    type: Literal["day", "week", "month", "year", "oneTime"]
    value: Annotated[Number, Field(ge=0, le=1_000)] = Decimal(1)

    @property
    def months(self) -> int | None:
        """How many months that is; None for anything that is not whole months."""
        unit = _MONTHS_OF.get(self.type)
        return None if unit is None or self.value != int(self.value) else unit * int(self.value)


class ChargeShape(Shape):
    """One charge of a schedule: in US dollars, or in the currency of the market that the schedule is for."""

    price_per_payment_in_usd: Amount | None = None
    price: Amount | None = None
    note: Text | None = None

    @property
    def amount(self) -> Decimal | None:
        """What is charged."""
        return self.price if self.price_per_payment_in_usd is None else self.price_per_payment_in_usd


class DatedChargeShape(ChargeShape):
    """A charge on a day."""

    charge_date: Day


class FlexibleScheduleShape(Shape):
    """A schedule of charges; `price` is their sum."""

    initial_charge: ChargeShape | None = None
    billing_schedule: list[DatedChargeShape] = Field(default_factory=list)
    price: Amount | None = None

    @property
    def charges(self) -> tuple[ChargeShape, ...]:
        """All charges in order, the one at purchase first."""
        return (*([self.initial_charge] if self.initial_charge else []), *self.billing_schedule)


class MarketPriceShape(Shape):
    """One currency's price in some markets; without markets, in all that nothing else is said of."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    markets: list[Annotated[str, Field(pattern=r"^[A-Za-z]{2}$")]] = Field(default_factory=list)
    price: Amount | None = None
    flexible_schedule: FlexibleScheduleShape | None = None


class PaymentShape(Shape):
    """What one payment costs, in US dollars or in the currencies of markets."""

    price_per_payment_in_usd: Amount | None = None
    prices: list[MarketPriceShape] | None = None


class PriceItemShape(PaymentShape):
    """The price of one term."""

    billing_term: TermShape | None = None
    payment_option: TermShape | None = None
    contract_duration: TermShape | None = None
    billing_frequency: TermShape | None = None
    flexible_schedule: FlexibleScheduleShape | None = None

    @property
    def term(self) -> TermShape | None:
        """How long it is bought for: the contract of a schedule, the term of a regular price."""
        return self.contract_duration or self.billing_term

    @property
    def schedules(self) -> tuple[FlexibleScheduleShape, ...]:
        """Its flexible schedules: one in US dollars, or one for each market."""
        own = [self.flexible_schedule, *(each.flexible_schedule for each in self.prices or [])]
        return tuple(each for each in own if each is not None)


class UserLimitsShape(Shape):
    """How many seats may be bought."""

    min: Annotated[Number, Field(ge=1)] | None = None
    max: Annotated[Number, Field(ge=1)] | None = None


class RecurrentPriceShape(Shape):
    """What is paid again and again."""

    recurrent_price_mode: Literal["flatRate", "perUser"] = "flatRate"
    price_input_option: Literal["usd", "perMarket"] = "usd"
    user_limits: UserLimitsShape | None = None
    prices: list[PriceItemShape] = Field(min_length=1)


class IncludedQuantityShape(Shape):
    """How many units of a dimension a term includes."""

    billing_term: TermShape
    quantity: Amount | None = None
    is_infinite: Flag = False


class MeterShape(PaymentShape):
    """One metered dimension."""

    included_quantities: list[IncludedQuantityShape] | None = None


class CustomMetersShape(Shape):
    """All metered dimensions, by their ids."""

    price_input_option: Literal["usd", "perMarket"] = "usd"
    meters: dict[str, MeterShape]


class PricingShape(Shape):
    """The price of a plan."""

    recurrent_price: RecurrentPriceShape | None = None
    custom_meters: CustomMetersShape | None = None


class MachinePriceShape(Shape):
    """One size of machine."""

    quantity: Annotated[Number, Field(gt=0)]
    unit_price_per_payment_period_in_usd: Amount | None = None
    prices: list[MarketPriceShape] | None = None


class SoftwareReservationShape(Shape):
    """Reserved software of virtual machines."""

    reservation_duration: TermShape
    payment_schedule: TermShape | None = None
    vm_prices: dict[str, MachinePriceShape] = Field(min_length=1)


class PriceShape(Shape):
    """A price resource."""

    schema_: Literal[PRICE_SCHEMA] = Field(alias="$schema")  # type: ignore[valid-type]
    id: Id | None = None
    resource_name: ResourceName | None = None
    product: Id
    plan: Id
    offer_pricing_type: PricingType | None = None
    visibility: Any = None
    lifecycle_state: Any = None
    plan_name: Any = None
    pricing: PricingShape | None = None
    software_reservation: SoftwareReservationShape | None = None
