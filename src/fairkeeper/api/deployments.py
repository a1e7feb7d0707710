"""Where Azure tells of managed applications, and where instances in customers' tenants call home; both without sign-in.

The first is guarded by a secret in its address and believed in nothing; the second by a token of the caller's managed
identity, which proves who calls, and by a claim code or a known identity. Neither answers 500 for anything that a
stranger sends: what cannot be judged now is 503, so that it is sent again, and what will never be right is refused.

Source: Microsoft Learn, "Azure managed applications with notifications" (address, answer, retries), read 2026-11-22.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.api.errors import ErrorBody, request_id_of
from fairkeeper.consent.deployments.calling import CalledHome, CallHome, call_home
from fairkeeper.consent.deployments.calling_home import digest_of_code
from fairkeeper.consent.deployments.notices import knows_secret
from fairkeeper.consent.deployments.receiving import LONGEST_NOTICE_BYTES, ReceiveNotice, receive_notice
from fairkeeper.consent.errors import ClaimCodeRefusedError
from fairkeeper.errors import InvalidError, UnauthenticatedError, UnavailableError
from fairkeeper.token.expectations import InstanceTokenExpectation
from fairkeeper.token.validator import EntraTokenValidator, VerifiedToken

APPLICATIONS_PATH: Final = "/marketplace/applications"
"""What stands in the plan in Partner Center, with `?sig=` and a secret; Azure puts `/resource` behind it."""
NOTICE_PATH: Final = f"{APPLICATIONS_PATH}/resource"
INSTANCES_PATH: Final = "/marketplace/instances"
LONGEST_CALL_BYTES: Final = 4 * 1024
_LONGEST_CODE: Final = 100
_LONGEST_RESOURCE: Final = 1_000


class NoticesNotConfiguredError(UnavailableError):
    """No secret is set for the address that Azure notifies."""

    code = "api.notices_not_configured"
    remedy = "Set FAIRKEEPER_APPLICATION_NOTICE_SECRETS; Azure sends what it could not deliver again for ten hours."


class NoticeSecretRefusedError(UnauthenticatedError):
    """The address carries no secret that is known, so that the notice is not taken."""

    code = "api.notice_secret_refused"
    remedy = "Compare the `sig` in the notification endpoint of the plan with FAIRKEEPER_APPLICATION_NOTICE_SECRETS."


class InstanceTokenMissingError(UnauthenticatedError):
    """The call carries no bearer token of a managed identity."""

    code = "api.instance_token_missing"
    remedy = "Get a token of the instance's managed identity for this application's id, and send it as Bearer."


class CallMalformedError(InvalidError):
    """The body of a call home is not of its form."""

    code = "api.call_home_malformed"
    remedy = 'Send nothing, or a JSON object with the claim code: {"claim_code": "…"}.'


class NoticeKept(BaseModel):
    """The notice is kept, and Azure is being asked; nothing was believed."""

    deployment_id: str | None = Field(description="What it is about; nothing where it names no managed application.")


class InstanceKnown(BaseModel):
    """The instance is known."""

    deployment_id: str
    call_again_seconds: int = Field(description="Call again after at most this long.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentDoors:
    """What the two doors need of others.

    Args:
        runner: Runs the operations.
        secrets: Of the address that Azure notifies; none puts every notice off.
        prove: Proves that a token is a managed identity's for our API, or raises; None while no application is set.
    """

    runner: Runner
    secrets: tuple[str, ...] = field(default=(), repr=False)
    prove: Callable[[str], VerifiedToken] | None = field(default=None, repr=False)


def make_doors(
    runner: Runner, validator: EntraTokenValidator, *, app_id: str | None, secrets: tuple[str, ...]
) -> DeploymentDoors:
    """Return the doors of an installation.

    Args:
        runner: Runs the operations.
        validator: Proves tokens.
        app_id: The application that instances get tokens for.
        secrets: Of the address that Azure notifies.
    """
    if app_id is None:
        return DeploymentDoors(runner=runner, secrets=secrets)
    expectation = InstanceTokenExpectation(audience=app_id.lower())
    return DeploymentDoors(runner=runner, secrets=secrets, prove=lambda token: validator.validate(token, expectation))


def deployments_router(doors: DeploymentDoors) -> APIRouter:
    """Return both routes."""
    router = APIRouter(tags=["marketplace"])

    @router.post(
        NOTICE_PATH,
        operation_id="marketplace.application_notice",
        summary="Take a notice about a managed application.",
        response_model=NoticeKept,
        responses=_responses({401: "The secret is not known", 413: "The body is too large", 503: "Send it again"}),
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    )
    async def application_notice(request: Request) -> Any:
        """Keep the notice and answer once it is durable, also what nobody can read; Azure is asked afterwards."""
        _check_secret(doors, request.query_params.get("sig", ""))
        body = await request.body()
        wanted = ReceiveNotice(body=base64.b64encode(body))
        result = await run_in_threadpool(_run, doors, receive_notice, wanted, request_id_of(request))
        return NoticeKept(deployment_id=result.deployment_id)

    @router.post(
        INSTANCES_PATH,
        operation_id="marketplace.call_home",
        summary="Register an instance by its claim code, or hear one that is known.",
        response_model=InstanceKnown,
        responses=_responses(
            {400: "The body is not of its form", 401: "No proved token", 403: "Neither known nor claimed"}
        ),
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    )
    async def instance(request: Request) -> Any:
        """Believe what the token proves, and nothing that the instance says of itself."""
        token = _bearer_token(request.headers.get("authorization"))
        code = _code(await request.body())
        result = await run_in_threadpool(_call_home, doors, token, code, request_id_of(request))
        return InstanceKnown(deployment_id=result.deployment_id, call_again_seconds=result.call_again_seconds)

    return router


PATH_LIMITS: Final = {NOTICE_PATH: LONGEST_NOTICE_BYTES, INSTANCES_PATH: LONGEST_CALL_BYTES}
"""How much each may be sent."""


def _responses(texts: dict[int, str]) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorBody, "description": text} for status, text in texts.items()}


def _check_secret(doors: DeploymentDoors, given: str) -> None:
    if not doors.secrets:
        raise NoticesNotConfiguredError("No secret is set for the address that Azure notifies.")
    if not knows_secret(given, doors.secrets):
        raise NoticeSecretRefusedError("The address carries no secret that is known here.")


def _run(doors: DeploymentDoors, operation: Any, request: Any, request_id: str) -> Any:
    return doors.runner.run(operation, request, Call(principal=system("webhook"), request_id=request_id))


def _call_home(doors: DeploymentDoors, token: str, code: str, request_id: str) -> CalledHome:
    if doors.prove is None:
        raise UnavailableError(
            "No application is configured that instances get tokens for.",
            code="api.call_home_not_configured",
            remedy="Set FAIRKEEPER_SIGN_IN_APP_ID.",
        )
    proved = doors.prove(token)
    named = proved.claims.get("xms_mirid")
    request = CallHome(
        tenant_id=proved.tenant_id,
        object_id=proved.object_id or "",
        resource_id=named[:_LONGEST_RESOURCE] if isinstance(named, str) and "\x00" not in named else "",
        code_digest=digest_of_code(code).hex() if code else "",
    )
    result: CalledHome = _run(doors, call_home, request, request_id)
    if result.trouble:
        # The same words whatever the reason, so that nobody learns which codes there are.
        raise ClaimCodeRefusedError("The claim code opens nothing for this identity.")
    return result


def _code(body: bytes) -> str:
    if not body.strip():
        return ""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CallMalformedError("The body is not JSON.") from error
    code = document.get("claim_code", "") if isinstance(document, dict) else None
    if not isinstance(code, str) or len(code) > _LONGEST_CODE:
        raise CallMalformedError("The body is no object with a claim code.")
    return code


def _bearer_token(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise InstanceTokenMissingError("The call carries no bearer token.")
    return token.strip()
