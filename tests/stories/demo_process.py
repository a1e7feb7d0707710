"""The demo as a person starts it: a process of its own that prints one line when it is ready."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.stories.forked_server import ForkedServer

START_SECONDS = 90
"""A machine that runs everything else at the same time is slow; an idle one needs a few seconds."""


@dataclass(frozen=True, kw_only=True)
class RunningDemo:
    """A demo that answers."""

    url: str
    sandbox_url: str
    owner_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.owner_token}"}


def read_line(process: subprocess.Popen[str], *, seconds: float = START_SECONDS) -> str:
    """Return the next line of a process, or fail with what it said instead."""
    assert process.stdout is not None
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and process.poll() is None:
        ready, _, _ = select.select([process.stdout], [], [], 0.2)
        if ready:
            return process.stdout.readline()
    process.kill()
    _, errors = process.communicate()
    raise AssertionError(f"no line within {seconds} seconds; on stderr: {errors[-3000:]}")


@contextmanager
def started(
    *words: str, cwd: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Start `fairkeeper` with these words and settings; it is killed at the end if it still runs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRKEEPER_")}
    environment |= {f"FAIRKEEPER_{name}": value for name, value in (settings or {}).items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "fairkeeper", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=environment,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def demo(folder: Path, *options: str, end_with: signal.Signals = signal.SIGTERM) -> Iterator[RunningDemo]:
    """Run a demo on free ports while the block lasts, and end it by a signal."""
    with started("demo", "--json", "--port", "0", "--data", str(folder), *options) as process:
        told = json.loads(read_line(process))
        assert told.keys() == {"url", "sandbox_url", "owner_token"}
        yield RunningDemo(**told)
        process.send_signal(end_with)
        assert process.wait(timeout=30) == 0


@contextmanager
def forked_demo(folder: Path, *options: str) -> Iterator[RunningDemo]:
    """Run the same without reading all modules anew, for stories of what a demo does and not of how it starts."""
    log = folder.with_name(f"{folder.name}.log")
    process = ForkedServer({}, log, words=("demo", "--json", "--port", "0", "--data", str(folder), *options))
    try:
        line = process.read_line()
        assert line, f"The demo did not start: {process.told()}"
        yield RunningDemo(**json.loads(line))
        assert process.stop() == 0
    finally:
        process.kill()
