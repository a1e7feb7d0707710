"""The bill of materials names every package of a lock with its files' hashes, and is the same each time."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def bill(root: Path, lock: str, target: Path) -> Any:
    command = [sys.executable, str(root / "packaging/sbom.py"), str(root / "requirements" / lock), str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return json.loads(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", ["light.lock", "server.lock"])
def test_every_locked_package_is_in_the_bill_with_its_hashes(root: Path, tmp_path: Path, lock: str) -> None:
    text = (root / "requirements" / lock).read_text(encoding="utf-8")
    # A package may be locked twice, in two versions for two versions of Python.
    locked = re.findall(r"^([a-z0-9._-]+)==([^ \\;\n]+)", text, re.MULTILINE | re.IGNORECASE)
    made = bill(root, lock, tmp_path / "sbom.json")
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    found = made["components"]
    assert [(each["name"], each["version"]) for each in found] == [
        (re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in locked
    ]
    assert all(each["hashes"] and each["purl"] == f"pkg:pypi/{each['name']}@{each['version']}" for each in found)
    assert sum(len(each["hashes"]) for each in found) == text.count("--hash=sha256:")
    assert sorted(made["dependencies"][0]["dependsOn"]) == sorted({each["bom-ref"] for each in found})
    assert len({each["bom-ref"] for each in found}) == len(found)


def test_licences_are_said_and_the_bill_is_the_same_each_time(root: Path, tmp_path: Path) -> None:
    first, again = (bill(root, "server.lock", tmp_path / name) for name in ("one.json", "two.json"))
    assert first == again
    said = [each for each in first["components"] if each.get("licenses")]
    assert len(said) > len(first["components"]) * 0.9
    assert "/" not in json.dumps(first["metadata"])
