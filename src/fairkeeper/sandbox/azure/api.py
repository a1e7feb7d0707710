"""The pretend Azure Resource Manager, the metadata address of instances, and the controls of both.

Source: Azure REST API, Microsoft.Solutions 2019-07-01 and Microsoft.Resources 2022-12-01; Microsoft Learn, "How to use
managed identities for Azure resources on an Azure VM to acquire an access token" (address, header, fields) and "Azure
managed applications with notifications" (`/resource`, the secret in the query, the body); read 2026-11-22.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.errors import InvalidError
from fairkeeper.sandbox.authorities import authorities
from fairkeeper.sandbox.azure.store import Authorization, Cloud, JitRequest, ManagedApplication
from fairkeeper.sandbox.directory import PUBLISHER_TENANT_ID
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.sandbox.entra.control import read_body
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.resources import AZURE_URI
from fairkeeper.values.clock import Clock

_MOST_BODY_BYTES: Final = 65_536
_DURATION: Final = re.compile(r"PT(\d{1,2})H")
_SOLUTIONS: Final = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Solutions/{kind:str}/{name}"
)


M = TypeVar("M", bound=BaseModel)


class ArmError(Exception):
    """A refusal as Azure Resource Manager words it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedApplication(_Wanted):
    """What a customer deploys."""

    id: str = Field(max_length=400)
    tenant_id: str = Field(max_length=64)
    product: str = Field(max_length=120)
    plan: str = Field(max_length=120)
    publisher_tenant_id: str = Field(PUBLISHER_TENANT_ID, max_length=64)
    provisioning: str = Field("Succeeded", max_length=40)
    authorizations: list[tuple[str, str]] = Field([], max_length=100)
    is_managed: bool = True
    has_jit: bool = False


class WantedRemoval(_Wanted):
    """Which application is deleted, or closed to the publisher."""

    id: str = Field(max_length=400)
    is_only_closed: bool = False


class WantedDecision(_Wanted):
    """How the customer decides the requests of an application."""

    id: str = Field(max_length=400)
    state: str = Field(pattern="^(Approved|Denied|Canceled|Expired|Failed|Timeout)$")


class WantedNotice(_Wanted):
    """A notice to be sent; Azure sends one at each event by itself, this one also when a test says so.

    Args:
        address: The notification endpoint, as the plan in Partner Center has it, with its secret.
    """

    address: str = Field(max_length=2_000)
    id: str = Field(max_length=400)
    event: str = Field("PUT", max_length=20)
    provisioning: str = Field("Succeeded", max_length=40)


