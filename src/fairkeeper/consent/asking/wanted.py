"""What one customer's tenant is asked for: the plan, narrowed to what it bought, as a frozen document.

It is kept with the tenant link, so that what an administrator was shown stays what is asked for until the plan's next
version, and so that a customer's own session can read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fairkeeper.consent.catalogue.permissions import Catalogue, Kind
from fairkeeper.consent.plan.checks import needs_administrator
from fairkeeper.consent.plan.control import CONTROL_OF, TrustProof
from fairkeeper.consent.plan.plan import Access, AccessWay, ConsentPlan, Feature, Registration, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPermission:
    """One permission with its reason."""

    name: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFeature:
    """One feature with what it asks for, as the customer reads it."""

    key: str
    title: str
    registration: str
    acts: str
    needs_admin: bool
    is_required: bool
    without: str
    offers: tuple[str, ...]
    plans: tuple[str, ...]
    permissions: tuple[WantedPermission, ...]

    def is_for(self, offer_id: str | None, plan_id: str | None) -> bool:
        """Say whether it belongs to a plan of an offer."""
        return (not self.offers or offer_id in self.offers) and (not self.plans or plan_id in self.plans)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRegistration:
    """One app registration that would appear in the customer's tenant."""

    key: str
    name: str
    app_id: str
    tier: Tier
    is_publisher_verified: bool
    delegated: tuple[str, ...]
    application: tuple[str, ...]
    has_agent_user: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAccess:
    """What an offer needs in the customer's subscription, as the customer reads it."""

    key: str
    title: str
    way: AccessWay
    roles: tuple[str, ...]
    reason: str
    without: str
    principal_id: str
    hours: int
    offer_id: str
    plans: tuple[str, ...]

    def is_for(self, offer_id: str | None, plan_id: str | None) -> bool:
        """Say whether it belongs to a plan of an offer."""
        return self.offer_id == offer_id and (not self.plans or plan_id in self.plans)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """All of it, for one customer.

    Args:
        plan_version: Of the plan that it comes from.
        sign_in: The registration that people sign in with, which appears with the first sign-in.
        access: What is needed in the customer's subscriptions, without a consent of Microsoft Entra's.
        calling: Offer id and type of whatever calls home, bought or not: its purchase is seen by its first call alone.
    """

    plan_version: int
    publisher: str
    registrations: tuple[WantedRegistration, ...]
    features: tuple[WantedFeature, ...]
    sign_in: WantedRegistration | None = None
    access: tuple[WantedAccess, ...] = ()
    calling: tuple[tuple[str, str], ...] = ()

    def title_of(self, key: str) -> str:
        """Return the title of a feature or of an access, or its key."""
        titles = {each.key: each.title for each in self.features} | {each.key: each.title for each in self.access}
        return titles.get(key, key)

    def features_of(self, registration: str) -> tuple[WantedFeature, ...]:
        """Return what is asked for through one registration."""
        return tuple(each for each in self.features if each.registration == registration)

    def registration(self, key: str) -> WantedRegistration | None:
        """Return one registration by its key."""
        return next((each for each in self.registrations if each.key == key), None)

    def permissions(self, registration: str, kind: Kind, features: Iterable[str] | None = None) -> tuple[str, ...]:
        """Return the permissions of a kind, of the named features or of all, each once and in the plan's order."""
        named = None if features is None else set(features)
        return tuple(
            dict.fromkeys(
                permission.name
                for feature in self.features_of(registration)
                if named is None or feature.key in named
                for permission in feature.permissions
                if permission.kind is kind
            )
        )

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values; access, and what calls home, stand there only where there is some."""
        access = {"access": [_access_json(each) for each in self.access]} if self.access else {}
        calling = {"calling": [list(each) for each in self.calling]} if self.calling else {}
        return {
            **access,
            **calling,
            "plan_version": self.plan_version,
            "publisher": self.publisher,
            "registrations": [_registration_json(each) for each in self.registrations],
            "sign_in": None if self.sign_in is None else _registration_json(self.sign_in),
            "features": [
                {
                    "key": each.key,
                    "title": each.title,
                    "registration": each.registration,
                    "acts": each.acts,
                    "needs_admin": each.needs_admin,
                    "is_required": each.is_required,
                    "without": each.without,
                    "offers": list(each.offers),
                    "plans": list(each.plans),
                    "permissions": [
                        {"name": one.name, "kind": one.kind.value, "reason": one.reason} for one in each.permissions
                    ],
                }
                for each in self.features
            ],
        }

    @classmethod
    def of_json(cls, document: Mapping[str, Any]) -> Wanted:
        """Return what `to_json` wrote."""
        sign_in = document.get("sign_in")
        return cls(
            plan_version=document["plan_version"],
            publisher=document["publisher"],
            registrations=tuple(_registration_of(each) for each in document["registrations"]),
            sign_in=None if sign_in is None else _registration_of(sign_in),
            features=tuple(_feature_of(each) for each in document["features"]),
            access=tuple(_access_of(each) for each in document.get("access", ())),
            calling=tuple((each[0], each[1]) for each in document.get("calling", ())),
        )


def _access_json(each: WantedAccess) -> dict[str, Any]:
    return {**asdict(each), "way": each.way.value, "roles": list(each.roles), "plans": list(each.plans)}


def _access_of(each: Mapping[str, Any]) -> WantedAccess:
    given = {**each, "way": AccessWay(each["way"]), "roles": tuple(each["roles"]), "plans": tuple(each["plans"])}
    return WantedAccess(**given)


def _registration_json(each: WantedRegistration) -> dict[str, Any]:
    return {
        "key": each.key,
        "name": each.name,
        "app_id": each.app_id,
        "tier": each.tier.value,
        "is_publisher_verified": each.is_publisher_verified,
        "delegated": list(each.delegated),
        "application": list(each.application),
        # Only where there is one, so that what was written before stays as it is.
        **({"has_agent_user": True} if each.has_agent_user else {}),
    }


def _registration_of(each: Mapping[str, Any]) -> WantedRegistration:
    return WantedRegistration(
        key=each["key"],
        name=each["name"],
        app_id=each["app_id"],
        tier=Tier(each["tier"]),
        is_publisher_verified=each["is_publisher_verified"],
        delegated=tuple(each["delegated"]),
        application=tuple(each["application"]),
        has_agent_user=each.get("has_agent_user", False),
    )


def _feature_of(each: Mapping[str, Any]) -> WantedFeature:
    return WantedFeature(
        key=each["key"],
        title=each["title"],
        registration=each["registration"],
        acts=each["acts"],
        needs_admin=each["needs_admin"],
        is_required=each["is_required"],
        without=each["without"],
        offers=tuple(each["offers"]),
        plans=tuple(each["plans"]),
        permissions=tuple(
            WantedPermission(name=one["name"], kind=Kind(one["kind"]), reason=one["reason"])
            for one in each["permissions"]
        ),
    )


def wanted_of(plan: ConsentPlan, bought: Iterable[tuple[str | None, str | None]], catalogue: Catalogue) -> Wanted:
    """Return what a tenant is asked for that bought these plans of these offers.

    Args:
        plan: The publisher's.
        bought: Pairs of offer and plan id.
        catalogue: Who can approve what.
    """
    pairs = list(bought)
    features = [
        feature
        for feature in plan.features
        if any(feature in plan.features_for(offer_id, plan_id) for offer_id, plan_id in pairs)
    ]
    keys = {feature.registration for feature in features}
    landing = next((each for each in plan.registrations if each.tier is Tier.LANDING), None)
    return Wanted(
        plan_version=plan.version,
        publisher=plan.publisher,
        registrations=tuple(_registration(each) for each in plan.registrations if each.key in keys),
        sign_in=None if landing is None else _registration(landing),
        features=tuple(_feature(plan, each, catalogue) for each in features),
        access=tuple(
            _access(offer.offer_id, each)
            for offer in plan.offers
            for each in offer.access
            if any(
                each in plan.access_for(offer_id, plan_id) for offer_id, plan_id in pairs if offer_id == offer.offer_id
            )
        ),
        calling=tuple(
            (offer.offer_id, offer.type.value)
            for offer in plan.offers
            if CONTROL_OF[offer.type].proof is TrustProof.CALL_HOME
        ),
    )


def _access(offer_id: str, each: Access) -> WantedAccess:
    return WantedAccess(
        key=each.key,
        title=each.title,
        way=each.way,
        roles=each.roles,
        reason=each.reason,
        without=each.without,
        principal_id=each.principal_id,
        hours=each.hours,
        offer_id=offer_id,
        plans=each.plans,
    )


def _registration(each: Registration) -> WantedRegistration:
    return WantedRegistration(
        key=each.key,
        name=each.name,
        app_id=each.app_id,
        tier=each.tier,
        is_publisher_verified=each.is_publisher_verified,
        delegated=each.delegated,
        application=each.application,
        has_agent_user=each.has_agent_user,
    )


def _feature(plan: ConsentPlan, feature: Feature, catalogue: Catalogue) -> WantedFeature:
    return WantedFeature(
        key=feature.key,
        title=feature.title,
        registration=feature.registration,
        acts=feature.acts.value,
        needs_admin=needs_administrator(plan, feature, catalogue),
        is_required=feature.is_required,
        without=feature.without,
        offers=feature.offers,
        plans=feature.plans,
        permissions=tuple(
            WantedPermission(name=each.name, kind=each.kind, reason=each.reason) for each in feature.permissions
        ),
    )
