"""Whether a person of the customer may allow something for themselves, and if not, why: said before anybody tries.

A person's own consent is for what touches their own things while they are there, and for what Microsoft's current
default policy leaves to users, of a verified publisher. Everything else is an administrator's, and to send it to one is
a normal way and no failure. A tenant may be stricter than the default; only Microsoft's page knows that.

Source: Microsoft Learn, "Manage app consent policies" (what the default policy leaves to users), "Publisher
verification" (users and unverified publishers), "Overview of permissions and consent".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fairkeeper.consent.asking.wanted import Wanted, WantedFeature
from fairkeeper.consent.catalogue.permissions import BASIC, Approver, Catalogue, Kind
from fairkeeper.consent.plan.plan import Acts, Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnConsent:
    """What a person may allow for themselves through one registration.

    Args:
        features: Keys of the features that they may allow.
        scopes: The permissions of those, in the plan's order.
        blocked: What they may not, each with the reason in a sentence's part.
    """

    features: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    blocked: tuple[tuple[str, str], ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether there is anything that they may allow."""
        return bool(self.features)


def own_consent(
    tier: str, features: Iterable[WantedFeature], catalogue: Catalogue, *, is_publisher_verified: bool
) -> OwnConsent:
    """Say what a person may allow for themselves.

    Args:
        tier: Of the registration; another than `operational_delegated` is never a person's own.
        features: What is asked for through it.
        catalogue: Who can approve what.
        is_publisher_verified: Whether Microsoft has verified the registration's publisher.
    """
    open_ones: list[WantedFeature] = []
    blocked: list[tuple[str, str]] = []
    for feature in features:
        why = _blocked(tier, feature, catalogue, is_publisher_verified=is_publisher_verified)
        blocked += why
        if not why:
            open_ones.append(feature)
    scopes = dict.fromkeys(permission.name for feature in open_ones for permission in feature.permissions)
    return OwnConsent(
        features=tuple(feature.key for feature in open_ones),
        scopes=tuple(scopes),
        blocked=tuple(dict.fromkeys(blocked)),
    )


def own_consent_to(wanted: Wanted, registration: str, features: Iterable[str], catalogue: Catalogue) -> OwnConsent:
    """Say what a person may allow for themselves of these features, through one registration."""
    found, named = wanted.registration(registration), set(features)
    return own_consent(
        "" if found is None else found.tier.value,
        [each for each in wanted.features_of(registration) if each.key in named],
        catalogue,
        is_publisher_verified=found is not None and found.is_publisher_verified,
    )


def _blocked(
    tier: str, feature: WantedFeature, catalogue: Catalogue, *, is_publisher_verified: bool
) -> list[tuple[str, str]]:
    """Return what keeps a person from allowing a feature, by permission or by the feature as a whole."""
    if tier != Tier.OPERATIONAL_DELEGATED.value:
        return [(feature.title, "it works without anybody of you, so that it is an administrator's to allow")]
    if feature.acts != Acts.WITH_PERSON.value:
        return [(feature.title, "it reaches what belongs to others too, so that it is an administrator's to allow")]
    found = [(each.name, why) for each in feature.permissions if (why := _why(each.name, each.kind, catalogue))]
    asks_more = any(each.name not in BASIC for each in feature.permissions)
    if not found and asks_more and not is_publisher_verified:
        return [(feature.title, "Microsoft lets no user allow more than sign-in to a publisher it has not verified")]
    if not found and feature.needs_admin:
        return [(feature.title, "the publisher asks an administrator for it")]
    return found


def _why(name: str, kind: Kind, catalogue: Catalogue) -> str:
    approver = catalogue.approver(name, kind)
    if approver is Approver.ADMIN:
        return "only an administrator can allow it"
    if approver is Approver.MAYBE_USER:
        return f"users cannot allow it under Microsoft's default policy as of {catalogue.policy_dated_on:%d %b %Y}"
    return ""
