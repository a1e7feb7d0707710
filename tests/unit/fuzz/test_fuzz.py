"""The fuzzers: every parser's seeds reach it, a little of it is tried each time, and what is wrong is noticed."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

import fuzz.__main__ as program
from fairkeeper.errors import BugError, InvalidError
from fuzz.mutating import LARGEST, mutate
from fuzz.targets import TARGETS, Target


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_parser_takes_its_seeds_and_survives_what_is_made_of_them(target: Target) -> None:
    seeds = target.seeds()
    assert seeds
    assert [told for data in seeds if (told := program.wrong_seed(target, data))] == []
    draw = random.Random(f"{target.name} 20")
    made = [mutate(draw, seeds) for _ in range(3 if target.name in {"insights", "report"} else 25)]
    assert len(set(made)) > 1
    assert [(data, fault) for data in made if (fault := program.fault_of(target, data)) is not None] == []


def test_what_is_wrong_is_noticed_once_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def read(data: bytes) -> object:
        if b"NaN" in data:
            return 1 // 0
        raise InvalidError("no") if data != b"seed, seed, seed" else TimeoutError

    monkeypatch.setattr(program, "FOUND", tmp_path / "found")
    good = Target(name="good", seeds=lambda: [b"seed, seed, seed"], read=len)
    assert program.run(good, seconds=0.05, seed=1) == []

    def fragile(data: bytes) -> object:
        return read(data) if data != b"seed, seed, seed" else None

    broken = Target(name="broken", seeds=lambda: [b"seed, seed, seed"], read=fragile)
    (told,) = program.run(broken, seconds=2, seed=1)
    assert "ZeroDivisionError at test_fuzz.py" in told
    (kept,) = (tmp_path / "found").iterdir()
    assert b"NaN" in kept.read_bytes()


def test_what_ends_the_process_itself_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(program, "FOUND", tmp_path)

    def end(data: bytes) -> object:
        if data == b"seed, seed, seed":
            return None
        raise SystemExit  # passes through like the end of a process

    with pytest.raises(SystemExit):
        program.run(Target(name="ending", seeds=lambda: [b"seed, seed, seed"], read=end), seconds=5, seed=1)
    assert (tmp_path / "ending-running").read_bytes() not in {b"", b"seed, seed, seed"}


def test_a_bug_and_a_hang_are_faults_and_a_refusal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(_data: bytes) -> object:
        raise BugError("ours")

    def refuse(_data: bytes) -> object:
        raise InvalidError("theirs")

    monkeypatch.setattr(program, "SLOWEST_SECONDS", 0.05)
    monkeypatch.setattr(program, "STUCK_SECONDS", 0.2)
    waiting = Target(name="w", seeds=list, read=lambda _data: time.sleep(5))
    assert "SIGALRM" in str(program.fault_of(waiting, b""))
    monkeypatch.setattr(program, "STUCK_SECONDS", 5)
    working = Target(name="h", seeds=list, read=lambda _data: all(iter(lambda: True, False)))
    assert "SIGPROF" in str(program.fault_of(working, b""))
    assert isinstance(program.fault_of(Target(name="b", seeds=list, read=bug), b""), BugError)
    assert program.fault_of(Target(name="r", seeds=list, read=refuse), b"") is None


def test_inputs_stay_small_and_come_again_from_their_seed() -> None:
    seeds = [b'{"a": [1, 2, 3]}', b"name,total\nContoso,5\n"]
    first, again = ([mutate(draw, seeds) for _ in range(300)] for draw in (random.Random(4), random.Random(4)))
    assert first == again
    assert max(map(len, first)) <= LARGEST
    assert len(set(first)) > 250
