"""What a request to `configure` looks like, checked as the schemas would; what they refuse is told with its path.

Separate from the rules that need the catalogue, the calendar or other offers (`rules`), which the service checks later
in the job. Names of types are taken in any case of letters, because Microsoft's own samples write them in two ways.
Source: schema `private-offer/2023-07-15` and its four variants; "Create a private offer for a CSP partner"; "Create a
multiparty private offer for a customer"; read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from fairkeeper.sandbox.ingestion.requests.price_shapes import PRICE_SCHEMA, PriceShape, PricingType
from fairkeeper.sandbox.ingestion.requests.values import (
    Day,
    Flag,
    Id,
    Mail,
    Note,
    Number,
    OfferName,
    ResourceName,
    Shape,
    Text,
)

SCHEMAS: Final = "https://schema.mp.microsoft.com/schema"
CONFIGURE_SCHEMA: Final = f"{SCHEMAS}/configure/2022-07-01"
OFFER_SCHEMA: Final = f"{SCHEMAS}/private-offer/2023-07-15"


class OfferType(StrEnum):
    """`privateOfferType`."""

    CUSTOMER = "customerPromotion"
    CSP = "cspPromotion"
    ORIGINATOR = "multipartyPromotionOriginator"
    CHANNEL_PARTNER = "multipartyPromotionChannelPartner"


class OfferState(StrEnum):
    """`state`, which a publisher sets."""

    DRAFT = "draft"
    LIVE = "live"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


_VARIANTS: Final = {
    "private-offer": None,
    "private-offer-customer": OfferType.CUSTOMER,
    "private-offer-csp": OfferType.CSP,
    "private-offer-mpo-originator": OfferType.ORIGINATOR,
    "private-offer-mpo-channel-partner": OfferType.CHANNEL_PARTNER,
}
OFFER_SCHEMAS: Final = {f"{SCHEMAS}/{name}/2023-07-15": kind for name, kind in _VARIANTS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeFault:
    """What a schema refuses, and where."""

    target: str
    message: str


def _any_case(kind: type[StrEnum]) -> BeforeValidator:
    words = {each.value.lower(): each for each in kind}
    return BeforeValidator(lambda value: words.get(value.lower(), value) if isinstance(value, str) else value)


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


class ReferenceShape(Shape):
    """Points to a price resource of the same request."""

    resource_name: ResourceName


class NewPlanShape(Shape):
    """The plan that a private offer makes."""

    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    description: Text | None = None
    id: Id | None = None


class RowShape(Shape):
    """One line of `pricing` or `originatorPricing`."""

    product: Id
    plan: Id | None = None
    base_plan: Id | None = None
    new_plan_details: NewPlanShape | None = None
    discount_type: Annotated[Literal["percentage", "absolute"], BeforeValidator(_lower)] | None = None
    discount_percentage: Annotated[Number, Field(ge=Decimal("0.01"), le=100)] | None = None
    price_details: ReferenceShape | Id | None = None
    markup_percentage: Annotated[Number, Field(gt=0, le=100)] | None = None
    notes: Note | None = None
    product_name: Any = None
    plan_name: Any = None
    feature_availability_id: Any = None
    availability_instance_id: Any = None


class RecipientShape(Shape):
    """A customer of a reseller."""

    id: Id
    recipient_type: Literal["billingGroup", "cspCustomer"]


class BeneficiaryShape(Shape):
    """A customer's billing account, or a reseller's tenant."""

    id: Id
    description: Text | None = None
    beneficiary_recipients: list[RecipientShape] | None = None


class PartnerShape(Shape):
    """The channel partner."""

    id: Annotated[str, Field(pattern=r"^\d{1,20}$")]
    partner_name: Text | None = None
    location: Text | None = None


class DocumentShape(Shape):
    """One document of terms and conditions."""

    sas_url: Annotated[str, Field(pattern=r"^\s*https://", max_length=2_000)]
    file_name: Text | None = None
    customer_facing_document_name: Text | None = None


class UpgradeShape(Shape):
    """The accepted private offer that this one follows."""

    id: Id
    name: Text | None = None


_Documents = Annotated[list[DocumentShape], Field(max_length=5)]
_Rows = Annotated[list[RowShape], Field(max_length=10)]


class OfferShape(Shape):
    """A private offer."""

    schema_: Literal[tuple(OFFER_SCHEMAS)] = Field(alias="$schema")  # type: ignore[valid-type]
    id: Id | None = None
    resource_name: ResourceName | None = None
    name: OfferName
    private_offer_type: Annotated[OfferType, _any_case(OfferType)]
    state: Annotated[OfferState, _any_case(OfferState)]
    offer_pricing_type: PricingType | None = None
    variable_start_date: Flag | None = None
    start: Day | None = None
    end: Day | None = None
    accept_by: Day | None = None
    prepared_by: Mail | None = None
    notification_contacts: Annotated[list[Mail], Field(max_length=5)] | None = None
    beneficiaries: Annotated[list[BeneficiaryShape], Field(max_length=150)] | None = None
    partners: Annotated[list[PartnerShape], Field(max_length=1)] | None = None
    terms_and_conditions_doc_sas_url: Annotated[str, Field(pattern=r"^\s*https://", max_length=2_000)] | None = None
    terms_and_conditions_docs: _Documents | None = None
    originator_terms_and_conditions_docs: _Documents | None = None
    pricing: _Rows | None = None
    originator_pricing: _Rows | None = None
    customer_contract_renewal: Flag | None = None
    upgraded_from: UpgradeShape | None = None
    notes: Note | None = None
    e_tag: Annotated[str, Field(max_length=100)] | None = None
    sub_state: Any = None
    acceptance_links: Any = None
    last_modified: Any = None
    validations: Any = None

    @property
    def rows(self) -> tuple[RowShape, ...]:
        """The lines of the price, whichever side names them."""
        listed = self.originator_pricing if self.private_offer_type is OfferType.CHANNEL_PARTNER else self.pricing
        return tuple(listed or ())

    @property
    def pricing_type(self) -> str:
        """How it is priced; editing existing prices where it does not say (the schema of 2022 had nothing else)."""
        return self.offer_pricing_type or "editExistingOfferPricingOnly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a request asks to configure.

    Args:
        offers: Its private offers.
        prices: Its price resources.
        documents: The private offers as they were sent, in the same order.
        price_documents: The price resources as they were sent.
    """

    offers: tuple[OfferShape, ...] = ()
    prices: tuple[PriceShape, ...] = ()
    documents: tuple[dict[str, Any], ...] = ()
    price_documents: tuple[dict[str, Any], ...] = ()


