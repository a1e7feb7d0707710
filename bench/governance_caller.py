"""A process of enforcement points for `bench_governance`: every agent asks at full rate, for a while.

It prints when it is ready, and at the end one line for each answer: which agent, when (the machine's monotonic clock,
which all processes share), and whether the call was let through.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.governance_world import asked
from fairkeeper.bootstrap.wiring.governance import make_questions
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.values.clock import SystemClock

READY = "ready"


@dataclass(frozen=True, slots=True)
class Line:
    """One answer."""

    agent_id: str
    at: float
    allowed: bool


def main(url: str, tool_id: str, seconds: str, *agent_ids: str) -> None:
    """Ask until the time is over; then print what was answered."""
    lines = asyncio.run(_ask(url, tool_id, float(seconds), agent_ids))
    sys.stdout.write("".join(f"{line.agent_id} {line.at!r} {int(line.allowed)}\n" for line in lines))


def read_lines(process: subprocess.Popen[str]) -> Iterator[Line]:
    """Return what a process printed."""
    output, _ = process.communicate(timeout=120)
    for text in output.splitlines():
        agent_id, at, allowed = text.split()
        yield Line(agent_id, float(at), allowed == "1")


async def _ask(url: str, tool_id: str, seconds: float, agent_ids: tuple[str, ...]) -> list[Line]:
    point = DecisionPoint(DatabaseAddress(url=url), SystemClock(), make_questions())
    lines: list[Line] = []
    for agent_id in agent_ids:
        await point.decide(asked(agent_id, tool_id))
    print(READY, flush=True)
    until = time.monotonic() + seconds

    async def agent(agent_id: str) -> None:
        call = asked(agent_id, tool_id)
        while time.monotonic() < until:
            decided = await point.decide(call)
            lines.append(Line(agent_id, time.monotonic(), decided.verdict.allowed))

    await asyncio.gather(*(agent(agent_id) for agent_id in agent_ids))
    point.close()
    return lines


if __name__ == "__main__":
    main(*sys.argv[1:])