class WantedIdentity(_Wanted):
    """A managed identity that is deleted."""

    name: str = Field(max_length=60)
    tenant_id: str = Field(max_length=64)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureApi:
    """What the calls need."""

    cloud: Cloud
    entra: PretendEntra
    clock: Clock

    def routes(self) -> list[Route]:
        """Return every route, to be mounted where Azure's address says."""
        return [
            Route("/control/applications", _guarded(self._deploy), methods=["POST"]),
            Route("/control/removals", _guarded(self._remove), methods=["POST"]),
            Route("/control/decisions", _guarded(self._decide), methods=["POST"]),
            Route("/control/notices", _guarded(self._notify), methods=["POST"]),
            Route("/control/lost-identities", _guarded(self._lose), methods=["POST"]),
            Route("/instances/{tenant}/{name}/metadata/identity/oauth2/token", _guarded(self._token), methods=["GET"]),
            Route("/subscriptions/{subscription}", _guarded(self._subscription), methods=["GET"]),
            Route(_SOLUTIONS, _guarded(self._solution), methods=["GET", "PUT", "DELETE"]),
        ]

    # ------------------------------------------------------------------------------------------------ resource manager

    async def _subscription(self, request: Request) -> Response:
        self._caller(request, "2022-12-01")
        wanted = request.path_params["subscription"].lower()
        for each in self.cloud.applications.values():
            if each.subscription_id == wanted:
                return JSONResponse(
                    {"id": f"/subscriptions/{wanted}", "subscriptionId": wanted, "tenantId": each.tenant_id}
                )
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{wanted}' could not be found.")

    async def _solution(self, request: Request) -> Response:
        self._caller(request, "2019-07-01")
        kind = request.path_params["kind"].lower()
        path = request.url.path
        resource_id = path[path.index("/subscriptions/") :]
        if kind == "applications" and request.method == "GET":
            return JSONResponse(self._application(resource_id).document())
        if kind == "jitrequests" and request.method == "PUT":
            return JSONResponse(await self._ask(resource_id, request), status_code=201)
        if kind == "jitrequests" and request.method == "DELETE":
            # Assumption: a request that is not there is no error, as elsewhere in Azure Resource Manager.
            self.cloud.withdraw(resource_id)
            return Response(status_code=204)
        if kind == "jitrequests":
            found = self.cloud.requests.get(resource_id.lower())
            if found is None:
                raise ArmError(404, "ResourceNotFound", "There is no such request.")
            return JSONResponse(found.document(self.clock.now()))
        raise ArmError(404, "InvalidResourceType", f"The resource type '{kind}' is not known here.")

    def _application(self, resource_id: str) -> ManagedApplication:
        if resource_id.lower() in self.cloud.refused:
            raise ArmError(403, "AuthorizationFailed", "The client does not have authorization to perform this action.")
        found = self.cloud.applications.get(resource_id.lower())
        if found is None:
            raise ArmError(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")
        return found

    async def _ask(self, resource_id: str, request: Request) -> dict[str, Any]:
        document = _object(await read_body(request, _MOST_BODY_BYTES))
        properties = document.get("properties", {})
        application = self._application(str(properties.get("applicationResourceId")))
        if not application.has_jit:
            raise ArmError(400, "JitNotEnabled", "Just-in-time access is not enabled for the application.")
        schedule = properties["jitSchedulingPolicy"]
        lasts = _DURATION.fullmatch(str(schedule["duration"]))
        if lasts is None:
            raise ArmError(400, "InvalidRequestContent", "The duration is no duration.")
        asked = self.cloud.ask(
            JitRequest(
                id=resource_id,
                application_id=application.id,
                policies=tuple(
                    (str(each["principalId"]), str(each["roleDefinitionId"]))
                    for each in properties["jitAuthorizationPolicies"]
                ),
                starts_at=datetime.fromisoformat(str(schedule["startTime"])),
                lasts=timedelta(hours=int(lasts[1])),
            )
        )
        return asked.document(self.clock.now())

    def _caller(self, request: Request, version: str) -> None:
        """Refuse whoever brings no token of the publisher's for Azure, or another version than the documented one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        claims = self.entra.verify_app_token(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None or str(claims["aud"]).rstrip("/") != AZURE_URI:
            raise ArmError(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if claims["tid"] != PUBLISHER_TENANT_ID:
            raise ArmError(403, "AuthorizationFailed", "The client does not have authorization to perform this action.")
        if request.query_params.get("api-version") != version:
            raise ArmError(400, "InvalidApiVersionParameter", f"The api-version has to be {version} here.")

    # ------------------------------------------------------------------------------------------------------- instances

    async def _token(self, request: Request) -> Response:
        """Give a managed identity's token to the instance that runs on it."""
        if request.headers.get("metadata") != "true":
            raise ArmError(400, "invalid_request", "Required metadata header not specified")
        tenant_id, name = request.path_params["tenant"], request.path_params["name"]
        if self.entra.directory.tenant(tenant_id) is None:
            raise ArmError(400, "invalid_request", "Identity not found")
        identity = self.cloud.identity(name, tenant_id)
        try:
            token, expires_in = self.entra.issue_identity_token(
                identity.tenant_id,
                named=request.query_params.get("resource", ""),
                client_id=identity.client_id,
                object_id=identity.object_id,
                resource_id=identity.resource_id,
            )
        except StsError as refused:
            raise ArmError(400, "invalid_resource", f"{refused.text}") from refused
        return JSONResponse(
            {
                "access_token": token,
                "client_id": identity.client_id,
                "expires_in": str(expires_in),
                "resource": request.query_params.get("resource", ""),
                "token_type": "Bearer",
            }
        )

    # -------------------------------------------------------------------------------------------------------- controls

    async def _deploy(self, request: Request) -> Response:
        wanted = await _wanted(request, WantedApplication)
        given = wanted.model_dump(exclude={"authorizations"})
        authorizations = tuple(Authorization(principal_id=who, role_id=role) for who, role in wanted.authorizations)
        self.cloud.refused.discard(wanted.id.lower())
        self.cloud.put(ManagedApplication(**given, authorizations=authorizations))
        return JSONResponse(self.cloud.applications[wanted.id.lower()].document())

    async def _remove(self, request: Request) -> Response:
        wanted = await _wanted(request, WantedRemoval)
        if wanted.is_only_closed:
            self.cloud.refused.add(wanted.id.lower())
        else:
            self.cloud.remove(wanted.id)
        return JSONResponse({"left": sorted(self.cloud.applications)})

    async def _decide(self, request: Request) -> Response:
        wanted = await _wanted(request, WantedDecision)
        return JSONResponse({"decided": self.cloud.decide(wanted.id, wanted.state)})

    async def _lose(self, request: Request) -> Response:
        wanted = await _wanted(request, WantedIdentity)
        self.cloud.forget_identity(wanted.name, wanted.tenant_id)
        return JSONResponse({"identities": sorted(self.cloud.identities)})

    async def _notify(self, request: Request) -> Response:
        wanted = await _wanted(request, WantedNotice)
        application = self.cloud.applications.get(wanted.id.lower())
        usage = {} if application is None else application.document()["properties"]["billingDetails"]
        notice = {
            "eventType": wanted.event,
            "applicationId": wanted.id,
            "eventTime": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "provisioningState": wanted.provisioning,
            "billingDetails": usage,
            "plan": {} if application is None else application.document()["plan"],
        }
        status = await run_in_threadpool(_post, notification_address(wanted.address), notice)
        return JSONResponse({"status": status})


def notification_address(address: str) -> str:
    """Return where a notice goes: `/resource` is put behind the path, before the query.

    Example:
        >>> notification_address("https://fairmile.example/applications?sig=s")
        'https://fairmile.example/applications/resource?sig=s'
    """
    path, mark, query = address.partition("?")
    return f"{path.rstrip('/')}/resource{mark}{query}"


def _post(address: str, notice: dict[str, Any]) -> int:
    return httpx.post(address, json=notice, timeout=10, follow_redirects=False, verify=authorities()).status_code


def _guarded(action: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await action(request)
        except ArmError as refused:
            body = {"error": {"code": refused.code, "message": refused.message}}
            return JSONResponse(body, status_code=refused.status)
        except (KeyError, TypeError, ValueError) as error:
            body = {"error": {"code": "InvalidRequestContent", "message": f"The request is malformed: {error}."}}
            return JSONResponse(body, status_code=400)
        except InvalidError as refused:
            return JSONResponse({"code": refused.code, "message": refused.message}, status_code=422)

    return endpoint


def _object(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    if not isinstance(document, dict):
        raise ArmError(400, "InvalidRequestContent", "The body is no object.")
    return document


async def _wanted(request: Request, model: type[M]) -> M:
    """Read a control's body, which another site's form cannot send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidError("A change is sent as application/json.", code="sandbox.body_not_json")
    try:
        return model.model_validate_json(await read_body(request, _MOST_BODY_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise InvalidError(f"{first['loc']}: {first['msg']}.", code="sandbox.body_invalid") from error
