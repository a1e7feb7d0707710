"""Where the publisher is reached: the landing page and the webhook of the technical configuration.

Source: Managing the SaaS subscription life cycle (landing page URL, no `#`); certification demands no secret in either
URL; read 2026-11-22.
"""

from __future__ import annotations

import threading
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from fairkeeper.sandbox.marketplace.errors import PublisherUnsetError
from fairkeeper.sandbox.marketplace.storage import Storage


class PublisherAddresses(BaseModel):
    """The two addresses, as the control API takes and shows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    landing_url: str | None = Field(default=None, max_length=2_000, description="Landing page of the publisher.")
    webhook_url: str | None = Field(default=None, max_length=2_000, description="Connection webhook of the publisher.")

    @field_validator("landing_url", "webhook_url")
    @classmethod
    def _check(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = "must be an http or https address"
            raise ValueError(msg)
        if "#" in value:
            msg = "must not contain a fragment (#)"
            raise ValueError(msg)
        return value


class Publisher:
    """Holds the addresses and makes landing links.

    Args:
        addresses: Those of the start; kept ones fill what is missing.
        storage: Where they are kept.
    """

    def __init__(self, addresses: PublisherAddresses, storage: Storage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        kept = dict(storage.load("publisher", dict)).get("addresses", {})
        given = addresses.model_dump(exclude_none=True)
        self._addresses = PublisherAddresses.model_validate({**kept, **given})

    @property
    def addresses(self) -> PublisherAddresses:
        """The two addresses as they stand."""
        with self._lock:
            return self._addresses

    def set(self, addresses: PublisherAddresses) -> None:
        """Replace both addresses."""
        with self._lock:
            self._addresses = addresses
            self._storage.put("publisher", [("addresses", addresses.model_dump())])

    def landing_link(self, token: str) -> str:
        """Return the landing page's address with an encoded token.

        Raises:
            PublisherUnsetError: No landing page is configured.
        """
        landing_url = self.addresses.landing_url
        if landing_url is None:
            raise PublisherUnsetError("The publisher has not told its landing page yet.")
        joint = "&" if "?" in landing_url else "?"
        return f"{landing_url}{joint}token={quote(token, safe='')}"
