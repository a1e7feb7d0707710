"""Run the benchmarks: `python -m bench [subject …]`, or `make bench ONLY=evidence`.

Every module `bench/bench_<subject>.py` has `run(report: Report) -> None`. A missed target is printed and recorded but
is no failure of the run, because it may be the machine's; a benchmark that raises is one.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from pathlib import Path

from bench.report import Report, conditions_of_this_machine

_FOLDER = Path(__file__).parent
_RESULT = _FOLDER.parent / "build" / "bench.json"


def main(arguments: list[str]) -> int:
    """Run the named subjects, or all; return the process's exit code."""
    known = sorted(path.stem.removeprefix("bench_") for path in _FOLDER.glob("bench_*.py"))
    unknown = [subject for subject in arguments if subject not in known]
    if unknown or not known:
        print(f"No benchmark is named {', '.join(unknown) or 'anything yet'}; there are: {', '.join(known) or 'none'}.")
        return 2

    print("; ".join(f"{name} {value}" for name, value in conditions_of_this_machine().items()))
    report = Report()
    broken = [subject for subject in (arguments or known) if not _run_subject(subject, report)]

    _RESULT.parent.mkdir(exist_ok=True)
    _RESULT.write_text(json.dumps(report.as_document(), indent=2) + "\n", encoding="utf-8")
    missed = [figure.line() for figure in report.figures if figure.verdict == "missed"]
    print(f"{len(report.figures)} figures, {len(missed)} missed their target; written to build/{_RESULT.name}")
    for line in missed:
        print(f"  missed: {line}")
    if broken:
        print(f"Did not finish: {', '.join(broken)}")
    return 1 if broken else 0


def _run_subject(subject: str, report: Report) -> bool:
    print(f"{subject}:", flush=True)
    report.subject = subject
    started = time.perf_counter()
    try:
        importlib.import_module(f"bench.bench_{subject}").run(report)
    except Exception:  # noqa: BLE001 - one broken benchmark does not hide the others' figures; the run still fails
        traceback.print_exc()
        return False
    print(f"  took {time.perf_counter() - started:.1f} s", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
