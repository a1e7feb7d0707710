"""The surroundings that tests/conftest.py promises are there: no network, no settings of this machine."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable

import pytest

from tests.conftest import kind_of, shares


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80)])
def test_the_network_is_refused(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as unconnected, pytest.raises(RuntimeError, match="tests stay on loopback"):
        unconnected.connect(address)


def test_no_datagram_leaves_the_machine() -> None:
    elsewhere = ("192.0.2.1", 9)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unconnected:
        sending: list[Callable[[], object]] = [
            lambda: unconnected.connect_ex(elsewhere),
            lambda: unconnected.sendto(b"away", elsewhere),
            lambda: unconnected.sendto(b"away", 0, elsewhere),
            lambda: unconnected.sendmsg([b"away"], [], 0, elsewhere),
        ]
        for send in sending:
            with pytest.raises(RuntimeError, match="tests stay on loopback"):
                send()


@pytest.mark.parametrize("look_up", [lambda name: socket.getaddrinfo(name, 443), socket.gethostbyname])
def test_names_are_not_looked_up(look_up: Callable[[str], object]) -> None:
    with pytest.raises(RuntimeError, match="tests stay on loopback"):
        look_up("example.com")


def test_the_network_is_refused_to_asynchronous_code() -> None:
    with pytest.raises(RuntimeError, match="tests stay on loopback"):
        asyncio.run(_open("192.0.2.1"))


async def _open(host: str) -> None:
    await asyncio.open_connection(host, 80)


def test_loopback_is_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as client,
    ):
        assert client.getpeername() == server.getsockname()


def test_the_machine_tells_nothing_of_its_own() -> None:
    told = [name for name in os.environ if name.startswith("FAIRKEEPER_") and not name.startswith("FAIRKEEPER_TEST_")]
    assert told == []


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot change the zone of a running process")
def test_local_time_is_not_utc() -> None:
    assert time.localtime(0).tm_min == 30


def test_shares_hold_every_test_once_and_begin_with_what_takes_long(request: pytest.FixtureRequest) -> None:
    items = list(request.session.items)
    for workers in (2, 3, 5):
        spread = shares(items, workers)
        assert sorted(map(id, spread)) == sorted(map(id, items))
        kinds = [kind_of(item) for item in spread]
        runs = [kind for place, kind in enumerate(kinds) if kind and kinds[place - 1 : place] != [kind]]
        assert len(runs) == len(set(runs)), "what needs the same server is not together"
