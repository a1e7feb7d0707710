"""A server that is started here: it ends in every case, and nothing of it is left open."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCRequest

from fairkeeper.gateway import processes
from fairkeeper.gateway.processes import started
from tests.channels.gateway.loops import LOOPS

READS = "import sys\nfor line in sys.stdin: sys.stdout.write(line); sys.stdout.flush()"
ENDS = "import sys; sys.stdin.readline(); sys.exit(3)"
DEAF = "import os, time; os.close(0); print('{}', flush=True); time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('{}', flush=True); time.sleep(60)"
CHATTY = "import sys\nwhile True: sys.stdout.write('x' * 65536 + chr(10))"
PARENT = """
import os, signal, sys, time
child = os.fork()
if child == 0:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(60)
open(sys.argv[1], "w").write(str(child))
print("{}", flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """Fail where a transport is left open; what says so is its end, at the collector's leisure."""
    gc.freeze()  # what others left is theirs, and is not looked through for each test here, nor afterwards
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(each.message) for each in caught if "unclosed transport" in str(each.message)] == []


@pytest.fixture(autouse=True)
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.5)


def request(size: int = 0) -> SessionMessage:
    return SessionMessage(JSONRPCRequest(jsonrpc="2.0", id=1, method="ping", params={"text": "x" * size}))


def run(program: str, story: Any, *arguments: str, loop: Any = asyncio.new_event_loop) -> Any:
    async def main() -> Any:
        command = (sys.executable, "-c", program, *arguments)
        async with started(command, environment={}, folder=None, errors=sys.__stderr__ or sys.stderr) as streams:
            return await story(*streams)

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main())


async def first(read: Any, write: Any) -> Any:
    del write
    async for item in read:
        return item
    return None


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"


@LOOPS
@pytest.mark.parametrize("size", [0, 1_000_000])
def test_messages_come_back_as_they_were_sent(size: int, loop: Any) -> None:
    async def story(read: Any, write: Any) -> Any:
        await write.send(request(size))
        return await first(read, write)

    assert run(READS, story, loop=loop).message == request(size).message


def test_a_server_that_ends_by_itself_ends_what_it_says() -> None:
    async def story(read: Any, write: Any) -> Any:
        await write.send(request())
        return await first(read, write)

    assert run(ENDS, story) is None


def test_a_server_that_does_not_listen_any_more_is_ended_and_the_sender_told() -> None:
    async def story(read: Any, write: Any) -> list[Any]:
        async def send_much() -> None:
            for _ in range(100):
                await write.send(request(100_000))

        said = aiter(read)
        await anext(said)
        with pytest.raises(anyio.BrokenResourceError):
            await send_much()
        return [item async for item in said]

    assert run(DEAF, story) == []


@LOOPS
@pytest.mark.parametrize("program", [STUBBORN, CHATTY])
def test_a_server_that_will_not_end_is_ended(program: str, loop: Any) -> None:
    began = time.monotonic()
    assert run(program, first, loop=loop) is not None
    assert time.monotonic() - began < 30


def test_what_a_server_started_itself_ends_with_it(tmp_path: Path) -> None:
    run(PARENT, first, str(tmp_path / "child"))
    child = int((tmp_path / "child").read_text("utf-8"))
    for _ in range(200):
        if not is_there(child):
            break
        time.sleep(0.05)
    assert not is_there(child)


def test_a_command_that_is_not_there_is_told() -> None:
    async def main() -> None:
        async with started(("/nowhere/server",), environment={}, folder=None, errors=sys.stderr):
            pass

    with pytest.raises(OSError):
        asyncio.run(main())