def read_request(body: Mapping[str, Any]) -> Request | list[ShapeFault]:
    """Read the body of `configure`, or say what is wrong with it.

    Example:
        >>> [fault.target for fault in read_request({"$schema": CONFIGURE_SCHEMA})]
        ['resources']
    """
    if body.get("$schema") != CONFIGURE_SCHEMA:
        return [ShapeFault(target="$schema", message=f"must be {CONFIGURE_SCHEMA}")]
    resources = body.get("resources")
    if not isinstance(resources, list) or not resources:
        return [ShapeFault(target="resources", message="must be a list of at least one resource")]
    if unknown := sorted(body.keys() - {"$schema", "resources"}):
        return [ShapeFault(target=unknown[0], message="is no property of a request")]
    read = [_read_resource(resource, f"resources[{position}]") for position, resource in enumerate(resources)]
    if faults := [fault for each in read if isinstance(each, list) for fault in each]:
        return faults
    pairs = list(zip(read, resources, strict=True))
    return Request(
        offers=tuple(each for each in read if isinstance(each, OfferShape)),
        prices=tuple(each for each in read if isinstance(each, PriceShape)),
        documents=tuple(sent for each, sent in pairs if isinstance(each, OfferShape)),
        price_documents=tuple(sent for each, sent in pairs if isinstance(each, PriceShape)),
    )


def _read_resource(resource: object, path: str) -> OfferShape | PriceShape | list[ShapeFault]:
    if not isinstance(resource, dict):
        return [ShapeFault(target=path, message="is no JSON object")]
    schema = resource.get("$schema")
    kind: type[BaseModel] | None = None
    if schema == PRICE_SCHEMA:
        kind = PriceShape
    elif isinstance(schema, str) and schema in OFFER_SCHEMAS:
        kind = OfferShape
    if kind is None:
        return [ShapeFault(target=f"{path}.$schema", message=f"{str(schema)[:100]!r} is no schema taken here")]
    try:
        read = kind.model_validate(resource)
    except ValidationError as error:
        return [_fault(each["loc"], each["msg"], path) for each in error.errors()]
    assert isinstance(read, OfferShape | PriceShape)  # noqa: S101 - one of the two, as chosen above
    return read


def _fault(where: tuple[int | str, ...], message: str, path: str) -> ShapeFault:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in where]
    return ShapeFault(target=path + "".join(parts), message=message.removeprefix("Value error, "))
