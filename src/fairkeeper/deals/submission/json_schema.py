"""Holds a payload against JSON Schema before it is sent: Microsoft's own where a publisher has it, else ours.

Microsoft publishes the schemas at addresses that could not be read here; what stands below is our reading of the pages,
as strict as they are. A publisher who downloads Microsoft's files puts them into one folder, each named like the last
two parts of its address (`private-offer_2023-07-15.json`), and names the folder in a setting; then those decide.

Source: Microsoft Learn, "Private offers submission API", schema of 2023-07-15 (fields, lengths, counts, patterns).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fairkeeper.deals.book.finding_kinds import PAYLOAD_NOT_OF_SCHEMA
from fairkeeper.deals.errors import PayloadRefusedError
from fairkeeper.deals.submission.schema import PayloadSchema
from fairkeeper.values.findings import Finding, Findings

MOST_TOLD: Final = 20
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_AMOUNT: Final = {"type": "number", "minimum": 0}
_ID: Final = {"type": "string", "minLength": 1, "maxLength": 200}
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 50}
_TERM: Final = {
    "type": "object",
    "required": ["type", "value"],
    "properties": {"type": {"enum": ["month", "year", "oneTime"]}, "value": {"type": "integer", "minimum": 1}},
}

PRIVATE_OFFER: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["$schema", "name", "state", "privateOfferType"],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": r"^[^!<>^\[\]@#%/\x00-\x1f]*$"},
        "resourceName": _NAME,
        "state": {"enum": ["draft", "live", "withdrawn", "deleted"]},
        "privateOfferType": {
            "enum": [
                "customerPromotion",
                "cspPromotion",
                "multipartyPromotionOriginator",
                "multipartyPromotionChannelPartner",
            ]
        },
        "offerPricingType": {
            "enum": [
                "editExistingOfferPricingOnly",
                "saasNewCustomizedPlans",
                "vmSoftwareReservations",
                "newCustomizedPlans",
            ]
        },
        "variableStartDate": {"type": "boolean"},
        "start": _DAY,
        "end": _DAY,
        "acceptBy": _DAY,
        "preparedBy": {"type": "string", "pattern": "^[^@ ]+@[^@ ]+$"},
        "notificationContacts": {"type": "array", "maxItems": 5, "items": {"type": "string", "pattern": "@"}},
        "beneficiaries": {"type": "array", "maxItems": 150, "items": {"type": "object", "required": ["id"]}},
        "partners": {
            "type": "array",
            "maxItems": 1,
            "items": {"type": "object", "required": ["id"], "properties": {"id": {"pattern": "^[0-9]+$"}}},
        },
        "termsAndConditionsDocSasUrl": {"type": "string", "pattern": "^https://"},
        "termsAndConditionsDocs": {"type": "array", "maxItems": 5},
        "pricing": {"type": "array", "minItems": 1, "maxItems": 10, "items": {"$ref": "#/$defs/row"}},
        "originatorPricing": {"type": "array", "minItems": 1, "maxItems": 10, "items": {"$ref": "#/$defs/row"}},
        "customerContractRenewal": {"type": "boolean"},
        "upgradedFrom": {"type": "object", "required": ["id"]},
    },
    "$defs": {
        "row": {
            "type": "object",
            "required": ["product"],
            "properties": {
                "product": _ID,
                "plan": _ID,
                "basePlan": _ID,
                "discountType": {"enum": ["percentage", "absolute"]},
                "discountPercentage": {"type": "number", "minimum": 0.01, "maximum": 100},
                "markupPercentage": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
                "notes": {"type": "string", "maxLength": 60},
                "newPlanDetails": {"type": "object", "required": ["name", "description"]},
            },
        }
    },
}
"""What a private offer has to be, as the pages describe it."""

PRICE: Final[Mapping[str, Any]] = {
    "type": "object",
    "required": ["$schema", "resourceName", "product", "plan"],
    "properties": {
        "resourceName": _NAME,
        "product": _ID,
        "plan": _ID,
        "pricing": {
            "type": "object",
            "required": ["recurrentPrice"],
            "properties": {
                "recurrentPrice": {
                    "type": "object",
                    "required": ["recurrentPriceMode", "priceInputOption", "prices"],
                    "properties": {
                        "recurrentPriceMode": {"enum": ["flatRate", "perUser"]},
                        "priceInputOption": {"enum": ["usd", "perMarket"]},
                        "prices": {
                            "type": "array",
                            "minItems": 1,
                            "items": {
                                "type": "object",
                                "properties": {
                                    "billingTerm": _TERM,
                                    "paymentOption": _TERM,
                                    "pricePerPaymentInUsd": _AMOUNT,
                                },
                            },
                        },
                    },
                }
            },
        },
    },
}
"""What a price resource has to be; the fields of a schedule are not among it, since no page of Microsoft's has them."""


def check_payload(payload: Mapping[str, Any], schema: PayloadSchema, folder: Path | None = None) -> Findings:
    """Return where a payload is not what its schemas ask for.

    Args:
        payload: As it would be sent.
        schema: The versions.
        folder: Microsoft's own schemas; ours where it is None or has no file for a resource.

    Raises:
        PayloadRefusedError: A file in the folder is no JSON schema.
    """
    found = [
        finding
        for number, resource in enumerate(payload.get("resources", ()))
        for finding in _check(resource, f"resources/{number}", _schema_for(resource, schema, folder))
    ]
    return Findings.of(found[:MOST_TOLD])


def _check(resource: Mapping[str, Any], path: str, schema: Mapping[str, Any] | None) -> Iterator[Finding]:
    from jsonschema import Draft202012Validator  # its import takes long, and only a submission needs it
    from jsonschema.exceptions import SchemaError

    if schema is None:
        yield PAYLOAD_NOT_OF_SCHEMA.found(f"There is no schema for {str(resource.get('$schema'))[:120]}.", path=path)
        return
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        message = f"A file of the schema folder is no JSON schema: {error.message[:200]}."
        raise PayloadRefusedError(message) from error
    for fault in sorted(Draft202012Validator(schema).iter_errors(_as_json(resource)), key=lambda each: each.json_path):
        place = "/".join([path, *map(str, fault.absolute_path)])
        yield PAYLOAD_NOT_OF_SCHEMA.found(f"{place}: {fault.message[:300]}.", path=place)


def _schema_for(resource: Mapping[str, Any], schema: PayloadSchema, folder: Path | None) -> Mapping[str, Any] | None:
    address = resource.get("$schema")
    if folder is not None and isinstance(address, str):
        file = folder / f"{'_'.join(address.rsplit('/', 2)[1:])}.json"
        if file.is_file():
            try:
                read: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
            except ValueError as error:
                message = f"{file.name} in the schema folder is no JSON."
                raise PayloadRefusedError(message) from error
            return read
    if schema.is_private_offer(address):
        return PRIVATE_OFFER
    return PRICE if address == schema.price_address else None


def _as_json(value: Any) -> Any:
    """Return a payload as JSON has it: a decimal is a number, which the validator knows as a float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: _as_json(each) for key, each in value.items()}
    return [_as_json(each) for each in value] if isinstance(value, list | tuple) else value
