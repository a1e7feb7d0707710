"""Agent identities of Microsoft Entra Agent ID: made and removed by their blueprint, and the exchange for their tokens.

A blueprint proves itself and gets a token that vouches for one of its identities (`fmi_path`); the identity presents
that as its assertion and gets its own. msal makes both requests, each from an application whose cache is empty, and
what vouches is never kept. Making and removing is Graph's, with the blueprint's own token.

Source: Microsoft Entra Agent ID, "Agent autonomous app OAuth flow", "Create agent identities", "Delete and restore
agent identity objects", "Microsoft agent identity platform error codes"; Microsoft Graph, "Create agentIdentity".
Written from these pages and run against the sandbox alone; which version of Graph has it is a setting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import httpx

from fairkeeper.consent.asking.signals import Signal, signal_of
from fairkeeper.consent.errors import AgentMakingUnclearError
from fairkeeper.consent.ports import AgentMaking, AgentWish, TokenAnswer
from fairkeeper.errors import UnavailableError
from fairkeeper.microsoft.entra_codes import error_numbers
from fairkeeper.microsoft.identity import Applications, AppRegistration
from fairkeeper.microsoft.marketplace_transport import check_address
from fairkeeper.microsoft.tenants.consent import GRAPH, WorkCredentials, named_in
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import TenantId

EXCHANGE: Final = "api://AzureADTokenExchange"
_KIND: Final = "microsoft.graph.agentIdentity"
_NO_PRINCIPAL: Final = "AgentIdentity_AgentBlueprintPrincipalDoesNotExist"
_LONGEST_BODY_BYTES: Final = 1_000_000


class GraphUnavailableError(UnavailableError):
    """Microsoft Graph gave no answer that says anything."""

    code = "microsoft.graph_unavailable"
    remedy = "Try again in a moment. If it lasts, look whether FAIRKEEPER_AGENT_GRAPH_URL is Graph's of your cloud."


class AgentIdentityClient:
    """`AgentIdentities` over HTTP.

    Args:
        graph_url: Graph with its version, `https://graph.microsoft.com/v1.0`.
        credentials: Those of the blueprints.
        http: Sends the requests.
        clock: For when a token ends.
    """

    def __init__(self, graph_url: str, credentials: WorkCredentials, *, http: httpx.Client, clock: Clock) -> None:
        self._graph_url = check_address(graph_url)
        self._credentials = credentials
        self._http = http
        self._clock = clock

    def make(self, wish: AgentWish) -> AgentMaking:
        """Make: see the port."""
        token, numbers = self._blueprint_token(wish.blueprint_app_id, wish.tenant_id, f"{GRAPH}/.default")
        if token is None:
            if signal_of(numbers) is Signal.APP_ABSENT:
                return AgentMaking(is_waiting=True)
            named = ", ".join(f"AADSTS{number}" for number in numbers)
            return AgentMaking(trouble=f"the blueprint gets no token there ({named or 'without a number'})")
        body = {
            "displayName": wish.name,
            "agentIdentityBlueprintId": wish.blueprint_app_id,
            # Addresses of the public cloud are names here, and stay so where Graph is reached by another.
            "sponsors@odata.bind": [f"{GRAPH}/v1.0/{wish.sponsor_kind}s/{wish.sponsor_id}"],
        }
        status, document = self._send("POST", f"/servicePrincipals/{_KIND}", token, body)
        made = document.get("id")
        if status == httpx.codes.CREATED and isinstance(made, str) and made:
            return AgentMaking(identity_id=made.lower()[:64])
        if status < 400:
            raise AgentMakingUnclearError("Graph's answer does not say what it made.")
        code, message = _error(document)
        return AgentMaking(is_waiting=code == _NO_PRINCIPAL, trouble=f"{code}: {message}")

    def remove(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> bool:
        """Remove: see the port."""
        token, _ = self._blueprint_token(blueprint_app_id, tenant_id, f"{GRAPH}/.default")
        if token is None:
            return False
        status, _ = self._send("DELETE", f"/servicePrincipals/{identity_id}", token)
        return status in {httpx.codes.NO_CONTENT, httpx.codes.NOT_FOUND}

    def token(self, blueprint_app_id: str, tenant_id: TenantId, identity_id: str) -> TokenAnswer:
        """Exchange: see the port."""
        vouched, numbers = self._blueprint_token(
            blueprint_app_id, tenant_id, f"{EXCHANGE}/.default", fmi_path=identity_id
        )
        if vouched is None:
            return TokenAnswer(numbers=numbers, is_blueprints=True)
        # msal takes a function here, and warns of a text; what it vouches for is used once and not kept.
        credential: Any = {"client_assertion": lambda: vouched}
        registration = AppRegistration(
            authority=self._credentials.authority, client_id=identity_id, credential=credential
        )
        application = Applications(registration, self._http).make(tenant_id)
        result = application.acquire_token_for_client([f"{GRAPH}/.default"])
        token = result.get("access_token")
        if not isinstance(token, str):
            return TokenAnswer(numbers=tuple(sorted(error_numbers(result))))
        seconds = result.get("expires_in")
        life = timedelta(seconds=seconds if isinstance(seconds, int) else 300)
        return TokenAnswer(token=token, carried=named_in(token, "roles"), expires_at=self._clock.now() + life)

    def _blueprint_token(
        self, app_id: str, tenant_id: TenantId, scope: str, *, fmi_path: str | None = None
    ) -> tuple[str | None, tuple[int, ...]]:
        """Return a token of the blueprint, or the numbers of its refusal.

        Raises:
            OwnConfigurationError: There is no credential of this blueprint here.
            EntraUnavailableError: Microsoft Entra cannot be reached.
        """
        application = Applications(self._credentials.registration(app_id), self._http).make(tenant_id)
        result = application.acquire_token_for_client([scope], fmi_path=fmi_path)
        token = result.get("access_token")
        return (token, ()) if isinstance(token, str) else (None, tuple(sorted(error_numbers(result))))

    def _send(
        self, method: str, path: str, token: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """Send once.

        Raises:
            GraphUnavailableError: It was not reached, or says that it did nothing.
            AgentMakingUnclearError: It was reached and something was to be made, and no answer came.
        """
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "odata-version": "4.0"}
        try:
            response = self._http.request(
                method, f"{self._graph_url}{path}", headers=headers, json=body, follow_redirects=False, timeout=15
            )
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise GraphUnavailableError(f"Graph cannot be reached: {type(error).__name__}.") from None
        except httpx.HTTPError as error:
            raise _lost(method, type(error).__name__) from None
        if response.status_code in {401, 408, 429, 503}:
            raise GraphUnavailableError(f"Graph answered with HTTP {response.status_code}.")
        if response.status_code >= 500 or len(response.content) > _LONGEST_BODY_BYTES:
            raise _lost(method, f"HTTP {response.status_code}")
        try:
            document = json.loads(response.content or b"{}")
        except (ValueError, RecursionError):
            document = {}
        return response.status_code, document if isinstance(document, dict) else {}


def _lost(method: str, what: str) -> Exception:
    if method == "POST":
        return AgentMakingUnclearError(f"Graph was asked to make an agent identity, and its answer was lost ({what}).")
    return GraphUnavailableError(f"Graph gave no answer ({what}).")


def _error(document: Mapping[str, Any]) -> tuple[str, str]:
    """Return code and message of Graph's error, short enough to be kept."""
    error = document.get("error")
    found = error if isinstance(error, dict) else {}
    return str(found.get("code", "no code"))[:80], str(found.get("message", ""))[:200]
