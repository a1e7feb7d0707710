"""The authority's keys: how often they are fetched, how old they may get, and where they may come from."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairkeeper.errors import ErrorKind
from fairkeeper.token.authority import EntraAuthority, TokenVersion
from fairkeeper.token.errors import SigningKeysUnavailableError, TokenRefusedError
from fairkeeper.token.keys import KeyCachePolicy, SigningKeys
from tests.unit.token.issuer import AUTHORITY, PUBLISHER, Published, clock, jwk

V2 = TokenVersion.V2


def down(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no way out")


def find(keys: SigningKeys, kid: str = "work") -> str:
    return keys.find(kid, version=V2, segment="common").kid


def code_of(keys: SigningKeys, kid: str) -> str:
    with pytest.raises((TokenRefusedError, SigningKeysUnavailableError)) as raised:
        find(keys, kid)
    assert isinstance(raised.value, TokenRefusedError | SigningKeysUnavailableError)
    return raised.value.code


def test_one_fetch_serves_every_lookup_until_the_refresh() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    for _ in range(50):
        find(keys)
        time.move(timedelta(minutes=14))
    assert published.fetches == 1


def test_keys_are_fetched_again_after_twelve_hours() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    time.move(timedelta(hours=12))
    find(keys)
    find(keys)
    assert published.fetches == 2


def test_periodic_task_refreshes_what_is_due_and_nothing_else() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    assert keys.refresh_due() == 0
    time.move(timedelta(hours=13))
    assert keys.refresh_due() == 1
    assert (keys.refresh_due(), published.fetches) == (0, 2)


def test_new_key_is_found_by_one_fetch_when_keys_rotate() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.v2_keys = [jwk("next", f"{AUTHORITY}/{{tenantid}}/v2.0")]
    time.move(timedelta(minutes=1))
    assert (find(keys, "next"), published.fetches) == ("next", 2)
    assert code_of(keys, "work") == "token.key_unknown"


@pytest.mark.parametrize("is_same_key", [True, False])
def test_storm_of_unknown_keys_costs_one_fetch_per_cool_down(is_same_key: bool) -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    time.move(timedelta(minutes=1))
    for second in range(120):
        for each in range(10):
            assert code_of(keys, "same" if is_same_key else f"forged-{second}-{each}") == "token.key_unknown"
        time.move(timedelta(seconds=1))
    assert published.fetches == 1 + (1 if is_same_key else 4)


def test_storm_from_many_threads_on_a_cold_cache_costs_one_fetch() -> None:
    published, time = Published(), clock()
    entered, gate = threading.Event(), threading.Event()

    def slowly(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert gate.wait(10)
        published.fault = None
        published.asked.pop()
        return published.answer(request)

    published.fault = slowly
    keys = published.keys(time)
    with ThreadPoolExecutor(16) as pool:
        known = [pool.submit(find, keys) for _ in range(8)]
        forged = [pool.submit(code_of, keys, f"forged-{each}") for each in range(8)]
        entered.wait(10)
        gate.set()
        assert {future.result() for future in known} == {"work"}
        assert {future.result() for future in forged} == {"token.key_unknown"}
    assert published.fetches == 1


def test_known_keys_are_served_while_another_thread_refreshes() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    time.move(timedelta(hours=13))
    entered, gate = threading.Event(), threading.Event()

    def slowly(request: httpx.Request) -> httpx.Response:
        entered.set()
        assert gate.wait(10)
        published.fault = None
        return published.answer(request)

    published.fault = slowly
    with ThreadPoolExecutor(1) as pool:
        refreshing = pool.submit(find, keys)
        entered.wait(10)
        assert find(keys) == "work"
        gate.set()
        assert refreshing.result() == "work"


def test_memory_of_unknown_keys_is_bounded() -> None:
    published, time = Published(), clock()
    policy = KeyCachePolicy(max_unknown_keys=3, unknown_key_cool_down=timedelta())
    keys = published.keys(time, policy)
    for kid in ("a", "b", "c", "d", "a"):
        code_of(keys, kid)
    # The first fetch, one for each of a, b, c, d, and one more for a, which d had pushed out.
    assert published.fetches == 6


def test_key_id_of_absurd_length_is_never_looked_for() -> None:
    published, time = Published(), clock()
    keys = published.keys(time, KeyCachePolicy(unknown_key_cool_down=timedelta()))
    find(keys)
    assert code_of(keys, "k" * 300) == "token.key_unknown"
    assert published.fetches == 1


def test_outage_within_the_stale_limit_changes_nothing() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.fault = down
    for _ in range(47):
        time.move(timedelta(hours=1))
        assert find(keys) == "work"


def test_outage_beyond_the_stale_limit_stops_validation_until_it_ends() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.fault = down
    time.move(timedelta(hours=48))
    assert code_of(keys, "work") == "token.keys_unavailable"
    published.fault = None
    time.move(timedelta(seconds=5))
    assert find(keys) == "work"


def test_outage_at_the_start_is_unavailable_and_asked_again_after_a_rest() -> None:
    published, time = Published(), clock()
    published.fault = down
    keys = published.keys(time)
    assert [code_of(keys, "work") for _ in range(20)] == ["token.keys_unavailable"] * 20
    assert published.fetches == 1
    published.fault = None
    time.move(timedelta(seconds=5))
    assert find(keys) == "work"


def test_unknown_key_during_an_outage_is_not_called_forged() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.fault = down
    time.move(timedelta(minutes=1))
    with pytest.raises(SigningKeysUnavailableError) as raised:
        find(keys, "perhaps-new")
    assert raised.value.kind is ErrorKind.UNAVAILABLE
    assert find(keys) == "work"


def test_clock_that_goes_back_does_not_make_keys_everlasting() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    time.move(timedelta(days=-10))
    find(keys)
    assert published.fetches == 2


def redirect(request: httpx.Request) -> httpx.Response:
    return httpx.Response(302, headers={"Location": f"https://keys.example{request.url.path}"})


def too_much(request: httpx.Request) -> httpx.Response:
    genuine = Published().answer(request)
    return httpx.Response(200, content=genuine.content + b" " * 300_000)


BAD_ANSWERS: dict[str, Callable[[httpx.Request], httpx.Response]] = {
    "redirect": redirect,
    "too much": too_much,
    "error": lambda _: httpx.Response(503),
    "no JSON": lambda _: httpx.Response(200, text="<html>"),
    "a list": lambda _: httpx.Response(200, json=[]),
    "empty object": lambda _: httpx.Response(200, json={}),
    "nested without end": lambda _: httpx.Response(200, content=b"[" * 200_000),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_answer_that_is_no_metadata_is_an_outage(answer: Callable[[httpx.Request], httpx.Response]) -> None:
    published = Published()
    published.fault = answer
    assert code_of(published.keys(clock()), "work") == "token.keys_unavailable"
    assert all(url.startswith(AUTHORITY) for url in published.asked)


@pytest.mark.parametrize(
    "jwks_uri",
    [
        "https://keys.example/common/discovery/v2.0/keys",
        "https://login.microsoftonline.com.example/keys",
        "https://login.microsoftonline.com@keys.example/keys",
        "https://login.microsoftonline.com:8443/keys",
        "http://login.microsoftonline.com/keys",
        "file:///etc/passwd",
        "//keys.example/keys",
        None,
        7,
    ],
)
def test_keys_on_another_host_are_never_asked_for(jwks_uri: object) -> None:
    published = Published()
    published.metadata_changes = {"jwks_uri": jwks_uri}
    assert code_of(published.keys(clock()), "work") == "token.keys_unavailable"
    assert len(published.asked) == 1


def test_slow_answer_is_an_outage() -> None:
    published, seconds = Published(), iter(range(0, 1000, 3))
    keys = SigningKeys(
        EntraAuthority.parse(AUTHORITY),
        client_factory=published.client,
        clock=clock(),
        monotonic=lambda: next(seconds),
    )
    assert code_of(keys, "work") == "token.keys_unavailable"


def test_answer_that_drips_is_cut_when_the_time_is_over() -> None:
    published, sent = Published(), 0
    seconds = iter(range(1000))

    def drip() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" "

    published.fault = lambda _: httpx.Response(200, content=drip())
    keys = SigningKeys(
        EntraAuthority.parse(AUTHORITY),
        client_factory=published.client,
        clock=clock(),
        monotonic=lambda: next(seconds),
    )
    assert code_of(keys, "work") == "token.keys_unavailable"
    assert sent < 10


def test_failing_refresh_rests_between_attempts() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.fault = down
    time.move(timedelta(hours=13))
    for _ in range(20):
        find(keys)
    assert published.fetches == 2


def test_failed_refresh_never_replaces_good_keys_by_none() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    published.v2_keys = []
    time.move(timedelta(hours=13))
    assert find(keys) == "work"


def test_entries_that_are_no_signing_keys_are_passed_over() -> None:
    published = Published()
    published.v2_keys += [
        "text",  # type: ignore[list-item] # what a broken document may hold
        {},
        {"kty": "oct", "kid": "secret", "k": "AAAA"},
        {**jwk("work", None), "kid": "for-encryption", "use": "enc"},
        {**jwk("work", None), "kid": 7},
        {**jwk("work", None), "kid": "no-number", "n": "???" * 200},
        {**jwk("work", None), "kid": "odd-issuer", "issuer": 7},
    ]
    keys = published.keys(clock())
    assert find(keys) == "work"
    for kid in ("secret", "for-encryption", "no-number", "odd-issuer"):
        assert code_of(keys, kid) == "token.key_unknown"


def test_one_key_id_with_two_contents_is_used_for_neither() -> None:
    published = Published()
    published.v2_keys.append({**jwk("other", f"{AUTHORITY}/{{tenantid}}/v2.0"), "kid": "work"})
    published.v2_keys.append(jwk("personal", published.v2_keys[1]["issuer"]))
    keys = published.keys(clock())
    assert code_of(keys, "work") == "token.key_unknown"
    assert find(keys, "personal") == "personal"


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 90_000), st.booleans()), max_size=12))
def test_keys_are_served_exactly_as_long_as_the_last_good_fetch_is_below_the_limit(
    steps: list[tuple[int, bool]],
) -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    find(keys)
    good_at = time.now()
    for seconds, is_down in steps:
        time.move(timedelta(seconds=seconds + 5))
        published.fault = down if is_down else None
        before = published.fetches
        is_served = True
        try:
            find(keys)
        except SigningKeysUnavailableError:
            is_served = False
        if published.fetches > before and not is_down:
            good_at = time.now()
        assert is_served == (time.now() - good_at < timedelta(hours=48))


@pytest.mark.parametrize("hours", [5, 25])
def test_refresh_outside_six_to_twenty_four_hours_is_refused(hours: int) -> None:
    with pytest.raises(ValueError, match="6 to 24"):
        KeyCachePolicy(refresh_after=timedelta(hours=hours))


def test_sets_of_tenants_and_versions_are_kept_apart() -> None:
    published, time = Published(), clock()
    keys = published.keys(time)
    keys.find("work", version=V2, segment="common")
    keys.find("work", version=V2, segment=PUBLISHER)
    assert (
        keys.find("work", version=TokenVersion.V1, segment=PUBLISHER).issuer == f"https://sts.windows.net/{PUBLISHER}/"
    )
    assert published.fetches == 3
