"""Where Microsoft Marketplace tells of what happened to a subscription.

First of the two stages: the token proves that Microsoft's Marketplace calls, and for this publisher. The notice is
then kept as it came, and only its commit lets the answer 200 out; the second stage (Get Operation) is background work.
Any other answer than 200 makes Microsoft call again, so what cannot be judged now is 503, and what will never be right
is a 4xx with its reason.

Source: Microsoft Learn, "Implementing a webhook on the SaaS service", sections on retries and on securing the webhook,
read 2026-11-22.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.api.errors import ErrorBody, request_id_of
from fairkeeper.customers.actions.marketplace.receive_webhook import ReceiveWebhook, receive_webhook
from fairkeeper.errors import UnauthenticatedError, UnavailableError
from fairkeeper.token.expectations import WebhookTokenExpectation
from fairkeeper.token.validator import EntraTokenValidator

WEBHOOK_PATH: Final = "/marketplace/webhook"
MAX_WEBHOOK_BYTES: Final = 256 * 1024
"""Payloads that were seen are below 4 kB."""

ProveCaller = Callable[[str], object]
"""Proves that a bearer token is Microsoft Marketplace's for this publisher, or raises."""
KeepNotice = Callable[[bytes, str], str]
"""Keeps a body under a request id, durably, and returns the operation's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedAnswer:
    """What the system that ran before answered to a webhook that was handed on to it."""

    status: int
    content_type: str
    body: bytes


HandOn = Callable[[bytes, Mapping[str, str]], PassedAnswer | None]
"""Hands a call on to the older system and returns its answer; None where Fairkeeper answers itself."""


class WebhookTokenMissingError(UnauthenticatedError):
    """The call carries no bearer token."""

    code = "api.webhook_token_missing"
    remedy = "Microsoft sends one with each call; a test must do so too (the sandbox does)."


class WebhookNotConfiguredError(UnavailableError):
    """The publisher has not said yet whose calls are to be believed."""

    code = "api.webhook_not_configured"
    remedy = "Set FAIRKEEPER_ENTRA_TENANT_ID and FAIRKEEPER_FULFILLMENT_APP_ID as in Technical configuration."


class WebhookAnswer(BaseModel):
    """The notice is kept; work on it has been planted."""

    operation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDoor:
    """What the webhook needs of others."""

    prove: ProveCaller = field(repr=False)
    keep: KeepNotice = field(repr=False)
    hand_on: HandOn = field(repr=False, default=lambda _body, _headers: None)


def make_webhook_door(
    runner: Runner,
    validator: EntraTokenValidator,
    expectation: WebhookTokenExpectation | None,
    hand_on: HandOn | None = None,
) -> WebhookDoor:
    """Return the door of an installation.

    Args:
        runner: Runs `customers.receive_webhook`.
        validator: Proves tokens.
        expectation: Whose calls are believed; None while it is not configured, and then every call is put off.
        hand_on: Hands calls on to the system that ran before; None where there is none.
    """

    def prove(token: str) -> object:
        if expectation is None:
            raise WebhookNotConfiguredError("Nobody has configured whose webhooks are to be believed.")
        return validator.validate(token, expectation)

    def keep(body: bytes, request_id: str) -> str:
        request = ReceiveWebhook(body=base64.b64encode(body))
        result = runner.run(receive_webhook, request, Call(principal=system("webhook"), request_id=request_id))
        return str(result.operation_id)

    if hand_on is None:
        return WebhookDoor(prove=prove, keep=keep)
    return WebhookDoor(prove=prove, keep=keep, hand_on=hand_on)


def webhook_router(door: WebhookDoor) -> APIRouter:
    """Return the webhook's route."""
    router = APIRouter(tags=["marketplace"])

    @router.post(
        WEBHOOK_PATH,
        operation_id="marketplace.webhook",
        summary="Take a notice of Microsoft Marketplace.",
        response_model=WebhookAnswer,
        responses={
            status: {"model": ErrorBody, "description": text}
            for status, text in {
                400: "The body is no notice of an operation",
                401: "The token does not prove Microsoft Marketplace",
                413: "The body is too large",
                503: "Cannot be judged or kept now; call again",
            }.items()
        },
        openapi_extra={"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}},
    )
    async def webhook(request: Request) -> Any:
        """Keep the notice and answer once it is durable; unknown actions are kept like the others.

        What comes for a subscription that another system runs is handed on to it, and its answer is the answer.
        """
        token = _bearer_token(request.headers.get("authorization"))
        body = await request.body()
        operation_id = await run_in_threadpool(_take, door, token, body, request_id_of(request))
        passed = await run_in_threadpool(door.hand_on, body, dict(request.headers))
        if passed is not None:
            return Response(passed.body, status_code=passed.status, media_type=passed.content_type)
        return WebhookAnswer(operation_id=operation_id)

    return router


def _take(door: WebhookDoor, token: str, body: bytes, request_id: str) -> str:
    door.prove(token)
    return door.keep(body, request_id)


def _bearer_token(header: str | None) -> str:
    scheme, _, token = (header or "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise WebhookTokenMissingError("The call carries no bearer token.")
    return token.strip()
