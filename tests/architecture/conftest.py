"""What the architecture tests look at: the repository's own files and the modules of the package."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_SOURCE = _ROOT / "src" / "fairkeeper"


@dataclass(frozen=True)
class Module:
    """One source file of the package."""

    path: Path

    @property
    def name(self) -> str:
        """Its path as people say it, `fairkeeper/values/clock.py`."""
        return self.path.relative_to(_SOURCE.parent).as_posix()

    @property
    def package(self) -> str:
        """The room or layer: `values` for `fairkeeper/values/clock.py`, `errors` for `fairkeeper/errors.py`."""
        return self.path.relative_to(_SOURCE).parts[0].removesuffix(".py")

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return _ROOT


@pytest.fixture(scope="session")
def modules() -> list[Module]:
    """Every module of the package, in order."""
    return [Module(path) for path in sorted(_SOURCE.rglob("*.py")) if "__pycache__" not in path.parts]


@pytest.fixture(scope="session")
def own_files() -> list[Path]:
    """Every file that is, or would be, committed."""
    command = ["git", "-C", str(_ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        files = [_ROOT / name for name in listed]
    except (OSError, subprocess.CalledProcessError):  # an unpacked archive has no git, and no environment in it
        files = [path for path in _ROOT.rglob("*") if not {".venv", "build", "site"} & set(path.parts)]
    return [path for path in files if path.is_file() and "__pycache__" not in path.parts]


@pytest.fixture(scope="session")
def written(root: Path) -> dict[str, str]:
    """The text of every page that a person wrote, by its path in the repository."""
    named = [root / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    return {path.relative_to(root).as_posix(): path.read_text("utf-8") for path in [*named, *root.glob("docs/**/*.md")]}


@pytest.fixture(scope="session")
def generated() -> dict[str, str]:
    """The text of every page that is read from the code, by its path under docs/."""
    from docs_build.reference import generate  # imports every module, which the other tests need not wait for

    return generate()
