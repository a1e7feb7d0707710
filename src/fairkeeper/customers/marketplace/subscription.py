"""A SaaS subscription as Microsoft states it now.

`read_subscription` reads the object of Get, List and Resolve and the one inside a webhook alike. Unknown values are
held and never guessed: a status nobody announced is None beside its text, a term's length is kept as text and read as
a duration, fields nobody knows stay in `raw`.

Source: Microsoft Learn, "SaaS fulfillment Subscription APIs v2"; microsoft/commercial-marketplace-openapi.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from fairkeeper.customers.finding_kinds import ID_MISSING, IDS_DISAGREE, STATUS_UNKNOWN, TERM_UNREADABLE
from fairkeeper.customers.marketplace.wire import FieldReader, Parsed
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.values.errors import DurationRefusedError
from fairkeeper.values.ids import SubscriptionId, TenantId
from fairkeeper.values.period import Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """The beneficiary or the purchaser; never assumed to be the same, and any part may be missing.

    Args:
        email: For a letter, never to recognise anybody: a tenant's administrator can change it at will.
        puid: Microsoft's older person id.
    """

    tenant_id: TenantId | None = None
    object_id: str | None = None
    email: str | None = field(default=None, repr=False)
    puid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """The running term; its dates are empty until activation.

    Args:
        start_on: First day, as Microsoft states it.
        end_on: Last date, as Microsoft states it; Microsoft's examples give the term's last day.
        unit_text: Microsoft's `termUnit` as it came (P1M, P1Y, P18M …).
        unit: The same as a duration, None if it is none.
        charge_text: `chargeDuration` as it came.
    """

    start_on: date | None = None
    end_on: date | None = None
    unit_text: str | None = None
    unit: Duration | None = None
    charge_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionSnapshot:
    """What Microsoft says about one subscription at one moment.

    Args:
        status: Microsoft's status, None if it is one that Fairkeeper does not know (held).
        status_text: The same as it came, trimmed; "" if it was absent.
        quantity: Seats; None for a flat rate.
        auto_renew: None if it was not stated.
        sandbox_type: Text such as Csp; None for "None".
        session_mode: Text such as DryRun (no money moves); None for "None".
        raw: The whole object as it came, for what is not known yet; compared and shown nowhere.
    """

    id: SubscriptionId
    status: CommercialStatus | None
    status_text: str = ""
    name: str | None = None
    publisher_id: str | None = None
    offer_id: str | None = None
    plan_id: str | None = None
    quantity: int | None = None
    beneficiary: Party = field(default_factory=Party)
    purchaser: Party = field(default_factory=Party)
    term: Term = field(default_factory=Term)
    auto_renew: bool | None = None
    is_test: bool = False
    is_free_trial: bool = False
    allowed_customer_operations: tuple[str, ...] = ()
    sandbox_type: str | None = None
    session_mode: str | None = None
    created_at: datetime | None = None
    last_modified_at: datetime | None = None
    raw: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


_KNOWN: Final = {status.value.lower(): status for status in CommercialStatus}


def read_subscription(raw: Mapping[str, object]) -> Parsed[SubscriptionSnapshot]:
    """Read a subscription object, or Resolve's answer that has one inside; never raises.

    In Resolve's answer the inner object is read and the outer fields fill what it lacks.

    Example:
        >>> parsed = read_subscription(
        ...     {
        ...         "id": "10000000-0000-4000-8000-000000000001",
        ...         "quantity": "",
        ...         "term": {"termUnit": "P18M"},
        ...         "saasSubscriptionStatus": " Subscribed ",
        ...     }
        ... )
        >>> parsed.value.status.value, parsed.value.quantity, parsed.value.term.unit.months, len(parsed.findings)
        ('Subscribed', None, 18, 0)
    """
    outer = FieldReader(raw=raw)
    inner = outer.child("subscription")
    outer_id = outer.guid("id")
    inner_id = inner.guid("id")
    if outer_id and inner_id and outer_id != inner_id:
        outer.report(IDS_DISAGREE, "id", f"The answer is about {outer_id}, the subscription inside it is {inner_id}.")
        return Parsed(value=None, findings=outer.findings)
    known_id = inner_id or outer_id
    if known_id is None:
        outer.report(ID_MISSING, "id", "The subscription carries no GUID as its id.")
        return Parsed(value=None, findings=outer.findings)
    reader = FieldReader(raw=_merge(raw, inner.raw), subject=known_id, found=outer.found)
    return Parsed(value=_read(reader, SubscriptionId(known_id), raw), findings=reader.findings)


def _merge(outer: Mapping[str, object], inner: Mapping[str, object]) -> dict[str, object]:
    """Lay the inner object over the outer one, except where the inner says nothing; Resolve renames `name`."""
    merged = {key: value for key, value in outer.items() if key != "subscription"}
    if "name" not in merged and "subscriptionName" in merged:
        merged["name"] = merged["subscriptionName"]
    merged.update({key: value for key, value in inner.items() if value is not None and value != ""})
    return merged


def _read(reader: FieldReader, known_id: SubscriptionId, raw: Mapping[str, object]) -> SubscriptionSnapshot:
    status_text = reader.text("saasSubscriptionStatus") or ""
    status = _KNOWN.get(status_text.lower())
    if status is None:
        reader.report(
            STATUS_UNKNOWN, "saasSubscriptionStatus", f"Microsoft reports the status {status_text[:60]!r}; it is held."
        )
    return SubscriptionSnapshot(
        id=known_id,
        status=status,
        status_text=status_text,
        name=reader.text("name"),
        publisher_id=reader.text("publisherId"),
        offer_id=reader.text("offerId"),
        plan_id=reader.text("planId"),
        quantity=reader.quantity("quantity"),
        beneficiary=_party(reader.child("beneficiary")),
        purchaser=_party(reader.child("purchaser")),
        term=_term(reader.child("term")),
        auto_renew=reader.flag("autoRenew"),
        is_test=reader.flag("isTest") or False,
        is_free_trial=reader.flag("isFreeTrial") or False,
        allowed_customer_operations=reader.texts("allowedCustomerOperations"),
        sandbox_type=_unless_none(reader.text("sandboxType")),
        session_mode=_unless_none(reader.text("sessionMode")),
        created_at=reader.instant("created"),
        last_modified_at=reader.instant("lastModified"),
        raw=raw,
    )


def _party(reader: FieldReader) -> Party:
    tenant_id = reader.guid("tenantId")
    return Party(
        tenant_id=None if tenant_id is None else TenantId(tenant_id),
        object_id=reader.guid("objectId"),
        email=reader.text("emailId"),
        puid=reader.text("puid"),
    )


def _term(reader: FieldReader) -> Term:
    unit_text = reader.text("termUnit")
    unit = None
    if unit_text is not None:
        try:
            unit = Duration.parse(unit_text.upper())
        except DurationRefusedError:
            reader.report(TERM_UNREADABLE, "termUnit", f"The term's length is {unit_text[:60]!r}.")
    return Term(
        start_on=reader.day("startDate"),
        end_on=reader.day("endDate"),
        unit_text=unit_text,
        unit=unit,
        charge_text=reader.text("chargeDuration"),
    )


def _unless_none(text: str | None) -> str | None:
    """Microsoft spells "no value" as the word None in its enumerations."""
    return None if text is None or text.lower() == "none" else text
