"""Tokens from Microsoft Entra: our application's own, and the ID token of a person who signs in.

msal acquires, nothing here validates: since 1.38 msal no longer checks ID tokens, so the raw token goes to
`fairkeeper.token`. A fault of our own credential is an error of its own, because only the publisher can mend it and no
customer must be blamed for it.

Source: Microsoft Learn, "Register a SaaS application" (resource of the fulfillment APIs); "Microsoft identity platform
and OAuth 2.0 client credentials flow"; "… authorization code flow". Measured with msal 1.39: a cached application token
is used until five minutes before its end, or Microsoft's `refresh_in`.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx

from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.authority_transport import PUBLIC_AUTHORITY, AuthorityTransport
from fairkeeper.microsoft.entra_codes import DECLINED, NEEDS_ADMIN, OWN_CREDENTIAL, OWN_REGISTRATION, error_numbers
from fairkeeper.microsoft.errors import (
    EntraRefusedError,
    OwnConfigurationError,
    OwnCredentialError,
    SignInAnswerError,
    SignInDeclinedError,
    SignInNeedsAdminError,
    SignInRefusedError,
)
from fairkeeper.token.expectations import MARKETPLACE_CALLER_APP_ID

MARKETPLACE_RESOURCE: Final = MARKETPLACE_CALLER_APP_ID
"""The resource of the fulfillment and metering APIs."""

Credential = str | Mapping[str, str]
"""A client secret, or what msal takes for a certificate (`private_key`, `thumbprint` …) or `client_assertion`."""

_SEPARATOR: Final = "|"
"""Outside the alphabets of code verifiers (RFC 7636, section 4.1) and of base64url."""


class TokenSource(Protocol):
    """Gives a bearer token for one resource."""

    def token(self) -> str:
        """Return a token that is still good for some minutes."""
        ...

    def forget(self) -> None:
        """Drop what is cached, because the resource refused it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRegistration:
    """Our application at Microsoft Entra, as configured.

    Args:
        authority: Address of the authority without a slash at the end (`EntraAuthority.base`).
        client_id: Application (client) id.
        credential: Its secret or certificate.
    """

    authority: str
    client_id: str
    credential: Credential = field(repr=False)


class Applications:
    """Makes msal's applications, which share the metadata they have fetched and nothing else."""

    def __init__(self, registration: AppRegistration, http: httpx.Client) -> None:
        self._registration = registration
        self.transport = AuthorityTransport(registration.authority, http)
        self._http_cache: dict[str, Any] = {}

    def make(self, tenant: str) -> Any:
        """Return an application with an empty token cache of its own.

        Raises:
            OwnConfigurationError: Microsoft Entra does not know the tenant, or the credential has not msal's form.
        """
        import msal  # with all that it needs, a fiftieth of a start, and no token is asked for before the first request

        try:
            return msal.ConfidentialClientApplication(
                self._registration.client_id,
                client_credential=self._registration.credential,
                authority=f"{PUBLIC_AUTHORITY}/{tenant}",
                # The authority is a setting and trusted as such; asking the public cloud about it would add a host.
                instance_discovery=False,
                http_client=self.transport,
                http_cache=self._http_cache,
                exclude_scopes=["offline_access"],
            )
        except ValueError:
            # msal's message may quote the credential.
            raise OwnConfigurationError(
                f"Microsoft Entra gives no metadata for the tenant {tenant!r}, or the credential cannot be read.",
                detail={"tenant": tenant, "client_id": self._registration.client_id},
            ) from None


