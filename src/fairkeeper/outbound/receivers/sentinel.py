"""Sends rows to Microsoft Sentinel by the Logs Ingestion API: a token for the application, JSON to the rule's stream.

A batch that is too large for one call goes in several; one that broke off in between comes again, and the parsers tell
each row once by its id.

Source: Microsoft Learn, "Logs Ingestion API in Azure Monitor" (endpoint, headers, 1 MB a call, 204), "OAuth 2.0 client
credentials flow", read 2026-11-22. Never run against the live service.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fairkeeper.assurance.forwarding.kinds import Receiver
from fairkeeper.outbound.posting import ReceiverUnavailableError, post
from fairkeeper.outbound.provisioning import CallRules

API_VERSION: Final = "2023-01-01"
MOST_BYTES: Final = 900_000
"""Of one call before it is compressed; the limit is 1 MB."""
_EARLIER: Final = timedelta(minutes=2)
_REMEDIES: Final = {
    401: "the token was not accepted",
    403: "the application lacks the role Monitoring Metrics Publisher on the data collection rule",
    404: "there is no such rule or stream at this endpoint",
    413: "a call was too large",
    429: "it is asked too often",
}


class SentinelSender:
    """Sends batches of rows.

    Args:
        rules: How the endpoint and the authority are called.
    """

    def __init__(self, rules: CallRules) -> None:
        self._rules = rules
        self._tokens: dict[tuple[str, str, str], tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def send(self, to: Receiver, _batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Deliver rows; a call that is answered with 204 was taken.

        Raises:
            ReceiverUnavailableError: No token, no answer, or another one.
            AddressRefusedError, AddressUnknownError: An address leads where it must not, or nowhere.
        """
        place = f"dataCollectionRules/{to.settings['rule_id']}/streams/{to.settings['stream']}"
        address = f"{to.address.rstrip('/')}/{place}?{urlencode({'api-version': API_VERSION})}"
        for content in pieces(events):
            answer = post(
                self._rules,
                address,
                gzip.compress(content, mtime=0),
                {
                    "authorization": f"Bearer {self._token(to)}",
                    "content-type": "application/json",
                    "content-encoding": "gzip",
                },
            )
            if answer.status == 401:
                self._forget(to)
            if not answer.is_taken:
                why = _REMEDIES.get(answer.status, "")
                raise ReceiverUnavailableError(
                    f"The endpoint {answer.host} answered {answer.status}{f': {why}' if why else ''}."
                )

    def _key(self, to: Receiver) -> tuple[str, str, str]:
        return (to.settings["tenant_id"], to.settings["client_id"], to.settings["audience"])

    def _forget(self, to: Receiver) -> None:
        with self._lock:
            self._tokens.pop(self._key(to), None)

    def _token(self, to: Receiver) -> str:
        """Return a token that is good for a while."""
        now, key = self._rules.clock.now(), self._key(to)
        with self._lock:
            known = self._tokens.get(key)
        if known is not None and now < known[1]:
            return known[0]
        form = {
            "grant_type": "client_credentials",
            "client_id": to.settings["client_id"],
            "client_secret": to.secret,
            "scope": f"{to.settings['audience']}/.default",
        }
        answer = post(
            self._rules,
            f"{to.settings['authority'].rstrip('/')}/{to.settings['tenant_id']}/oauth2/v2.0/token",
            urlencode(form).encode(),
            {"content-type": "application/x-www-form-urlencoded"},
        )
        if not answer.is_taken:
            raise ReceiverUnavailableError(f"{answer.host} gave no token: status {answer.status}.")
        given = json.loads(answer.content)
        until = now + timedelta(seconds=int(given.get("expires_in", 0))) - _EARLIER
        with self._lock:
            self._tokens[key] = (str(given["access_token"]), until)
        return str(given["access_token"])


def pieces(events: Sequence[dict[str, Any]], most_bytes: int = MOST_BYTES) -> Iterator[bytes]:
    """Yield the rows as JSON arrays, none larger than a call may be; a row that alone is larger goes alone.

    Example:
        >>> [len(each) for each in pieces([{"a": "x" * 5}] * 3, most_bytes=40)]
        [29, 15]
    """
    held: list[bytes] = []
    size = 2
    for event in events:
        spelled = json.dumps(event, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        if held and size + len(spelled) + 1 > most_bytes:
            yield b"[" + b",".join(held) + b"]"
            held, size = [], 2
        held.append(spelled)
        size += len(spelled) + 1
    if held:
        yield b"[" + b",".join(held) + b"]"
