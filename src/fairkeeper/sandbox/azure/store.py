"""What exists in the pretend Azure: managed applications in customers' subscriptions, requests, managed identities.

Source: Azure REST API, Microsoft.Solutions 2019-07-01, "Applications" and "JIT Requests"; Microsoft Learn, "Azure
managed applications with notifications" (events and states), "How managed identities for Azure resources work"; read
2026-11-22.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from fairkeeper.errors import InvalidError

_NAMESPACE = uuid.UUID("fa111111-0000-4000-8000-00000000a2e0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """A role of one of the publisher's principals on the managed resource group."""

    principal_id: str
    role_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedApplication:
    """A managed application as its customer deployed it.

    Args:
        tenant_id: Of the customer's subscription.
        authorizations: As the plan listed them when it was deployed.
    """

    id: str
    tenant_id: str
    publisher_tenant_id: str
    product: str
    plan: str
    provisioning: str = "Succeeded"
    authorizations: tuple[Authorization, ...] = ()
    is_managed: bool = True
    has_jit: bool = False
    usage_id: str = ""

    @property
    def subscription_id(self) -> str:
        """The subscription that it lies in."""
        return self.id.split("/")[2].lower()

    def document(self) -> dict[str, Any]:
        """Return it as the REST API shows it."""
        return {
            "id": self.id,
            "name": self.id.rpartition("/")[2],
            "type": "Microsoft.Solutions/applications",
            "kind": "MarketPlace",
            "location": "westeurope",
            "plan": {"publisher": "fairmile", "product": self.product, "name": self.plan, "version": "1.0.0"},
            "properties": {
                "provisioningState": self.provisioning,
                "managedResourceGroupId": f"/subscriptions/{self.subscription_id}/resourceGroups/mrg",
                "publisherTenantId": self.publisher_tenant_id,
                "managementMode": "Managed" if self.is_managed else "Unmanaged",
                "authorizations": [
                    {"principalId": each.principal_id, "roleDefinitionId": each.role_id} for each in self.authorizations
                ],
                "jitAccessPolicy": {"jitAccessEnabled": self.has_jit, "jitApprovalMode": "ManualApprove"},
                "billingDetails": {"resourceUsageId": self.usage_id or str(uuid.uuid5(_NAMESPACE, self.id))},
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class JitRequest:
    """A just-in-time request."""

    id: str
    application_id: str
    policies: tuple[tuple[str, str], ...]
    starts_at: datetime
    lasts: timedelta
    state: str = "Pending"

    def document(self, now: datetime) -> dict[str, Any]:
        """Return it as the REST API shows it; an approval that is over is expired."""
        is_over = self.state == "Approved" and now >= self.starts_at + self.lasts
        return {
            "id": self.id,
            "name": self.id.rpartition("/")[2],
            "type": "Microsoft.Solutions/jitRequests",
            "properties": {
                "applicationResourceId": self.application_id,
                "jitRequestState": "Expired" if is_over else self.state,
                "jitAuthorizationPolicies": [
                    {"principalId": principal, "roleDefinitionId": role} for principal, role in self.policies
                ],
                "jitSchedulingPolicy": {
                    "type": "Once",
                    "startTime": self.starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "duration": f"PT{int(self.lasts.total_seconds() // 3600)}H",
                },
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedIdentity:
    """A customer's managed identity, on which an instance runs.

    Args:
        resource_id: Its id in Azure, which its tokens name.
    """

    client_id: str
    object_id: str
    tenant_id: str
    resource_id: str


@dataclass(slots=True)
class Cloud:
    """All of it; safe to share between threads."""

    applications: dict[str, ManagedApplication] = field(default_factory=dict)
    requests: dict[str, JitRequest] = field(default_factory=dict)
    identities: dict[str, ManagedIdentity] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    """Applications that the publisher may not read any more."""
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def put(self, application: ManagedApplication) -> None:
        """Deploy an application, or change it."""
        with self._lock:
            self.applications[application.id.lower()] = application

    def change(self, resource_id: str, **changes: Any) -> ManagedApplication:
        """Change some of an application.

        Raises:
            InvalidError: There is none.
        """
        with self._lock:
            found = self.applications.get(resource_id.lower())
            if found is None:
                raise InvalidError(f"No application {resource_id!r} is deployed.", code="sandbox.application_unknown")
            self.applications[resource_id.lower()] = replace(found, **changes)
            return self.applications[resource_id.lower()]

    def remove(self, resource_id: str) -> None:
        """Delete an application with its requests."""
        with self._lock:
            self.applications.pop(resource_id.lower(), None)
            self.requests = {
                key: each for key, each in self.requests.items() if each.application_id.lower() != resource_id.lower()
            }

    def ask(self, request: JitRequest) -> JitRequest:
        """Keep a request; the same again stays as it was decided."""
        with self._lock:
            return self.requests.setdefault(request.id.lower(), request)

    def withdraw(self, request_id: str) -> bool:
        """Delete a request; return whether there was one."""
        with self._lock:
            return self.requests.pop(request_id.lower(), None) is not None

    def decide(self, resource_id: str, state: str) -> int:
        """Decide every open or approved request of an application; return how many there were."""
        with self._lock:
            own = [each for each in self.requests.values() if each.application_id.lower() == resource_id.lower()]
            open_ones = [each for each in own if each.state in {"Pending", "Approved"}]
            for each in open_ones:
                self.requests[each.id.lower()] = replace(each, state=state)
            return len(open_ones)

    def identity(self, name: str, tenant_id: str) -> ManagedIdentity:
        """Return a managed identity of a tenant, made if there is none of that name."""
        with self._lock:
            key = f"{tenant_id}/{name}"
            if key not in self.identities:
                group = f"/subscriptions/{uuid.uuid5(_NAMESPACE, tenant_id)}/resourcegroups/desk"
                self.identities[key] = ManagedIdentity(
                    client_id=str(uuid.uuid5(_NAMESPACE, f"client {key}")),
                    object_id=str(uuid.uuid5(_NAMESPACE, f"object {key}")),
                    tenant_id=tenant_id,
                    resource_id=f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}",
                )
            return self.identities[key]

    def forget_identity(self, name: str, tenant_id: str) -> None:
        """Delete a managed identity."""
        with self._lock:
            self.identities.pop(f"{tenant_id}/{name}", None)
