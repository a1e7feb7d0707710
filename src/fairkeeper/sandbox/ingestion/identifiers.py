"""Durable ids: how the API names products, plans, prices and private offers.

Separate, because these texts are the only thing that joins the publisher's offer and plan ids with this API. A GUID is
made from the names themselves, so that it stays the same from one start of a sandbox to the next.
Source: "Private offers submission API overview" (ids of product and plan); samples of "Job status and retrieve private
offer detail via API" (`plan/{product}/{plan}`, `private-offer/{guid}`), read 2026-11-22.
"""

from __future__ import annotations

import re
import uuid

_NAMESPACE = uuid.UUID("fa111111-0000-4000-8000-00000000d0a1")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def product_guid(offer_id: str) -> str:
    """Return the GUID of the product with this offer id.

    Example:
        >>> product_guid("fairmile-desk") == product_guid("fairmile-desk")
        True
    """
    return str(uuid.uuid5(_NAMESPACE, f"product/{offer_id}"))


def plan_guid(offer_id: str, plan_id: str) -> str:
    """Return the GUID of a plan.

    Example:
        >>> plan_guid("fairmile-desk", "starter") == plan_guid("fairmile-assistant", "starter")
        False
    """
    return str(uuid.uuid5(_NAMESPACE, f"plan/{offer_id}/{plan_id}"))


def product_id(offer_id: str) -> str:
    """Return a product's durable id."""
    return f"product/{product_guid(offer_id)}"


def durable_plan_id(offer_id: str, plan_id: str) -> str:
    """Return a plan's durable id."""
    return f"plan/{product_guid(offer_id)}/{plan_guid(offer_id, plan_id)}"


def private_offer_id(guid: str) -> str:
    """Return a private offer's durable id."""
    return f"private-offer/{guid}"


def price_id(product: str, number: int) -> str:
    """Return the durable id of a price that was given with a private offer.

    Example:
        >>> price_id("product/1", 7)
        'price-and-availability-private-offer-plan/1/7'
    """
    return f"price-and-availability-private-offer-plan/{product.removeprefix('product/')}/{number}"


def guid_of(text: str, kind: str) -> str | None:
    """Return the GUID of a durable id of one part, with or without its kind; None if it is no such id.

    Example:
        >>> guid_of("product/5D0C3F0E-6a5f-4c38-9b8e-0f5b6f0f3a01", "product")
        '5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01'
        >>> guid_of("plan/5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01", "product") is None
        True
    """
    guid = text.removeprefix(f"{kind}/").lower()
    return guid if _GUID.fullmatch(guid) else None
