"""Azure Resource Manager, as far as it is asked about managed applications: one with its tenant, and elevations.

What it shows is the only thing that counts about a managed application; a notice says no more than where to look. An
answer that is neither a yes nor a plain no (a fault, a wait, a refusal of our own token) is no answer at all.

Source: Azure REST API, "Applications - Get" and "JIT Requests - Create Or Update, Get, Delete" of Microsoft.Solutions
2019-07-01; "Subscriptions - Get" of 2022-12-01; "Azure managed applications with notifications" (reading back). Written
from these pages and run against the sandbox alone.
Assumption: the `tenantId` of a subscription that is reached by an application's authorizations is the customer's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from fairkeeper.consent.deployments.elevation import ElevationReading
from fairkeeper.consent.deployments.notices import is_application, subscription_of
from fairkeeper.consent.deployments.reading import ROLE_NAMES, Answer, ApplicationReading, role_name
from fairkeeper.consent.ports import ElevationWish
from fairkeeper.errors import UnavailableError
from fairkeeper.microsoft.identity import TokenSource
from fairkeeper.microsoft.marketplace_transport import check_address, message_of
from fairkeeper.values.clock import format_instant, parse_instant

AZURE_RESOURCE: Final = "https://management.azure.com"
_SOLUTIONS: Final = "2019-07-01"
_SUBSCRIPTIONS: Final = "2022-12-01"
_LONGEST_BODY_BYTES: Final = 2_000_000
_DURATION: Final = re.compile(r"PT(?:(?P<hours>\d{1,3})H)?(?:(?P<minutes>\d{1,4})M)?|(?P<h>\d{1,2}):(?P<m>\d{2}):\d{2}")
_ROLE_IDS: Final = {name: role_id for role_id, name in ROLE_NAMES.items()}


class AzureUnavailableError(UnavailableError):
    """Azure Resource Manager gave no answer that says anything about the customer's resource."""

    code = "microsoft.azure_unavailable"
    remedy = (
        "Try again in a moment. If it lasts: the application of the fulfillment APIs has to be among the principals of "
        "the managed application's plan, and FAIRKEEPER_AZURE_BASE_URL has to be Azure's of your cloud."
    )