class AppTokenSource:
    """Our application's own token for one resource, cached and renewed before it ends; safe between threads.

    Args:
        registration: The application the resource knows: the one of the offer's Technical configuration.
        tenant_id: The publisher's tenant; the client credentials flow needs a specific one.
        http: Sends the requests.
        resource: Application id of the resource.
    """

    def __init__(
        self,
        registration: AppRegistration,
        *,
        tenant_id: str,
        http: httpx.Client,
        resource: str = MARKETPLACE_RESOURCE,
    ) -> None:
        self._applications = Applications(registration, http)
        self._tenant_id = tenant_id
        self._scope = f"{resource}/.default"
        self._lock = threading.Lock()
        self._application: Any = None

    def token(self) -> str:
        """Return a token that is good for at least five minutes.

        Raises:
            OwnCredentialError: Our secret or certificate is refused.
            OwnConfigurationError: Our tenant or application is not known.
            EntraUnavailableError: Microsoft Entra cannot be reached.
            EntraRefusedError: It refused for another reason.
        """
        with self._lock:
            if self._application is None:
                self._application = self._applications.make(self._tenant_id)
            result = self._application.acquire_token_for_client([self._scope])
        token = result.get("access_token")
        if not isinstance(token, str):
            raise _own_fault(result) or _refused(EntraRefusedError, result)
        return token

    def forget(self) -> None:
        """Drop the cached token, because the resource refused it."""
        with self._lock:
            self._application = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInStart:
    """A sign-in that has been begun; all but the address stays on the server, bound to this browser.

    Args:
        address: Where the browser is sent.
        state: What the answer must bring back.
        nonce: What the ID token must carry.
        code_verifier: What redeems the code; opaque, up to 200 characters.
    """

    address: str = field(repr=False)
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInReturn:
    """What is needed to redeem an answer: what was kept, and what the browser brought back.

    Args:
        answer: The query of the request to the redirect address.
        tenant: The same as at the start.
    """

    answer: Mapping[str, str] = field(repr=False)
    state: str = field(repr=False)
    code_verifier: str = field(repr=False)
    redirect_uri: str
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redeemed:
    """What a code was redeemed for; the token proves nothing yet."""

    id_token: str = field(repr=False)
    scopes: tuple[str, ...]


class SignInFlow:
    """Authorization code with PKCE; scopes openid, profile and email and no more, so that nobody needs an admin.

    Args:
        registration: The application people sign in to (multi-tenant, personal accounts too).
        http: Sends the requests.
    """

    def __init__(self, registration: AppRegistration, *, http: httpx.Client) -> None:
        self._applications = Applications(registration, http)

    def start(
        self,
        *,
        redirect_uri: str,
        tenant: str,
        prompt: str | None = "select_account",
        login_hint: str | None = None,
        scopes: tuple[str, ...] = ("email",),
    ) -> SignInStart:
        """Begin a sign-in.

        Args:
            redirect_uri: As registered, exactly.
            tenant: `common` for work and personal accounts, `organizations`, or a tenant id.
            prompt: Microsoft's `prompt`; None lets a signed-in person through without a page.
            login_hint: Which account to suggest.
            scopes: What is asked for beside openid and profile; a person's own consent names permissions here.

        Raises:
            OwnConfigurationError: The tenant is not known.
            EntraUnavailableError: Microsoft Entra cannot be reached.
        """
        flow = self._applications.make(tenant).initiate_auth_code_flow(
            list(scopes),
            redirect_uri=redirect_uri,
            state=secrets.token_urlsafe(32),
            prompt=prompt,
            login_hint=login_hint,
            response_mode="form_post",
        )
        asked = httpx.URL(self._applications.transport.to_configured(flow["auth_uri"]))
        # msal warns of any other mode than form_post. The answer has to come as a GET all the same: a browser sends the
        # cookie that binds the sign-in to it (SameSite=Lax) with a GET from another site and never with a POST. The
        # code in the address is good once, and only with the verifier that stays here.
        address = str(asked.copy_set_param("response_mode", "query"))
        return SignInStart(
            address=address,
            state=flow["state"],
            # msal sends the nonce's digest and compares with the nonce itself; the token carries what was sent.
            nonce=httpx.QueryParams(urlsplit(address).query)["nonce"],
            code_verifier=f"{flow['code_verifier']}{_SEPARATOR}{flow['nonce']}",
        )

    def redeem(self, returned: SignInReturn) -> str:
        """Redeem an answer and return the raw ID token, which proves nothing until `fairkeeper.token` has judged it.

        Raises:
            SignInAnswerError: The answer does not belong to this sign-in.
            SignInDeclinedError: The person declined.
            SignInNeedsAdminError: An administrator has to approve first.
            SignInRefusedError: Microsoft Entra refused for another reason (policy, wrong account).
            OwnCredentialError: Our secret or certificate is refused.
            OwnConfigurationError: Our application or return address is not known.
            EntraUnavailableError: Microsoft Entra cannot be reached.
            EntraRefusedError: Its answer cannot be read.
        """
        return self.redeem_with_scopes(returned, ("email",)).id_token

    def redeem_with_scopes(self, returned: SignInReturn, scopes: tuple[str, ...]) -> Redeemed:
        """Redeem an answer, and return with the raw ID token the scopes that were granted; raises as `redeem` does."""
        verifier, _, nonce = returned.code_verifier.partition(_SEPARATOR)
        flow = {
            "state": returned.state,
            "redirect_uri": returned.redirect_uri,
            "scope": ["openid", "profile", *scopes],
            "code_verifier": verifier,
            "nonce": nonce,
        }
        # An application for each redemption: its cache would otherwise gather the tokens of every tenant.
        application = self._applications.make(returned.tenant)
        answer = dict(returned.answer)
        if not secrets.compare_digest(answer.get("state", "").encode(), returned.state.encode()):
            raise SignInAnswerError("The answer carries another state than the sign-in that was begun.")
        if not answer.get("code") and not answer.get("error"):
            raise SignInAnswerError("The answer carries neither a code nor an error.")
        result = _redeemed(application, flow, answer)
        id_token = result.get("id_token")
        if isinstance(id_token, str):
            granted = result.get("scope")
            return Redeemed(id_token=id_token, scopes=tuple(granted.split() if isinstance(granted, str) else ()))
        raise _sign_in_fault(result)


