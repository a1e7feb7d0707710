"""The errors of the security token service: Microsoft's numbers, our sentences.

A client tells errors apart by the numbers in `error_codes`; sentences may change at any time, so these say in our own
words what the number means. Which OAuth word and which HTTP status go with a number is documented for some and seen in
public reports for the others.

Source: Microsoft Entra, "Microsoft Entra authentication and authorization error codes" and "Microsoft identity platform
and OAuth 2.0 authorization code flow", sections "Error response", read 2026-11-22.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Aadsts:
    """What goes with one number: OAuth's word, a sentence with places for values, the HTTP status."""

    error: str
    text: str
    status: int = 400
    suberror: str | None = None


def _consent(text: str) -> Aadsts:
    return Aadsts(error="invalid_grant", suberror="consent_required", text=text)


def _interaction(text: str) -> Aadsts:
    return Aadsts(error="interaction_required", suberror="basic_action", text=text)


def _stale(text: str) -> Aadsts:
    return Aadsts(error="invalid_grant", suberror="bad_token", text=text)


def _request(text: str) -> Aadsts:
    return Aadsts(error="invalid_request", text=text)


def _grant(text: str) -> Aadsts:
    return Aadsts(error="invalid_grant", text=text)


def _client(text: str) -> Aadsts:
    return Aadsts(error="invalid_client", status=401, text=text)


def _application(text: str) -> Aadsts:
    return Aadsts(error="unauthorized_client", text=text)


CATALOGUE: dict[int, Aadsts] = {
    50000: Aadsts(error="server_error", status=500, text="The sign-in service could not issue a token."),
    50011: _request("The address '{uri}' is not among those registered for answers to application '{client}'."),
    50020: Aadsts(
        error="interaction_required",
        text="The account '{account}' is not known in '{tenant}', so it cannot use application '{client}' there.",
    ),
    50034: _grant("No such account exists in '{tenant}'."),
    50058: Aadsts(error="login_required", text="Nobody is signed in, and the request forbids asking."),
    50059: _request("Neither the address nor the credentials say which tenant is meant."),
    50074: _interaction("A stronger proof of the person is needed."),
    50076: _interaction("A second factor is needed for this resource."),
    50079: _interaction("The person has to register a second factor first."),
    50105: _grant("Application '{client}' is for assigned people only, and this person is not."),
    50147: _request("The code challenge is missing, too short, too long or of the wrong letters."),
    50173: _stale("The grant was revoked; the person has to sign in again."),
    50194: _application("Application '{client}' belongs to one tenant; use that tenant's own address."),
    50196: _grant("The client asks for the same thing again and again; it was stopped."),
    53003: Aadsts(error="invalid_grant", suberror="message_only", text="A Conditional Access policy blocks this."),
    54005: _grant("This authorization code was used before; each is good once."),
    65001: _consent("Nobody has consented to application '{client}' yet, or not to what it asks for now."),
    65004: Aadsts(error="access_denied", suberror="consent_required", text="The person declined to consent."),
    70000: _grant("The grant is not good for this request: {reason}."),
    70001: _application("Application '{client}' is disabled."),
    70003: Aadsts(error="unsupported_grant_type", text="The grant type '{value}' is not supported."),
    70005: Aadsts(error="unsupported_response_type", text="The response type '{value}' is not supported."),
    70007: _request("The response mode '{value}' is not supported."),
    70008: _grant("The code or refresh token has expired."),
    70011: Aadsts(error="invalid_scope", text="The scope '{scope}' is not valid for this request."),
    70043: _stale("Conditional Access wants the person to sign in more often than that."),
    90002: Aadsts(error="invalid_tenant", text="There is no tenant '{tenant}' in this cloud."),
    90008: _consent("Application '{client}' lacks even the permission to sign people in."),
    90033: Aadsts(error="temporarily_unavailable", status=503, text="The directory is not available for the moment."),
    90094: _consent("An administrator of '{tenant}' has to consent to application '{client}'."),
    90095: _consent("An administrator of '{tenant}' has to consent to application '{client}' and can be asked."),
    90100: _request("The parameter '{name}' is empty or not valid."),
    500011: Aadsts(error="invalid_resource", text="No resource '{resource}' is present in tenant '{tenant}'."),
    500208: _request("An account of this type cannot sign in here."),
    501481: _grant("The code verifier does not fit the code challenge of the sign-in."),
    700005: _grant("The code was issued for another tenant's address than the one it is redeemed at."),
    700016: _application("No application '{client}' is present in '{tenant}'; was it installed there?"),
    700022: Aadsts(error="invalid_scope", text="The scopes belong to more than one resource."),
    700024: _client("The client's assertion is not within the time in which it is good."),
    700027: _client("The signature of the client's assertion is not good."),
    700054: Aadsts(error="unsupported_response_type", text="This application gets no ID token this way."),
    700082: _grant("The refresh token was not used for too long and has expired."),
    900144: _request("The parameter '{name}' is missing."),
    900561: Aadsts(error="invalid_request", status=405, text="This address takes POST, not {method}."),
    900971: _request("No address for the answer was given."),
    901002: _request("The parameter 'resource' is not taken here."),
    1000031: _application("Application '{client}' cannot be used now; an administrator knows why."),
    7000112: _application("Application '{client}' is disabled in this tenant."),
    7000215: _client("The secret is not one of application '{client}'."),
    7000218: _client("A secret or an assertion of the client is missing."),
    7000222: _client("The secrets of application '{client}' have expired."),
    9001023: _request("This grant needs the address of a tenant, not /common or /consumers."),
    9002313: _grant("The request is malformed."),
    9002332: _request("Application '{client}' is for work accounts; /consumers does not serve it."),
}


class StsError(Exception):
    """A request was refused with one of Microsoft's numbers.

    Args:
        code: The number behind `AADSTS`.
        error: OAuth's word, where it is not the usual one of this number.
        values: What the sentence names.
    """

    def __init__(self, code: int, *, error: str | None = None, **values: str) -> None:
        known = CATALOGUE.get(code, _grant("This error was switched on in the sandbox."))
        self.code = code
        self.error = error or known.error
        self.status = known.status
        self.suberror = known.suberror
        self.text = f"AADSTS{code}: {known.text.format_map(_Named(values))}"
        super().__init__(self.text)

    def body(self, *, now: datetime, correlation_id: str, base_url: str) -> dict[str, Any]:
        """Return the documented error document."""
        timestamp, trace_id = f"{now:%Y-%m-%d %H:%M:%SZ}", str(uuid.uuid4())
        document: dict[str, Any] = {
            "error": self.error,
            "error_description": f"{self.text}\r\nTrace ID: {trace_id}\r\nCorrelation ID: {correlation_id}\r\n"
            f"Timestamp: {timestamp}",
            "error_codes": [self.code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
            "error_uri": f"{base_url}/error?code={self.code}",
        }
        if self.suberror is not None:
            document["suberror"] = self.suberror
        return document


class _Named(dict[str, str]):
    """Leaves a place visible when its value is not known (an error that was switched on)."""

    def __missing__(self, name: str) -> str:
        return f"({name})"
