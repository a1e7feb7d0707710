"""The examples in docstrings say what the code answers."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Final

import pytest

SRC: Final = Path(__file__).parents[2] / "src"
FLAGS: Final = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
"""As in pyproject.toml, for `make test ROOM=deals`."""


def modules_with_examples() -> list[str]:
    return [
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(SRC.rglob("*.py"))
        if ">>> " in path.read_text("utf-8")
    ]


@pytest.mark.parametrize("name", modules_with_examples())
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
    assert found.failed == 0, f"{found.failed} of {found.attempted} examples; what was expected is printed above"


def test_a_false_example_is_noticed() -> None:
    (example,) = doctest.DocTestFinder().find(_with_a_false_example, globs={})
    assert doctest.DocTestRunner(verbose=False).run(example, out=lambda _: None).failed == 1


def _with_a_false_example() -> None:
    """Say something wrong.

    >>> 1 + 1
    3
    """
