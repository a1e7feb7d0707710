"""Delivers events to a receiver by a signed POST: a JSON array, named by the places in the log that it covers.

Source: Standard Webhooks specification, "Webhook headers", "Signature scheme", "Deliverability", read 2026-11-22.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from standardwebhooks import Webhook

from fairkeeper.assurance.forwarding.kinds import Receiver
from fairkeeper.outbound.posting import ReceiverUnavailableError, post
from fairkeeper.outbound.provisioning import CallRules


class EventSender:
    """Sends batches of events by webhook.

    Args:
        rules: How receivers are called.
    """

    def __init__(self, rules: CallRules | None = None) -> None:
        self._rules = rules or CallRules()

    def send(self, to: Receiver, batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver a batch; any answer of 200 to 299 means that all of it was taken.

        Raises:
            ReceiverUnavailableError: No answer, or another one.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        body = json.dumps(list(events), separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        now = self._rules.clock.now()
        headers = {
            "content-type": "application/json",
            "webhook-id": batch_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(to.secret).sign(batch_id, now, body),
        }
        answer = post(self._rules, to.address, body.encode(), headers)
        if not answer.is_taken:
            raise ReceiverUnavailableError(f"The receiver at {answer.host} answered {answer.status}.")
