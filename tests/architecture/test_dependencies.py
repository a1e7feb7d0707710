"""Every dependency has its reason, and the locks say what was tested and nothing about where it came from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

LIGHT_PACKAGES_AT_MOST = 16
"""With everything they need in turn; on one platform fewer."""

LOCKS = ["dev", "server", "light"]


def plain_name(requirement: str) -> str:
    """`psycopg[binary]>=3.3` is `psycopg`."""
    return re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def locked(text: str) -> dict[str, set[str]]:
    """The versions a lock names, by package; more than one where platforms differ."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found


@pytest.fixture(scope="module")
def locks(root: Path) -> dict[str, str]:
    return {name: (root / "requirements" / f"{name}.lock").read_text("utf-8") for name in LOCKS}


@pytest.fixture(scope="module")
def named(root: Path) -> dict[str, set[str]]:
    """The packages that the project names itself, by where."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    lines = (root / "requirements" / "dev.in").read_text("utf-8").splitlines()
    return {
        "light": {plain_name(requirement) for requirement in project["dependencies"]},
        "server": {plain_name(requirement) for requirement in project["optional-dependencies"]["server"]},
        "beside": {
            plain_name(requirement)
            for extra, requirements in project["optional-dependencies"].items()
            for requirement in requirements
            if extra != "server"
        },
        "dev": {plain_name(line) for line in lines if line and not line.startswith("#")},
    }


def test_every_named_dependency_has_its_reason_and_licence(root: Path, named: dict[str, set[str]]) -> None:
    text = (root / "docs" / "reference" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z0-9-]+) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    documented = {name for name, _, _ in rows if name not in {"package", "---"}}
    assert documented == named["light"] | named["server"] | named["beside"] | named["dev"]
    assert [name for name, reason, _ in rows if name in documented and not reason.endswith(".")] == []


def test_the_locks_hold_every_named_dependency(locks: dict[str, str], named: dict[str, set[str]]) -> None:
    assert named["light"] <= locked(locks["light"]).keys()
    assert named["light"] | named["server"] <= locked(locks["server"]).keys()
    assert named["light"] | named["server"] | named["dev"] <= locked(locks["dev"]).keys()


def test_the_smaller_locks_are_parts_of_the_large_one(locks: dict[str, str]) -> None:
    everything = locked(locks["dev"])
    for name in ("server", "light"):
        assert {package: everything.get(package) for package in locked(locks[name])} == locked(locks[name])


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_file_has_a_hash_and_no_address(locks: dict[str, str], name: str) -> None:
    text = locks[name]
    packages = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(packages) > 5
    assert [package.split()[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in text
    assert re.findall(r"^\s*-\S+.*", text.replace("    --hash", ""), re.MULTILINE) == []


def test_the_light_install_is_light(locks: dict[str, str]) -> None:
    assert len(locked(locks["light"])) <= LIGHT_PACKAGES_AT_MOST
