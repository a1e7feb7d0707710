"""The two steps by which a blueprint gets a token for one of its agent identities.

Source: Microsoft Entra Agent ID, "Agent autonomous app OAuth flow" (`fmi_path`; the identity presents what the
blueprint got), "Token claims reference for agents" (`xms_act_fct`, `xms_sub_fct`, `xms_idrel`, `xms_par_app_azp`),
"Inheritable permissions" (what reaches a token by inheritance is granted to the blueprint and shown nowhere else), read
2026-11-28.
Assumption: which number tells that an identity or its blueprint is absent or disabled is that of applications.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.sandbox.directory import AppRegistration
from fairkeeper.sandbox.entra.consent.agents.store import AgentIdentity, AgentStore
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.mint import IssuedToken, TokenMint
from fairkeeper.sandbox.entra.resources import EXCHANGE_APP_ID, GRAPH_APP_ID, Resource

CREATE_AS_MANAGER: Final = "AgentIdentity.CreateAsManager"
"""What every blueprint may do in a tenant that has its principal: make its own identities, and take them away."""
_AGENT: Final = "11"
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentExchange:
    """Gives tokens to blueprints and, through them, to their agent identities."""

    mint: TokenMint
    consents: ConsentStore
    agents: AgentStore

    def for_blueprint(
        self, app: AppRegistration, tenant_id: str, resource: Resource, form: Mapping[str, str]
    ) -> IssuedToken:
        """Return the token with which a blueprint vouches for the identity that `fmi_path` names.

        Raises:
            StsError: 900144, no identity is named; 70000, the application is no blueprint.
        """
        identity_id = form.get("fmi_path", "")
        if not identity_id:
            raise StsError(900144, name="fmi_path")
        if not app.is_blueprint:
            raise StsError(70000, reason="the application is no agent identity blueprint")
        return self.mint.access_token_for_app(
            tenant_id=tenant_id,
            client_id=app.client_id,
            resource=resource,
            # Assumption: how the identity is named inside is ours; whoever gets it treats it as opaque.
            more={"sub": f"{app.client_id}/{identity_id.lower()}"},
        )

    def for_identity(
        self, identity_id: str, tenant_id: str, resource: Resource, form: Mapping[str, str]
    ) -> IssuedToken:
        """Return an agent identity's own token, for what its blueprint vouched.

        Raises:
            StsError: 700016 or 7000112, the identity or its blueprint is absent or disabled; 7000218, no assertion;
                700024 or 700027, one that is too old, or not of its blueprint.
        """
        identity = self.agents.find(identity_id, tenant_id)
        if identity is None:
            raise StsError(700016, client=identity_id, tenant=tenant_id)
        self._check_assertion(identity, form)
        blueprint = self.mint.directory.app(identity.blueprint_id)
        is_there = self.mint.directory.service_principal(identity.blueprint_id, tenant_id) is not None
        if blueprint is None or not is_there:
            raise StsError(700016, client=identity.blueprint_id, tenant=tenant_id)
        held = self.consents.given(identity.blueprint_id, tenant_id)
        if not identity.is_enabled or not held.is_enabled:
            raise StsError(7000112, client=identity.id)
        inherited = held.application & frozenset(blueprint.inheritable)
        roles = self.consents.given(identity.id, tenant_id).application | inherited
        more = {
            "oid": identity.id,
            "sub": identity.id,
            "xms_act_fct": _AGENT,
            "xms_sub_fct": _AGENT,
            "xms_idrel": "7",
            "xms_par_app_azp": identity.blueprint_id,
        }
        return self.mint.access_token_for_app(
            tenant_id=tenant_id,
            client_id=identity.id,
            resource=resource,
            credential="2",
            roles=roles if resource.app_id == GRAPH_APP_ID else frozenset(),
            more=more,
        )

    def _check_assertion(self, identity: AgentIdentity, form: Mapping[str, str]) -> None:
        if form.get("client_assertion_type") != _ASSERTION_TYPE or not form.get("client_assertion"):
            raise StsError(7000218)
        claims: dict[str, Any] | None = self.mint.ring.verify(form["client_assertion"])
        is_fit = (
            claims is not None
            and claims.get("aud") == EXCHANGE_APP_ID
            and claims.get("tid") == identity.tenant_id
            and claims.get("sub") == f"{identity.blueprint_id}/{identity.id}"
        )
        if claims is None or not is_fit:
            raise StsError(700027)
        if claims["exp"] <= self.mint.clock.now().timestamp():
            raise StsError(700024)
