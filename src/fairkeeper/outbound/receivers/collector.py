"""Sends spans to an OpenTelemetry collector by OTLP over HTTP, as JSON.

Source: OTLP specification, "OTLP/HTTP Request", "OTLP/HTTP Response", "Partial Success", read 2026-11-28.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fairkeeper.assurance.forwarding.kinds import Receiver
from fairkeeper.assurance.forwarding.spans import request_of
from fairkeeper.outbound.posting import ReceiverUnavailableError, post
from fairkeeper.outbound.provisioning import CallRules


class CollectorSender:
    """Sends batches of spans.

    Args:
        rules: How collectors are called.
    """

    def __init__(self, rules: CallRules) -> None:
        self._rules = rules

    def send(self, to: Receiver, _batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver spans; a secret is sent as the value of `Authorization`.

        Raises:
            ReceiverUnavailableError: No answer, another than 2xx, or some spans were refused.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        headers = {"content-type": "application/json"}
        if to.secret:
            headers["authorization"] = to.secret
        answer = post(self._rules, to.address, json.dumps(request_of(events)).encode(), headers)
        if not answer.is_taken:
            raise ReceiverUnavailableError(f"The collector at {answer.host} answered {answer.status}.")
        refused = _refused(answer.content)
        if refused:
            raise ReceiverUnavailableError(f"The collector at {answer.host} refused {refused} spans.")


def _refused(content: bytes) -> int:
    """Return how many spans an answer says were refused; an answer that is no JSON says nothing."""
    try:
        found = json.loads(content or b"{}")
        return int((found.get("partialSuccess") or {}).get("rejectedSpans") or 0)
    except (ValueError, AttributeError):
        return 0
