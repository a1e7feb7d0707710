"""Consent at Microsoft Entra: the administrator's page, a person's own consent, and tokens of a customer's tenant.

msal acquires; a token of Graph is opaque to us, and what it names is read as a diagnostic, never as an authorisation.
Nothing is cached here: a probe that answered from a cache would prove nothing.

Source: Microsoft Learn, "Admin consent on the Microsoft identity platform"; "Microsoft identity platform and OAuth 2.0
client credentials flow" (a specific tenant); "… authorization code flow" (`scope` of the answer). Written from these
pages and run against the sandbox alone.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from fairkeeper.consent.ports import TokenAnswer
from fairkeeper.microsoft.entra_codes import error_numbers
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.microsoft.identity import (
    Applications,
    AppRegistration,
    Credential,
    SignInFlow,
    SignInReturn,
    SignInStart,
)
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import TenantId

GRAPH: Final = "https://graph.microsoft.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkCredentials:
    """The publisher's registrations that work in customers' tenants.

    Args:
        authority: Address of the authority without a slash at the end.
        secrets: Client secrets, or what msal takes for a certificate or an assertion, by application id in lower case.
    """

    authority: str
    secrets: Mapping[str, Credential] = field(repr=False)

    def registration(self, app_id: str) -> AppRegistration:
        """Return one registration with its credential.

        Raises:
            OwnConfigurationError: There is no credential of this application here.
        """
        secret = self.secrets.get(app_id.lower())
        if secret is None:
            msg = f"There is no credential for the application {app_id} here."
            raise OwnConfigurationError(
                msg,
                code="microsoft.no_credential",
                remedy="Put its credential into FAIRKEEPER_CONSENT_APP_SECRETS and start the server again.",
            )
        return AppRegistration(authority=self.authority, client_id=app_id, credential=secret)


class TenantTokenClient:
    """Gets tokens of customers' tenants, each anew.

    Args:
        credentials: The registrations.
        http: Sends the requests.
        clock: For when a token ends.
    """

    def __init__(self, credentials: WorkCredentials, *, http: httpx.Client, clock: Clock) -> None:
        self._credentials = credentials
        self._http = http
        self._clock = clock

    def app_token(self, app_id: str, tenant_id: TenantId) -> TokenAnswer:
        """Ask for an application's own token of Graph in a tenant.

        Raises:
            OwnConfigurationError: There is no credential of this application here.
            EntraUnavailableError: Microsoft Entra cannot be reached.
        """
        # An application of its own for each question: its cache is empty.
        application = Applications(self._credentials.registration(app_id), self._http).make(tenant_id)
        result = application.acquire_token_for_client([f"{GRAPH}/.default"])
        token = result.get("access_token")
        if not isinstance(token, str):
            return TokenAnswer(numbers=tuple(sorted(error_numbers(result))))
        seconds = result.get("expires_in")
        life = timedelta(seconds=seconds if isinstance(seconds, int) else 300)
        return TokenAnswer(token=token, carried=named_in(token, "roles"), expires_at=self._clock.now() + life)


def named_in(token: str, claim: str) -> frozenset[str]:
    """Return what a token names in a claim, unproved and for diagnosis alone; nothing where it cannot be read.

    Example:
        >>> named_in("e30.eyJyb2xlcyI6IFsiTWFpbC5SZWFkIl19.x", "roles")
        frozenset({'Mail.Read'})
    """
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return frozenset()
    value = claims.get(claim) if isinstance(claims, dict) else None
    names = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(name for name in names if isinstance(name, str))


def admin_consent_address(  # noqa: PLR0913 - what the address names
    authority: str, tenant_id: str, app_id: str, scopes: tuple[str, ...], *, redirect_uri: str, state: str
) -> str:
    """Return the address of the page on which a tenant's administrator consents.

    Example:
        >>> admin_consent_address("https://l", "t", "a", (".default",), redirect_uri="https://x/", state="s")
        'https://l/t/v2.0/adminconsent?client_id=a&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&redirect_uri=...'
    """
    named = {
        "client_id": app_id,
        "scope": " ".join(f"{GRAPH}/{scope}" for scope in scopes),
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"{authority}/{tenant_id}/v2.0/adminconsent?{urlencode(named)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonConsented:
    """What a person's consent gave: an ID token that proves nothing yet, and the scopes that were granted."""

    id_token: str = field(repr=False)
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPages:
    """What is a setting of an administrator's consent to an agent.

    Args:
        return_address: The page that it ends on.
        blueprint_scope: The scope that brings a blueprint into a tenant and grants nothing.
    """

    return_address: str
    blueprint_scope: str


