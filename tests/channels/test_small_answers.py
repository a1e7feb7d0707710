"""A small answer on a kept connection leaves at once."""

from __future__ import annotations

import time

import pytest

from tests.channels.stage import Stage

NAGLE_SECONDS = 0.035
"""An answer in two pieces waits for the client's delayed acknowledgement, 40 ms on Linux, where Nagle's algorithm is
on; asyncio switches it off only for sockets that were made as TCP by name."""


@pytest.mark.parametrize("whose", ["server", "sandbox"])
def test_a_small_answer_does_not_wait_for_an_acknowledgement(sqlite_stage: Stage, whose: str) -> None:
    url = sqlite_stage.url if whose == "server" else sqlite_stage.sandbox.url
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert sqlite_stage.http.get(f"{url}/healthz").status_code == 200
        took.append(time.perf_counter() - began)
    assert min(took[1:]) < NAGLE_SECONDS
