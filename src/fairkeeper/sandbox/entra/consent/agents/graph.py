"""Agent identities in Microsoft Graph: a blueprint makes and removes its own, an administrator disables any.

Source: Microsoft Graph, "Create agentIdentity", "List agentIdentities"; Microsoft Entra Agent ID, "Create agent
identities" (a sponsor is needed; the blueprint's own token), "Microsoft agent identity platform error codes"; read
2026-11-28.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.sandbox.entra.consent.agents.exchange import CREATE_AS_MANAGER
from fairkeeper.sandbox.entra.consent.agents.store import MOST_FOR_A_BLUEPRINT, AgentIdentity, AgentStore
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.graph import GraphError
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import GRAPH_URI

_SPONSORS: Final = "sponsors@odata.bind"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGraph:
    """Answers what is asked about agent identities; whose token it is was looked at before."""

    mint: TokenMint
    consents: ConsentStore
    agents: AgentStore

    def create(self, claims: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Make an identity of the blueprint whose own token asks.

        Raises:
            GraphError: It is not the blueprint's own token, its principal is absent, no sponsor is named, or it has
                too many.
        """
        tenant_id, caller = str(claims["tid"]), _caller(claims)
        blueprint_id, name = wanted.get("agentIdentityBlueprintId"), wanted.get("displayName")
        sponsors = wanted.get(_SPONSORS)
        if CREATE_AS_MANAGER not in claims.get("roles", []):
            raise GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        if blueprint_id != caller:
            message = "Applications can only create agent identities under themselves."
            raise GraphError(403, "Error_AgentIdentitySelfCreateRequired", message)
        if self.mint.directory.service_principal(caller, tenant_id) is None:
            message = "The agent identity blueprint has no principal in this tenant."
            raise GraphError(400, "AgentIdentity_AgentBlueprintPrincipalDoesNotExist", message)
        if not isinstance(name, str) or not name:
            raise GraphError(400, "Request_BadRequest", "A value is required for displayName.")
        if not isinstance(sponsors, list) or not sponsors or not all(self._is_sponsor(each) for each in sponsors):
            raise GraphError(400, "Request_BadRequest", "No sponsor of this directory is named.")
        if self.agents.count(caller) >= MOST_FOR_A_BLUEPRINT:
            message = "The maximum number of agent identities is reached, soft-deleted ones included."
            raise GraphError(403, "AgentIdentity_LimitExceeded", message)
        made = self.agents.create(blueprint_id=caller, tenant_id=tenant_id, name=name, sponsors=sponsors)
        return self.document(made)

    def remove(self, identity: AgentIdentity) -> None:
        """Put an identity into the bin, with what it was granted."""
        self.agents.set_deleted(identity.id, is_deleted=True)
        self.consents.forget(identity.id, identity.tenant_id)

    def may_manage(self, claims: Mapping[str, Any], identity: AgentIdentity) -> bool:
        """Say whether a caller is the blueprint of an identity."""
        return CREATE_AS_MANAGER in claims.get("roles", []) and _caller(claims) == identity.blueprint_id

    def document(self, identity: AgentIdentity) -> dict[str, Any]:
        """Return an identity as Graph writes it."""
        return {
            "@odata.type": "#microsoft.graph.agentIdentity",
            "id": identity.id,
            "appId": identity.id,
            "displayName": identity.name,
            "agentIdentityBlueprintId": identity.blueprint_id,
            "accountEnabled": identity.is_enabled,
            "servicePrincipalType": "ServiceIdentity",
        }

    def _is_sponsor(self, address: Any) -> bool:
        """Take a group of any id, since groups are not kept here, and only a person who exists."""
        if not isinstance(address, str):
            return False
        kind, _, sponsor_id = address.removeprefix(f"{GRAPH_URI}/v1.0/").partition("/")
        return bool(sponsor_id) and (kind == "groups" or (kind == "users" and self._exists(sponsor_id)))

    def _exists(self, object_id: str) -> bool:
        return self.mint.directory.person(object_id) is not None


def _caller(claims: Mapping[str, Any]) -> str:
    return str(claims.get("appid") or claims.get("azp") or "")
