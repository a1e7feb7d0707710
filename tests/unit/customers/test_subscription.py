"""Reading subscriptions. Source of the documents: Microsoft Learn, SaaS fulfillment Subscription APIs v2."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from fairkeeper.customers.marketplace.subscription import SubscriptionSnapshot, read_subscription
from fairkeeper.customers.path.lifecycle import CommercialStatus
from tests.unit.customers.builders import (
    BUYER,
    OTHER_SUBSCRIPTION,
    OTHER_TENANT,
    SUBSCRIPTION,
    TENANT,
    WIDE_DIGITS,
    json_objects,
    subscription_document,
)


def read(**changes: Any) -> tuple[SubscriptionSnapshot, list[str]]:
    parsed = read_subscription(subscription_document(**changes))
    assert parsed.value is not None
    return parsed.value, [finding.code for finding in parsed.findings]


def test_documented_subscription_is_read_whole_and_without_findings() -> None:
    snapshot, findings = read()

    assert findings == []
    assert snapshot.id == SUBSCRIPTION
    assert snapshot.status is CommercialStatus.SUBSCRIBED
    assert (snapshot.offer_id, snapshot.plan_id, snapshot.quantity) == ("invoice-agent", "team", 5)
    assert (snapshot.beneficiary.tenant_id, snapshot.beneficiary.object_id) == (TENANT, BUYER)
    assert (snapshot.purchaser.tenant_id, snapshot.purchaser.email) == (OTHER_TENANT, "bob@litware.example")
    assert (snapshot.term.start_on, snapshot.term.end_on) == (date(2026, 11, 1), date(2026, 11, 30))
    assert snapshot.created_at == datetime(2026, 11, 1, 9, 30, 0, 123456, tzinfo=UTC)
    assert snapshot.last_modified_at is None
    assert (snapshot.sandbox_type, snapshot.session_mode) == (None, None)
    assert snapshot.allowed_customer_operations == ("Read", "Update", "Delete")


@pytest.mark.parametrize(
    ("value", "quantity"),
    [(..., None), (None, None), ("", None), (" ", None), (7, 7), ("7", 7), (" 7 ", 7), (7.0, 7), (0, 0)],
)
def test_quantity_is_read_in_every_form_seen(value: object, quantity: int | None) -> None:
    snapshot, findings = read(quantity=value)

    assert (snapshot.quantity, findings) == (quantity, [])


@pytest.mark.parametrize(
    "value", ["many", -1, 1.5, True, [5], "9" * 5000, 10**30, float("nan"), float("inf"), WIDE_DIGITS]
)
def test_unreadable_quantity_is_a_finding_and_not_a_guess(value: object) -> None:
    snapshot, findings = read(quantity=value)

    assert (snapshot.quantity, findings) == (None, ["customers.field_unreadable"])


@pytest.mark.parametrize("status", CommercialStatus)
def test_status_is_read_with_whitespace_and_any_case(status: CommercialStatus) -> None:
    assert read(saasSubscriptionStatus=f" {status.upper()}\n")[0].status is status


@pytest.mark.parametrize("value", ["Dormant", "", None, ..., 7, ["Subscribed"]])
def test_unknown_status_is_held_with_its_text(value: object) -> None:
    snapshot, findings = read(saasSubscriptionStatus=value)

    assert snapshot.status is None
    assert "customers.status_unknown" in findings
    assert snapshot.status_text == {"Dormant": "Dormant", 7: "7"}.get(
        value if isinstance(value, (str, int)) else "", ""
    )


@pytest.mark.parametrize(
    ("text", "months", "days"), [("P1M", 1, 0), ("P3Y", 36, 0), ("P18M", 18, 0), ("p1y6m", 18, 0), ("P90D", 0, 90)]
)
def test_any_duration_of_years_months_and_days_is_a_term(text: str, months: int, days: int) -> None:
    snapshot, findings = read(term={"termUnit": text})

    assert snapshot.term.unit is not None
    assert (snapshot.term.unit.months, snapshot.term.unit.days, snapshot.term.unit_text) == (months, days, text)
    assert findings == []


def test_unreadable_term_keeps_its_text() -> None:
    snapshot, findings = read(term={"termUnit": "yearly"})

    assert (snapshot.term.unit, snapshot.term.unit_text) == (None, "yearly")
    assert findings == ["customers.term_unreadable"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "", None])
def test_never_is_no_time_and_no_finding(text: str | None) -> None:
    snapshot, findings = read(created=text, term={"startDate": text, "endDate": text})

    assert (snapshot.created_at, snapshot.term.start_on, snapshot.term.end_on, findings) == (None, None, None, [])


def test_time_without_a_zone_is_utc_and_another_zone_is_converted() -> None:
    assert read(created="2026-11-01T09:30:00")[0].created_at == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    assert read(created="2026-11-01T09:30:00+05:30")[0].created_at == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert read(term={"startDate": "2026-11-01"})[0].term.start_on == date(2026, 11, 1)


def test_parties_may_miss_any_part() -> None:
    snapshot, findings = read(beneficiary={"emailId": ""}, purchaser=None)

    assert (snapshot.beneficiary.tenant_id, snapshot.beneficiary.email, snapshot.purchaser.object_id) == (None,) * 3
    assert findings == []


def test_guids_come_in_lower_case_without_braces() -> None:
    snapshot, _ = read(id=f"{{{SUBSCRIPTION.upper()}}}", beneficiary={"tenantId": TENANT.upper()})

    assert (snapshot.id, snapshot.beneficiary.tenant_id) == (SUBSCRIPTION, TENANT)


def test_resolved_answer_is_read_through_its_inner_subscription() -> None:
    answer = {
        "id": SUBSCRIPTION,
        "subscriptionName": "As the outer object calls it",
        "offerId": "invoice-agent",
        "planId": "team",
        "quantity": "5",
        "subscription": subscription_document(name="Inner name", quantity=None),
    }
    parsed = read_subscription(answer)

    assert parsed.value is not None
    assert (parsed.value.name, parsed.value.quantity, parsed.value.raw) == ("Inner name", 5, answer)
    assert parsed.value.beneficiary.tenant_id == TENANT
    assert not parsed.findings


def test_resolved_answer_without_inner_object_uses_the_outer_name() -> None:
    parsed = read_subscription(
        {"id": SUBSCRIPTION, "subscriptionName": "Outer", "saasSubscriptionStatus": "Subscribed"}
    )

    assert parsed.value is not None
    assert parsed.value.name == "Outer"


def test_two_ids_in_one_answer_are_refused() -> None:
    parsed = read_subscription({"id": OTHER_SUBSCRIPTION, "subscription": subscription_document()})

    assert parsed.value is None
    assert [finding.code for finding in parsed.findings] == ["customers.ids_disagree"]
    assert parsed.findings.has_errors


@pytest.mark.parametrize("value", [..., None, "", "7", "../../admin", 7])
def test_answer_without_a_guid_as_id_is_not_acted_on(value: object) -> None:
    parsed = read_subscription(subscription_document(id=value))

    assert parsed.value is None
    assert "customers.id_missing" in [finding.code for finding in parsed.findings]


def test_unknown_fields_are_kept() -> None:
    snapshot, findings = read(storeFront="AzurePortal", fulfillmentId={"new": True})

    assert (snapshot.raw["storeFront"], snapshot.raw["fulfillmentId"]) == ("AzurePortal", {"new": True})
    assert findings == []


def test_addresses_of_people_are_not_shown_by_repr() -> None:
    assert "ada@contoso.example" not in repr(read()[0])


def test_text_that_no_database_stores_is_cleaned() -> None:
    name = read(name="A\x00B\ud800")[0].name

    assert name == "AB?"


NAMES = ("id", "subscription", "subscriptionName", "quantity", "beneficiary", "purchaser", "term", "autoRenew")
MORE = ("isTest", "allowedCustomerOperations", "sandboxType", "created", "lastModified", "saasSubscriptionStatus")


@given(json_objects(*NAMES, *MORE), json_objects("startDate", "endDate", "termUnit", "chargeDuration"))
def test_nothing_makes_reading_raise(raw: dict[str, Any], term: dict[str, Any]) -> None:
    for document in (raw, {"id": SUBSCRIPTION, **raw, "term": term}, {"subscription": {**raw, "id": SUBSCRIPTION}}):
        parsed = read_subscription(document)
        assert parsed.value is not None or parsed.findings.has_errors
        if parsed.value is not None:
            assert (parsed.value.status is None) == any(
                finding.code == "customers.status_unknown" for finding in parsed.findings
            )
