"""Run the fuzzers: `python -m fuzz [target …] [--seconds N] [--seed N]`, or `make fuzz ONLY=deal SECONDS=600`.

Each target runs for that many seconds of processor time, so that what else the machine does changes nothing. What makes
a parser crash or hang is written to build/fuzz/ and named, with the seed that makes it again; then the run fails. Where
a library ends the process itself, the input that it was given is left there as TARGET-running.
`--seconds` of 600 is what a release is held to.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Final

from fairkeeper.errors import BugError, FairkeeperError
from fuzz.mutating import mutate
from fuzz.targets import TARGETS, Target

FOUND: Final = Path(__file__).parent.parent / "build" / "fuzz"
SLOWEST_SECONDS: Final = 5
"""Of processor time, for one input."""
STUCK_SECONDS: Final = 60
"""By the clock, for one input that waits and does not work."""
_MOST_FAULTS: Final = 5


class TooSlowError(Exception):
    """A parser took longer than it may."""


def fault_of(target: Target, data: bytes) -> BaseException | None:
    """Return what is wrong with how a parser took an input; None where it took or refused it as it should."""
    try:
        with _limited():
            target.read(data)
    except BugError as error:
        return error
    except FairkeeperError:
        return None
    except Exception as error:  # noqa: BLE001 - the fuzzer's purpose
        return error
    return None


@contextmanager
def _limited() -> Iterator[None]:
    def ring(number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        raise TooSlowError(f"{name}: more than {SLOWEST_SECONDS} s of work or {STUCK_SECONDS} s by the clock")

    limits = (
        (signal.SIGPROF, signal.ITIMER_PROF, SLOWEST_SECONDS),
        (signal.SIGALRM, signal.ITIMER_REAL, STUCK_SECONDS),
    )
    before = [signal.signal(number, ring) for number, _, _ in limits]
    for _, timer, limit in limits:
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(limits, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def run(target: Target, *, seconds: float, seed: int) -> list[str]:
    """Fuzz one parser and return its faults, each once by where it happened."""
    draw = random.Random(f"{target.name}{seed}")  # noqa: S311 - inputs, no secret
    seeds = target.seeds()
    wrong = [told for data in seeds if (told := wrong_seed(target, data))]
    if not seeds or wrong:
        return [f"{target.name}: {wrong[0] if wrong else 'there are no seeds'}"]
    faults: dict[str, str] = {}
    FOUND.mkdir(parents=True, exist_ok=True)
    running = FOUND / f"{target.name}-running"
    ends, tried = time.process_time() + seconds, 0
    while time.process_time() < ends and len(faults) < _MOST_FAULTS:
        data = mutate(draw, seeds)
        tried += 1
        running.write_bytes(data)
        fault = fault_of(target, data)
        if fault is not None:
            last = traceback.extract_tb(fault.__traceback__)[-1]
            key = f"{type(fault).__name__} at {Path(last.filename).name}:{last.lineno}"
            if key not in faults:
                faults[key] = f"{target.name}: {key}: {str(fault)[:200]} ({_keep(target, data)})"
    running.unlink()
    print(f"  {target.name}: {tried} inputs, {len(faults)} faults", flush=True)
    return list(faults.values())


def wrong_seed(target: Target, data: bytes) -> str:
    """Say what is wrong with a seed: it has to reach deep, and so to be taken."""
    try:
        target.read(data)
    except FairkeeperError as error:
        return f"a seed is refused: {error}" if target.is_taken or isinstance(error, BugError) else ""
    return "" if target.is_taken else "a seed is taken"


def _keep(target: Target, data: bytes) -> Path:
    path = FOUND / f"{target.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def main(arguments: list[str]) -> int:
    """Run the named targets, or all; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzz")
    parser.add_argument("targets", nargs="*", choices=[[], *(target.name for target in TARGETS)])
    parser.add_argument("--seconds", type=float, default=25, help="of processor time, for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args(arguments)
    chosen = [target for target in TARGETS if target.name in (given.targets or [each.name for each in TARGETS])]
    print(f"{len(chosen)} parsers, {given.seconds:g} seconds each, seed {given.seed}", flush=True)
    faults = [fault for target in chosen for fault in run(target, seconds=given.seconds, seed=given.seed)]
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
