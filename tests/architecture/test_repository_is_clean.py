"""What is committed belongs to the project alone: no address of an index, no path of a machine, no claim we cannot make.

The words are put together here, so that this file does not contain what it looks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LARGEST_BYTES = 1_000_000

FORBIDDEN = {
    "the address of a package index": "|".join(
        (r"pypi\." + "org", "python" + "hosted", r"registry\.npm" + "js", r"deb\." + "debian", "extra-index" + "-url")
    ),
    "a path of one machine": r"(?<![\w.}/-])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+|Us" + r"ers/\w+)/",
    "a path outside the repository": "shared" + r"/(?:facts|design)",
    "a claim that an authority would have to make": (
        r"Fairkeeper[^.\n]{0,60}\b(?:is|are|be|makes)\b[^.\n]{0,40}\b(?:comp" + "liant|cert" + r"ified)\b"
    ),
    "a trailer about who typed it": "co-authored" + "-by",
}
PATTERNS = {what: re.compile(pattern, re.IGNORECASE) for what, pattern in FORBIDDEN.items()}


def breaches(text: str) -> Iterator[str]:
    """Say for every forbidden thing in which line it stands."""
    for what, pattern in PATTERNS.items():
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"line {line}: {what} ({match.group()!r})"


def read(path: Path) -> str:
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "see https://pypi" + ".org/simple",
        "--extra-index" + "-url x",
        "open('/wo" + "rk/main/x')",
        "/ho" + "me/ann/project",
        "Fairkeeper is SOC 2 comp" + "liant",
        "as shared" + "/facts/x.md says",
    ],
)
def test_what_is_forbidden_is_found(text: str) -> None:
    assert len(list(breaches("first line\n" + text))) == 1


@pytest.mark.parametrize(
    "text", ["/api/v1/work/items", "docs/work/x", "GET /homework/", "never say comp" + "liant about it"]
)
def test_what_only_looks_alike_is_let_through(text: str) -> None:
    assert list(breaches(text)) == []


def test_no_committed_file_holds_what_does_not_belong(own_files: list[Path], root: Path) -> None:
    found = [f"{path.relative_to(root)}: {breach}" for path in own_files for breach in breaches(read(path))]
    assert found == []


def test_no_committed_file_is_large(own_files: list[Path], root: Path) -> None:
    assert [str(path.relative_to(root)) for path in own_files if path.stat().st_size > LARGEST_BYTES] == []


def test_nothing_built_or_secret_is_committed(own_files: list[Path]) -> None:
    suffixes = {".db", ".pyc", ".whl", ".pem", ".key", ".sqlite"}
    assert [path.name for path in own_files if path.suffix in suffixes or path.name == ".env"] == []