class ConsentFlow:
    """The ways to Microsoft's consent pages.

    Args:
        credentials: The registrations.
        http: Sends the requests.
        agents: What is a setting of an administrator's consent to an agent.
    """

    def __init__(self, credentials: WorkCredentials, *, http: httpx.Client, agents: AgentPages) -> None:
        self._credentials = credentials
        self._http = http
        self._agents = agents

    def agent_address(
        self, client_id: str, tenant_id: str, *, application: tuple[str, ...], delegated: tuple[str, ...]
    ) -> str:
        """Return the administrator's page for an agent identity, or for its blueprint where nothing is asked for.

        It leads to no answer, so that its state binds nothing.
        """
        asked = {"role": " ".join(application), "scope": " ".join(f"{GRAPH}/{scope}" for scope in delegated)}
        if not application and not delegated:
            asked["scope"] = self._agents.blueprint_scope
        named = {
            "client_id": client_id,
            **{name: value for name, value in asked.items() if value},
            "redirect_uri": self._agents.return_address,
            "state": new_state(),
        }
        return f"{self._credentials.authority}/{tenant_id}/v2.0/adminconsent?{urlencode(named)}"

    def admin_address(
        self, app_id: str, tenant_id: str, scopes: tuple[str, ...], *, redirect_uri: str, state: str
    ) -> str:
        """Return the address of the administrator's page."""
        return admin_consent_address(
            self._credentials.authority, tenant_id, app_id, scopes, redirect_uri=redirect_uri, state=state
        )

    def start(self, app_id: str, tenant_id: str, scopes: tuple[str, ...], *, redirect_uri: str) -> SignInStart:
        """Begin a person's own consent.

        Raises:
            OwnConfigurationError: There is no credential of this application here, or the tenant is not known.
            EntraUnavailableError: Microsoft Entra cannot be reached.
        """
        wanted = tuple(f"{GRAPH}/{scope}" for scope in scopes)
        return self._flow(app_id).start(redirect_uri=redirect_uri, tenant=tenant_id, scopes=wanted)

    def redeem(self, app_id: str, returned: SignInReturn, scopes: tuple[str, ...]) -> PersonConsented:
        """Redeem the answer to a person's consent.

        Raises:
            FairkeeperError: As `SignInFlow.redeem` says.
        """
        wanted = tuple(f"{GRAPH}/{scope}" for scope in scopes)
        redeemed = self._flow(app_id).redeem_with_scopes(returned, wanted)
        granted = frozenset(each.rpartition("/")[2] for each in redeemed.scopes)
        return PersonConsented(id_token=redeemed.id_token, scopes=granted)

    def _flow(self, app_id: str) -> SignInFlow:
        return SignInFlow(self._credentials.registration(app_id), http=self._http)


def new_state() -> str:
    """Return a state that nobody can guess."""
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCredential:
    """A credential as a setting names it: exactly one of the three."""

    secret: str | None = field(default=None, repr=False)
    certificate_file: str | None = None
    federated_token_file: str | None = None


def read_credentials(text: str) -> dict[str, NamedCredential]:
    """Return credentials by application id in lower case from their JSON.

    Raises:
        ValueError: It is no object of secrets, or of objects that name one file.

    Example:
        >>> read_credentials('{"A-1": {"certificate_file": "/run/desk.pem"}}')["a-1"].certificate_file
        '/run/desk.pem'
    """
    document: Any = json.loads(text or "{}")
    if not isinstance(document, dict):
        msg = "it needs to be a JSON object of application ids and credentials"
        raise ValueError(msg)  # noqa: TRY004 - of a setting's text, for whoever reads settings
    return {app_id.lower(): _named(app_id, each) for app_id, each in document.items()}


def _named(app_id: str, value: Any) -> NamedCredential:
    if isinstance(value, str):
        return NamedCredential(secret=value)
    known = {"certificate_file", "federated_token_file"}
    if isinstance(value, dict) and len(value) == 1 and set(value) <= known:
        ((name, path),) = value.items()
        if isinstance(path, str) and path:
            return NamedCredential(**{name: path})
    msg = f"the credential of {app_id} has to be a secret, or name one certificate_file or federated_token_file"
    raise ValueError(msg)