def _redeemed(application: Any, flow: dict[str, Any], answer: dict[str, str]) -> dict[str, Any]:
    try:
        result: dict[str, Any] = application.acquire_token_by_auth_code_flow(flow, answer)
    except FairkeeperError:
        raise
    except RuntimeError:
        # msal's own check of the nonce; its message quotes both, so that it is not passed on.
        raise SignInAnswerError("The ID token answers another sign-in.") from None
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        # msal decodes the ID token without checking it, and raises whatever a malformed one leads to.
        raise EntraRefusedError("Microsoft Entra's answer to the code cannot be read.") from None
    return result


def _own_fault(result: Mapping[str, Any]) -> FairkeeperError | None:
    """Return an error if the fault is ours, and not a person's or Microsoft's."""
    numbers = error_numbers(result)
    if numbers & OWN_CREDENTIAL or (not numbers and result.get("error") == "invalid_client"):
        return _refused(OwnCredentialError, result)
    if numbers & OWN_REGISTRATION or (not numbers and result.get("error") == "unauthorized_client"):
        return _refused(OwnConfigurationError, result)
    return None


def _sign_in_fault(result: Mapping[str, Any]) -> FairkeeperError:
    own = _own_fault(result)
    if own is not None:
        return own
    numbers = error_numbers(result)
    if numbers & NEEDS_ADMIN:
        return _refused(SignInNeedsAdminError, result)
    if numbers & DECLINED or (not numbers and result.get("error") == "access_denied"):
        return _refused(SignInDeclinedError, result)
    if "error" not in result:
        return EntraRefusedError("Microsoft Entra's answer to the code carries no ID token.")
    return _refused(SignInRefusedError, result)


def _refused(kind: type[FairkeeperError], result: Mapping[str, Any]) -> FairkeeperError:
    """Make an error that names Microsoft's code and numbers, and not its text, which quotes the request."""
    numbers = sorted(error_numbers(result))
    named = ", ".join(f"AADSTS{number}" for number in numbers) or "without a number"
    error = str(result.get("error", "no error code"))[:60]
    detail: dict[str, str | int | bool] = {"error": error, "numbers": " ".join(map(str, numbers))}
    trace_id = result.get("trace_id")
    if isinstance(trace_id, str):
        detail["trace_id"] = trace_id[:60]
    return kind(f"Microsoft Entra refused: {error} ({named}).", detail=detail)
