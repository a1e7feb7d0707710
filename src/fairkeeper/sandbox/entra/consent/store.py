"""What each tenant has granted to each application, which policy it has, and who waits for an administrator.

Source: Microsoft Graph, resource types `oAuth2PermissionGrant` and `appRoleAssignment`; Microsoft Entra, "Grant
tenant-wide admin consent to an application" (a tenant-wide consent may replace what was granted tenant-wide before, and
leaves what single users granted); read 2026-11-22.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fairkeeper.sandbox.entra.consent.permissions import BASIC, ConsentPolicy

_NAMESPACE = uuid.UUID("fa111111-0000-4000-8000-0000000c0e5e")
EVERYBODY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What one application holds in one tenant.

    Args:
        application: Application permissions.
        for_all: Delegated permissions that an administrator granted for everybody.
        by_user: Delegated permissions that single users granted, by object id.
        is_enabled: Whether the enterprise application may be used at all.
    """

    application: frozenset[str] = frozenset()
    for_all: frozenset[str] = frozenset()
    by_user: Mapping[str, frozenset[str]] = field(default_factory=dict)
    is_enabled: bool = True

    def delegated_for(self, object_id: str) -> frozenset[str]:
        """Return what the application may do in a person's name."""
        return BASIC | self.for_all | self.by_user.get(object_id, frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRequest:
    """A user's request to an administrator."""

    client_id: str
    tenant_id: str
    object_id: str
    scope: str


class ConsentStore:
    """Grants, policies and requests; safe to share between threads.

    Args:
        state: What `export_state` gave before.
        on_change: Called after a change, outside the lock.
    """

    def __init__(self, state: Mapping[str, Any] | None = None, on_change: Callable[[], None] | None = None) -> None:
        self._lock = threading.RLock()
        self._on_change = on_change
        self._given: dict[tuple[str, str], Given] = {}
        self._policies: dict[str, ConsentPolicy] = {}
        self._without_workflow: set[str] = set()
        self._requests: list[ConsentRequest] = []
        self._changes = 0
        for each in (state or {}).get("given", []):
            self._given[each["client_id"], each["tenant_id"]] = Given(
                application=frozenset(each["application"]),
                for_all=frozenset(each["for_all"]),
                by_user={person: frozenset(names) for person, names in each["by_user"].items()},
                is_enabled=each["is_enabled"],
            )
        self._policies = {tenant: ConsentPolicy(word) for tenant, word in (state or {}).get("policies", {}).items()}

    def export_state(self) -> dict[str, Any]:
        """Return what has to survive a restart, as JSON values."""
        with self._lock:
            given = [
                {
                    "client_id": client_id,
                    "tenant_id": tenant_id,
                    "application": sorted(each.application),
                    "for_all": sorted(each.for_all),
                    "by_user": {person: sorted(names) for person, names in each.by_user.items()},
                    "is_enabled": each.is_enabled,
                }
                for (client_id, tenant_id), each in self._given.items()
            ]
            return {"given": given, "policies": {tenant: word.value for tenant, word in self._policies.items()}}

    def given(self, client_id: str, tenant_id: str) -> Given:
        """Return what an application holds in a tenant."""
        with self._lock:
            return self._given.get((client_id, tenant_id), Given())

    def everything(self) -> dict[tuple[str, str], Given]:
        """Return all grants by application and tenant."""
        with self._lock:
            return dict(self._given)

    def grant_for_all(
        self, client_id: str, tenant_id: str, *, delegated: Iterable[str], application: Iterable[str] | None
    ) -> None:
        """Grant tenant-wide; what was granted tenant-wide before is replaced, users' own grants stay.

        Args:
            client_id: The application.
            tenant_id: Where.
            delegated: Delegated permissions for everybody.
            application: Application permissions; None leaves them as they are.
        """
        before = self.given(client_id, tenant_id)
        self._put(
            client_id,
            tenant_id,
            Given(
                application=before.application if application is None else frozenset(application),
                for_all=frozenset(delegated),
                by_user=before.by_user,
                is_enabled=before.is_enabled,
            ),
        )

    def grant_for_person(self, client_id: str, tenant_id: str, object_id: str, names: Iterable[str]) -> None:
        """Add what one user granted for themselves."""
        before = self.given(client_id, tenant_id)
        mine = before.by_user.get(object_id, frozenset()) | frozenset(names)
        self._put(
            client_id,
            tenant_id,
            Given(
                application=before.application,
                for_all=before.for_all,
                by_user={**before.by_user, object_id: mine},
                is_enabled=before.is_enabled,
            ),
        )

    def revoke(self, client_id: str, tenant_id: str, names: Iterable[str]) -> None:
        """Take permissions away, in every form and from everybody; no name means all of them."""
        before, gone = self.given(client_id, tenant_id), frozenset(names)

        def left(names: frozenset[str]) -> frozenset[str]:
            return names - gone if gone else frozenset()

        self._put(
            client_id,
            tenant_id,
            Given(
                application=left(before.application),
                for_all=left(before.for_all),
                by_user={person: left(theirs) for person, theirs in before.by_user.items()},
                is_enabled=before.is_enabled,
            ),
        )

    def set_enabled(self, client_id: str, tenant_id: str, *, is_enabled: bool) -> None:
        """Disable an enterprise application, or enable it again."""
        before = self.given(client_id, tenant_id)
        given = Given(
            application=before.application, for_all=before.for_all, by_user=before.by_user, is_enabled=is_enabled
        )
        self._put(client_id, tenant_id, given)

    def forget(self, client_id: str, tenant_id: str) -> None:
        """Drop everything, as deleting the enterprise application does."""
        with self._lock:
            self._given.pop((client_id, tenant_id), None)
            self._changes += 1
        self._changed()

    def policy(self, tenant_id: str) -> ConsentPolicy:
        """Return what users of a tenant may consent to; new tenants have the one that Microsoft manages."""
        with self._lock:
            return self._policies.get(tenant_id, ConsentPolicy.RECOMMENDED)

    def set_policy(self, tenant_id: str, policy: ConsentPolicy, *, has_workflow: bool = True) -> None:
        """Choose a tenant's policy, and whether its users can ask an administrator on Microsoft's page."""
        with self._lock:
            self._policies[tenant_id] = policy
            self._without_workflow.discard(tenant_id)
            if not has_workflow:
                self._without_workflow.add(tenant_id)
        self._changed()

    def has_workflow(self, tenant_id: str) -> bool:
        """Say whether users can ask an administrator on Microsoft's page."""
        with self._lock:
            return tenant_id not in self._without_workflow

    def request(self, wanted: ConsentRequest) -> None:
        """Keep a user's request for the administrators."""
        with self._lock:
            if wanted not in self._requests:
                self._requests.append(wanted)

    @property
    def requests(self) -> tuple[ConsentRequest, ...]:
        """The requests that wait."""
        with self._lock:
            return tuple(self._requests)

    @property
    def changes(self) -> int:
        """How often anything was changed; what a delta query counts by."""
        with self._lock:
            return self._changes

    def _put(self, client_id: str, tenant_id: str, given: Given) -> None:
        with self._lock:
            self._given[client_id, tenant_id] = given
            self._changes += 1
            asked = (client_id, tenant_id)
            self._requests = [each for each in self._requests if (each.client_id, each.tenant_id) != asked]
        self._changed()

    def _changed(self) -> None:
        if self._on_change is not None:
            self._on_change()


def grant_id(*parts: str) -> str:
    """Return the id of a grant or an assignment, always the same for the same parts."""
    return str(uuid.uuid5(_NAMESPACE, "|".join(parts)))
