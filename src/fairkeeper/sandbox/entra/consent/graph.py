"""The part of Microsoft Graph that shows and takes back consent: enterprise applications, grants, assignments, changes.

Only who holds the permission for a call may make it, and in the caller's own tenant alone.

Source: Microsoft Graph v1.0, "servicePrincipal", "oAuth2PermissionGrant", "appRoleAssignment", "servicePrincipal:
delta" (resources, paths, permissions), read 2026-11-22. A delta answers everything at first, and nothing while nothing
changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fairkeeper.sandbox.directory import ServicePrincipal, principal_object_id
from fairkeeper.sandbox.entra.consent.agents.graph import AgentGraph
from fairkeeper.sandbox.entra.consent.agents.store import AgentIdentity
from fairkeeper.sandbox.entra.consent.permissions import PERMISSIONS
from fairkeeper.sandbox.entra.consent.store import ConsentStore, grant_id
from fairkeeper.sandbox.entra.graph import GraphError
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import GRAPH_APP_ID, GRAPH_URI

_READS_APPS = frozenset({"Application.Read.All", "Application.ReadWrite.All", "Directory.Read.All"})
_READS_GRANTS = frozenset({"Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGraph:
    """Answers what a tenant's administrator, or an application that it trusts, may ask."""

    mint: TokenMint
    store: ConsentStore
    agents: AgentGraph

    def create_agent(self, authorization: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Make an agent identity, as its blueprint may."""
        return self.agents.create(self._claims(authorization), wanted)

    def agent_identities(self, authorization: str) -> dict[str, Any]:
        """List the tenant's agent identities."""
        tenant_id = self._allowed(authorization, _READS_APPS | {"AgentIdentity.Read.All"})
        found = [self.agents.document(each) for each in self.agents.agents.of_tenant(tenant_id)]
        return _collection("servicePrincipals/microsoft.graph.agentIdentity", found)

    def service_principals(self, authorization: str) -> dict[str, Any]:
        """List the tenant's enterprise applications."""
        tenant_id = self._allowed(authorization, _READS_APPS)
        return _collection("servicePrincipals", [self._principal(each) for each in self._principals(tenant_id)])

    def service_principal(self, authorization: str, object_id: str) -> dict[str, Any]:
        """Return one enterprise application."""
        tenant_id = self._allowed(authorization, _READS_APPS)
        agent = self._agent(tenant_id, object_id)
        return self._principal(self._find(tenant_id, object_id)) if agent is None else self.agents.document(agent)

    def change_service_principal(self, authorization: str, object_id: str, change: Mapping[str, Any]) -> None:
        """Disable or enable an enterprise application."""
        tenant_id = self._allowed(authorization, frozenset({"Application.ReadWrite.All"}))
        enabled = change.get("accountEnabled")
        if not isinstance(enabled, bool) or set(change) != {"accountEnabled"}:
            raise GraphError(400, "Request_BadRequest", "Only accountEnabled can be changed here.")
        agent = self._agent(tenant_id, object_id)
        if agent is not None:
            self.agents.agents.set_enabled(agent, is_enabled=enabled)
            return
        self.store.set_enabled(self._find(tenant_id, object_id).client_id, tenant_id, is_enabled=enabled)

    def delete_service_principal(self, authorization: str, object_id: str) -> None:
        """Delete an enterprise application with all it was granted; an agent identity also as its blueprint may."""
        claims = self._claims(authorization)
        agent = self._agent(str(claims["tid"]), object_id)
        if agent is not None and self.agents.may_manage(claims, agent):
            self.agents.remove(agent)
            return
        tenant_id = self._allowed(authorization, frozenset({"Application.ReadWrite.All"}))
        if agent is not None:
            self.agents.remove(agent)
            return
        found = self._find(tenant_id, object_id)
        self.mint.directory.remove_service_principal(found.client_id, tenant_id)
        self.store.forget(found.client_id, tenant_id)

    def grants(self, authorization: str, object_id: str | None = None) -> dict[str, Any]:
        """List delegated grants, of one enterprise application or of all."""
        tenant_id = self._allowed(authorization, _READS_GRANTS)
        principals = self._principals(tenant_id) if object_id is None else (self._find(tenant_id, object_id),)
        return _collection("oauth2PermissionGrants", [grant for each in principals for grant in self._grants(each)])

    def delete_grant(self, authorization: str, wanted: str) -> None:
        """Take one delegated grant back."""
        tenant_id = self._allowed(authorization, frozenset({"DelegatedPermissionGrant.ReadWrite.All"}))
        for principal in self._principals(tenant_id):
            for grant in self._grants(principal):
                if grant["id"] == wanted:
                    self.store.revoke(principal.client_id, tenant_id, grant["scope"].split())
                    return
        raise GraphError(404, "Request_ResourceNotFound", "There is no such grant.")

    def assignments(self, authorization: str, object_id: str) -> dict[str, Any]:
        """List the application permissions that an enterprise application was granted."""
        tenant_id = self._allowed(authorization, _READS_APPS)
        return _collection("appRoleAssignments", self._assignments(self._find(tenant_id, object_id)))

    def delete_assignment(self, authorization: str, wanted: str) -> None:
        """Take one application permission back."""
        tenant_id = self._allowed(authorization, frozenset({"AppRoleAssignment.ReadWrite.All"}))
        names = {each.application_id: each.name for each in PERMISSIONS.values()}
        for principal in self._principals(tenant_id):
            for assignment in self._assignments(principal):
                if assignment["id"] == wanted:
                    self.store.revoke(principal.client_id, tenant_id, [names[assignment["appRoleId"]]])
                    return
        raise GraphError(404, "Request_ResourceNotFound", "There is no such assignment.")

    def delta(self, authorization: str, kind: str, token: str) -> dict[str, Any]:
        """Return everything at first, and later what there is if anything changed since the token."""
        tenant_id = self._allowed(authorization, _READS_GRANTS if kind == "oauth2PermissionGrants" else _READS_APPS)
        now = f"{self.store.changes}.{len(self._principals(tenant_id))}"
        values: list[dict[str, Any]] = []
        if token != now:
            principals = self._principals(tenant_id)
            values = (
                [grant for each in principals for grant in self._grants(each)]
                if kind == "oauth2PermissionGrants"
                else [self._principal(each) for each in principals]
            )
        link = f"{GRAPH_URI}/v1.0/{kind}/delta?$deltatoken={now}"
        return {**_collection(kind, values), "@odata.deltaLink": link}

    def _agent(self, tenant_id: str, object_id: str) -> AgentIdentity | None:
        return self.agents.agents.find(object_id, tenant_id)

    def _principals(self, tenant_id: str) -> tuple[ServicePrincipal, ...]:
        return tuple(each for each in self.mint.directory.service_principals if each.tenant_id == tenant_id)

    def _find(self, tenant_id: str, object_id: str) -> ServicePrincipal:
        for each in self._principals(tenant_id):
            if each.object_id == object_id:
                return each
        raise GraphError(404, "Request_ResourceNotFound", "There is no such enterprise application.")

    def _principal(self, principal: ServicePrincipal) -> dict[str, Any]:
        app = self.mint.directory.app(principal.client_id)
        return {
            "id": principal.object_id,
            "appId": principal.client_id,
            "displayName": "" if app is None else app.name,
            "appOwnerOrganizationId": None if app is None else app.tenant_id,
            "accountEnabled": self.store.given(principal.client_id, principal.tenant_id).is_enabled,
            "servicePrincipalType": "Application",
        }

    def _grants(self, principal: ServicePrincipal) -> list[dict[str, Any]]:
        given = self.store.given(principal.client_id, principal.tenant_id)
        resource_id = principal_object_id(GRAPH_APP_ID, principal.tenant_id)

        def grant(names: frozenset[str], person: str | None) -> dict[str, Any]:
            return {
                "id": grant_id(principal.object_id, person or "everybody"),
                "clientId": principal.object_id,
                "consentType": "AllPrincipals" if person is None else "Principal",
                "principalId": person,
                "resourceId": resource_id,
                "scope": " ".join(sorted(names)),
            }

        found = [grant(given.for_all, None)] if given.for_all else []
        return found + [grant(names, person) for person, names in sorted(given.by_user.items()) if names]

    def _assignments(self, principal: ServicePrincipal) -> list[dict[str, Any]]:
        given = self.store.given(principal.client_id, principal.tenant_id)
        return [
            {
                "id": grant_id(principal.object_id, "role", name),
                "appRoleId": PERMISSIONS[name].application_id,
                "principalId": principal.object_id,
                "principalType": "ServicePrincipal",
                "resourceId": principal_object_id(GRAPH_APP_ID, principal.tenant_id),
            }
            for name in sorted(given.application)
        ]

    def _allowed(self, authorization: str, needed: frozenset[str]) -> str:
        """Return the caller's tenant, if its token carries one of the permissions.

        Raises:
            GraphError: No good token (401), not allowed (403).
        """
        claims = self._claims(authorization)
        held = set(str(claims.get("scp", "")).split()) | set(claims.get("roles", []))
        if not held & needed:
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        return str(claims["tid"])

    def _claims(self, authorization: str) -> dict[str, Any]:
        """Return what a good token for Graph says.

        Raises:
            GraphError: It is none (401).
        """
        scheme, _, token = authorization.partition(" ")
        claims = self.mint.ring.verify(token.strip()) if scheme.lower() == "bearer" else None
        if claims is None or str(claims.get("aud")).rstrip("/") not in {GRAPH_APP_ID, GRAPH_URI}:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token validation failure.")
        if claims["exp"] <= self.mint.clock.now().timestamp():
            raise GraphError(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        return claims


def _collection(kind: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    return {"@odata.context": f"{GRAPH_URI}/v1.0/$metadata#{kind}", "value": values}
