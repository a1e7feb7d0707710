"""Which version and which names the ingestion API's payload has: the one place to correct when Microsoft's are seen.

Source: Microsoft Learn, "Private offers submission API", schemas 2022-07-01 (envelope) and 2023-07-15 (private offer,
price). The names of a flexible schedule are NOT from Microsoft: they are known only from a third party's copy of the
schema (Suger's SDK for Python, May 2025). Compare them with the live schema before the first real submission; until
then the printed sheet is the safe way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fairkeeper.deals.deal import DealKind, PricingKind

_HOST: Final = "https://schema.mp.microsoft.com/schema"
_VARIANTS: Final = ("customer", "csp", "mpo-originator", "mpo-channel-partner")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleNames:
    """Field names of a flexible schedule, from a third party's copy."""

    duration: str = "contractDuration"
    schedule: str = "flexibleSchedule"
    initial: str = "initialCharge"
    dated: str = "billingSchedule"
    charge_date: str = "chargeDate"
    usd_amount: str = "pricePerPaymentInUsd"
    local_amount: str = "price"
    note: str = "note"
    total: str = "price"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSchema:
    """Versions of the three schemas and the names that are not certain."""

    configure: str = "2022-07-01"
    private_offer: str = "2023-07-15"
    price: str = "2023-07-15"
    names: ScheduleNames = field(default_factory=ScheduleNames)

    @property
    def configure_address(self) -> str:
        """The `$schema` of the envelope."""
        return f"{_HOST}/configure/{self.configure}"

    @property
    def private_offer_address(self) -> str:
        """The `$schema` of a private offer."""
        return f"{_HOST}/private-offer/{self.private_offer}"

    def is_private_offer(self, address: object) -> bool:
        """Say whether a `$schema` is that of a private offer, by its general name or by that of one of its kinds.

        Example:
            >>> PayloadSchema().is_private_offer("https://schema.mp.microsoft.com/schema/private-offer-csp/2023-07-15")
            True
        """
        kinds = ("private-offer", *(f"private-offer-{kind}" for kind in _VARIANTS))
        return isinstance(address, str) and address in {f"{_HOST}/{kind}/{self.private_offer}" for kind in kinds}

    @property
    def price_address(self) -> str:
        """The `$schema` of a plan's price in a private offer."""
        return f"{_HOST}/price-and-availability-private-offer-plan/{self.price}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceIds:
    """Durable ids and addresses that a deal's own words stand for.

    Args:
        products: `product/…` by offer id.
        plans: `plan/…/…` by offer id and plan id.
        document_urls: Where each document of terms can be fetched (a SAS address), by file name.
        private_offer: `private-offer/…`, once there is one: a channel partner's part names it, and so does any change.
    """

    products: Mapping[str, str]
    plans: Mapping[tuple[str, str], str]
    document_urls: Mapping[str, str] = field(default_factory=dict)
    private_offer: str | None = None


OFFER_TYPES: Final[Mapping[DealKind, str]] = {
    DealKind.CUSTOMER: "customerPromotion",
    DealKind.CSP: "cspPromotion",
    DealKind.MULTIPARTY: "multipartyPromotionOriginator",
}
CHANNEL_PARTNER_TYPE: Final = "multipartyPromotionChannelPartner"
PRICING_TYPES: Final[Mapping[PricingKind, str]] = {
    PricingKind.EXISTING_PLAN_DISCOUNT: "editExistingOfferPricingOnly",
    PricingKind.CUSTOMISED_PLAN: "saasNewCustomizedPlans",
    PricingKind.VM_RESERVATION: "vmSoftwareReservations",
    PricingKind.PROFESSIONAL_SERVICE: "newCustomizedPlans",
}
"""The last one is from the third party's copy too."""
