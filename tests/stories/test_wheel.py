"""The built wheel is all that the program needs: the story runs from it, away from the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked as pip does it, without its dependencies, which are there already."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=110)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=110)
    return target


def run(installed: Path, cwd: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FAIRKEEPER_")}
    return subprocess.run(
        [sys.executable, *words],
        check=False,
        capture_output=True,
        text=True,
        timeout=110,
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(installed)},
    )


def test_the_story_runs_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    where = run(installed, tmp_path, "-c", "import fairkeeper; print(fairkeeper.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed)
    story = run(installed, tmp_path, "-m", "fairkeeper", "demo", "--story", "--json")
    assert story.returncode == 0, story.stdout + story.stderr
    assert json.loads(story.stdout)["ok"] is True


def test_the_wheel_has_the_command(installed: Path, tmp_path: Path) -> None:
    script = next((installed / "bin").iterdir())
    assert script.name == "fairkeeper"
    assert run(installed, tmp_path, str(script), "--version").stdout.startswith("fairkeeper, version")
