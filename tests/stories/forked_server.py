"""Servers forked from one process that has imported everything already: a test that starts sixty of them is minutes faster.

What is forked runs the very command of a publisher, in a process of its own that can be killed, frozen and stopped; the
only thing it does not do is to read the same modules from disk again (about two seconds of a start, 2026-11-27).
"""

from __future__ import annotations

import multiprocessing
import os
import select
import sys
from collections.abc import Mapping
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Final

from tests.stories.server_process import START_SECONDS, Server, environment

_PRELOADED: Final = (
    "fairkeeper.bootstrap.application",
    "fairkeeper.bootstrap.installation",
    "fairkeeper.bootstrap.local",
    "fairkeeper.bootstrap.server",
)


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(_PRELOADED))
    return context


class ForkedServer(Server):
    """`fairkeeper serve` with settings of its own, forked.

    Args:
        settings: By the settings' names in lower case.
        log: Where its stderr is appended.
    """

    def __init__(self, settings: Mapping[str, str], log: Path) -> None:
        super().__init__(log)
        self._told_path = log.with_suffix(".told")
        os.mkfifo(self._told_path)
        self._told = os.open(self._told_path, os.O_RDONLY | os.O_NONBLOCK)
        self._process = _context().Process(
            target=_serve, args=(dict(environment(settings)), str(log), str(self._told_path)), daemon=True
        )
        self._process.start()

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process.pid is not None
        return self._process.pid

    def read_line(self) -> bytes:
        """Return the first line it tells, or nothing when it ended before."""
        line = b""
        while not line.endswith(b"\n"):
            readable, _, _ = select.select([self._told], [], [], START_SECONDS)
            piece = os.read(self._told, 4096) if readable else b""
            if not piece and (not readable or not self.is_running):
                return b""
            line += piece
        return line

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive()

    def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        self._process.join(timeout=30)
        assert self._process.exitcode is not None, "it does not end"
        if self._told >= 0:
            os.close(self._told)
            self._told = -1
        return self._process.exitcode


def _serve(surroundings: dict[str, str], log: str, told: str) -> None:
    """Become the server: its environment, its streams, its command line."""
    os.environ.clear()
    os.environ.update(surroundings)
    os.chdir(Path(log).parent)
    os.dup2(os.open(told, os.O_WRONLY), 1)
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 2)
    sys.argv = ["fairkeeper", "serve", "--json"]
    from fairkeeper.__main__ import main

    main()
