"""The HTTP client that msal is given: httpx underneath, and one configured authority in front.

msal insists on an https authority whose first path segment is the tenant. A rehearsal's authority is neither, so msal
is told Microsoft's own address and this transport stands between: it turns requests for that address into requests for
the configured authority, and turns addresses in the metadata back. Requests to any other host are refused, whatever
the metadata says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from fairkeeper.microsoft.errors import EntraRefusedError, EntraUnavailableError

PUBLIC_AUTHORITY: Final = "https://login.microsoftonline.com"
"""What msal is told."""

_LONGEST_BODY_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportResponse:
    """What msal wants of a response."""

    status_code: int
    text: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)

    def raise_for_status(self) -> None:
        """Refuse an error; msal reads 4xx bodies itself and calls this for what it did not expect."""
        if self.status_code >= 400:
            raise EntraRefusedError(f"Microsoft Entra answered with HTTP {self.status_code}.")


class AuthorityTransport:
    """msal's HTTP client for one authority.

    Args:
        authority: Address of the authority without a slash at the end (`EntraAuthority.base`).
        http: Sends the requests; closing it is its owner's business.
        request_seconds: How long one request may take.
    """

    def __init__(self, authority: str, http: httpx.Client, *, request_seconds: float = 10) -> None:
        self._authority = authority
        self._http = http
        self._request_seconds = request_seconds

    def get(
        self, url: str, *, params: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None, **_: Any
    ) -> TransportResponse:
        """Fetch a document, as msal asks for metadata."""
        response = self._send("GET", url, params=params, headers=headers)
        return TransportResponse(
            status_code=response.status_code,
            text=self._with_public_addresses(response.text),
            headers=dict(response.headers),
        )

    def post(
        self,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> TransportResponse:
        """Send a form, as msal asks for tokens."""
        # msal hands an assertion over as bytes, of which httpx would send how Python writes them.
        form = {name: each.decode() if isinstance(each, bytes) else each for name, each in (data or {}).items()}
        response = self._send("POST", url, params=params, headers=headers, data=form)
        return TransportResponse(status_code=response.status_code, text=response.text, headers=dict(response.headers))

    def close(self) -> None:
        """Leave the client open: it belongs to whoever made it."""

    def to_configured(self, url: str) -> str:
        """Return an address of the public authority as one of the configured authority.

        Raises:
            EntraRefusedError: It is an address of somebody else.
        """
        if url == PUBLIC_AUTHORITY or url.startswith(f"{PUBLIC_AUTHORITY}/"):
            return self._authority + url.removeprefix(PUBLIC_AUTHORITY)
        raise EntraRefusedError(
            f"The metadata of {self._authority} leads to another host.",
            code="microsoft.authority_leads_away",
            remedy="Check FAIRKEEPER_ENTRA_AUTHORITY; nothing was sent to the other host.",
        )

    def _send(self, method: str, url: str, **parts: Any) -> httpx.Response:
        target = self.to_configured(url)
        try:
            response = self._http.request(
                method,
                target,
                timeout=self._request_seconds,
                follow_redirects=False,
                **{name: part for name, part in parts.items() if part is not None},
            )
        except httpx.HTTPError as error:
            # The request carries our secret, so that nothing of it may travel with the message.
            raise EntraUnavailableError(
                f"Microsoft Entra at {self._authority} did not answer ({type(error).__name__})."
            ) from None
        if response.status_code == 429 or response.status_code >= 500:
            raise EntraUnavailableError(
                f"Microsoft Entra at {self._authority} answered with HTTP {response.status_code}.",
                detail={"status": response.status_code},
            )
        if len(response.content) > _LONGEST_BODY_BYTES:
            raise EntraRefusedError(f"The answer of {self._authority} has {len(response.content)} bytes.")
        return response

    def _with_public_addresses(self, text: str) -> str:
        if self._authority == PUBLIC_AUTHORITY:
            return text
        try:
            document = json.loads(text)
        except ValueError:
            return text
        return json.dumps(self._to_public(document))

    def _to_public(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._to_public(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._to_public(item) for item in value]
        if isinstance(value, str) and (value == self._authority or value.startswith(f"{self._authority}/")):
            return PUBLIC_AUTHORITY + value.removeprefix(self._authority)
        return value
