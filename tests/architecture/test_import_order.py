"""The order of the house is enforced, and the tool that enforces it would notice a breach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"


def lint(folder: Path, configuration: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo", "--config", str(configuration)]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, timeout=100)


def house_of_example(folder: Path, configuration: str, files: dict[str, str]) -> Path:
    """Build a small package under the same contract."""
    for name in ["__init__.py", "errors.py", "values/__init__.py", *files]:
        path = folder / "house_of_example" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files.get(name, ""), encoding="utf-8")
    contract = configuration[configuration.index("[tool.importlinter]") :].replace("fairkeeper", "house_of_example")
    path = folder / "pyproject.toml"
    path.write_text(contract, encoding="utf-8")
    return path


def test_every_package_imports_only_what_stands_below_it(root: Path) -> None:
    answer = lint(root, root / "pyproject.toml")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "1 kept, 0 broken" in answer.stdout


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param(
            {"web/__init__.py": "", "values/money.py": "import house_of_example.web"},
            "house_of_example.values is not allowed to import house_of_example.web",
            id="upwards",
        ),
        pytest.param(
            {"web/__init__.py": "import house_of_example.api", "api/__init__.py": ""},
            "house_of_example.web is not allowed to import house_of_example.api",
            id="neighbour",
        ),
        pytest.param({"basement/__init__.py": ""}, "house_of_example.basement", id="a package beside the house"),
    ],
)
def test_a_breach_of_the_order_is_told(root: Path, tmp_path: Path, files: dict[str, str], told: str) -> None:
    contract = house_of_example(tmp_path, (root / "pyproject.toml").read_text("utf-8"), files)
    answer = lint(tmp_path, contract)
    assert answer.returncode == 1
    assert told in " ".join(answer.stdout.split())
