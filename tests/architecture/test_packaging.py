"""The wheel carries everything the program reads at run time, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel_names(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel without network and list it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_file_beside_the_code_travels(root: Path, own_files: list[Path], wheel_names: set[str]) -> None:
    source = root / "src"
    wanted = {path.relative_to(source).as_posix() for path in own_files if path.is_relative_to(source)}
    # Another process may be writing a file while this runs: only what was there before the build is asked for.
    assert {name for name in wanted if name not in wheel_names and (source / name).exists()} == set()


def test_nothing_but_the_package_travels(wheel_names: set[str]) -> None:
    tops = {name.partition("/")[0] for name in wheel_names}
    (metadata,) = (top for top in tops if top.endswith(".dist-info"))
    assert tops == {"fairkeeper", metadata}
    assert {f"{metadata}/entry_points.txt", f"{metadata}/licenses/LICENSE", "fairkeeper/py.typed"} <= wheel_names
    assert [name for name in wheel_names if "__pycache__" in name or name.endswith((".pyc", ".db"))] == []
