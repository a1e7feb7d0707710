"""Reads Microsoft's public permissions.json, and lays what it says beside the shipped catalogue.

The shipped facts stay: they carry ids, narrower permissions and calls. What they do not know is taken from the file,
with its date and source; and where the two differ about who can approve, the stricter counts. A name in neither stays
unknown. Application permissions need an administrator whatever the file says of some.

Source: microsoftgraph/microsoft-graph-devx-content, `permissions/new/permissions.json` (shape), commit of 2026-08-07.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from fairkeeper.consent.catalogue.permissions import Catalogue, Fact, Kind
from fairkeeper.consent.errors import PermissionsFileRefusedError

DEFAULT_SOURCE: Final = "microsoftgraph/microsoft-graph-devx-content, permissions/new/permissions.json"
MOST_PERMISSIONS: Final = 10_000
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,119}")
_KINDS: Final = {"DelegatedWork": Kind.DELEGATED, "Application": Kind.APPLICATION}
"""The schemes of work and school accounts; that of personal accounts says nothing about a tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPermissions:
    """What a file says.

    Args:
        facts: By name and kind.
        left_out: Names whose entry could not be read.
    """

    facts: Mapping[tuple[str, Kind], Fact]
    left_out: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every permission that it holds."""
        return frozenset(name for name, _ in self.facts)

    def to_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        kept: dict[str, Any] = {}
        for (name, kind), fact in self.facts.items():
            kept.setdefault(name, {})[kind.value] = [fact.needs_admin, fact.level]
        return kept

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> ImportedPermissions:
        """Return what `to_json` wrote."""
        return cls(
            facts={
                (name, Kind(kind)): Fact(name=name, kind=Kind(kind), id=None, needs_admin=admin, level=level)
                for name, kinds in document.items()
                for kind, (admin, level) in kinds.items()
            }
        )


def read_permissions(text: str) -> ImportedPermissions:
    """Read a permissions.json.

    Raises:
        PermissionsFileRefusedError: It is no such file, or holds nothing that can be read.

    Example:
        >>> entry = '{"schemes": {"DelegatedWork": {"requiresAdminConsent": false, "privilegeLevel": 1}}}'
        >>> found = read_permissions('{"permissions": {"Fog.Read": ' + entry + "}}")
        >>> [(name, kind.value, fact.needs_admin) for (name, kind), fact in found.facts.items()]
        [('Fog.Read', 'delegated', False)]
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PermissionsFileRefusedError("The file is no JSON.") from error
    listed = document.get("permissions") if isinstance(document, dict) else None
    if not isinstance(listed, dict) or not listed:
        raise PermissionsFileRefusedError("The file has no object “permissions” with something in it.")
    if len(listed) > MOST_PERMISSIONS:
        raise PermissionsFileRefusedError(f"The file lists {len(listed)} permissions, above {MOST_PERMISSIONS}.")
    facts: dict[tuple[str, Kind], Fact] = {}
    left_out = []
    for name, entry in listed.items():
        found = _facts(name, entry)
        if found is None:
            left_out.append(name[:120])
        facts |= found or {}
    if not facts:
        raise PermissionsFileRefusedError("Not one permission of the file can be read.")
    return ImportedPermissions(facts=facts, left_out=tuple(left_out))


def _facts(name: str, entry: Any) -> dict[tuple[str, Kind], Fact] | None:
    """Return what is said of one permission by kind; None if it cannot be read."""
    schemes = entry.get("schemes") if isinstance(entry, dict) else None
    if _NAME.fullmatch(name) is None or not isinstance(schemes, dict):
        return None
    found = {}
    for scheme, kind in _KINDS.items():
        if scheme not in schemes:
            continue
        said = schemes[scheme]
        needs_admin = said.get("requiresAdminConsent", False) if isinstance(said, dict) else None
        if not isinstance(needs_admin, bool):
            return None
        level = said.get("privilegeLevel")
        is_level = isinstance(level, int) and not isinstance(level, bool) and 1 <= level <= 9
        found[name, kind] = Fact(
            name=name,
            kind=kind,
            id=None,
            needs_admin=needs_admin or kind is Kind.APPLICATION,
            level=level if is_level else None,
        )
    return found


def merged(shipped: Catalogue, imported: ImportedPermissions, *, dated_on: date, source: str) -> Catalogue:
    """Return the shipped catalogue with an import beside it.

    Args:
        shipped: Our own.
        imported: What was imported.
        dated_on: When the file was as it is.
        source: Where it came from.
    """
    facts = {**imported.facts, **shipped.facts}
    for key, fact in shipped.facts.items():
        said = imported.facts.get(key)
        if said is not None and said.needs_admin and not fact.needs_admin:
            facts[key] = replace(fact, needs_admin=True)
    return replace(
        shipped,
        facts=facts,
        imported_dated_on=dated_on,
        imported_from=source,
        only_imported=frozenset(imported.facts) - frozenset(shipped.facts),
    )
