"""Where events can go, and what each kind of destination needs; checked before one is added.

A file is on the server's own disk and a name without a path, so only the publisher's people may add one. A customer's
people may not make the server call itself, nor speak in the clear. A secret is what signs a webhook (made here), or
what a receiver expects: the application's secret, or the value of a header.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from fairkeeper.assurance.errors import DestinationInvalidError
from fairkeeper.assurance.forwarding.exporting import EventFormat


class DestinationKind(StrEnum):
    """How events get there."""

    WEBHOOK = "webhook"
    FILE = "file"
    SYSLOG = "syslog"
    SENTINEL = "sentinel"
    OTLP = "otlp"


SETTINGS: Final = ("rule_id", "stream", "tenant_id", "client_id", "authority", "audience")
"""What can be set beside the address."""
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
SENTINEL_AUDIENCE: Final = "https://monitor.azure.com"
SENTINEL_AUTHORITY: Final = "https://login.microsoftonline.com"
_ROWS: Final = (EventFormat.SENTINEL, EventFormat.SENTINEL_AUDIT)
_TOLD: Final = (EventFormat.OCSF, *_ROWS)
_HTTP: Final = r"https?://[^\s/]\S*"
_SYSLOG: Final = r"(tls|tcp)://[^\s/:]+:\d{1,5}"
_FILE: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}"
_GUID: Final = r"[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Needs:
    address: str
    address_says: str
    formats: tuple[EventFormat, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    """By name: what each has to look like."""
    has_secret: bool = False
    may_have_secret: bool = False
    is_publishers: bool = False


_NEEDS: Final[Mapping[DestinationKind, _Needs]] = MappingProxyType(
    {
        DestinationKind.WEBHOOK: _Needs(
            address=_HTTP, address_says="an https address, or one of this machine", formats=_TOLD
        ),
        DestinationKind.FILE: _Needs(
            address=_FILE,
            address_says="a file's name of letters, digits, - and _, without a path",
            formats=_TOLD,
            is_publishers=True,
        ),
        DestinationKind.SYSLOG: _Needs(
            address=_SYSLOG, address_says="tls://host:port, or tcp:// to this machine", formats=_TOLD
        ),
        DestinationKind.SENTINEL: _Needs(
            address=_HTTP,
            address_says="the logs ingestion endpoint of the data collection rule",
            formats=_ROWS,
            settings={
                "rule_id": r"dcr-[0-9a-f]{8,64}",
                "stream": r"Custom-[A-Za-z0-9_]{1,80}",
                "tenant_id": _GUID,
                "client_id": _GUID,
                "authority": _HTTP,
                "audience": _HTTP,
            },
            has_secret=True,
        ),
        DestinationKind.OTLP: _Needs(
            address=_HTTP,
            address_says="the collector's address for traces, ending in /v1/traces",
            formats=(EventFormat.SPANS,),
            may_have_secret=True,
        ),
    }
)


FORMATS: Final = {kind: needs.formats for kind, needs in _NEEDS.items()}
"""What each kind can be told, the usual first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A destination as somebody asks for it."""

    kind: DestinationKind
    address: str
    event_format: EventFormat
    settings: Mapping[str, str]
    secret: str
    is_staff: bool
    customer_id: str | None


def checked(wanted: Wanted) -> None:
    """Refuse a destination that could not work, or that is not for whoever asks.

    Raises:
        DestinationInvalidError: With what is wrong.
    """
    needs = _NEEDS[wanted.kind]
    if needs.is_publishers and (not wanted.is_staff or wanted.customer_id is not None):
        raise DestinationInvalidError("A file of the server is for the publisher's own events alone.")
    if not re.fullmatch(needs.address, wanted.address):
        raise DestinationInvalidError(f"The address of a {wanted.kind} destination is {needs.address_says}.")
    if wanted.event_format not in needs.formats:
        known = ", ".join(needs.formats)
        raise DestinationInvalidError(f"A {wanted.kind} destination takes {known}, not {wanted.event_format}.")
    for name, pattern in needs.settings.items():
        if not re.fullmatch(pattern, wanted.settings.get(name, "")):
            raise DestinationInvalidError(f"A {wanted.kind} destination needs a proper {name}.")
    if not wanted.is_staff:
        for address in (wanted.address, wanted.settings.get("authority", SENTINEL_AUTHORITY)):
            _refuse_near(address)
    if unknown := sorted(name for name, value in wanted.settings.items() if value and name not in needs.settings):
        raise DestinationInvalidError(f"A {wanted.kind} destination has no {unknown[0]}.")
    if needs.has_secret and not wanted.secret:
        raise DestinationInvalidError(f"A {wanted.kind} destination needs the secret of the application.")
    if wanted.secret and not (needs.has_secret or needs.may_have_secret):
        raise DestinationInvalidError(f"A {wanted.kind} destination takes no secret from outside.")


def _refuse_near(address: str) -> None:
    parts = urlsplit(address)
    if parts.scheme not in {"https", "tls"} or (parts.hostname or "") in LOOPBACK_NAMES:
        raise DestinationInvalidError(f"{address!r} is no secret address outside: use https:// or tls://.")


def settings_for(kind: DestinationKind, given: Mapping[str, str]) -> dict[str, str]:
    """Return the settings of a kind, with what is usual where nothing was given.

    Example:
        >>> settings_for(DestinationKind.SENTINEL, {"stream": "Custom-X_CL"})["audience"]
        'https://monitor.azure.com'
    """
    usual = {"authority": SENTINEL_AUTHORITY, "audience": SENTINEL_AUDIENCE}
    if kind is not DestinationKind.SENTINEL:
        usual = {}
    return usual | {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A destination with what is needed to deliver to it.

    Attributes:
        is_customers: Whether it is told of one customer's events; such a one is never in the publisher's own network.
    """

    kind: DestinationKind
    address: str
    settings: Mapping[str, str]
    secret: str = field(repr=False)
    is_customers: bool
