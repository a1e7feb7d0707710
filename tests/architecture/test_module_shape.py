"""Names and sizes that keep a module readable, and one clock for everything."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

LARGEST_MODULE_LINES = 500
LARGEST_FOLDER_ENTRIES = 15
LARGEST_FUNCTION_LINES = 80
"""Aim for 25 and think again at 50; this is where thinking again is no longer optional."""

NAMES_THAT_SAY_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "core", "manager", "service"}

# Every exception has its reason. Lists only ever shrink without a word; to add one, write why.
LARGE_MODULES: dict[str, str] = {}
LARGE_FOLDERS: dict[str, str] = {
    "fairkeeper": "the rooms themselves, one folder each, as the house is drawn",
    "fairkeeper/bootstrap/wiring": "one module for each room's wiring",
    "fairkeeper/database/migrations/versions": "one migration for each change of the tables, in their order",
    "fairkeeper/jobs": "one module for each room's background work",
    "fairkeeper/sandbox": "one folder for each of Microsoft's systems that it stands for",
    "fairkeeper/web/pages": "one module for each room's pages",
    "fairkeeper/web/preview": "one module for each room's pages",
    "fairkeeper/web/routes": "one module or folder for each room's pages",
    "fairkeeper/web/templates/pages": "one template a page, named like the page's module",
}
LONG_FUNCTIONS: dict[str, str] = {}
OWN_CLOCKS: dict[str, str] = {
    "fairkeeper/values/clock.py": "the clock itself",
    "fairkeeper/values/ids.py": "the time in an id only orders it, and states nothing",
}

TEST_FOLDERS = {"unit", "actions", "contracts", "database", "channels", "architecture", "stories"}

READS_THE_CLOCK = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}


class Source(Protocol):
    path: Path
    name: str
    text: str
    tree: ast.Module


def clock_reads(tree: ast.Module) -> Iterator[int]:
    """The lines where the machine's wall clock is read; `monotonic` and `perf_counter` measure and are fine."""
    nodes = list(ast.walk(tree))
    from_time = {
        alias.asname or alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if ("time", alias.name) in READS_THE_CLOCK
    }
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute):
            owner = called.value.attr if isinstance(called.value, ast.Attribute) else getattr(called.value, "id", "")
            if (owner, called.attr) in READS_THE_CLOCK:
                yield node.lineno
        elif isinstance(called, ast.Name) and called.id in from_time:
            yield node.lineno


@pytest.mark.parametrize(
    "code",
    [
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "time.time()",
        "from time import time_ns\ntime_ns()",
        "x = date.today()",
    ],
)
def test_a_read_of_the_wall_clock_is_noticed(code: str) -> None:
    assert len(list(clock_reads(ast.parse(code)))) == 1


@pytest.mark.parametrize("code", ["clock.now()", "time.monotonic()", "from time import perf_counter\nperf_counter()"])
def test_a_clock_that_was_handed_in_is_fine(code: str) -> None:
    assert list(clock_reads(ast.parse(code))) == []


def test_the_wall_clock_is_read_in_one_place(modules: list[Source]) -> None:
    found = [
        f"{module.name}:{line}"
        for module in modules
        if module.name not in OWN_CLOCKS
        for line in clock_reads(module.tree)
    ]
    assert found == []


def test_every_module_says_what_it_decides(modules: list[Source]) -> None:
    assert [module.name for module in modules if not ast.get_docstring(module.tree)] == []


def test_no_module_is_too_long(modules: list[Source]) -> None:
    found = {module.name: module.text.count("\n") for module in modules if not _is_migration(module)}
    assert {
        name: lines for name, lines in found.items() if lines > LARGEST_MODULE_LINES and name not in LARGE_MODULES
    } == {}


def test_no_function_is_too_long(modules: list[Source]) -> None:
    found = []
    for module in modules:
        if _is_migration(module):
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LARGEST_FUNCTION_LINES and f"{module.name}:{node.name}" not in LONG_FUNCTIONS:
                    found.append(f"{module.name}:{node.name} has {lines} lines")
    assert found == []


def _is_migration(module: Source) -> bool:
    """A migration is as long as what it changes; it is drafted, and read once."""
    return "migrations/versions" in module.name


def test_no_folder_is_too_full(root: Path, own_files: list[Path]) -> None:
    source = root / "src"
    entries = {
        (parent, name)
        for path in own_files
        if path.is_relative_to(source / "fairkeeper") and path.name != "__init__.py"
        for parent, name in _steps(path.relative_to(source))
    }
    counts = Counter(parent for parent, _ in entries)
    assert {
        folder: count
        for folder, count in counts.items()
        if count > LARGEST_FOLDER_ENTRIES and folder not in LARGE_FOLDERS
    } == {}


def _steps(path: Path) -> Iterator[tuple[str, str]]:
    for depth in range(1, len(path.parts)):
        yield "/".join(path.parts[:depth]), path.parts[depth]


def test_no_module_has_a_name_that_says_nothing(modules: list[Source]) -> None:
    found = [module.name for module in modules if set(Path(module.name).with_suffix("").parts) & NAMES_THAT_SAY_NOTHING]
    assert found == []


def test_tests_live_where_their_kind_says(own_files: list[Path], root: Path) -> None:
    tests = [path.relative_to(root / "tests") for path in own_files if path.is_relative_to(root / "tests")]
    found = [str(path) for path in tests if path.parts[0] not in TEST_FOLDERS and len(path.parts) > 1]
    assert found == []


def test_exceptions_are_still_needed(modules: list[Source]) -> None:
    by_name = {module.name: module for module in modules}
    stale = [name for name in LARGE_MODULES if by_name[name].text.count("\n") <= LARGEST_MODULE_LINES]
    stale += [name for name in OWN_CLOCKS if not list(clock_reads(by_name[name].tree))]
    assert stale == []
