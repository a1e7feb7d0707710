"""What is known of a permission: who can approve it, how far it reaches, which narrower one there is, in plain words.

Facts are data (`permissions.json`, dated), words are ours (`explained.yaml`). A permission that is in neither is
unknown, and is said to be; nothing is concluded from how a name looks.

Source: the public permission files of microsoftgraph/microsoft-graph-devx-content (names, ids, who can approve,
levels, which call each permission allows), commit of 2026-08-07; Microsoft Learn, "Manage app consent policies" (the
permissions that users can no longer approve under the policy that Microsoft manages) and "Authorization in Microsoft
Entra Agent ID" (what is blocked for agents). Every application permission is taken to need an administrator, whatever
the file says of nine of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

GRAPH_APP_ID: Final = "00000003-0000-0000-c000-000000000000"
BASIC: Final = frozenset({"openid", "profile", "email", "offline_access", "User.Read"})
"""What activation may ask for: it identifies a person and opens nothing."""

_ESCALATING_PREFIXES: Final = (
    "RoleManagement.ReadWrite",
    "AppRoleAssignment.ReadWrite",
    "DelegatedPermissionGrant.ReadWrite",
    "Application.ReadWrite.All",
    "Directory.ReadWrite",
)
_CHOSEN_SUFFIXES: Final = (".Selected", ".OwnedBy", ".AppFolder", ".CreatedByApp")


class Kind(StrEnum):
    """The two kinds of permissions, in Microsoft's words."""

    DELEGATED = "delegated"
    """In the name of somebody who has signed in."""
    APPLICATION = "application"
    """With nobody signed in."""


