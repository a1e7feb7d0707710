"""Playing Microsoft's part: rotate keys, switch trouble on, see who exists. JSON in, JSON out, nothing of Microsoft's.

Only `application/json` is taken for a change, which another site's form cannot send.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.errors import InvalidError
from fairkeeper.sandbox.directory import Directory
from fairkeeper.sandbox.entra.consent.agents.store import AgentStore
from fairkeeper.sandbox.entra.consent.permissions import PERMISSIONS, ConsentPolicy
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.faults import MAX_SLOW_SECONDS, Endpoint, Faults
from fairkeeper.sandbox.entra.signing import SigningRing

_MAX_BODY_BYTES = 16_384


class _Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WantedRotation(_Wanted):
    """How keys are rotated."""

    is_dropping_old: bool = Field(default=False, description="Stop publishing the old keys, so that old tokens fail.")


class WantedFault(_Wanted):
    """An error for the next calls."""

    code: int = Field(ge=1, le=99_999_999, description="The number behind AADSTS.")
    endpoint: Endpoint = Field(default=Endpoint.TOKEN, description="Where the calls go.")
    count: int = Field(default=1, ge=1, le=10_000, description="How many calls get it.")
    client_id: str | None = Field(default=None, description="Only this application's calls.")
    tenant_id: str | None = Field(default=None, description="Only calls for this tenant.")


class WantedMetadata(_Wanted):
    """Whether metadata and keys are down."""

    is_down: bool


class WantedSlowness(_Wanted):
    """How long every answer waits."""

    seconds: float = Field(ge=0, le=MAX_SLOW_SECONDS)


class WantedConsent(_Wanted):
    """What an administrator, or the tenant's own automation, grants to an application for everybody."""

    client_id: str = Field(max_length=64)
    tenant_id: str = Field(max_length=64)
    delegated: list[str] = Field(default=[], max_length=100)
    application: list[str] = Field(default=[], max_length=100)


class WantedRevocation(_Wanted):
    """What an administrator takes back; no name means all of it."""

    client_id: str = Field(max_length=64)
    tenant_id: str = Field(max_length=64)
    names: list[str] = Field(default=[], max_length=100)


class WantedPrincipal(_Wanted):
    """What becomes of an enterprise application."""

    client_id: str = Field(max_length=64)
    tenant_id: str = Field(max_length=64)
    is_enabled: bool = True
    is_deleted: bool = False


class WantedPolicy(_Wanted):
    """What users of a tenant may consent to, and whether they can ask an administrator on Microsoft's page."""

    tenant_id: str = Field(max_length=64)
    policy: ConsentPolicy
    has_workflow: bool = True


class WantedAgent(_Wanted):
    """What becomes of an agent identity; deleted is in the bin, and restored where it is not."""

    id: str = Field(max_length=64)
    tenant_id: str = Field(max_length=64)
    is_enabled: bool = True
    is_deleted: bool = False


