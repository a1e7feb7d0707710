"""What the marketplace asks of the pretend Entra: to sign its webhooks and to tell whether a caller's token is good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

MARKETPLACE_APP_ID = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
"""Microsoft's own app for SaaS fulfillment: audience of the publisher's tokens and caller of the webhooks.

Source: Register a SaaS application, section Get the token; Securing your SaaS offer webhook; read 2026-11-22.
"""


class TokenAuthority(Protocol):
    """Signs and checks app tokens."""

    def issue_app_token(self, *, tenant_id: str, audience: str, client_id: str, version: int = 1) -> str:
        """Return a signed app-only token of a tenant."""
        ...

    def verify_app_token(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a genuine, unexpired app token, None for any other text."""
        ...