class ResourceManagerClient:
    """`ResourceManager` over HTTP.

    Args:
        base_url: `https://management.azure.com`, or that of another cloud.
        tokens: Our application's token for it.
        http: Sends the requests.
    """

    def __init__(self, base_url: str, tokens: TokenSource, http: httpx.Client) -> None:
        self._base_url = check_address(base_url)
        self._tokens = tokens
        self._http = http

    def read_application(self, resource_id: str) -> ApplicationReading:
        """Read: see the port."""
        if not is_application(resource_id):
            return ApplicationReading(answer=Answer.ABSENT)
        status, document = self._send("GET", resource_id, _SOLUTIONS)
        if status != httpx.codes.OK:
            answer = Answer.ABSENT if status == httpx.codes.NOT_FOUND else Answer.REFUSED
            return ApplicationReading(answer=answer)
        found, subscription = self._send("GET", f"/subscriptions/{subscription_of(resource_id)}", _SUBSCRIPTIONS)
        tenant = subscription.get("tenantId") if found == httpx.codes.OK else None
        return _application(document, tenant if isinstance(tenant, str) else None)

    def ask_elevation(self, resource_id: str, wish: ElevationWish) -> None:
        """Ask: see the port."""
        body = {
            "properties": {
                "applicationResourceId": resource_id,
                "jitAuthorizationPolicies": [
                    {"principalId": wish.principal_id, "roleDefinitionId": _ROLE_IDS.get(role, role)}
                    for role in wish.roles
                ],
                "jitSchedulingPolicy": {
                    "type": "Once",
                    "duration": f"PT{wish.hours}H",
                    "startTime": format_instant(wish.starts_at),
                },
            }
        }
        status, document = self._send("PUT", _request(resource_id, wish.name), _SOLUTIONS, body)
        if status not in {httpx.codes.OK, httpx.codes.CREATED, httpx.codes.ACCEPTED}:
            raise AzureUnavailableError(f"Azure took no request for just-in-time access: {message_of(document)}")

    def end_elevation(self, resource_id: str, name: str) -> None:
        """Take back: see the port."""
        status, document = self._send("DELETE", _request(resource_id, name), _SOLUTIONS)
        if status == httpx.codes.FORBIDDEN:
            raise AzureUnavailableError(f"Azure did not take the request back: {message_of(document)}")

    def read_elevation(self, resource_id: str, name: str) -> ElevationReading:
        """Read: see the port."""
        status, document = self._send("GET", _request(resource_id, name), _SOLUTIONS)
        properties = _mapping(document.get("properties"))
        if status != httpx.codes.OK:
            return ElevationReading(state=None)
        schedule = _mapping(properties.get("jitSchedulingPolicy"))
        policies = properties.get("jitAuthorizationPolicies")
        roles = [each.get("roleDefinitionId") for each in policies if isinstance(each, dict)] if policies else []
        state = properties.get("jitRequestState")
        return ElevationReading(
            state=state[:40] if isinstance(state, str) else None,
            until_at=_until(schedule),
            roles=frozenset(role_name(role) for role in roles if isinstance(role, str)),
        )

    def _send(
        self, method: str, path: str, version: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Send once; again with another token where ours was refused. Background work repeats the rest."""
        status, document = self._exchange(method, path, version, body)
        if status == httpx.codes.UNAUTHORIZED:
            self._tokens.forget()
            status, document = self._exchange(method, path, version, body)
        is_answer = status < 400 or status in {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND} or method == "PUT"
        if status >= 500 or status in {401, 408, 429} or not is_answer:
            raise AzureUnavailableError(f"Azure answered with HTTP {status}: {message_of(document)}")
        return status, document

    def _exchange(
        self, method: str, path: str, version: str, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, Any]]:
        headers = {"authorization": f"Bearer {self._tokens.token()}", "accept": "application/json"}
        try:
            with self._http.stream(
                method,
                f"{self._base_url}{path}",
                params={"api-version": version},
                headers=headers,
                json=body,
                follow_redirects=False,
            ) as response:
                read = bytearray()
                for chunk in response.iter_bytes():
                    read += chunk
                    if len(read) > _LONGEST_BODY_BYTES:
                        raise httpx.RemoteProtocolError("The answer is too large.")
        except httpx.HTTPError as error:
            raise AzureUnavailableError(f"Azure cannot be reached: {type(error).__name__}.") from error
        try:
            document = json.loads(bytes(read) or b"{}")
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            if response.status_code == httpx.codes.OK:
                raise AzureUnavailableError("Azure answered something else than a JSON object.")
            document = {}
        return response.status_code, document


def _request(resource_id: str, name: str) -> str:
    """Return the path of a just-in-time request, which lies beside the application in its resource group."""
    group = "/".join(resource_id.rstrip("/").split("/")[:5])
    return f"{group}/providers/Microsoft.Solutions/jitRequests/{name}"


def _application(document: Mapping[str, Any], tenant_id: str | None) -> ApplicationReading:
    properties, plan = _mapping(document.get("properties")), _mapping(document.get("plan"))
    policy = _mapping(properties.get("jitAccessPolicy"))
    listed = properties.get("authorizations")
    roles = {
        (str(each.get("principalId")).lower()[:64], str(each.get("roleDefinitionId"))[:200])
        for each in (listed if isinstance(listed, list) else [])[:200]
        if isinstance(each, dict)
    }
    return ApplicationReading(
        answer=Answer.FOUND,
        tenant_id=_text(tenant_id, 64),
        publisher_tenant_id=_text(properties.get("publisherTenantId"), 64),
        offer_id=_text(plan.get("product"), 120),
        plan_id=_text(plan.get("name"), 120),
        provisioning=_text(properties.get("provisioningState"), 40) or "",
        roles=frozenset(roles),
        is_managed=properties.get("managementMode") != "Unmanaged",
        may_elevate=policy.get("jitAccessEnabled") is True,
        usage_id=_text(_mapping(properties.get("billingDetails")).get("resourceUsageId"), 1_000),
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, longest: int) -> str | None:
    return value[:longest] if isinstance(value, str) and value and "\x00" not in value else None


def _until(schedule: Mapping[str, Any]) -> datetime | None:
    """Return when a schedule ends; None where it cannot be read, so that nothing is held by it."""
    started, lasts = schedule.get("startTime"), _DURATION.fullmatch(str(schedule.get("duration")))
    if not isinstance(started, str) or lasts is None:
        return None
    hours, minutes = int(lasts["hours"] or lasts["h"] or 0), int(lasts["minutes"] or lasts["m"] or 0)
    try:
        return parse_instant(started) + timedelta(hours=hours, minutes=minutes)
    except ValueError:
        return None
