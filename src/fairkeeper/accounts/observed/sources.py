"""Reads what a publisher can export from Partner Center or read by its APIs into one shape.

Tolerant on purpose: an export's columns are found by several names, fields that nobody announced are left alone, and
what is missing is simply not seen. What an answer is not at all, is refused.

Source: Microsoft Learn, "Get an organization profile", "Get an MPN profile", "Get legal business profile" (Partner
Center REST API); "Private offers submission API overview" (products and plans, `identity.externalId`). The columns of
the user export were not found in a document. Never run against the live service.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from fairkeeper.accounts.errors import ObservationUnreadableError
from fairkeeper.accounts.structure.model import Many
from fairkeeper.values.csv_text import CsvTable, CsvUnreadableError, read_csv

_MOST_ROWS: Final = 5_000
_NAMES: Final = ("name", "display_name", "displayname", "full_name")
_EMAILS: Final = ("email", "e-mail", "email_address", "user_principal_name", "userprincipalname", "username", "upn")
_ROLES: Final = ("roles", "role", "user_roles", "permissions")
_PUBLISHERS: Final = ("publisher", "publisher_id", "publisherid", "account", "developer_account")


class Source(StrEnum):
    """Where something was seen."""

    USERS = "users"
    """Export of Account settings, User management."""
    ORGANIZATION = "organization"
    PARTNER_IDS = "partner_ids"
    LEGAL_BUSINESS = "legal_business"
    PRODUCTS = "products"


class _Seen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2_000)


class SeenPerson(_Seen):
    """A user with roles; `publisher_roles` where the export names a publisher."""

    name: str
    email: str
    roles: Many[str] = Field(default_factory=list)
    publisher_roles: dict[str, Many[str]] = Field(default_factory=dict)


class SeenPlan(_Seen):
    """A plan by its own id."""

    id: str
    name: str = ""


class SeenOffer(_Seen):
    """An offer by its own id; `durable_id` is the API's."""

    id: str
    name: str = ""
    kind: str = ""
    durable_id: str = ""
    plans: Many[SeenPlan] = Field(default_factory=list)


class SeenPartnerId(_Seen):
    """A PartnerID and the name it is registered for."""

    id: str
    name: str = ""


class Seen(_Seen):
    """What one source showed; what it does not speak of is None."""

    company: str | None = None
    people: Many[SeenPerson] | None = None
    partner_ids: Many[SeenPartnerId] | None = None
    offers: Many[SeenOffer] | None = None
    vetting_status: str | None = None
    vetting_sub_status: str | None = None


def read_source(source: Source, text: str) -> Seen:
    """Read an export or answer as what it is said to be.

    Raises:
        ObservationUnreadableError: It is no such thing.

    Example:
        >>> read_source(Source.ORGANIZATION, '{"companyName": "Fairmile Software Ltd"}').company
        'Fairmile Software Ltd'
    """
    return _READERS[source](text)


def _users(text: str) -> Seen:
    try:
        table = read_csv(text, most_rows=_MOST_ROWS)
    except CsvUnreadableError as error:
        raise ObservationUnreadableError(f"The export of users cannot be read: {error}.") from error
    email, roles = _column(table, _EMAILS), _column(table, _ROLES)
    name, publisher = _column(table, _NAMES), _column(table, _PUBLISHERS)
    if email is None or roles is None:
        raise ObservationUnreadableError("The export of users has no column for the e-mail address or for the roles.")
    people: dict[str, dict[str, Any]] = {}
    for row in table.rows:
        cells = row.cells
        address = cells[email].lower()
        if not address:
            continue
        found = people.setdefault(address, {"name": "", "email": address, "roles": [], "publisher_roles": {}})
        found["name"] = found["name"] or cells[name] if name else address
        held = [part.strip() for part in cells[roles].replace("|", ";").replace(",", ";").split(";")]
        of = cells[publisher] if publisher else ""
        into = found["publisher_roles"].setdefault(of, []) if of else found["roles"]
        into += [role for role in held if role and role not in into]
    return Seen(people=[SeenPerson.model_validate(person) for person in people.values()])


def _organization(text: str) -> Seen:
    return Seen(company=_text(_object(text), "companyName", "organizationName", "name"))


def _partner_ids(text: str) -> Seen:
    document = _loaded(text)
    items = document if isinstance(document, list) else _listed(document) or [document]
    found = [
        SeenPartnerId(id=partner_id, name=_text(item, "partnerName", "companyName", "name") or "")
        for item in items
        if isinstance(item, dict) and (partner_id := _text(item, "mpnId", "partnerId", "id"))
    ]
    if not found:
        raise ObservationUnreadableError("The answer names no PartnerID (mpnId).")
    return Seen(partner_ids=found)


def _legal_business(text: str) -> Seen:
    document = _object(text)
    status = _text(document, "vettingStatus")
    if status is None:
        raise ObservationUnreadableError("The answer has no vettingStatus.")
    return Seen(
        company=_text(document, "companyName"),
        vetting_status=status,
        vetting_sub_status=_text(document, "vettingSubStatus"),
    )


def _products(text: str) -> Seen:
    document = _object(text)
    products, plans = document.get("products"), document.get("plans", [])
    if not isinstance(products, list) or not isinstance(plans, list):
        raise ObservationUnreadableError("The answer has no list `products`, or its `plans` is none.")
    by_product: dict[str, list[SeenPlan]] = {}
    for plan in _dicts(plans):
        if (plan_id := _external_id(plan)) is not None:
            of = _text(plan, "product") or ""
            by_product.setdefault(of, []).append(SeenPlan(id=plan_id, name=_text(plan, "alias") or ""))
    offers = [
        SeenOffer(
            id=offer_id,
            name=_text(product, "alias") or "",
            kind=_text(product, "type") or "",
            durable_id=_text(product, "id") or "",
            plans=by_product.get(_text(product, "id") or "", []),
        )
        for product in _dicts(products)
        if (offer_id := _external_id(product)) is not None
    ]
    return Seen(offers=offers)


_READERS: Final[Mapping[Source, Callable[[str], Seen]]] = {
    Source.USERS: _users,
    Source.ORGANIZATION: _organization,
    Source.PARTNER_IDS: _partner_ids,
    Source.LEGAL_BUSINESS: _legal_business,
    Source.PRODUCTS: _products,
}


def _column(table: CsvTable, names: Iterable[str]) -> str | None:
    return next((name for name in names if name in table.columns), None)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise ObservationUnreadableError("The answer is no JSON.") from error


def _object(text: str) -> dict[str, Any]:
    document = _loaded(text)
    if not isinstance(document, dict):
        raise ObservationUnreadableError("The answer is no JSON object.")
    return document


def _listed(document: Any) -> list[Any] | None:
    for key in ("items", "value"):
        if isinstance(document, dict) and isinstance(document.get(key), list):
            found: list[Any] = document[key]
            return found
    return None


def _dicts(items: Iterable[Any]) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)]


def _text(document: Mapping[str, Any], *keys: str) -> str | None:
    lowered = {key.lower(): value for key, value in document.items()}
    for key in keys:
        value = lowered.get(key.lower())
        if isinstance(value, str) and value.strip():
            return value.strip()[:2_000]
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return None


def _external_id(document: Mapping[str, Any]) -> str | None:
    identity = document.get("identity")
    return _text(identity, "externalId") if isinstance(identity, dict) else None
