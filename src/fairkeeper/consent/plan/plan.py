"""What a consent plan says: features, what they do and ask for, through which app registration, for which offer.

The plan is the publisher's recorded decision: which tenant is home, which registrations there are and how they prove
themselves, who owns the identity for each offer type. A permission set has the plan's version, so that a new version
asks again only for what is new.

Source: the Marketplace blog, "Design tenant linking to scale selling on Microsoft Marketplace" (who owns the identity
by offer type; activation apart from operation); Microsoft Learn, "Build the landing page for your transactable SaaS
offer" (two registrations), "Consent types developer guidance" (`.default` grants all that is registered).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from fairkeeper.consent.catalogue.permissions import Kind


class Tier(StrEnum):
    """What a registration is for; one each, so that `.default` cannot carry one tier's permissions into another."""

    LANDING = "landing"
    FULFILLMENT = "fulfillment"
    OPERATIONAL_DELEGATED = "operational_delegated"
    OPERATIONAL_APPLICATION = "operational_application"
    AGENT = "agent"


ASKED_TIERS: Final = frozenset({Tier.OPERATIONAL_DELEGATED, Tier.OPERATIONAL_APPLICATION, Tier.AGENT})
"""The tiers that a customer's tenant is asked for after activation."""


class OfferType(StrEnum):
    """Offer types of Microsoft Marketplace that meet a customer's identity."""

    SAAS = "saas"
    MANAGED_APPLICATION = "managed_application"
    CONTAINER = "container"
    VIRTUAL_MACHINE = "virtual_machine"
    AGENT = "agent"
    """An agent that has identities of its own in Microsoft Entra Agent ID."""


class IdentityOwner(StrEnum):
    """Who owns the identity that works in the customer's tenant."""

    PUBLISHER = "publisher"
    CUSTOMER = "customer"
    SHARED = "shared"


class AccessWay(StrEnum):
    """How something works in a customer's subscription without a consent of Microsoft Entra's."""

    STANDING = "standing_access"
    """Roles of the publisher on the managed resource group, from the deployment on."""
    ELEVATED = "just_in_time_access"
    """A role for some hours, which the customer approves each time."""
    OWN_IDENTITY = "own_identity"
    """The customer's own managed identity, with the roles that the customer gives it; the publisher holds none."""


class Acts(StrEnum):
    """How a feature works."""

    WITH_PERSON = "with_person"
    """Somebody has signed in and started it, and it touches what is theirs."""
    ACROSS_PEOPLE = "across_people"
    """It touches what belongs to others too."""
    ALONE = "alone"
    """In the background, with nobody signed in."""
    AS_AGENT = "as_agent"
    """As an agent with an identity of its own."""


class Consent(StrEnum):
    """Who is meant to consent."""

    USER = "user"
    ADMIN = "admin"
    OWN_API = "pre_authorised_client"
    """Pre-authorised, first meaning: our own client on our own API, as the API's registration lists it."""
    ADMIN_BEFORE = "admin_pre_consent"
    """Second: the tenant's administrator, or its own automation, before anybody starts."""
    TENANT_POLICY = "tenant_policy"
    """Third: a consent policy, a classification or a Teams pre-approval of the tenant."""
    PARTNER = "partner_consent"
    """Fourth: the customer's cloud solution provider, through Partner Center."""


class Audience(StrEnum):
    """Who may sign in to a registration."""

    SINGLE_TENANT = "single_tenant"
    MULTI_TENANT = "multi_tenant"
    MULTI_TENANT_AND_PERSONAL = "multi_tenant_and_personal"


