"""How long a server takes from the start of its process to its first readiness, and what it takes up when idle.

The command is the publisher's own (`fairkeeper serve`) on an empty SQLite database the first time, and on that same
database afterwards. Modules are compiled, as an installed package's are: a first start that compiles them is not
counted. Memory is what the process holds in memory (VmRSS) after a few idle seconds.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.report import Report

STARTS = 5
TARGET_SECONDS = 3.0
IDLE_SECONDS = 5.0


def run(report: Report) -> None:
    """Measure starts."""
    with tempfile.TemporaryDirectory() as folder:
        with _started(Path(folder) / "compiling"):
            pass
        with _started(Path(folder) / "data") as first:
            report.plain("first start, to /readyz", first.seconds, unit="s", conditions="empty SQLite database")
        seconds, processor_seconds = [], []
        for _ in range(STARTS):
            with _started(Path(folder) / "data") as server:
                seconds.append(server.seconds)
                processor_seconds.append(server.processor_seconds())
        conditions = f"SQLite, median of {STARTS}"
        report.at_most(
            "start, to /readyz", statistics.median(seconds), unit="s", target=TARGET_SECONDS, conditions=conditions
        )
        used = statistics.median(processor_seconds)
        report.plain("processor time of a start", used, unit="s", conditions=conditions)
        with _started(Path(folder) / "data") as server:
            time.sleep(IDLE_SECONDS)
            report.plain("memory when idle", server.memory_megabytes(), unit="MB", conditions="VmRSS, one process")


class _Server:
    """A server that has just become ready."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self.seconds = seconds

    def processor_seconds(self) -> float:
        """Return how much processor time it has used so far; Linux only."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_megabytes(self) -> float:
        """Return how much memory it holds; Linux only."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found is None:
            raise RuntimeError("this machine does not tell a process's memory")
        return int(found.group(1)) / 1000


@contextmanager
def _started(data_dir: Path) -> Iterator[_Server]:
    """Run a server; yields it once /readyz has answered 200."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    settings = {"FAIRKEEPER_DATA_DIR": str(data_dir), "FAIRKEEPER_PORT": "0", "FAIRKEEPER_LOG_LEVEL": "warning"}
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "fairkeeper", "serve", "--json"],
        env={**surroundings, **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start, exit code {process.wait(30)}")
        httpx.get(f"{json.loads(line)['url']}/readyz", timeout=30).raise_for_status()
        yield _Server(process, time.monotonic() - began)
    finally:
        process.terminate()
        process.wait(30)
        if process.stdout is not None:
            process.stdout.close()
