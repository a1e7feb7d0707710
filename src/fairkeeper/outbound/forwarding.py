"""Hands a webhook on to the system that ran before, unchanged, and brings its answer back to Microsoft.

While a subscription is observed the older system decides, so its answer is the answer: a refusal of a change (4xx), a
success, or a failure that makes Microsoft try again.

Source: Microsoft Learn, "Implementing a webhook on the SaaS service" (10 seconds, retries), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from fairkeeper.errors import UpstreamError
from fairkeeper.outbound.addresses import Lookup, look_up, target_of
from fairkeeper.outbound.clients import make_client

TIMEOUT_SECONDS: Final = 8.0
"""Below the ten seconds after which Microsoft takes silence for an answer."""
LARGEST_ANSWER_BYTES: Final = 64 * 1024
_PASSED_ON: Final = ("authorization", "content-type", "user-agent", "x-ms-requestid", "x-ms-correlationid")


class OldSystemUnavailableError(UpstreamError):
    """The older system did not answer; Microsoft will call again, and it is asked again then."""

    code = "outbound.old_system_unavailable"
    remedy = "Look at the older system at FAIRKEEPER_WEBHOOK_FORWARD_URL; Microsoft repeats the call for eight hours."


@dataclass(frozen=True, slots=True, kw_only=True)
class OldAnswer:
    """What the older system answered."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSystem:
    """The older system's webhook.

    Args:
        url: Its address.
        lookup: How host names become addresses; a private network is allowed, since it may stand beside us.
    """

    url: str
    lookup: Lookup = look_up

    def ask(self, body: bytes, headers: Mapping[str, str]) -> OldAnswer:
        """Hand a call on and return the answer.

        Raises:
            OldSystemUnavailableError: It did not answer in time.
        """
        target = target_of(self.url, allow_private=True, lookup=self.lookup)
        passed = {name: headers[name] for name in _PASSED_ON if name in headers}
        try:
            with (
                make_client(TIMEOUT_SECONDS) as client,
                client.stream(
                    "POST",
                    target.url,
                    content=body,
                    headers={**passed, "host": target.host},
                    extensions={"sni_hostname": target.server_name},
                ) as answer,
            ):
                content = b""
                for chunk in answer.iter_bytes(4096):
                    content += chunk
                    if len(content) > LARGEST_ANSWER_BYTES:
                        break
                return OldAnswer(
                    status=answer.status_code,
                    content_type=answer.headers.get("content-type", "application/json"),
                    body=content[:LARGEST_ANSWER_BYTES],
                )
        except httpx.HTTPError as error:
            raise OldSystemUnavailableError(
                f"The older system at {target.host} did not answer: {type(error).__name__}."
            ) from error
