"""What a benchmark hands back: figures with their targets, and the conditions under which they were taken.

Separate from the runner, so that a `bench_*` module depends on this small vocabulary only. A figure without its
conditions says nothing: the report always carries the Python version, the number of processors and the databases.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

Direction = Literal["at_least", "at_most"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Example:
        >>> Figure(subject="evidence", name="verify", value=12.0, unit="s", target=15, direction="at_most").verdict
        'met'
    """

    subject: str
    name: str
    value: float
    unit: str
    target: float | None = None
    direction: Direction = "at_least"
    conditions: str = ""
    """What else matters for this figure: the database, the number of callers, the size of the data."""

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing where no target was stated."""
        if self.target is None:
            return ""
        is_met = self.value >= self.target if self.direction == "at_least" else self.value <= self.target
        return "met" if is_met else "missed"

    def line(self) -> str:
        """Write the figure for a person.

        Example:
            >>> Figure(subject="evidence", name="grouped appends", value=21500.0, unit="/s", target=20000).line()
            'evidence: grouped appends = 21,500 /s (target at least 20,000: met)'
        """
        target = ""
        if self.target is not None:
            words = self.direction.replace("_", " ")
            target = f" (target {words} {_short(self.target)}: {self.verdict})"
        conditions = f" [{self.conditions}]" if self.conditions else ""
        return f"{self.subject}: {self.name} = {_short(self.value)} {self.unit}{target}{conditions}"


@dataclass(slots=True)
class Report:
    """Collects figures; every `bench_*` module's `run(report)` adds its own."""

    subject: str = ""
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def at_least(self, name: str, value: float, *, unit: str, target: float, conditions: str = "") -> None:
        """Add a figure that should reach its target."""
        self._add(name, value, unit=unit, target=target, direction="at_least", conditions=conditions)

    def at_most(self, name: str, value: float, *, unit: str, target: float, conditions: str = "") -> None:
        """Add a figure that should stay under its target."""
        self._add(name, value, unit=unit, target=target, direction="at_most", conditions=conditions)

    def plain(self, name: str, value: float, *, unit: str, conditions: str = "") -> None:
        """Add a figure without a target, such as the denominator of a ratio."""
        self._add(name, value, unit=unit, target=None, direction="at_least", conditions=conditions)

    def note(self, text: str) -> None:
        """Add a sentence that the reader of the figures needs, such as a database that was not there."""
        self.notes.append(f"{self.subject}: {text}")
        print(f"  note: {text}", flush=True)

    def _add(  # noqa: PLR0913 - the public methods above have five
        self, name: str, value: float, *, unit: str, target: float | None, direction: Direction, conditions: str
    ) -> None:
        figure = Figure(
            subject=self.subject,
            name=name,
            value=value,
            unit=unit,
            target=target,
            direction=direction,
            conditions=conditions,
        )
        self.figures.append(figure)
        print(f"  {figure.line()}", flush=True)

    def as_document(self) -> dict[str, object]:
        """Return what is written to build/bench.json."""
        figures = [asdict(figure) | {"verdict": figure.verdict} for figure in self.figures]
        return {"conditions": conditions_of_this_machine(), "figures": figures, "notes": self.notes}


def conditions_of_this_machine() -> dict[str, str | int]:
    """Say where and with what the figures are taken; the load average shows who else was busy."""
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 0,
        "load_average": f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown",
        "sqlite": sqlite3.sqlite_version,
    }


def _short(value: float) -> str:
    """Write a number with the digits that mean something.

    Example:
        >>> _short(21503.4), _short(1.2345), _short(0.0042)
        ('21,503', '1.234', '0.0042')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.4g}"
