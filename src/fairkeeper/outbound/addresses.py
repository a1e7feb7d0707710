"""Which addresses may be called for the publisher: https, or this machine; and none of a private network unbidden.

A host name is looked up once, every address it has is judged, and the call then goes to the address that was judged:
whoever controls the name's DNS cannot answer differently the second time.

Source: OWASP Server-Side Request Forgery Prevention cheat sheet, "Application layer", read 2026-11-22.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from fairkeeper.errors import InvalidError, UnavailableError

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})

Lookup = Callable[[str, int], list[str]]
"""Returns every IP address of a host name."""


class AddressRefusedError(InvalidError):
    """This address is not called."""

    code = "outbound.address_refused"
    remedy = "Use an https address that the internet knows, or allow private addresses in the settings."


class AddressUnknownError(UnavailableError):
    """The host name has no address now."""

    code = "outbound.address_unknown"
    remedy = "Check the host name and the name server; it is tried again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a call goes.

    Args:
        url: With the judged IP address in place of the host's name.
        host: The Host header, as the address was written.
        server_name: The name that the server's certificate has to be for.
    """

    url: str
    host: str
    server_name: str


def look_up(host: str, port: int) -> list[str]:
    """Return every IP address of a host name.

    Raises:
        AddressUnknownError: It has none now.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        msg = f"The host {host!r} has no address: {error.strerror or error}."
        raise AddressUnknownError(msg) from error
    return [str(entry[4][0]) for entry in found]


def target_of(url: str, *, allow_private: bool = False, lookup: Lookup = look_up) -> Target:
    """Return where a call to this address goes.

    Args:
        url: As it was set.
        allow_private: Whether addresses of private networks may be called, and by plain http.
        lookup: How names become addresses.

    Raises:
        AddressRefusedError: It is neither https nor this machine, or leads into a private network.
        AddressUnknownError: The host has no address now.

    Example:
        >>> target_of("http://127.0.0.1:9000/hook").host
        '127.0.0.1:9000'
        >>> target_of("https://hooks.fairmile.example/x", lookup=lambda host, port: ["10.0.0.7"])
        Traceback (most recent call last):
        ...
        fairkeeper.outbound.addresses.AddressRefusedError: hooks.fairmile.example leads to 10.0.0.7, a private address.
    """
    parts = urlsplit(url)
    host = parts.hostname
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        host, port = None, 0
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        msg = f"{url!r} is no plain http or https address."
        raise AddressRefusedError(msg)
    is_own = host in _LOOPBACK_NAMES
    if parts.scheme == "http" and not (is_own or allow_private):
        msg = f"{url!r} is not https."
        raise AddressRefusedError(msg)
    found = lookup(host, port)
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not (address.is_loopback if is_own else allow_private or _is_public(address)):
            msg = f"{host} leads to {text}, a private address."
            raise AddressRefusedError(msg)
    shown = f"[{found[0]}]" if ":" in found[0] else found[0]
    pinned = urlunsplit((parts.scheme, f"{shown}:{port}", parts.path or "/", parts.query, ""))
    return Target(url=pinned, host=parts.netloc, server_name=host)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Say whether the internet knows this address; an IPv4 address inside an IPv6 one is judged as what it is."""
    judged = _inner(address) or address
    return judged.is_global and not judged.is_multicast


def _inner(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to: mapped, by 6to4, or by a NAT64 gateway (RFC 6052)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
