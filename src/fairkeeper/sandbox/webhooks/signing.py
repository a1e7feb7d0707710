"""The bearer token of a webhook, genuine or forged on request.

Source: Securing your SaaS offer webhook (aud and tid are those of the technical configuration, appid or azp is the
marketplace's app), read 2026-11-22.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from fairkeeper.sandbox.marketplace.faults import Forgery
from fairkeeper.sandbox.webhooks.ports import MARKETPLACE_APP_ID, TokenAuthority
from fairkeeper.sandbox.webhooks.publisher import Publisher

_OTHER_CALLER = "20e940b3-4c07-4b0b-9a53-9e16a1b010a7"
"""Close to the marketplace's app id and not it; a public sample carries such a one."""
_OTHER_AUDIENCE = "00000000-0000-4000-8000-00000000a0d1"


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnicalConfiguration:
    """The tenant and app a publisher entered in Partner Center, and another tenant to forge with."""

    publisher_id: str
    tenant_id: str
    app_id: str
    foreign_tenant_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherEndpoint:
    """The publisher's webhook with the tokens that belong to it.

    Args:
        authority: Signs.
        configuration: Whose tokens.
        publisher: Knows the address.
    """

    authority: TokenAuthority
    configuration: TechnicalConfiguration
    publisher: Publisher

    def webhook_url(self) -> str | None:
        """Return the publisher's webhook; None while it has not said."""
        return self.publisher.addresses.webhook_url

    def authorization(self, forgery: Forgery | None) -> str | None:
        """Return the Authorization header of a webhook, genuine or forged; None for one that has none."""
        if forgery is Forgery.MISSING:
            return None
        configuration = self.configuration
        token = self.authority.issue_app_token(
            tenant_id=configuration.foreign_tenant_id if forgery is Forgery.WRONG_TENANT else configuration.tenant_id,
            audience=_OTHER_AUDIENCE if forgery is Forgery.WRONG_AUDIENCE else configuration.app_id,
            client_id=_OTHER_CALLER if forgery is Forgery.WRONG_CALLER else MARKETPLACE_APP_ID,
        )
        if forgery is Forgery.GARBLED:
            token = _garbled(token)
        elif forgery is Forgery.UNSIGNED:
            token = _unsigned(token)
        return f"Bearer {token}"


def _garbled(token: str) -> str:
    head, payload, signature = token.split(".")
    middle = len(signature) // 2
    other = "A" if signature[middle] != "A" else "B"
    return f"{head}.{payload}.{signature[:middle]}{other}{signature[middle + 1 :]}"


def _unsigned(token: str) -> str:
    header = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."
