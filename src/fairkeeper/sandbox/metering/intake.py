"""What the metering service knows and answers, without HTTP.

Source: Marketplace metered billing APIs, and its FAQ; commercial-marketplace-openapi; read 2026-11-22. One event for
each resource, dimension and clock hour, the first one counts; at most 24 hours back; usage from before a cancellation
is taken for 24 hours after it. Assumption: what was taken is processed an hour later.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fairkeeper.sandbox.marketplace.storage import Storage
from fairkeeper.values.clock import Clock, format_instant

_WINDOW: Final = timedelta(hours=24)
_PROCESSED_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeteredResource:
    """What the service knows of a resource.

    Attributes:
        plans: Dimension ids by plan id of its offer.
        ended_at: When it was cancelled.
        session_mode: `DryRun` for a test without money.
    """

    offer_id: str
    plans: Mapping[str, frozenset[str]]
    is_active: bool
    is_own: bool = True
    ended_at: datetime | None = None
    session_mode: str = "None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The service's word on one event, with what it accepted now or before."""

    status: str
    event: dict[str, Any]
    message: str = ""


class MeteringService:
    """Takes usage events.

    Args:
        find: Returns what is known of a resource, by id or URI; None if there is none.
        clock: The sandbox's clock.
        storage: Keeps what was accepted.
    """

    def __init__(self, find: Callable[[str], MeteredResource | None], clock: Clock, storage: Storage) -> None:
        self._find = find
        self._clock = clock
        self._storage = storage
        self._lock = threading.Lock()
        self._accepted: dict[str, dict[str, Any]] = dict(storage.load("usage", dict))

    def accepted(self) -> list[dict[str, Any]]:
        """Return every accepted event."""
        with self._lock:
            return list(self._accepted.values())

    def take(self, event: Mapping[str, Any], *, is_test: bool = False) -> Told:
        """Take one event, or say why not."""
        now = self._clock.now()
        answered = {**event, "messageTime": format_instant(now)}
        refusal, at = self._refusal(event, now)
        if refusal is not None or at is None:
            return Told(status=(refusal or ("BadArgument", ""))[0], event=answered, message=(refusal or ("", ""))[1])
        resource = str(event.get("resourceId") or event.get("resourceUri"))
        hour = at.replace(minute=0, second=0, microsecond=0)
        key = f"{resource.lower()}|{event['dimension']}|{hour.isoformat()}"
        with self._lock:
            before = self._accepted.get(key)
            if before is not None:
                return Told(status="Duplicate", event=before, message="This usage event already exist.")
            found = self._find(resource)
            kept = {
                **answered,
                "usageEventId": str(uuid.uuid4()),
                "status": "Accepted",
                "resource": resource,
                "takenAt": format_instant(now),
                "isTest": is_test,
                "sessionMode": found.session_mode if found else "None",
                "offerId": found.offer_id if found else "",
                "effectiveStartTime": format_instant(at),
            }
            self._accepted[key] = kept
            self._storage.put("usage", [(key, kept)])
            return Told(status="Accepted", event=kept)

    def _refusal(self, event: Mapping[str, Any], now: datetime) -> tuple[tuple[str, str] | None, datetime | None]:
        resource_id, resource_uri = event.get("resourceId"), event.get("resourceUri")
        if (resource_id is None) == (resource_uri is None):
            return ("BadArgument", "Either resourceId or resourceUri is needed, not both."), None
        found = self._find(str(resource_id or resource_uri))
        at = _instant(event.get("effectiveStartTime"))
        refused: tuple[str, str] | None = None
        if found is None:
            refused = ("ResourceNotFound", "The resource does not exist.")
        elif not found.is_own:
            refused = ("ResourceNotAuthorized", "The resource belongs to another publisher.")
        elif at is None or at > now:
            refused = ("BadArgument", "effectiveStartTime is missing, unreadable or in the future.")
        elif at < now - _WINDOW:
            refused = ("Expired", "The event is more than 24 hours old.")
        elif not found.is_active and (found.ended_at is None or at >= found.ended_at):
            refused = ("ResourceNotActive", "The resource is not Subscribed.")
        elif event.get("planId") not in found.plans:
            refused = ("BadArgument", "The offer has no such plan.")
        elif event.get("dimension") not in found.plans[str(event["planId"])]:
            refused = ("InvalidDimension", "The plan has no such dimension.")
        elif not _is_quantity(event.get("quantity")):
            refused = ("InvalidQuantity", "The quantity must be above 0.")
        return refused, at

    def usage(self, since: date, until: date | None) -> list[dict[str, Any]]:
        """List what was accepted, a line for each day, resource, dimension and plan."""
        now = self._clock.now()
        groups: dict[tuple[str, str, str, str], list[dict[str, Any]]] = defaultdict(list)
        for event in self.accepted():
            day = event["effectiveStartTime"][:10]
            if day >= since.isoformat() and (until is None or day <= until.isoformat()):
                groups[day, event["resource"], event["dimension"], event["planId"]].append(event)
        return [_line(key, events, now) for key, events in sorted(groups.items())]


def _line(key: tuple[str, str, str, str], events: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    day, resource, dimension, plan_id = key
    submitted = sum((Decimal(str(event["quantity"])) for event in events), Decimal())
    processed = sum(
        (
            Decimal(str(event["quantity"]))
            for event in events
            if datetime.fromisoformat(event["takenAt"]) + _PROCESSED_AFTER <= now
        ),
        Decimal(),
    )
    first = events[0]
    if any(event["isTest"] for event in events):
        status = "TestHeaders"
    elif first["sessionMode"] == "DryRun":
        status = "DryRun"
    else:
        status = "Accepted" if processed == submitted else "Submitted"
    return {
        "usageDate": f"{day}T00:00:00Z",
        "usageResourceId": resource,
        "dimension": dimension,
        "planId": plan_id,
        "planName": plan_id,
        "offerId": first["offerId"],
        "offerName": first["offerId"],
        "offerType": "SaaS" if first.get("resourceId") else "AzureApplication",
        "azureSubscriptionId": "",
        "reconStatus": status,
        "submittedQuantity": float(submitted),
        "processedQuantity": float(processed if status == "Accepted" else 0),
        "submittedCount": len(events),
    }


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _is_quantity(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return False
    try:
        return Decimal(str(value)) > 0
    except InvalidOperation:
        return False