class Credential(StrEnum):
    """How a registration proves itself, best first."""

    FEDERATED = "federated"
    CERTIFICATE = "certificate"
    SECRET = "secret"  # noqa: S105 - the name of a way


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """One permission that a feature asks for, and the reason in plain words."""

    name: str
    kind: Kind
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One app registration as it stands at Microsoft Entra.

    Args:
        delegated, application: The permissions that it lists statically; `.default` asks for all of them.
        accounts: The publisher accounts in Partner Center whose offers use it.
        is_locked: Whether the instance property lock keeps customers from adding credentials to it.
        inheritable: Of an agent's blueprint: permissions that all its identities inherit once its principal holds them.
        has_agent_user: Whether its identities have a user account of their own beside them.
    """

    key: str
    name: str
    app_id: str
    tier: Tier
    home_tenant_id: str
    audience: Audience
    credential: Credential
    accounts: tuple[str, ...]
    is_locked: bool = False
    is_publisher_verified: bool = False
    delegated: tuple[str, ...] = ()
    application: tuple[str, ...] = ()
    inheritable: tuple[str, ...] = ()
    has_agent_user: bool = False

    def registered(self, kind: Kind) -> tuple[str, ...]:
        """Return what it lists of one kind."""
        return self.delegated if kind is Kind.DELEGATED else self.application


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an offer needs in the customer's subscription, and the reason in plain words.

    Args:
        roles: Names of Azure roles, as the plan in Partner Center lists them; of an own identity those that the
            customer is asked to give it.
        principal_id: Object id of the publisher's group or application that gets the roles; empty for an own identity.
        hours: The longest time of one elevation.
        plans: Plan ids it belongs to; empty is every plan of the offer.
    """

    key: str
    title: str
    way: AccessWay
    roles: tuple[str, ...]
    reason: str
    without: str = ""
    principal_id: str = ""
    hours: int = 8
    plans: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One offer: its type, who owns the identity, what its description says, and its access to subscriptions."""

    offer_id: str
    type: OfferType
    identity_owner: IdentityOwner
    description: str
    access: tuple[Access, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What the product does, what that needs, and what happens without.

    Args:
        offers: Offer ids it belongs to; empty is every offer.
        plans: Plan ids it belongs to; empty is every plan.
        is_required: Whether the product cannot work at all without it.
        operations: Calls of Microsoft Graph that it makes, `GET /me/messages`.
        without: What the customer does not have while it is not granted.
    """

    key: str
    title: str
    registration: str
    acts: Acts
    consent: Consent
    offers: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    is_required: bool = True
    operations: tuple[str, ...] = ()
    permissions: tuple[Permission, ...] = ()
    without: str = ""

    def is_for(self, offer_id: str | None, plan_id: str | None) -> bool:
        """Say whether it belongs to a plan of an offer."""
        return (not self.offers or offer_id in self.offers) and (not self.plans or plan_id in self.plans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A recorded decision about an identity: a service principal, a managed identity, a role, a tenant.

    Args:
        where: `home` or `resource`: the publisher's tenant, or the customer's.
    """

    what: str
    name: str
    where: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPlan:
    """The whole plan."""

    version: int
    dated_on: date
    publisher: str
    home_tenant_id: str
    offers: tuple[Offer, ...]
    registrations: tuple[Registration, ...]
    features: tuple[Feature, ...]
    decisions: tuple[Decision, ...] = field(default=())

    def offer(self, offer_id: str | None) -> Offer | None:
        """Return an offer by its id."""
        return next((each for each in self.offers if each.offer_id == offer_id), None)

    def access_for(self, offer_id: str | None, plan_id: str | None) -> tuple[Access, ...]:
        """Return what a plan of an offer needs in the customer's subscription."""
        found = self.offer(offer_id)
        return tuple(each for each in (found.access if found else ()) if not each.plans or plan_id in each.plans)

    def registration(self, key: str) -> Registration | None:
        """Return a registration by its key."""
        return next((each for each in self.registrations if each.key == key), None)

    def tier_of(self, feature: Feature) -> Tier | None:
        """Return the tier that a feature is asked for in."""
        found = self.registration(feature.registration)
        return None if found is None else found.tier

    def features_for(self, offer_id: str | None, plan_id: str | None) -> tuple[Feature, ...]:
        """Return the features of a plan that a customer's tenant is asked for after activation."""
        return tuple(
            each for each in self.features if self.tier_of(each) in ASKED_TIERS and each.is_for(offer_id, plan_id)
        )
