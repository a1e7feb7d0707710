"""By offer type: who owns the identity, who controls it, how consent is given and how it is taken back.

One table, which the check of plans, the rooms' work and the documentation share, so that no offer type can be promised
in one place and forgotten in another. All of them end in the same two objects, the tenant link and the grant.

Source: the Marketplace blog, "Design tenant linking to scale selling on Microsoft Marketplace" (who owns the identity);
Microsoft Learn, "Azure managed applications with notifications", "Approve just-in-time access for Azure managed
applications", "Configure Azure container technical assets" (the cluster's own managed identity) and "Agent identity
blueprints in Microsoft Entra Agent ID". That an agent's identity is shared is our reading of the last: the publisher
holds the blueprint with every credential, the customer the principal, the identity and what they may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.consent.plan.plan import AccessWay, IdentityOwner, OfferType, Tier


class TrustProof(StrEnum):
    """What trust in a tenant rests on, and so what is looked for while the link lives."""

    SIGN_IN = "sign_in"
    """Somebody of the tenant signed in; our sign-in application is looked for there."""
    RESOURCE = "resource"
    """Azure Resource Manager showed the resource in a subscription of the tenant; the resource is looked for."""
    CALL_HOME = "call_home"
    """An instance proved itself with a token of the tenant; its calls are waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What holds for one offer type.

    Args:
        title: In words.
        proof: What trust rests on.
        linked_by: How the link begins.
        controlled_by: With what the customer controls the identity.
        consent: How the grant is given.
        revocation: How the customer takes it back.
        ways: Tiers of registrations, and ways of access, that it may use.
    """

    title: str
    owner: IdentityOwner
    proof: TrustProof
    linked_by: str
    controlled_by: str
    consent: str
    revocation: str
    ways: frozenset[Tier | AccessWay]


_ASKED_OF_ENTRA: Final = frozenset({Tier.OPERATIONAL_DELEGATED, Tier.OPERATIONAL_APPLICATION, Tier.AGENT})

CONTROL_OF: Final[Mapping[OfferType, Control]] = MappingProxyType(
    {
        OfferType.SAAS: Control(
            title="SaaS",
            owner=IdentityOwner.PUBLISHER,
            proof=TrustProof.SIGN_IN,
            linked_by="a person of the tenant signs in on the landing page",
            controlled_by="Microsoft Entra: the enterprise applications of the tenant",
            consent="an administrator's, or a person's own, to what the plan asks for; proved by a token",
            revocation="the enterprise application's permissions are revoked or it is deleted; seen by the daily look",
            ways=_ASKED_OF_ENTRA,
        ),
        OfferType.MANAGED_APPLICATION: Control(
            title="Managed application",
            owner=IdentityOwner.SHARED,
            proof=TrustProof.RESOURCE,
            linked_by="Azure notifies of the deployment, and reading it back names subscription and tenant",
            controlled_by="Azure roles on the managed resource group, and the just-in-time policy",
            consent="standing roles with the deployment; each elevation by an approval that is read back",
            revocation="the application is deleted, or an approval ends; seen by the notice and by the daily look",
            ways=frozenset({AccessWay.STANDING, AccessWay.ELEVATED}) | _ASKED_OF_ENTRA,
        ),
        OfferType.CONTAINER: Control(
            title="Container",
            owner=IdentityOwner.CUSTOMER,
            proof=TrustProof.CALL_HOME,
            linked_by="the instance calls home with a claim code, once, and a token of its managed identity",
            controlled_by="the customer's role assignments for its own managed identity; we hold none",
            consent="the code is put into the installation; proved by the identity's token at each call",
            revocation="the identity, its federated credential or the installation is removed; seen by missing calls",
            ways=frozenset({AccessWay.OWN_IDENTITY}) | _ASKED_OF_ENTRA,
        ),
        OfferType.VIRTUAL_MACHINE: Control(
            title="Virtual machine",
            owner=IdentityOwner.CUSTOMER,
            proof=TrustProof.CALL_HOME,
            linked_by="the machine calls home with a claim code, once, and a token of its managed identity",
            controlled_by="the customer's role assignments for its own managed identity; we hold none",
            consent="the code is put into the machine; proved by the identity's token at each call",
            revocation="the identity or the machine is removed; seen by missing calls",
            ways=frozenset({AccessWay.OWN_IDENTITY}) | _ASKED_OF_ENTRA,
        ),
        OfferType.AGENT: Control(
            title="Agent",
            owner=IdentityOwner.SHARED,
            proof=TrustProof.SIGN_IN,
            linked_by="a person of the tenant signs in on the landing page, and names the agent's sponsor",
            controlled_by="Agent ID: the blueprint's principal, and the agent identity with its sponsor; both disabled "
            "or deleted there",
            consent="an administrator's, first to the blueprint and then to the agent identity; Microsoft's page leads "
            "to no answer, so that a token exchanged for the identity is what proves it",
            revocation="the identity, or the blueprint's principal, is disabled or deleted, which ends new tokens at "
            "once; seen by the daily look",
            ways=frozenset({Tier.AGENT}) | _ASKED_OF_ENTRA,
        ),
    }
)
"""Every offer type that meets a customer's identity."""

ACCESS_TIERS: Final = frozenset(way.value for way in AccessWay)
"""The tiers of grants that no registration and no consent of Microsoft Entra stands behind."""
