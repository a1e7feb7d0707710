"""Holds the inventory against advisories in OSV's form: by name and by range of versions, nothing else.

The feed is whatever files an operator lays down, a single advisory, a list, or a folder of them; none is shipped or
fetched. An advisory that cannot be read is said, and hides no other.

Source: Open Source Vulnerability format 1.7, fields affected.package, affected.versions, affected.ranges (events,
evaluation) and withdrawn, read 2026-11-28.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.assurance.posture.inventory import plain_name
from fairkeeper.assurance.weaknesses.model import Found, Level, Source
from fairkeeper.assurance.weaknesses.versions import Key, version_key

_ECOSYSTEM: Final = "PyPI"
_MOST_SUMMARY: Final = 300
_ZERO: Final = "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Advisories that were read, and the files that could not be."""

    advisories: tuple[Mapping[str, Any], ...]
    unreadable: tuple[str, ...] = ()


def read_feed(files: Iterable[tuple[str, bytes]]) -> Feed:
    """Read files of advisories: each one advisory, or a list of them.

    Example:
        >>> read_feed([("a.json", b'{"id": "X-1", "affected": []}'), ("b.json", b"no")])
        Feed(advisories=({'id': 'X-1', 'affected': []},), unreadable=('b.json',))
    """
    advisories: list[Mapping[str, Any]] = []
    unreadable = []
    for name, content in files:
        try:
            read = json.loads(content)
        except (ValueError, RecursionError):
            unreadable.append(name)
            continue
        items = read if isinstance(read, list) else [read]
        fine = [each for each in items if isinstance(each, dict) and isinstance(each.get("id"), str)]
        advisories += fine
        if len(fine) < len(items):
            unreadable.append(name)
    return Feed(advisories=tuple(advisories), unreadable=tuple(unreadable))


def known_vulnerabilities(inventory: Mapping[str, Any], advisories: Sequence[Mapping[str, Any]]) -> list[Found]:
    """Return each installed component that an advisory affects, as its range of versions says.

    Args:
        inventory: A CycloneDX document, as `assurance.list_dependencies` answers.
        advisories: In OSV's form.
    """
    installed = {plain_name(each["name"]): str(each["version"]) for each in _components(inventory)}
    found: dict[str, Found] = {}
    for advisory in advisories:
        if advisory.get("withdrawn"):
            continue
        for affected in _dicts(advisory.get("affected")):
            package = affected.get("package")
            if not isinstance(package, dict) or package.get("ecosystem") != _ECOSYSTEM:
                continue
            name = plain_name(str(package.get("name", "")))
            version = installed.get(name)
            if version is not None and is_affected(version, affected):
                each = _found(advisory, affected, name, version)
                found[each.key] = each
    return [found[key] for key in sorted(found)]


def _components(inventory: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield inventory["metadata"]["component"]
    yield from inventory["components"]


def is_affected(version: str, affected: Mapping[str, Any]) -> bool:
    """Say whether a version is named, or lies in one of the ranges.

    Example:
        >>> told = {"ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.1"}]}]}
        >>> is_affected("2.0.9", told), is_affected("2.1", told), is_affected("2.1rc1", told)
        (True, False, True)
    """
    versions = affected.get("versions")
    if isinstance(versions, list) and version in versions:
        return True
    key = version_key(version)
    if key is None:
        return False
    return any(
        _in_range(key, each.get("events")) for each in _dicts(affected.get("ranges")) if each.get("type") != "GIT"
    )


def _in_range(key: Key, events: Any) -> bool:
    """Go through a range's events in the order of their versions, as its specification evaluates them."""
    ordered = []
    for event in _dicts(events):
        for kind in ("introduced", "fixed", "last_affected"):
            text = event.get(kind)
            if isinstance(text, str):
                at = version_key(text)
                if at is not None:
                    ordered.append((at, kind, text))
    is_in = False
    for at, kind, text in sorted(ordered, key=lambda each: (each[0], each[1] != "introduced")):
        if kind == "introduced" and (text == _ZERO or key >= at):
            is_in = True
        elif (kind == "fixed" and key >= at) or (kind == "last_affected" and key > at):
            is_in = False
    return is_in


def _found(advisory: Mapping[str, Any], affected: Mapping[str, Any], name: str, version: str) -> Found:
    fixed = sorted(
        {
            str(event["fixed"])
            for each in _dicts(affected.get("ranges"))
            if each.get("type") != "GIT"
            for event in _dicts(each.get("events"))
            if isinstance(event.get("fixed"), str)
        }
    )
    summary = " ".join(str(advisory.get("summary") or advisory.get("details") or "").split())[:_MOST_SUMMARY]
    aliases = [str(each) for each in advisory.get("aliases") or () if isinstance(each, str)][:3]
    named = f" ({', '.join(aliases)})" if aliases else ""
    return Found(
        source=Source.DEPENDENCY,
        code=str(advisory["id"])[:60],
        place=f"{name} {version}"[:200],
        level=Level.ERROR,
        what=f"{name} {version} has a known vulnerability{named}: {summary or 'no summary is given'}",
        remedy=f"Update it to {' or '.join(fixed[:4])}." if fixed else "No fixed version is named; read the advisory.",
    )


def _dicts(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
