"""The agent identities of every tenant: children of a blueprint's principal, disabled, deleted and restored there.

Source: Microsoft Entra Agent ID, "Agent identities, service principals, and applications" (single-tenant, children of
one blueprint), "Agent identity deletion" and "Delete and restore agent identity objects" (deletion is soft for 30 days;
that of a blueprint's principal takes its children along later, and restoring it does not bring them back), "Error
codes" (the words of Graph's refusals), read 2026-11-28.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

MOST_FOR_A_BLUEPRINT: Final = 250
"""Identities that a blueprint creates by itself; soft-deleted ones count."""
_NAMESPACE: Final = uuid.UUID("fa111111-0000-4000-8000-0000000a9e17")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentIdentity:
    """One agent identity.

    Args:
        id: Its object id, which is its client id too.
        blueprint_id: Application id of its blueprint.
        sponsors: Addresses of the people and groups who answer for it.
        is_deleted: Whether it is in the bin, from where it can be restored.
    """

    id: str
    blueprint_id: str
    tenant_id: str
    name: str
    sponsors: tuple[str, ...]
    is_enabled: bool = True
    is_deleted: bool = False


class AgentStore:
    """Agent identities; safe to share between threads.

    Args:
        state: What `export_state` gave before.
        on_change: Called after a change, outside the lock.
    """

    def __init__(
        self, state: Iterable[Mapping[str, Any]] | None = None, on_change: Callable[[], None] | None = None
    ) -> None:
        self._lock = threading.RLock()
        self._on_change = on_change
        kept = (AgentIdentity(**{**each, "sponsors": tuple(each["sponsors"])}) for each in state or ())
        self._all: dict[str, AgentIdentity] = {each.id: each for each in kept}

    def export_state(self) -> list[dict[str, Any]]:
        """Return what has to survive a restart, as JSON values."""
        with self._lock:
            return [{**asdict(each), "sponsors": list(each.sponsors)} for each in self._all.values()]

    def of_tenant(self, tenant_id: str) -> tuple[AgentIdentity, ...]:
        """Return the identities of a tenant that are not deleted."""
        with self._lock:
            return tuple(each for each in self._all.values() if each.tenant_id == tenant_id and not each.is_deleted)

    def count(self, blueprint_id: str) -> int:
        """Return how many identities a blueprint has, deleted ones included."""
        with self._lock:
            return sum(each.blueprint_id == blueprint_id for each in self._all.values())

    def is_known(self, identity_id: str) -> bool:
        """Say whether there is, or was, an identity of this id."""
        with self._lock:
            return identity_id.lower() in self._all

    def find(self, identity_id: str, tenant_id: str) -> AgentIdentity | None:
        """Return an identity of a tenant that is not deleted."""
        with self._lock:
            found = self._all.get(identity_id.lower())
        return found if found is not None and found.tenant_id == tenant_id and not found.is_deleted else None

    def create(self, *, blueprint_id: str, tenant_id: str, name: str, sponsors: Iterable[str]) -> AgentIdentity:
        """Make an identity; whether that is allowed was looked at before."""
        with self._lock:
            made = AgentIdentity(
                id=str(uuid.uuid5(_NAMESPACE, f"{blueprint_id}|{tenant_id}|{len(self._all)}")),
                blueprint_id=blueprint_id,
                tenant_id=tenant_id,
                name=name,
                sponsors=tuple(sponsors),
            )
            self._all[made.id] = made
        self._changed()
        return made

    def set_enabled(self, identity: AgentIdentity, *, is_enabled: bool) -> None:
        """Disable an identity, or enable it again."""
        self._put(replace(identity, is_enabled=is_enabled))

    def set_deleted(self, identity_id: str, *, is_deleted: bool) -> None:
        """Put an identity into the bin, or take it out again; one that is not known stays unknown."""
        with self._lock:
            found = self._all.get(identity_id.lower())
        if found is not None:
            self._put(replace(found, is_deleted=is_deleted))

    def cascade(self, has_principal: Callable[[str, str], bool]) -> int:
        """Do the clean-up that follows the deletion of a blueprint's principal; return how many identities went."""
        with self._lock:
            orphans = [
                each
                for each in self._all.values()
                if not each.is_deleted and not has_principal(each.blueprint_id, each.tenant_id)
            ]
        for each in orphans:
            self._put(replace(each, is_deleted=True))
        return len(orphans)

    def _put(self, identity: AgentIdentity) -> None:
        with self._lock:
            self._all[identity.id] = identity
        self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()