class WantedRedirectUri(_Wanted):
    """One more address for an application's answers."""

    uri: str = Field(max_length=2_000)


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What can be controlled."""

    directory: Directory
    ring: SigningRing
    faults: Faults
    consents: ConsentStore
    agents: AgentStore

    def routes(self) -> list[Route]:
        """Return the control routes, to be mounted beside the pretend Entra's own."""
        return [
            Route("/control", _guarded(self._read), methods=["GET"]),
            Route("/control/people", _guarded(self._read_people), methods=["GET"]),
            Route("/control/rotate-keys", _guarded(self._rotate), methods=["POST"]),
            Route("/control/faults", _guarded(self._inject), methods=["POST"]),
            Route("/control/faults", _guarded(self._clear), methods=["DELETE"]),
            Route("/control/metadata", _guarded(self._set_metadata), methods=["POST"]),
            Route("/control/slow", _guarded(self._set_slow), methods=["POST"]),
            Route("/control/consents", _guarded(self._read_consents), methods=["GET"]),
            Route("/control/consents", _guarded(self._grant), methods=["POST"]),
            Route("/control/revocations", _guarded(self._revoke), methods=["POST"]),
            Route("/control/service-principals", _guarded(self._set_principal), methods=["POST"]),
            Route("/control/agent-identities", _guarded(self._read_agents), methods=["GET"]),
            Route("/control/agent-identities", _guarded(self._set_agent), methods=["POST"]),
            Route("/control/agent-cascade", _guarded(self._cascade), methods=["POST"]),
            Route("/control/consent-policies", _guarded(self._set_policy), methods=["POST"]),
            Route("/control/apps/{client_id}/redirect-uris", _guarded(self._add_redirect_uri), methods=["POST"]),
        ]

    async def _read(self, _request: Request) -> dict[str, Any]:
        """Say what is switched on and which applications exist; secrets are not shown."""
        apps = [asdict(app) for app in self.directory.apps]
        for app in apps:
            del app["secrets"]
        return {**self._faults(), "apps": apps, "tenants": [asdict(tenant) for tenant in self.directory.tenants]}

    async def _read_people(self, _request: Request) -> dict[str, Any]:
        return {"people": [asdict(person) for person in self.directory.people]}

    async def _rotate(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedRotation)
        self.ring.rotate(is_dropping_old=wanted.is_dropping_old)
        return {"published": [key["kid"] for key in self.ring.documents(2, "")]}

    async def _inject(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedFault)
        fault = self.faults.inject(
            wanted.code,
            endpoint=wanted.endpoint,
            count=wanted.count,
            client_id=wanted.client_id,
            tenant_id=wanted.tenant_id,
        )
        return asdict(fault)

    async def _clear(self, _request: Request) -> dict[str, Any]:
        self.faults.clear()
        return self._faults()

    async def _set_metadata(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedMetadata)
        self.faults.set_metadata_down(is_down=wanted.is_down)
        return self._faults()

    async def _set_slow(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedSlowness)
        self.faults.set_slow(wanted.seconds)
        return self._faults()

    async def _add_redirect_uri(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedRedirectUri)
        app = self.directory.add_redirect_uri(request.path_params["client_id"], wanted.uri)
        return {"client_id": app.client_id, "redirect_uris": list(app.redirect_uris)}

    async def _read_consents(self, _request: Request) -> dict[str, Any]:
        """Say what every application holds in every tenant, and who waits for an administrator."""
        requests = [asdict(each) for each in self.consents.requests]
        return {**self.consents.export_state(), "requests": requests}

    async def _grant(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedConsent)
        if self.agents.is_known(wanted.client_id) and self.agents.find(wanted.client_id, wanted.tenant_id) is None:
            raise InvalidError("There is no such agent identity in that tenant.", code="sandbox.agent_unknown")
        unknown = [name for name in (*wanted.delegated, *wanted.application) if name not in PERMISSIONS]
        if unknown:
            raise InvalidError(f"Graph has no permission {unknown[0]!r} here.", code="sandbox.permission_unknown")
        if not self.agents.is_known(wanted.client_id):
            self.directory.add_service_principal(wanted.client_id, wanted.tenant_id)
        self.consents.grant_for_all(
            wanted.client_id, wanted.tenant_id, delegated=wanted.delegated, application=wanted.application
        )
        return self.consents.export_state()

    async def _revoke(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedRevocation)
        self.consents.revoke(wanted.client_id, wanted.tenant_id, wanted.names)
        return self.consents.export_state()

    async def _set_principal(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedPrincipal)
        if wanted.is_deleted:
            self.directory.remove_service_principal(wanted.client_id, wanted.tenant_id)
            self.consents.forget(wanted.client_id, wanted.tenant_id)
        else:
            self.directory.add_service_principal(wanted.client_id, wanted.tenant_id)
            self.consents.set_enabled(wanted.client_id, wanted.tenant_id, is_enabled=wanted.is_enabled)
        return self.consents.export_state()

    async def _read_agents(self, _request: Request) -> dict[str, Any]:
        return {"agents": self.agents.export_state()}

    async def _set_agent(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedAgent)
        self.agents.set_deleted(wanted.id, is_deleted=wanted.is_deleted)
        found = self.agents.find(wanted.id, wanted.tenant_id)
        if found is not None:
            self.agents.set_enabled(found, is_enabled=wanted.is_enabled)
        return {"agents": self.agents.export_state()}

    async def _cascade(self, _request: Request) -> dict[str, Any]:
        """Do at once what follows about a day after a blueprint's principal was deleted."""
        removed = self.agents.cascade(lambda app, tenant: self.directory.service_principal(app, tenant) is not None)
        return {"removed": removed}

    async def _set_policy(self, request: Request) -> dict[str, Any]:
        wanted = await _body(request, WantedPolicy)
        if self.directory.tenant(wanted.tenant_id) is None:
            raise InvalidError(f"No tenant {wanted.tenant_id!r} is known.", code="sandbox.tenant_unknown")
        self.consents.set_policy(wanted.tenant_id, wanted.policy, has_workflow=wanted.has_workflow)
        return self.consents.export_state()

    def _faults(self) -> dict[str, Any]:
        return {
            "faults": [asdict(fault) for fault in self.faults.waiting],
            "is_metadata_down": self.faults.is_metadata_down,
            "slow_seconds": self.faults.slow_seconds,
        }


def _guarded(action: Callable[[Request], Awaitable[dict[str, Any]]]) -> Callable[[Request], Awaitable[Response]]:
    """Answer refusals with code, message and remedy."""

    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await action(request))
        except InvalidError as refused:
            document = {"code": refused.code, "message": refused.message, "remedy": refused.remedy}
            return JSONResponse(document, status_code=422)

    return endpoint


async def _body(request: Request, model: type[M]) -> M:
    """Read a JSON body.

    Raises:
        InvalidError: It is no JSON, too large, or not of this shape.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise InvalidError("A change is sent as application/json.", code="sandbox.body_not_json")
    body = await read_body(request, _MAX_BODY_BYTES)
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidError(f"{place}: {first['msg']}.", code="sandbox.body_invalid") from error


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """Read a small body.

    Raises:
        InvalidError: It is larger.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit_bytes:
            raise InvalidError(f"The body is larger than {limit_bytes} bytes.", code="sandbox.body_too_large")
    return bytes(body)
