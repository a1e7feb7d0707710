"""The plans a customer may switch to, and the private offer a purchase came through.

Asked with the plan the customer bought, Microsoft names the private offers behind it in `sourceOffers`; it is the only
place where a subscription and its deal meet exactly.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2", List available plans. What `sourceOffers` holds on a
live account has not been seen yet; it is read as documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairkeeper.customers.finding_kinds import ID_MISSING
from fairkeeper.customers.marketplace.wire import FieldReader, Parsed, clean_text, read_guid


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailablePlan:
    """One plan of the list.

    Args:
        source_offer_ids: Ids of the private offers the purchase came through; lower case where they are GUIDs.
        minimum_quantity: Fewest seats, None without a limit or for a flat rate.
        maximum_quantity: Most seats, None without a limit or for a flat rate.
        raw: The whole object as it came, with its prices; compared and shown nowhere.
    """

    plan_id: str
    display_name: str | None = None
    is_private: bool | None = None
    is_price_per_seat: bool | None = None
    is_stop_sell: bool | None = None
    minimum_quantity: int | None = None
    maximum_quantity: int | None = None
    market: str | None = None
    source_offer_ids: tuple[str, ...] = ()
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


def read_plans(raw: Mapping[str, object]) -> Parsed[tuple[AvailablePlan, ...]]:
    """Read the list of available plans; never raises, and an empty body is an empty list.

    Example:
        >>> parsed = read_plans({"plans": [{"planId": "gold", "sourceOffers": [{"externalId": "deal-7"}]}]})
        >>> parsed.value[0].plan_id, parsed.value[0].source_offer_ids
        ('gold', ('deal-7',))
    """
    reader = FieldReader(raw=raw)
    plans = tuple(plan for child in reader.children("plans") if (plan := _read_plan(child)) is not None)
    return Parsed(value=plans, findings=reader.findings)


def _read_plan(reader: FieldReader) -> AvailablePlan | None:
    plan_id = reader.text("planId")
    if plan_id is None:
        reader.report(ID_MISSING, "planId", "The plan carries no planId.")
        return None
    offers = (child.text("externalId") for child in reader.children("sourceOffers"))
    return AvailablePlan(
        plan_id=plan_id,
        display_name=reader.text("displayName"),
        is_private=reader.flag("isPrivate"),
        is_price_per_seat=reader.flag("isPricePerSeat"),
        is_stop_sell=reader.flag("isStopSell"),
        minimum_quantity=reader.quantity("minQuantity"),
        maximum_quantity=reader.quantity("maxQuantity"),
        market=reader.text("market"),
        source_offer_ids=tuple(read_guid(offer) or clean_text(offer) for offer in offers if offer is not None),
        raw=reader.raw,
    )