class Approver(StrEnum):
    """Who can approve a permission."""

    ANYBODY = "anybody"
    """Sign-in alone; every user, under every consent policy but "none"."""
    USER = "user"
    """A user, under the policy that Microsoft manages, for a verified publisher."""
    MAYBE_USER = "maybe_user"
    """Microsoft's flag says a user, the policy that new tenants have says no."""
    ADMIN = "admin"
    UNKNOWN = "unknown"
    """Not in the catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What is known of one permission of one kind.

    Args:
        id: Its GUID on Graph; None where no public file names it.
        level: Microsoft's privilege level, 1 to 5; None where it is not set.
        narrower: Permissions of the same kind that allow less, the widest first.
    """

    name: str
    kind: Kind
    id: str | None
    needs_admin: bool
    level: int | None
    narrower: tuple[str, ...] = ()

    @property
    def can_escalate(self) -> bool:
        """Whether its holder can gain what it was not given."""
        is_high = self.kind is Kind.APPLICATION and (self.level or 0) >= 4
        return is_high or self.name.startswith(_ESCALATING_PREFIXES)

    @property
    def is_for_chosen(self) -> bool:
        """Whether it reaches only what an administrator or the app itself has chosen."""
        return self.name.endswith(_CHOSEN_SUFFIXES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One sentence for an administrator and one for a user, of what is done in people's names; and one of the rest.

    Args:
        alone: For an administrator, of what is done with nobody signed in; None where there is no such permission.
    """

    admin: str
    user: str
    alone: str | None = None

    def sentence(self, kind: Kind, *, is_for_administrators: bool) -> str | None:
        """Return the sentence that fits a permission's kind and its reader; no user decides about the application kind.

        Example:
            >>> words = Explanation(admin="Reads whoever's.", user="Reads yours.", alone="Reads everybody's.")
            >>> words.sentence(Kind.APPLICATION, is_for_administrators=True)
            "Reads everybody's."
            >>> words.sentence(Kind.DELEGATED, is_for_administrators=False)
            'Reads yours.'
        """
        if kind is Kind.APPLICATION:
            return self.alone if is_for_administrators else None
        return self.admin if is_for_administrators else self.user


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The facts, looked up.

    Args:
        dated_on: Of the facts.
        policy_dated_on: Of the list of what users can no longer approve.
        facts: By name and kind.
        operations: For calls (`GET /me/messages`), the permissions that allow them, by kind.
        imported_dated_on, imported_from: Of what was imported beside it; None and empty where nothing was.
        only_imported: What is known by the import alone.
    """

    dated_on: date
    policy_dated_on: date
    facts: Mapping[tuple[str, Kind], Fact]
    not_by_users: tuple[str, ...]
    blocked_for_agents: frozenset[str]
    operations: Mapping[tuple[str, Kind], tuple[str, ...]]
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    imported_dated_on: date | None = None
    imported_from: str = ""
    only_imported: frozenset[tuple[str, Kind]] = frozenset()

    @property
    def names(self) -> frozenset[str]:
        """Every permission that is known."""
        return frozenset(name for name, _ in self.facts)

    def fact(self, name: str, kind: Kind) -> Fact | None:
        """Return what is known of a permission; None for an unknown one."""
        return self.facts.get((name, kind))

    def approver(self, name: str, kind: Kind) -> Approver:
        """Say who can approve a permission.

        Example:
            >>> shipped = catalogue()
            >>> [
            ...     shipped.approver(name, Kind.DELEGATED).value
            ...     for name in ("User.Read", "Files.Read", "Mail.Read", "User.Read.All", "Fog.Read")
            ... ]
            ['anybody', 'user', 'maybe_user', 'admin', 'unknown']
        """
        if kind is Kind.DELEGATED and name in BASIC:
            return Approver.ANYBODY
        found = self.fact(name, kind)
        if found is None:
            return Approver.UNKNOWN
        if found.needs_admin or kind is Kind.APPLICATION:
            return Approver.ADMIN
        is_excluded = any(fnmatchcase(name, pattern) for pattern in self.not_by_users)
        return Approver.MAYBE_USER if is_excluded else Approver.USER

    def allows(self, name: str, kind: Kind, operation: str) -> bool | None:
        """Say whether a permission allows a call; None where the call is not in the catalogue.

        Example:
            >>> catalogue().allows("Mail.ReadWrite", Kind.DELEGATED, "GET /me/messages")
            True
        """
        listed = self.operations.get((normal_operation(operation), kind))
        if listed is None:
            return None
        return name in listed or bool(self.below(name, kind) & set(listed))

    def narrower_for(self, name: str, kind: Kind, operations: tuple[str, ...]) -> str | None:
        """Return the narrowest permission that allows all these calls and less than this one; None if there is none.

        Example:
            >>> catalogue().narrower_for("Mail.ReadWrite", Kind.DELEGATED, ("GET /me/messages",))
            'Mail.ReadBasic'
        """
        served = [each for each in operations if self.allows(name, kind, each)]
        if not served:
            return None
        enough = [
            each
            for each in self.below(name, kind)
            if self.fact(each, kind) is not None and all(self.allows(each, kind, one) for one in served)
        ]
        return min(enough, key=lambda each: (len(self.below(each, kind)), each), default=None)

    def below(self, name: str, kind: Kind) -> frozenset[str]:
        """Return everything narrower, and narrower than that."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            fact = self.fact(waiting.pop(), kind)
            new = set(fact.narrower if fact else ()) - found - {name}
            found |= new
            waiting += new
        return frozenset(found)


def normal_operation(operation: str) -> str:
    """Return a call as the catalogue writes it: method in capitals, path in lower case, ids as `{id}`.

    Example:
        >>> normal_operation("get /users/{user-id}/Messages")
        'GET /users/{id}/messages'
    """
    method, _, path = operation.strip().partition(" ")
    steps = ["{id}" if step.startswith("{") else step.lower() for step in path.strip().split("?")[0].split("/")]
    return f"{method.upper()} {'/'.join(steps).rstrip('/')}"


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that is shipped."""
    here = files("fairkeeper.consent.catalogue")
    words = yaml.safe_load(here.joinpath("explained.yaml").read_text("utf-8"))
    explanations = {name: Explanation(**each) for name, each in words["explained"].items()}
    return read_catalogue(json.loads(here.joinpath("permissions.json").read_text("utf-8")), explanations)


def read_catalogue(document: Mapping[str, Any], explanations: Mapping[str, Explanation]) -> Catalogue:
    """Return a catalogue from its document."""
    facts = {
        (name, Kind(kind)): Fact(
            name=name,
            kind=Kind(kind),
            id=fact["id"],
            needs_admin=fact["admin"],
            level=fact["level"],
            narrower=tuple(fact.get("narrower", ())),
        )
        for name, kinds in document["permissions"].items()
        for kind, fact in kinds.items()
    }
    return Catalogue(
        dated_on=date.fromisoformat(document["dated_on"]),
        policy_dated_on=date.fromisoformat(document["not_by_users"]["dated_on"]),
        facts=facts,
        not_by_users=tuple(document["not_by_users"]["patterns"]),
        blocked_for_agents=frozenset(document["blocked_for_agents"]["names"]),
        operations={
            (operation, Kind(kind)): tuple(names)
            for operation, kinds in document["operations"].items()
            for kind, names in kinds.items()
        },
        explanations=explanations,
    )
