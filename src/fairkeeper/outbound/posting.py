"""One POST to somebody else's address: judged, pinned, bounded in time, never redirected, its answer read in part.

What receivers of events have in common; what an answer means is each connector's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from fairkeeper.errors import UpstreamError
from fairkeeper.outbound.addresses import target_of
from fairkeeper.outbound.clients import make_client
from fairkeeper.outbound.provisioning import CallRules

_MOST_READ: Final = 65_536


class ReceiverUnavailableError(UpstreamError):
    """The receiver did not take the events; they are delivered again."""

    code = "outbound.receiver_unavailable"
    remedy = "Look at the receiver; delivery goes on where it stopped as soon as it takes what it is given."


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came back.

    Attributes:
        host: Who answered, as the address was written.
        content: The beginning of the body.
    """

    host: str
    status: int
    content: bytes

    @property
    def is_taken(self) -> bool:
        """Whether the answer is 200 to 299."""
        return 200 <= self.status < 300


def post(rules: CallRules, address: str, content: bytes, headers: Mapping[str, str]) -> Posted:
    """Send a body and return the answer, whatever its status.

    Raises:
        ReceiverUnavailableError: There was no answer.
        AddressRefusedError, AddressUnknownError: The address leads where it must not, or nowhere.
    """
    target = target_of(address, allow_private=rules.allow_private, lookup=rules.lookup)
    try:
        with (
            make_client(rules.timeout_seconds) as client,
            client.stream(
                "POST",
                target.url,
                content=content,
                headers={"host": target.host, "user-agent": "Fairkeeper", **headers},
                extensions={"sni_hostname": target.server_name},
            ) as answer,
        ):
            read = b""
            for piece in answer.iter_bytes():
                read += piece
                if len(read) >= _MOST_READ:
                    break
            return Posted(host=target.host, status=answer.status_code, content=read[:_MOST_READ])
    except httpx.HTTPError as error:
        msg = f"The receiver at {target.host} did not answer: {type(error).__name__}."
        raise ReceiverUnavailableError(msg) from error
