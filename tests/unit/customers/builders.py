"""Builders for the room's tests: a subscription as Microsoft states it, a standing, hypothesis strategies of both."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st

from fairkeeper.customers.marketplace.operation import OperationSnapshot, WebhookNotice, read_operation
from fairkeeper.customers.marketplace.subscription import Party, SubscriptionSnapshot, Term
from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Mark, Milestones, Standing
from fairkeeper.values.ids import SubscriptionId, TenantId
from fairkeeper.values.period import Duration

SUBSCRIPTION = SubscriptionId("10000000-0000-4000-8000-000000000001")
OTHER_SUBSCRIPTION = SubscriptionId("10000000-0000-4000-8000-000000000002")
OPERATION = "20000000-0000-4000-8000-000000000001"
TENANT = TenantId("30000000-0000-4000-8000-000000000001")
OTHER_TENANT = TenantId("30000000-0000-4000-8000-000000000002")
BUYER = "40000000-0000-4000-8000-000000000001"
PERSON = "40000000-0000-4000-8000-000000000002"
WIDE_DIGITS = "\uff11\uff12"
"""Twelve, in digits that Python's `int` reads and Microsoft never writes."""
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
"""Any JSON, NaN and lone surrogates included."""


def json_objects(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Objects that have some of these fields, with any JSON in them, and fields nobody knows."""
    texts = st.sampled_from(
        [
            *["", " ", "P18M", "PT1H", "Subscribed", " Suspended ", "Success", "12", WIDE_DIGITS, "1e3", "\ud800"],
            *["0001-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9998-12-31T23:59:59-14:00", "2026-11-22"],
            *[SUBSCRIPTION, f"{{{OPERATION.upper()}}}"],
        ]
    )
    some = st.dictionaries(st.sampled_from(names), json_values | texts, max_size=len(names))
    return st.builds(
        lambda known, unknown: {**unknown, **known}, some, st.dictionaries(st.text(), json_values, max_size=3)
    )


def subscription_document(**changes: Any) -> dict[str, Any]:
    """A subscription as the documentation shows it; a value of `...` leaves the field out."""
    document: dict[str, Any] = {
        "id": SUBSCRIPTION,
        "name": "Contoso subscription",
        "publisherId": "fairmile",
        "offerId": "invoice-agent",
        "planId": "team",
        "quantity": 5,
        "beneficiary": {"emailId": "ada@contoso.example", "objectId": BUYER, "tenantId": TENANT, "puid": "1003"},
        "purchaser": {"emailId": "bob@litware.example", "objectId": PERSON, "tenantId": OTHER_TENANT, "puid": "1004"},
        "term": {
            "startDate": "2026-11-01T00:00:00Z",
            "endDate": "2026-11-30T00:00:00Z",
            "termUnit": "P1M",
            "chargeDuration": None,
        },
        "autoRenew": True,
        "isTest": False,
        "isFreeTrial": False,
        "allowedCustomerOperations": ["Read", "Update", "Delete"],
        "sandboxType": "None",
        "sessionMode": "None",
        "created": "2026-11-01T09:30:00.1234567Z",
        "lastModified": "0001-01-01T00:00:00",
        "saasSubscriptionStatus": "Subscribed",
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not ...}


def operation_document(**changes: Any) -> dict[str, Any]:
    """An operation as the documentation shows it; a value of `...` leaves the field out."""
    document: dict[str, Any] = {
        "id": OPERATION,
        "activityId": OPERATION,
        "subscriptionId": SUBSCRIPTION,
        "offerId": "invoice-agent",
        "publisherId": "fairmile",
        "planId": "enterprise",
        "quantity": 5,
        "action": "ChangePlan",
        "timeStamp": "2026-11-22T12:00:00",
        "status": "InProgress",
        "errorStatusCode": "",
        "errorMessage": "",
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not ...}


def a_subscription(
    status: CommercialStatus | None = CommercialStatus.SUBSCRIBED, **changes: Any
) -> SubscriptionSnapshot:
    """A subscription of 5 seats on plan team, for Contoso, bought by Litware."""
    fields: dict[str, Any] = {
        "id": SUBSCRIPTION,
        "status_text": "Dormant" if status is None else status.value,
        "offer_id": "invoice-agent",
        "plan_id": "team",
        "quantity": 5,
        "beneficiary": Party(tenant_id=TENANT, object_id=BUYER),
        "purchaser": Party(tenant_id=OTHER_TENANT, object_id=PERSON),
        "term": Term(start_on=date(2026, 11, 1), end_on=date(2026, 11, 30), unit_text="P1M", unit=Duration(months=1)),
        "auto_renew": True,
    }
    return SubscriptionSnapshot(status=status, **{**fields, **changes})


def an_operation(**changes: Any) -> OperationSnapshot:
    """An operation as read from its document."""
    operation = read_operation(operation_document(**changes)).value
    assert operation is not None
    return operation


def a_notice(**changes: Any) -> WebhookNotice:
    """A webhook that announces that operation."""
    return WebhookNotice(operation=an_operation(**changes))


def a_standing(
    commercial: CommercialStatus | None = CommercialStatus.SUBSCRIBED,
    consent: ConsentState = ConsentState.GRANTED,
    provisioning: ProvisioningState = ProvisioningState.READY,
    operation: OperationState = OperationState.ENABLED,
    milestones: Milestones | None = None,
) -> Standing:
    """A customer who may act, unless said otherwise."""
    return Standing(
        commercial=Mark(state=commercial),
        consent=Mark(state=consent),
        provisioning=Mark(state=provisioning),
        operation=Mark(state=operation),
        milestones=milestones or Milestones(),
    )


statuses = st.sampled_from([*CommercialStatus, None])
instants = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 (bounds)
milestones = st.builds(
    Milestones,
    bought_at=st.none() | instants,
    activated_at=st.none() | instants,
    consented_at=st.none() | instants,
    ready_at=st.none() | instants,
    stopped_at=st.none() | instants,
    erased_at=st.none() | instants,
)
standings = st.builds(
    a_standing,
    statuses,
    st.sampled_from(ConsentState),
    st.sampled_from(ProvisioningState),
    st.sampled_from(OperationState),
    milestones,
)
subscriptions = st.builds(
    a_subscription,
    statuses,
    plan_id=st.sampled_from(["team", "enterprise"]),
    quantity=st.none() | st.integers(1, 9),
    auto_renew=st.none() | st.booleans(),
    term=st.builds(Term, end_on=st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1))),
)
