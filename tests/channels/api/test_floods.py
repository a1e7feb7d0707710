"""How often one address may knock, whose address it is behind a proxy, and who is never slowed down."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from fairkeeper.api.floods import Buckets, FloodGate, FloodRules, read_networks
from fairkeeper.bootstrap.settings import SettingsError, read_settings

PROXY, STRANGER = "10.1.0.7", "203.0.113.9"


class Door:
    """A gate with an application behind it that knows one password, and a clock that is moved."""

    def __init__(self, **rules: Any) -> None:
        self.now = 0.0
        self.reached = 0
        proxies = read_networks(rules.pop("proxies", f"{PROXY},127.0.0.1"))
        self.gate = FloodGate(self._app, rules=FloodRules(**rules, trusted_proxies=proxies), seconds=lambda: self.now)

    async def _app(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.reached += 1
        known = (b"authorization", b"Bearer good") in scope["headers"] or not scope["path"].startswith("/api")
        await send({"type": "http.response.start", "status": 200 if known else 401, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def ask(self, path: str = "/sign-in", *, peer: str = STRANGER, headers: dict[str, str] | None = None) -> Any:
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        listed = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        scope = {"type": "http", "path": path, "client": (peer, 1), "headers": listed, "method": "GET"}
        asyncio.run(self.gate(scope, receive, send))
        return sent[0]

    def statuses(self, times: int, **asked: Any) -> list[int]:
        return [self.ask(**asked)["status"] for _ in range(times)]


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-in/callback", "/marketplace/landing", "/connect/abc", "/invitation"]
)
def test_a_way_in_takes_so_many_a_minute_and_then_says_when(path: str) -> None:
    door = Door(ways_in_per_minute=3)
    assert door.statuses(4, path=path) == [200, 200, 200, 429]
    assert (b"retry-after", b"20") in door.ask(path)["headers"]
    door.now += 21
    assert door.statuses(2, path=path) == [200, 429]
    assert door.statuses(1, path=path, peer="203.0.113.10") == [200]


def test_pages_and_api_of_somebody_who_is_known_are_never_slowed_down() -> None:
    door = Door(ways_in_per_minute=1, failures_per_minute=1)
    good = {"authorization": "Bearer good"}
    assert set(door.statuses(50, path="/api/v1/customers", headers=good)) == {200}
    assert set(door.statuses(50, path="/customers")) == {200}
    assert set(door.statuses(50, path="/marketplace/webhook")) == {200}


def test_whoever_guesses_tokens_waits_before_the_next_is_looked_at() -> None:
    door = Door(failures_per_minute=5)
    guess = {"authorization": "Bearer guessed"}
    assert door.statuses(6, path="/api/v1/customers", headers=guess) == [401] * 5 + [429]
    assert door.reached == 5
    assert door.statuses(1, path="/api/v1/customers", headers={"authorization": "Bearer good"}) == [429]
    door.now += 13
    assert door.statuses(1, path="/api/v1/customers", headers={"authorization": "Bearer good"}) == [200]


def test_behind_a_trusted_proxy_each_person_counts_for_themselves() -> None:
    door = Door(ways_in_per_minute=1)
    for number in range(5):
        person = {"x-forwarded-for": f"198.51.100.{number}"}
        assert door.statuses(2, peer=PROXY, headers=person) == [200, 429]


def test_what_somebody_writes_before_the_proxys_own_word_changes_nothing() -> None:
    door = Door(ways_in_per_minute=1)
    forged = [{"x-forwarded-for": f"192.0.2.{number}, {STRANGER}"} for number in range(4)]
    assert [door.ask(peer=PROXY, headers=each)["status"] for each in forged] == [200, 429, 429, 429]


def test_a_stranger_who_claims_to_be_a_proxy_is_a_stranger() -> None:
    door = Door(ways_in_per_minute=1)
    claims = [{"x-forwarded-for": f"192.0.2.{number}"} for number in range(3)]
    assert [door.ask(headers=each)["status"] for each in claims] == [200, 429, 429]


def test_two_proxies_in_a_row_are_both_passed_over() -> None:
    door = Door(ways_in_per_minute=1, proxies=f"{PROXY},10.2.0.0/16")
    chain = {"x-forwarded-for": f"{STRANGER}, 10.2.3.4"}
    assert door.statuses(2, peer=PROXY, headers=chain) == [200, 429]
    assert door.statuses(1, peer=PROXY, headers={"x-forwarded-for": "192.0.2.1, 10.2.3.4"}) == [200]


def test_one_network_of_ipv6_is_one_address() -> None:
    door = Door(ways_in_per_minute=1)
    assert door.statuses(1, peer="2001:db8:1:2::1") == [200]
    assert door.statuses(1, peer="2001:db8:1:2:ffff::9") == [429]
    assert door.statuses(1, peer="2001:db8:1:3::1") == [200]
    assert door.statuses(1, peer=f"::ffff:{STRANGER}") == door.statuses(1, peer="192.0.2.77") == [200]
    assert door.statuses(1, peer=STRANGER) == [429]


def test_the_machine_itself_needs_no_door_and_what_it_forwards_does() -> None:
    door = Door(ways_in_per_minute=1)
    assert set(door.statuses(9, peer="127.0.0.1")) == {200}
    assert door.statuses(2, peer="127.0.0.1", headers={"x-forwarded-for": STRANGER}) == [200, 429]


def test_zero_counts_nothing() -> None:
    door = Door(ways_in_per_minute=0, failures_per_minute=0)
    assert set(door.statuses(300)) == {200}
    assert set(door.statuses(300, path="/api/v1/customers")) == {401}


def test_a_browser_is_told_in_words_and_a_program_in_json() -> None:
    door = Door(ways_in_per_minute=1)
    door.ask()
    kinds = [dict(door.ask(headers=each)["headers"])[b"content-type"] for each in ({"accept": "text/html"}, {})]
    assert kinds == [b"text/plain; charset=utf-8", b"application/json"]


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_no_header_whatever_makes_a_crash_or_a_way_around(header: str) -> None:
    door = Door(ways_in_per_minute=2)
    assert door.statuses(3, peer=PROXY, headers={"x-forwarded-for": header}) == [200, 200, 429]


def test_the_memory_is_bounded_and_keeps_who_knocks_most() -> None:
    buckets = Buckets(1, most=100, seconds=lambda: 0.0)
    for number in range(5000):
        buckets.take("always there")
        buckets.take(f"address {number}")
    assert len(buckets) == 100
    assert buckets.wait("always there") == 60
    assert buckets.wait("address 1") == 0


@pytest.mark.parametrize("text", ["the proxy", "10.0.0.1/8", "10.0.0.1;10.0.0.2"])
def test_a_network_that_is_none_is_refused_when_settings_are_read(text: str) -> None:
    with pytest.raises(SettingsError, match="FAIRKEEPER_TRUSTED_PROXIES"):
        read_settings(trusted_proxies=text)
