"""How often one address may knock: at the ways in, and with credentials that turn out to be none.

Two counts for each address. At a *way in* (sign-in, the landing page, an administrator's connect page, an invitation)
every request counts, since each costs a call to Microsoft or a look-up of a secret. Elsewhere only *failures* count,
answers of 401: a program with a good token is never slowed down, and whoever guesses is told to wait before the next
guess is even looked at.

Both are token buckets in this process's memory, of a bounded number of addresses; behind several processes each counts
for itself. Nothing is counted of the machine itself: who is there needs no door.

Whose address it is: the peer's, unless the peer is a proxy that is trusted; then the last address in `X-Forwarded-For`
that is no trusted proxy. An address of IPv6 stands for its /64, which is what one customer of a provider is given.

Source: RFC 6585, section 4 (429, Retry-After); OWASP Authentication cheat sheet, "Protect against automated attacks";
MDN, "X-Forwarded-For", "Selecting an IP address", read 2026-11-28.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairkeeper.api.errors import TooManyRequestsError, answer

_log = structlog.get_logger(__name__)

MOST_ADDRESSES: Final = 10_000
"""Addresses that are remembered; beyond them whoever knocked longest ago is forgotten."""
WAYS_IN: Final = ("/sign-in", "/sign-out", "/first-owner", "/invitation", "/marketplace/landing", "/connect")
"""Where every request counts."""
_FORWARDED: Final = b"x-forwarded-for"
_MOST_HOPS: Final = 20
_UNAUTHENTICATED: Final = 401

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodRules:
    """How often.

    Attributes:
        ways_in_per_minute: Requests to the ways in; 0 counts nothing.
        failures_per_minute: Answers of 401; 0 counts nothing.
        trusted_proxies: Peers whose `X-Forwarded-For` is believed.
    """

    ways_in_per_minute: int = 120
    failures_per_minute: int = 30
    trusted_proxies: Sequence[Network] = ()


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list by commas.

    Raises:
        ValueError: One is neither an address nor a network.

    Example:
        >>> [str(each) for each in read_networks("127.0.0.1, 10.1.0.0/16")]
        ['127.0.0.1/32', '10.1.0.0/16']
    """
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


class Buckets:
    """Token buckets by key, of which the least recently used are forgotten.

    Args:
        per_minute: How many a minute; as many at once.
        most: How many keys are remembered.
        seconds: A clock that only runs forward.
    """

    def __init__(
        self, per_minute: int, *, most: int = MOST_ADDRESSES, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_minute = per_minute
        self._most = most
        self._seconds = seconds
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._left)

    def wait(self, key: str) -> int:
        """Return for how many seconds a key has to wait, 0 if it need not."""
        left = self._now(key)
        return 0 if left >= 1 or not self._per_minute else max(1, math.ceil((1 - left) * 60 / self._per_minute))

    def take(self, key: str) -> None:
        """Count one; a key that has nothing left is not made to wait longer than for the next."""
        if not self._per_minute:
            return
        self._left[key] = (max(0.0, self._now(key) - 1), self._seconds())
        self._left.move_to_end(key)
        while len(self._left) > self._most:
            self._left.popitem(last=False)

    def _now(self, key: str) -> float:
        left, at = self._left.get(key, (float(self._per_minute), self._seconds()))
        return min(float(self._per_minute), left + (self._seconds() - at) * self._per_minute / 60)


class FloodGate:
    """Wraps an ASGI application; stands inside `RequestLimits`, so that a refusal has an id and a line in the log.

    Args:
        app: What it wraps.
        rules: How often.
        seconds: A clock that only runs forward.
    """

    def __init__(self, app: ASGIApp, *, rules: FloodRules, seconds: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._rules = rules
        self._ways_in = Buckets(rules.ways_in_per_minute, seconds=seconds)
        self._failures = Buckets(rules.failures_per_minute, seconds=seconds)
        self._has_warned = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or say how long to wait."""
        key = self.key_of(scope) if scope["type"] == "http" else None
        if key is None:
            await self._app(scope, receive, send)
            return
        wait = self._failures.wait(key)
        if not wait and _is_way_in(scope["path"]):
            wait = self._ways_in.wait(key)
            self._ways_in.take(key)
        if wait:
            await _refusal(scope, wait)(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == _UNAUTHENTICATED:
                self._failures.take(key)
            await send(message)

        await self._app(scope, receive, watched)

    def key_of(self, scope: Scope) -> str | None:
        """Return under what a request counts; None for the machine itself."""
        peer = _read(scope["client"][0] if scope.get("client") else "")
        sent = [value.decode("latin-1") for name, value in scope["headers"] if name == _FORWARDED]
        if peer is None:
            return "unknown"
        if not self._is_trusted(peer):
            self._warn_of_proxy(peer, is_forwarded=bool(sent))
            return _place(peer)
        if not sent:
            return None if peer.is_loopback else _place(peer)
        return _place(self._origin(peer, ",".join(sent)))

    def _origin(self, peer: _Address, forwarded: str) -> _Address:
        """Return the last address before the trusted proxies; what is no address ends the search."""
        found = peer
        for text in reversed(forwarded.rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]):
            hop = _read(text.strip())
            if hop is None:
                break
            found = hop
            if not self._is_trusted(hop):
                break
        return found

    def _is_trusted(self, address: _Address) -> bool:
        return any(address in network for network in self._rules.trusted_proxies)

    def _warn_of_proxy(self, peer: _Address, *, is_forwarded: bool) -> None:
        if is_forwarded and not self._has_warned and not peer.is_global:
            self._has_warned = True
            _log.warning("floods.proxy_not_trusted", peer=str(peer), setting="FAIRKEEPER_TRUSTED_PROXIES")


def _is_way_in(path: str) -> bool:
    return any(path == way or path.startswith(f"{way}/") for way in WAYS_IN)


def _read(text: str) -> _Address | None:
    """Return an address as proxies write it: with a port, in brackets, with a zone."""
    plain = text.strip().strip('"')
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        found = ipaddress.ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found


def _place(address: _Address) -> str:
    """Return what an address is counted under.

    Example:
        >>> _place(ipaddress.ip_address("2001:db8:1:2:3::4"))
        '2001:db8:1:2::/64'
    """
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def _refusal(scope: Scope, wait: int) -> Response:
    """Return the answer: words for a browser, the usual JSON for a program."""
    error = TooManyRequestsError(
        f"Too many requests came from your address; wait {wait} seconds.", detail={"wait_seconds": wait}
    )
    accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
    state = scope.get("state", {})
    request_id = str(state.get("request_id", "unknown"))
    response: Response
    if b"text/html" in accept:
        response = PlainTextResponse(f"{error.message} {error.remedy}\nId for support: {request_id}\n", status_code=429)
    else:
        response = answer(error, request_id)
    response.headers["Retry-After"] = str(wait)
    return response
