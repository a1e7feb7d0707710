"""Tokens for a CRM by client credentials, asked for again a little before they end."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from fairkeeper.opportunities.errors import CRMRefusedError, CRMUnreachableError
from fairkeeper.values.clock import Clock

_EARLIER = timedelta(minutes=2)
_USUAL_SECONDS = 1800
"""Salesforce states no lifetime; its sessions last at least this long unless an administrator says otherwise."""


@dataclass(slots=True, kw_only=True)
class ClientCredentials:
    """Gets tokens from one address.

    Attributes:
        scope: Left out of the request if empty.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str
    client: httpx.Client
    clock: Clock
    _token: str = field(default="", repr=False)
    _until: datetime | None = None

    def token(self) -> str:
        """Return a token that is good for a while.

        Raises:
            CRMRefusedError, CRMUnreachableError: The address gives none.
        """
        now = self.clock.now()
        if self._until is not None and now < self._until:
            return self._token
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            **({"scope": self.scope} if self.scope else {}),
        }
        try:
            answer = self.client.post(self.token_url, data=form)
        except httpx.HTTPError as error:
            raise CRMUnreachableError(f"No token from {self.token_url}: {type(error).__name__}.") from error
        if answer.status_code != httpx.codes.OK:
            raise CRMRefusedError(f"No token from {self.token_url}: status {answer.status_code}.")
        given = answer.json()
        self._token = str(given["access_token"])
        self._until = now + timedelta(seconds=int(given.get("expires_in", _USUAL_SECONDS))) - _EARLIER
        return self._token
