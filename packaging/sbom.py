"""Write a bill of materials from a lock: `python packaging/sbom.py requirements/server.lock build/sbom-server.json`.

CycloneDX 1.6, made from the lock alone, so that the same lock gives the same file on every machine: no time, and a
serial number that follows from the content. Licences are those that the installed packages state; of a package that is
not installed here none is said.

Source: CycloneDX 1.6, JSON reference (components, hashes, purl, licenses), read 2026-11-28; Package URL, type pypi.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import re
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_LINE: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ \\;]+)(?: *; *(?P<marker>[^\\]+))?")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_NAMESPACE: Final = uuid.UUID("6f0a7f4e-5a0b-5b7e-9f57-1d2c6a0b9c10")


def bill_of(lock: str, version: str) -> dict[str, Any]:
    """Return the bill of materials of a lock, for one version of Fairkeeper."""
    components = list(_components(lock))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, version + hashlib.sha256(lock.encode()).hexdigest())}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "fairkeeper",
                "name": "fairkeeper",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": components,
        "dependencies": [{"ref": "fairkeeper", "dependsOn": [each["bom-ref"] for each in components]}],
    }


def _components(lock: str) -> Iterator[dict[str, Any]]:
    for paragraph in re.split(r"\n(?=[A-Za-z0-9])", lock):
        found = _LINE.match(paragraph)
        if found is None:
            continue
        name = re.sub(r"[-_.]+", "-", found["name"]).lower()
        purl = f"pkg:pypi/{name}@{found['version']}"
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": purl,
            "name": name,
            "version": found["version"],
            "purl": purl,
            # One for each file that the lock allows; which was installed depends on the platform.
            "hashes": [{"alg": "SHA-256", "content": each} for each in _HASH.findall(paragraph)],
        }
        if found["marker"]:
            component["properties"] = [{"name": "fairkeeper:only-where", "value": found["marker"].strip()}]
        licence = _licence(name)
        if licence:
            component["licenses"] = [{"license": {"name": licence}}]
        yield component


def _licence(name: str) -> str:
    """Return the licence that an installed package states, or nothing."""
    try:
        stated = importlib.metadata.metadata(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
    expression = stated.get("License-Expression")
    if expression:
        return str(expression)
    named = [each.rpartition(" :: ")[2] for each in stated.get_all("Classifier", []) if each.startswith("License :: ")]
    return (
        ", ".join(named) or str(stated.get("License") or "").splitlines()[0][:80]
        if named or stated.get("License")
        else ""
    )


def main(arguments: list[str]) -> int:
    """Write the bill of one lock; return the process's exit code."""
    if len(arguments) != 2:
        print("python packaging/sbom.py LOCK OUTPUT", file=sys.stderr)
        return 2
    lock, target = (Path(each) for each in arguments)
    bill = bill_of(lock.read_text(encoding="utf-8"), importlib.metadata.version("fairkeeper"))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    print(f"{target}: {len(bill['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
