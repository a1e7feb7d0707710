"""What this installation is made of: every installed package with its version and licence, as a CycloneDX document.

Read from the packages' own metadata where the server runs, not from a lock, so it says what is there and not what was
meant. A scanner that takes CycloneDX compares it with its feed of vulnerabilities; none is shipped.

Source: CycloneDX 1.6, JSON reference (bom, metadata, components, dependencies); package URL specification, type `pypi`
(lower case, underscores as hyphens), read 2026-11-28.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import Distribution, distributions
from typing import Any, Final

from fairkeeper import __version__
from fairkeeper.action.operation import OperationInput, QueryContext, query
from fairkeeper.values.clock import format_instant

SPEC_VERSION: Final = "1.6"
_OWN: Final = "fairkeeper"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LONGEST_LICENCE: Final = 100
"""Some packages put the whole text where its name belongs."""


class ListDependencies(OperationInput):
    """Nothing to say."""


@query(
    "assurance.list_dependencies",
    groups=("assurance.inspect",),
    http="GET /posture/dependencies",
    cli="posture dependencies",
    mcp=False,
)
def list_dependencies(context: QueryContext, _request: ListDependencies) -> dict[str, Any]:
    """List every package that is installed here with version and licence, as a CycloneDX 1.6 document."""
    return inventory_of(distributions(), at=context.now)


def inventory_of(installed: Iterable[Distribution], *, at: datetime) -> dict[str, Any]:
    """Return the document; the same packages have the same serial number."""
    found = {plain_name(each.metadata["Name"]): each for each in installed if each.metadata["Name"]}
    others = sorted(name for name in found if name != _OWN)
    refs = {name: f"pkg:pypi/{name}@{found[name].version}" for name in found}
    own = refs.get(_OWN, f"pkg:pypi/{_OWN}@{__version__}")
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, ' '.join([own, *(refs[each] for each in others)]))}",
        "version": 1,
        "metadata": {
            "timestamp": format_instant(at),
            "component": {
                "type": "application",
                "bom-ref": own,
                "name": _OWN,
                "version": __version__,
                "purl": own,
            },
        },
        "components": [_component(name, found[name], refs[name]) for name in others],
        "dependencies": [
            {
                "ref": refs[name],
                "dependsOn": [refs[each] for each in needed_by(found[name].requires or ()) if each in refs],
            }
            for name in sorted(found)
        ],
    }


def plain_name(name: str) -> str:
    """Return a package's name as package URLs spell it.

    Example:
        >>> plain_name("Jinja_2.x")
        'jinja-2-x'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def needed_by(requires: Sequence[str]) -> list[str]:
    """Return the names of what a package needs always, not only for one of its extras.

    Example:
        >>> needed_by(["httpx>=0.27", "pytest ; extra == 'dev'", "httpx[http2]"])
        ['httpx']
    """
    always = (each for each in requires if "extra ==" not in each.replace("extra==", "extra =="))
    return sorted({plain_name(found.group()) for each in always if (found := _NAME.match(each))})


def _component(name: str, package: Distribution, ref: str) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": ref,
        "name": name,
        "version": package.version,
        "purl": ref,
    }
    told = package.metadata.json
    expression, stated = told.get("license_expression"), str(told.get("license") or "")
    if expression:
        component["licenses"] = [{"expression": expression}]
    elif stated and len(stated) <= _LONGEST_LICENCE and "\n" not in stated:
        component["licenses"] = [{"license": {"name": stated}}]
    return component
