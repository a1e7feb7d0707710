"""Servers forked from one process that imported everything already, for tests that start sixty of them.

What is forked runs the very command of a publisher, in a process of its own that can be killed, frozen and stopped; the
only thing it does not do is to read the same modules from disk and to parse the same policies again (about three
seconds of a start, 2026-11-28).
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from fairkeeper.bootstrap.settings import Settings
from fairkeeper.database.engine import DatabaseAddress

_NURSERY: Final = Path(__file__).with_name("server_nursery.py")
START_SECONDS: Final = 60
"""A start takes 2 to 3 seconds on an idle machine."""
_SOURCES: Final = Path(__file__).parents[2] / "src"
_OURS_ALONE: Final = frozenset({"PYTHONDONTWRITEBYTECODE"})
"""A server that compiles all its modules anew at each start would take three times as long."""


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return what a server process is told: this run's surroundings, and the settings without their prefix."""
    kept = {name: value for name, value in os.environ.items() if name not in _OURS_ALONE}
    path = os.pathsep.join(filter(None, (str(_SOURCES), kept.get("PYTHONPATH"))))
    return {
        **{name: value for name, value in kept.items() if not name.startswith("FAIRKEEPER_")},
        "PYTHONPATH": path,
        **{f"FAIRKEEPER_{name.upper()}": value for name, value in settings.items()},
    }


def database_settings(address: DatabaseAddress) -> dict[str, str]:
    """Return the settings that name a database."""
    found = {
        "database_url": address.url,
        "database_customer_url": address.customer_url,
        "database_owner_url": address.owner_url,
    }
    assert set(found) <= set(Settings.model_fields)
    return {name: value for name, value in found.items() if value is not None}


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


class ForkedServer:
    """`fairkeeper serve` with settings of its own, forked.

    Args:
        settings: By the settings' names in lower case.
        log: Where its stderr is appended.
        words: Another command than `serve`.
        before: Code that runs in the process first.

    Attributes:
        url: Where it answers, once it is ready.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        log: Path,
        *,
        words: Sequence[str] = ("serve", "--json"),
        before: str = "",
    ) -> None:
        self.url = ""
        self._log = log
        told = log.with_suffix(".told")
        os.mkfifo(told)
        self._told = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
        self._pid = _nursery().ask(
            {
                "words": list(words),
                "environment": environment(settings),
                "log": str(log),
                "told": str(told),
                "before": before,
            }
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

    def wait_until_ready(self) -> None:
        """Wait until it tells its address, which it does once it answers there."""
        line = self.read_line()
        if not line:
            code = self.kill()
            raise AssertionError(f"The server did not start (exit code {code}):\n{self.told()}")
        self.url = json.loads(line)["url"]

    def wait_until_refused(self) -> tuple[int, dict[str, Any]]:
        """Wait until it ends by itself before it serves; return its exit code and the error on its stderr."""
        assert self.read_line() == b"", "it served"
        code = self.wait()
        error = json.loads(self._log.read_text(encoding="utf-8").splitlines()[-1])
        found: dict[str, Any] = error["error"]
        return code, found

    def freeze(self) -> None:
        """Let it do nothing for a while; it notices nothing of that."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def told(self) -> str:
        """Return the end of what it said on its stderr."""
        return self._log.read_text(encoding="utf-8")[-2000:]

    def kill(self) -> int:
        """End it as a power failure would: no handler runs, nothing is flushed."""
        return self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to end, wait until it has, and return its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        if self.is_running:
            os.kill(self.pid, number)
        return self.wait()
