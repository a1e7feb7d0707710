"""The rules of a consent plan: what a reviewer, an administrator or Microsoft Entra would stumble over later.

Each rule is a function of the plan and the catalogue. A permission that is in no catalogue gives one finding and no
other: nothing is concluded from its name.

Source: Microsoft Learn, "Build the landing page for your transactable SaaS offer" (activation without administrator),
"Consent types developer guidance" (`.default`), "Manage app consent policies" (what users can no longer approve),
"Authorization in Microsoft Entra Agent ID", "Managing the SaaS subscription life cycle" (the description has to say
that an administrator is needed), "Register a SaaS application" (one application, one publisher account); the
Marketplace blog, "Design tenant linking to scale selling on Microsoft Marketplace" (identity by offer type).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from fairkeeper.consent.catalogue.permissions import BASIC, Approver, Catalogue, Kind
from fairkeeper.consent.plan import kinds
from fairkeeper.consent.plan.control import CONTROL_OF
from fairkeeper.consent.plan.plan import (
    ASKED_TIERS,
    AccessWay,
    Acts,
    Audience,
    Consent,
    ConsentPlan,
    Credential,
    Feature,
    IdentityOwner,
    OfferType,
    Permission,
    Registration,
    Tier,
)
from fairkeeper.values.findings import Finding, Findings

Rule = Callable[[ConsentPlan, Catalogue], Iterator[Finding]]

_GIVES_ITSELF_MORE: Final = frozenset({"Owner", "User Access Administrator"})
"""Azure roles whose holder assigns roles."""
_DISCLOSES: Final = re.compile(r"\badministrators?\b|\badmin consent\b", re.IGNORECASE)
_KINDS_OF: Final = {
    Tier.LANDING: frozenset({Kind.DELEGATED}),
    Tier.FULFILLMENT: frozenset({Kind.APPLICATION}),
    Tier.OPERATIONAL_DELEGATED: frozenset({Kind.DELEGATED}),
    Tier.OPERATIONAL_APPLICATION: frozenset({Kind.APPLICATION}),
    Tier.AGENT: frozenset(Kind),
}


def check_plan(plan: ConsentPlan, catalogue: Catalogue) -> Findings:
    """Return everything that is wrong with a plan, in the order of its parts."""
    return Findings.of(finding for rule in RULES for finding in rule(plan, catalogue))


def _asked(plan: ConsentPlan) -> Iterator[tuple[Feature, Permission, Tier, str]]:
    """Go through every permission that a feature asks for, with its tier and path."""
    for n, feature in enumerate(plan.features):
        tier = plan.tier_of(feature)
        if tier is not None:
            for m, permission in enumerate(feature.permissions):
                yield feature, permission, tier, f"features/{n}/permissions/{m}"


def check_known(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find permissions that the catalogue does not know, of the kind in which they are asked for."""
    for feature, permission, _, path in _asked(plan):
        if catalogue.approver(permission.name, permission.kind) is Approver.UNKNOWN:
            also = permission.name in catalogue.names
            what = f"has no {permission.kind} form" if also else "is no permission"
            message = f"{permission.name} {what} in the catalogue of {catalogue.dated_on:%d %b %Y}."
            yield kinds.PERMISSION_UNKNOWN.found(message, path=path, subject=feature.key)


