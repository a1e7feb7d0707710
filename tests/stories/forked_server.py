"""Servers forked from one process that imported everything already, for tests that start sixty of them.

What is forked runs the very command of a publisher, in a process of its own that can be killed, frozen and stopped; the
only thing it does not do is to read the same modules from disk and to parse the same policies again (about three
seconds of a start, 2026-11-28).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from tests.stories.server_process import START_SECONDS, Server, environment

_NURSERY: Final = Path(__file__).with_name("server_nursery.py")


class _Nursery:
    """The process that forks; it ends when its input does, with the test run at the latest."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(_NURSERY)],
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, wish: Mapping[str, object]) -> int:
        """Send one line and return the number it is answered with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@cache
def _nursery() -> _Nursery:
    return _Nursery()


class ForkedServer(Server):
    """`fairkeeper serve` with settings of its own, forked.

    Args:
        settings: By the settings' names in lower case.
        log: Where its stderr is appended.
        words: Another command than `serve`.
    """

    def __init__(self, settings: Mapping[str, str], log: Path, *, words: Sequence[str] = ("serve", "--json")) -> None:
        super().__init__(log)
        told = log.with_suffix(".told")
        os.mkfifo(told)
        self._told = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
        self._pid = _nursery().ask(
            {"words": list(words), "environment": environment(settings), "log": str(log), "told": str(told)}
        )
        self._exit_code: int | None = None

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._pid

    @property
    def is_running(self) -> bool:
        """Whether nobody has waited for its end yet."""
        return self._exit_code is None

    def read_line(self) -> bytes:
        """Return the first line it tells, or nothing when it ended before."""
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self._told], [], [], START_SECONDS)
            piece = os.read(self._told, 4096) if readable else b""
            if not piece:
                return b""
            line += piece
        return line

    def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        if self._exit_code is None:
            self._exit_code = _nursery().ask({"wait": self._pid})
            os.close(self._told)
        return self._exit_code
