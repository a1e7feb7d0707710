"""Microsoft's metering service: batches of at most 25 events, one event by itself, and the list of what it has.

The service of SaaS subscriptions and of managed applications is the same; a subscription is named by its id, a managed
application by its resource URI.

Source: Microsoft Learn, "Marketplace metered billing APIs"; microsoft/commercial-marketplace-openapi. Never run against
the live service. Assumption: the test headers that `usageEvents` tells of are not documented, so they are settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from fairkeeper.customers.errors import FulfillmentFaultError, FulfillmentUnavailableError
from fairkeeper.errors import BugError, UnavailableError
from fairkeeper.metering.errors import MeteringRefusedError, MeteringUnavailableError
from fairkeeper.metering.ports import EventAnswer, Report, StatedUsage
from fairkeeper.metering.rules.quantity import from_wire, to_wire
from fairkeeper.metering.rules.statuses import Answer, EventStatus
from fairkeeper.microsoft.marketplace_transport import MarketplaceTransport, Request, Response, message_of
from fairkeeper.values.clock import format_instant

MOST_IN_BATCH: Final = 25
_LONGEST: Final = 200


class MeteringClient:
    """Implements `fairkeeper.metering.ports.Metering`.

    Args:
        transport: Sends to the same base and as the same application as the fulfillment APIs.
        test_headers: Sent with every event, so that it is marked as a test.
    """

    def __init__(self, transport: MarketplaceTransport, *, test_headers: Mapping[str, str] | None = None) -> None:
        self._transport = transport
        self._headers = dict(test_headers or {})

    def send(self, reports: Sequence[Report]) -> Sequence[EventAnswer]:
        """Send a batch and return an answer for each, in their order."""
        if not 1 <= len(reports) <= MOST_IN_BATCH:
            raise BugError(f"A batch holds 1 to {MOST_IN_BATCH} events, not {len(reports)}.")
        body = {"request": [_event(report) for report in reports]}
        response = self._send(
            Request(
                name="batch_usage_event",
                method="POST",
                path="/batchUsageEvent",
                changes=True,
                headers=self._headers,
                body=body,
            )
        )
        results = response.document.get("result")
        if response.status != 200 or not isinstance(results, list):
            raise _refused(response)
        return _in_order(reports, [each for each in results if isinstance(each, dict)])

    def send_one(self, report: Report) -> EventAnswer:
        """Send one event; a duplicate's answer names what was accepted before."""
        response = self._send(
            Request(
                name="usage_event",
                method="POST",
                path="/usageEvent",
                changes=True,
                headers=self._headers,
                body=_event(report),
            )
        )
        document = response.document
        if response.status == 200:
            return _answer({"status": EventStatus.ACCEPTED, **document})
        if response.status == 409:
            accepted = _accepted_message(document)
            return EventAnswer(
                answer=Answer(status=EventStatus.DUPLICATE, accepted_milli=from_wire(accepted.get("quantity"))),
                usage_event_id=_text(accepted.get("usageEventId")),
                message=message_of(document),
            )
        if response.status == 400:
            details = document.get("details")
            first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
            status = _text(first.get("code")) or EventStatus.BAD_ARGUMENT
            return EventAnswer(answer=Answer(status=status), usage_event_id=None, message=message_of(document))
        raise _refused(response)

    def list_usage(self, since: date, until: date) -> Sequence[StatedUsage]:
        """Read what Microsoft has of some days, both ends included."""
        query = {"usageStartDate": since.isoformat(), "UsageEndDate": until.isoformat()}
        response = self._send(
            Request(name="usage_events", method="GET", path="/usageEvents", changes=False, lists=True, query=query)
        )
        items = response.document.get("items")
        if response.status != 200 or not isinstance(items, list):
            raise _refused(response)
        return [stated for item in items if (stated := _stated(item)) is not None]

    def _send(self, request: Request) -> Response:
        try:
            return self._transport.send(request)
        except (FulfillmentUnavailableError, FulfillmentFaultError) as error:
            detail = dict(error.detail)
            raise MeteringUnavailableError(error.message, detail=detail) from error
        except UnavailableError as error:
            # No token, so nothing was sent.
            raise MeteringUnavailableError(error.message, detail={"outcome_unknown": False}) from error


def _event(report: Report) -> dict[str, Any]:
    named = (
        {"resourceUri": report.resource_uri} if report.resource_uri is not None else {"resourceId": report.resource_id}
    )
    return {
        **named,
        "quantity": to_wire(report.quantity_milli),
        "dimension": report.dimension,
        "effectiveStartTime": format_instant(report.hour),
        "planId": report.plan_id,
    }


def _in_order(reports: Sequence[Report], results: Sequence[Mapping[str, Any]]) -> list[EventAnswer]:
    """Match answers to reports by what they name: their order is not promised."""
    by_key = {_key_of(result): result for result in results}
    answers = []
    for position, report in enumerate(reports):
        named = (report.resource_uri or report.resource_id or "").lower()
        found = by_key.get((named, report.dimension, report.hour))
        if found is None and len(results) == len(reports) and _key_of(results[position])[2] is None:
            found = results[position]  # it names nothing readable, so that only its place is left
        if found is None:
            found = {"status": EventStatus.ERROR, "error": {"message": "The answer does not name this event."}}
        answers.append(_answer(found))
    return answers


def _key_of(result: Mapping[str, Any]) -> tuple[str, str, datetime | None]:
    resource = str(result.get("resourceUri") or result.get("resourceId") or "").lower()
    try:
        at = datetime.fromisoformat(str(result.get("effectiveStartTime")))
    except ValueError:
        return resource, str(result.get("dimension")), None
    return resource, str(result.get("dimension")), at.replace(minute=0, second=0, microsecond=0)


def _answer(result: Mapping[str, Any]) -> EventAnswer:
    status = str(result.get("status") or EventStatus.ERROR).strip()[:_LONGEST]
    error = result.get("error")
    accepted = _accepted_message(error if isinstance(error, dict) else {})
    event_id = accepted.get("usageEventId") if status == EventStatus.DUPLICATE else result.get("usageEventId")
    return EventAnswer(
        answer=Answer(status=status, accepted_milli=from_wire(accepted.get("quantity"))),
        usage_event_id=_text(event_id),
        message=message_of(error) if isinstance(error, dict) else "",
    )


def _accepted_message(document: Mapping[str, Any]) -> Mapping[str, Any]:
    information = document.get("additionalInfo")
    accepted = information.get("acceptedMessage") if isinstance(information, dict) else None
    return accepted if isinstance(accepted, dict) else {}


def _stated(item: object) -> StatedUsage | None:
    if not isinstance(item, dict):
        return None
    submitted = from_wire(item.get("submittedQuantity"))
    try:
        day = datetime.fromisoformat(str(item.get("usageDate"))).date()
    except ValueError:
        return None
    if submitted is None:
        return None
    return StatedUsage(
        day=day,
        resource=str(item.get("usageResourceId") or "").lower(),
        dimension=str(item.get("dimension") or ""),
        plan_id=str(item.get("planId") or ""),
        status=str(item.get("reconStatus") or "").strip()[:80],
        submitted_milli=submitted,
        processed_milli=from_wire(item.get("processedQuantity")) or 0,
    )


def _text(value: object) -> str | None:
    return value[:80] if isinstance(value, str) and value else None


def _refused(response: Response) -> MeteringRefusedError:
    return MeteringRefusedError(
        f"The metering service answered {response.status}: {message_of(response.document)}",
        detail={
            "status": response.status,
            "request_id": response.request_id,
            "correlation_id": response.correlation_id,
        },
    )
