"""Delivers events to a receiver by a signed POST: a JSON array, named by the places in the log that it covers.

Source: Standard Webhooks specification, "Webhook headers", "Signature scheme", "Deliverability", read 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import httpx
from standardwebhooks import Webhook

from fairkeeper.errors import UpstreamError
from fairkeeper.outbound.addresses import target_of
from fairkeeper.outbound.provisioning import CallRules


class ReceiverUnavailableError(UpstreamError):
    """The receiver did not take the events; they are delivered again."""

    code = "outbound.receiver_unavailable"
    remedy = "Look at the receiver; delivery goes on where it stopped as soon as it answers with 2xx."


class EventSender:
    """Sends batches of events.

    Args:
        rules: How receivers are called.
    """

    def __init__(self, rules: CallRules | None = None) -> None:
        self._rules = rules or CallRules()

    def send(self, address: str, secret: str, batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver a batch; any answer of 200 to 299 means that all of it was taken.

        Raises:
            ReceiverUnavailableError: No answer, or another one.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        target = target_of(address, allow_private=self._rules.allow_private, lookup=self._rules.lookup)
        body = json.dumps(list(events), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        now = self._rules.clock.now()
        headers = {
            "host": target.host,
            "content-type": "application/json",
            "user-agent": "Fairkeeper",
            "webhook-id": batch_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(batch_id, now, body),
        }
        try:
            with (
                httpx.Client(timeout=self._rules.timeout_seconds, follow_redirects=False, trust_env=False) as client,
                client.stream(
                    "POST",
                    target.url,
                    content=body.encode(),
                    headers=headers,
                    extensions={"sni_hostname": target.server_name},
                ) as answer,
            ):
                status = answer.status_code
        except httpx.HTTPError as error:
            msg = f"The receiver at {target.host} did not answer: {type(error).__name__}."
            raise ReceiverUnavailableError(msg) from error
        if not 200 <= status < 300:
            raise ReceiverUnavailableError(f"The receiver at {target.host} answered {status}.")
