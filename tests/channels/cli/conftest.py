"""Running a command line in this process: what it printed, what it said on stderr, how it ended."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.programs import Programs
from fairkeeper.cli.root import run


@dataclass(frozen=True)
class Ran:
    """How a command went."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def error(self) -> dict[str, Any]:
        (line,) = self.err.splitlines()
        found: dict[str, Any] = json.loads(line)["error"]
        return found


Fairkeeper = Callable[..., Ran]


@pytest.fixture
def fairkeeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Fairkeeper:
    """The command, on a database of the test's own."""
    monkeypatch.setenv("FAIRKEEPER_DATA_DIR", str(tmp_path / "data"))

    def call(*words: str, programs: Programs | None = None) -> Ran:
        code = run(programs or Installed(), words)
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return call