def check_activation(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find what a plain user could not approve while activating."""
    for feature, permission, tier, path in _asked(plan):
        approver = catalogue.approver(permission.name, permission.kind)
        if tier is Tier.LANDING and approver not in {Approver.ANYBODY, Approver.UNKNOWN}:
            message = f"{permission.name} opens data at activation; {_who(approver)}."
            yield kinds.ACTIVATION_NEEDS_ADMIN.found(message, path=path, subject=feature.key)


def check_breadth(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find permissions for which a narrower one would do, and those that serve no call of their feature."""
    for feature, permission, _, path in _asked(plan):
        allowed = [catalogue.allows(permission.name, permission.kind, each) for each in feature.operations]
        if catalogue.fact(permission.name, permission.kind) is None:
            continue
        if allowed and not any(each is None or each for each in allowed):
            calls = ", ".join(feature.operations)
            message = f"{permission.name} serves none of the calls of {feature.title!r} ({calls})."
            yield kinds.UNNEEDED.found(message, path=path, subject=feature.key)
            continue
        # A call that is not in the catalogue may be the one that needs it.
        narrower = catalogue.narrower_for(permission.name, permission.kind, feature.operations)
        if narrower is not None and None not in allowed:
            message = f"{narrower} allows every call of {feature.title!r}; {permission.name} allows more."
            yield kinds.TOO_BROAD.found(
                message, path=path, subject=feature.key, detail={"asked": permission.name, "narrower": narrower}
            )


def check_tiers(plan: ConsentPlan, _catalogue: Catalogue) -> Iterator[Finding]:
    """Find registrations through which `.default` would carry one tier's permissions into another."""
    for n, registration in enumerate(plan.registrations):
        for kind, names in _foreign(registration).items():
            for name in names:
                message = f"{registration.name} is for {_tier(registration.tier)}, and lists {name} ({kind})."
                yield kinds.DEFAULT_LEAKS.found(message, path=f"registrations/{n}/{kind}", subject=registration.key)
        same = [each for each in plan.registrations[:n] if each.app_id == registration.app_id]
        for each in same:
            message = (
                f"{each.key} and {registration.key} are one application, and are for {_tier(each.tier)} and "
                f"{_tier(registration.tier)}."
            )
            yield kinds.DEFAULT_LEAKS.found(message, path=f"registrations/{n}/app_id", subject=registration.key)


def _foreign(registration: Registration) -> dict[Kind, tuple[str, ...]]:
    """Return what a registration lists that belongs to another tier."""
    found = {}
    for kind in Kind:
        names = registration.registered(kind)
        if registration.tier is Tier.LANDING and kind is Kind.DELEGATED:
            names = tuple(name for name in names if name not in BASIC)
        elif kind in _KINDS_OF[registration.tier]:
            names = ()
        found[kind] = names
    return found


def check_registered(plan: ConsentPlan, _catalogue: Catalogue) -> Iterator[Finding]:
    """Find what is registered and used by no feature, and application permissions that are used and not registered."""
    for n, registration in enumerate(plan.registrations):
        used = {
            (permission.kind, permission.name)
            for feature in plan.features
            if feature.registration == registration.key
            for permission in feature.permissions
        }
        foreign = _foreign(registration)
        for kind in Kind:
            for name in registration.registered(kind):
                if (kind, name) not in used and name not in BASIC and name not in foreign[kind]:
                    message = f"{registration.name} lists {name} ({kind}), and no feature asks for it."
                    yield kinds.UNNEEDED.found(message, path=f"registrations/{n}/{kind}", subject=registration.key)
    for feature, permission, _, path in _asked(plan):
        found = plan.registration(feature.registration)
        is_listed = found is not None and permission.name in found.application
        if permission.kind is Kind.APPLICATION and not is_listed:
            message = f"{permission.name} is not among the application permissions of {feature.registration}."
            yield kinds.UNREGISTERED.found(message, path=path, subject=feature.key)


def check_reasons(plan: ConsentPlan, _catalogue: Catalogue) -> Iterator[Finding]:
    """Find permissions that nobody explains."""
    for feature, permission, _, path in _asked(plan):
        if not permission.reason:
            message = f"Nothing says why {feature.title!r} needs {permission.name}."
            yield kinds.REASON_MISSING.found(message, path=path, subject=feature.key)


def check_approvers(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find features whose consent is planned with somebody who cannot give it."""
    for n, feature in enumerate(plan.features):
        if feature.consent is not Consent.USER or plan.tier_of(feature) is Tier.LANDING:
            continue
        if feature.acts is not Acts.WITH_PERSON:
            message = f"{feature.title!r} works {_acts(feature.acts)}, and only a user is to consent."
            yield kinds.USER_CONSENT_TOO_LITTLE.found(message, path=f"features/{n}/consent", subject=feature.key)
            continue
        for m, permission in enumerate(feature.permissions):
            approver = catalogue.approver(permission.name, permission.kind)
            if approver in {Approver.MAYBE_USER, Approver.ADMIN}:
                message = f"{permission.name}: {_who(approver)} (policy as of {catalogue.policy_dated_on:%d %b %Y})."
                path = f"features/{n}/permissions/{m}"
                yield kinds.USER_CANNOT_APPROVE.found(message, path=path, subject=feature.key)


def check_agents(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find what Microsoft grants no agent."""
    for feature, permission, tier, path in _asked(plan):
        is_agent = tier is Tier.AGENT or feature.acts is Acts.AS_AGENT
        if is_agent and permission.name in catalogue.blocked_for_agents:
            message = f"{permission.name} is blocked for agents."
            yield kinds.BLOCKED_FOR_AGENTS.found(message, path=path, subject=feature.key)
    for n, feature in enumerate(plan.features):
        used = plan.tier_of(feature)
        if used is not None and (used is Tier.AGENT) is not (feature.acts is Acts.AS_AGENT):
            how = "works as an agent" if feature.acts is Acts.AS_AGENT else "does not work as an agent"
            message = f"{feature.title!r} {how}, and its registration is for {_tier(used)}."
            yield kinds.AGENT_UNFIT.found(message, path=f"features/{n}/acts", subject=feature.key)


def check_blueprints(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find blueprints that cannot reach a customer, let too much be inherited, or rest on a secret."""
    for n, registration in enumerate(plan.registrations):
        if registration.tier is not Tier.AGENT:
            if registration.inheritable or registration.has_agent_user:
                message = (
                    f"{registration.name} is for {_tier(registration.tier)}; only a blueprint has agent identities."
                )
                path = f"registrations/{n}/{'inheritable' if registration.inheritable else 'has_agent_user'}"
                yield kinds.AGENT_UNFIT.found(message, path=path, subject=registration.key)
            continue
        if registration.audience is not Audience.MULTI_TENANT:
            message = f"{registration.name} is a blueprint for {_words(registration.audience)}."
            yield kinds.AGENT_UNREACHABLE.found(message, path=f"registrations/{n}/audience", subject=registration.key)
        if registration.credential is Credential.SECRET:
            message = f"{registration.name} is a blueprint, and proves itself with a secret."
            yield kinds.AGENT_SECRET.found(message, path=f"registrations/{n}/credential", subject=registration.key)
        for name in registration.inheritable:
            fact = catalogue.fact(name, Kind.APPLICATION)
            if name in registration.application or (fact is not None and fact.can_escalate):
                message = f"{registration.name} lets every agent identity inherit {name}."
                yield kinds.AGENT_INHERITS.found(
                    message, path=f"registrations/{n}/inheritable", subject=registration.key
                )
    for n, offer in enumerate(plan.offers):
        blueprints = [
            feature
            for feature in plan.features
            if plan.tier_of(feature) is Tier.AGENT and (not feature.offers or offer.offer_id in feature.offers)
        ]
        if offer.type is OfferType.AGENT and not blueprints:
            message = f"{offer.offer_id} is an agent offer, and no feature of it uses a blueprint."
            yield kinds.AGENT_UNFIT.found(message, path=f"offers/{n}/type", subject=offer.offer_id)


def check_offers(plan: ConsentPlan, catalogue: Catalogue) -> Iterator[Finding]:
    """Find offers whose identity has the wrong owner, and descriptions that keep the administrator's part quiet."""
    for n, offer in enumerate(plan.offers):
        owner = CONTROL_OF[offer.type].owner
        if offer.identity_owner is not owner:
            said = "the identity is shared" if owner is IdentityOwner.SHARED else f"the {owner} owns the identity"
            message = f"{offer.offer_id} is a {_words(offer.type)} offer: {said}, not as {offer.identity_owner} says."
            yield kinds.IDENTITY_OWNER.found(message, path=f"offers/{n}/identity_owner", subject=offer.offer_id)
        needing = [
            feature.title
            for feature in plan.features
            if (not feature.offers or offer.offer_id in feature.offers)
            and needs_administrator(plan, feature, catalogue)
        ]
        if needing and not _DISCLOSES.search(offer.description):
            message = f"{offer.offer_id} does not say that an administrator has to approve {', '.join(needing)}."
            yield kinds.DESCRIPTION_SILENT.found(message, path=f"offers/{n}/description", subject=offer.offer_id)


def needs_administrator(plan: ConsentPlan, feature: Feature, catalogue: Catalogue) -> bool:
    """Say whether an administrator of the customer has to take part before a feature works."""
    if plan.tier_of(feature) not in ASKED_TIERS:
        return False
    by_user = {Approver.ANYBODY, Approver.USER, Approver.UNKNOWN}
    approvers = {catalogue.approver(each.name, each.kind) for each in feature.permissions}
    return feature.consent not in {Consent.USER, Consent.OWN_API} or bool(approvers - by_user)


def check_access(plan: ConsentPlan, _catalogue: Catalogue) -> Iterator[Finding]:
    """Find access that the offer type does not have, and standing roles that can give themselves more."""
    for n, offer in enumerate(plan.offers):
        control = CONTROL_OF[offer.type]
        for m, access in enumerate(offer.access):
            path = f"offers/{n}/access/{m}"
            if access.way not in control.ways:
                message = f"{offer.offer_id} is a {_words(offer.type)} offer: {control.controlled_by}."
                yield kinds.ACCESS_UNFIT.found(message, path=path, subject=access.key)
            elif bool(access.principal_id) is (access.way is AccessWay.OWN_IDENTITY):
                needs = (
                    "names no principal of yours" if access.principal_id else "names the principal that gets the roles"
                )
                yield kinds.ACCESS_UNFIT.found(
                    f"{_words(access.way).capitalize()} {needs}.", path=path, subject=access.key
                )
            elif access.way is AccessWay.STANDING and (wide := sorted(set(access.roles) & _GIVES_ITSELF_MORE)):
                message = (
                    f"{access.title!r} holds {', '.join(wide)} all the time, and can give itself every other role."
                )
                yield kinds.STANDING_TOO_BROAD.found(message, path=path, subject=access.key)


def check_accounts(plan: ConsentPlan, _catalogue: Catalogue) -> Iterator[Finding]:
    """Find registrations that several publisher accounts share."""
    for n, registration in enumerate(plan.registrations):
        if len(registration.accounts) > 1:
            message = f"{registration.name} is used by {', '.join(registration.accounts)}."
            yield kinds.REGISTRATION_SHARED.found(message, path=f"registrations/{n}/accounts", subject=registration.key)


RULES: Final[tuple[Rule, ...]] = (
    check_known,
    check_activation,
    check_breadth,
    check_tiers,
    check_registered,
    check_reasons,
    check_approvers,
    check_agents,
    check_blueprints,
    check_offers,
    check_access,
    check_accounts,
)
"""Every rule, in the order in which its findings are told."""


def _who(approver: Approver) -> str:
    return {
        Approver.USER: "it is asked for after activation, so that everybody can finish it",
        Approver.MAYBE_USER: "in new tenants only an administrator can approve it",
        Approver.ADMIN: "only an administrator can approve it",
    }[approver]


def _acts(acts: Acts) -> str:
    return {
        Acts.ALONE: "with nobody signed in",
        Acts.AS_AGENT: "as an agent",
        Acts.ACROSS_PEOPLE: "on what belongs to others",
    }.get(acts, acts.value)


def _tier(tier: Tier) -> str:
    return tier.value.replace("_", " ")


def _words(value: str) -> str:
    return value.replace("_", " ")
