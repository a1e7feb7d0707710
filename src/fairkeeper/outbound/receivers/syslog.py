"""Sends events as syslog over TLS, or over TCP inside this machine: one message an event, framed by its length.

Syslog acknowledges nothing. After a batch the connection is closed in order and the other side's end is waited for, so
a receiver that went away shows; what was in a receiver's memory when it died is lost to both.

Source: RFC 5424 sections 6 (format) and 6.4 (UTF-8 with its mark), RFC 5425 section 4.3 (octet counting over TLS),
RFC 6587 section 3.4.1 (the same over TCP), read 2026-11-28.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from fairkeeper.assurance.forwarding.kinds import Receiver
from fairkeeper.outbound.addresses import target_of
from fairkeeper.outbound.posting import ReceiverUnavailableError
from fairkeeper.outbound.provisioning import CallRules
from fairkeeper.values.clock import format_instant

_AUDIT: Final = 13
"""The facility: log audit."""
_SEVERITY: Final = {1: 6, 2: 5, 3: 4, 4: 3, 5: 2, 6: 2}
"""Syslog's severity for OCSF's: informational, notice, warning, error, critical."""
_WAIT_SECONDS: Final = 2.0


class SyslogSender:
    """Sends batches.

    Args:
        rules: How receivers are called.
        context: What certificates are trusted; the machine's if left out.
    """

    def __init__(self, rules: CallRules, context: ssl.SSLContext | None = None) -> None:
        self._rules, self._context = rules, context

    def send(self, to: Receiver, _batch_id: str, events: Sequence[dict[str, Any]]) -> None:
        """Send a batch on a connection of its own.

        Raises:
            ReceiverUnavailableError: Nobody is there, the certificate is not the host's, or the connection broke.
            AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
        """
        parts = urlsplit(to.address)
        is_secret = parts.scheme == "tls"
        # The same judgement as for any other address: secret or of this machine, and none of a private network.
        judged = f"{'https' if is_secret else 'http'}://{parts.netloc}"
        target = target_of(judged, allow_private=self._rules.allow_private, lookup=self._rules.lookup)
        place = urlsplit(target.url)
        content = b"".join(map(framed, events))
        try:
            with socket.create_connection(
                (place.hostname or "", place.port or 0), timeout=self._rules.timeout_seconds
            ) as plain:
                if is_secret:
                    context = self._context or ssl.create_default_context()
                    with context.wrap_socket(plain, server_hostname=target.server_name) as stream:
                        stream.sendall(content)
                        with suppress(ssl.SSLError, TimeoutError):  # many close without a word
                            stream.unwrap()
                    return
                plain.sendall(content)
                plain.shutdown(socket.SHUT_WR)
                plain.settimeout(_WAIT_SECONDS)
                with suppress(TimeoutError):
                    while plain.recv(4096):
                        pass
        except OSError as error:
            msg = f"The receiver at {target.host} did not take the messages: {type(error).__name__}."
            raise ReceiverUnavailableError(msg) from error


def framed(event: dict[str, Any]) -> bytes:
    """Return an event as one message, with its length before it.

    Example:
        >>> framed({"TimeGenerated": "2026-11-22T08:30:00Z", "EventOriginalType": "governance.contained"})[:60]
        b'155 <110>1 2026-11-22T08:30:00Z - Fairkeeper - governance.co'
    """
    severity = _SEVERITY.get(int(event.get("severity_id", 1)), 6)
    message = " ".join(
        (
            f"<{_AUDIT * 8 + severity}>1",
            _at(event),
            "-",
            "Fairkeeper",
            "-",
            _name(event),
            "-",
            "\ufeff" + json.dumps(event, sort_keys=True, ensure_ascii=False),
        )
    ).encode()
    return f"{len(message)} ".encode() + message


def _at(event: dict[str, Any]) -> str:
    if "TimeGenerated" in event:
        return str(event["TimeGenerated"])
    return format_instant(datetime.fromtimestamp(event["time"] / 1000, tz=UTC))


def _name(event: dict[str, Any]) -> str:
    kind = event.get("EventOriginalType") or event.get("metadata", {}).get("event_code") or "-"
    return str(kind)[:32]
