"""A server as a process of its own, started by the command that a publisher uses, so that it can be killed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fairkeeper.bootstrap.settings import Settings
from fairkeeper.database.engine import DatabaseAddress

FAIRKEEPER: Final = ("-m", "fairkeeper")
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


class Server:
    """A server in a process of its own.

    Args:
        log: Where its stderr is appended.

    Attributes:
        url: Where it answers, once it is ready.
    """

    def __init__(self, log: Path) -> None:
        self.url = ""
        self._log = log

    @property
    def pid(self) -> int:
        """The process's id."""
        raise NotImplementedError

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        raise NotImplementedError

    def read_line(self) -> bytes:
        """Return the first line it tells, or nothing when it ended before."""
        raise NotImplementedError

    def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        raise NotImplementedError

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


class ServerProcess(Server):
    """`fairkeeper serve` with settings of its own, started as a publisher starts it.

    Args:
        settings: By the settings' names in lower case.
        log: Where its stderr is appended.
        program: What Python runs.
    """

    def __init__(self, settings: Mapping[str, str], log: Path, *, program: Sequence[str] = FAIRKEEPER) -> None:
        super().__init__(log)
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, *program, "serve", "--json"],
                env=environment(settings),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=log.parent,
            )

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def read_line(self) -> bytes:
        """Return the first line it tells, or nothing when it ended before."""
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        return self._process.stdout.readline() if readable else b""

    def wait(self) -> int:
        """Wait until it has ended; return its exit code."""
        code = self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code
