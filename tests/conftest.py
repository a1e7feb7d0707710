"""What every test gets: no network, no settings of this machine, a foreign time zone.

Only generic things stand here. A room's builders live beside its tests, `database` in tests/databases.py, `chromium` in
tests/browsers.py.
"""

from __future__ import annotations

import functools
import gc
import ipaddress
import os
import socket
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.browsers", "tests.databases"]

# --- the surroundings, set before any test module is imported ---

for _name in list(os.environ):
    _is_ours = _name.startswith("FAIRKEEPER_") and not _name.startswith("FAIRKEEPER_TEST_")
    if _is_ours or _name.lower() in {"http_proxy", "https_proxy", "all_proxy"}:
        del os.environ[_name]

# Neither UTC nor a whole hour away from it, so that a local time taken for UTC shows.
os.environ["TZ"] = "Asia/Kolkata"
if hasattr(time, "tzset"):
    time.tzset()

# --- hypothesis: `quick` and `dev` explore, `ci` repeats the same examples, `deep` is for a quiet evening ---

_SLOW_MACHINE = (HealthCheck.too_slow,)  # two shared cores
settings.register_profile("quick", max_examples=20, deadline=None, suppress_health_check=_SLOW_MACHINE)
settings.register_profile("dev", max_examples=60, deadline=None, suppress_health_check=_SLOW_MACHINE)
settings.register_profile(
    "ci",  # the same sixty each time: what more of them would find, they would have found the first time
    max_examples=60,
    deadline=None,
    suppress_health_check=_SLOW_MACHINE,
    derandomize=True,
    database=None,
    print_blob=True,
)
settings.register_profile("deep", max_examples=5000, deadline=None, suppress_health_check=_SLOW_MACHINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


# --- the collector of unused memory: what is imported and collected stays, and looking through it is a tenth of a run ---

gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Let the collector look at what tests make, and at that less often."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


# --- network: loopback and local sockets only ---


class NetworkBlockedError(RuntimeError):
    """A test tried to leave the machine. No OSError, so that code which forgives lost networks cannot swallow it."""


def _is_loopback(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host is None or host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return str(host).endswith(".localhost")


def _refuse(host: object) -> None:
    msg = f"A test asked for {host!r}: tests stay on loopback (tests/conftest.py)."
    raise NetworkBlockedError(msg)


def _reaches_loopback(method: Callable[..., Any], place: slice) -> Callable[..., Any]:
    """Return a socket's method that refuses an address of another machine; it is the argument at that place, if any."""

    @functools.wraps(method)
    def reaching(*arguments: Any) -> Any:
        for address in arguments[place]:
            if isinstance(address, tuple) and not _is_loopback(address[0]):  # a local socket's address is a path
                _refuse(address[0])
        return method(*arguments)

    return reaching


def _asks_for_loopback(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that looks for the addresses of a host, and refuses one that is not of this machine."""

    @functools.wraps(function)
    def asking(host: Any, *arguments: Any, **named: Any) -> Any:
        if not (_is_loopback(host) or _is_any_address(host)):
            _refuse(host)
        return function(host, *arguments, **named)

    return asking


def _is_any_address(host: object) -> bool:
    """A listener may ask for 0.0.0.0 or ::; whoever connects to it does so by loopback."""
    return host in {"0.0.0.0", "::"}  # compared, never bound


# Patched, because an audit hook would be asked at every `id()` as well: 2 % of a run's processor time.
socket.socket.connect = _reaches_loopback(socket.socket.connect, slice(1, 2))  # type: ignore[method-assign]
socket.socket.connect_ex = _reaches_loopback(socket.socket.connect_ex, slice(1, 2))  # type: ignore[method-assign]
socket.socket.sendto = _reaches_loopback(socket.socket.sendto, slice(-1, None))  # type: ignore[method-assign]
socket.socket.sendmsg = _reaches_loopback(socket.socket.sendmsg, slice(4, 5))  # type: ignore[method-assign]
for _function in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
    setattr(socket, _function, _asks_for_loopback(getattr(socket, _function)))


# --- several workers: each begins with what takes long, and opens for it only what nobody else has to open ---


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes long at the beginning of each worker's share, one kind to one worker.

    xdist hands out equal shares in this order, and who is idle takes over the end of another's.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers > 1:
        items[:] = shares(items, workers)


def shares(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return tests so that equal shares begin with those that need the same whole server, or start their own."""
    kinds: dict[str, list[pytest.Item]] = {"": []}
    for item in items:
        kinds.setdefault(kind_of(item), []).append(item)
    light = iter(kinds.pop(""))
    for kind in kinds.values():
        kind.sort(key=_patience, reverse=True)
    begun: list[list[pytest.Item]] = [[] for _ in range(workers)]
    for place, name in enumerate(sorted(kinds)):
        begun[place % workers] += kinds[name]
    size = len(items) // workers
    for share in begun:
        share.extend(islice(light, max(0, size - len(share))))
    begun[-1] += light
    return [item for share in begun for item in share]


def _patience(item: pytest.Item) -> float:
    """Return how many seconds a test asks to be given; nobody should begin with two minutes when the others end."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker is not None and marker.args else 0.0


def kind_of(item: pytest.Item) -> str:
    """Return in a word what a test needs that takes long to start, or nothing."""
    if "stories" in item.path.parts:
        return "story"
    names = getattr(item, "fixturenames", ())
    if "sqlite_stage" in names:
        return "stage on sqlite"
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    return f"stage on {parameters['stage']}" if "stage" in parameters else ""
