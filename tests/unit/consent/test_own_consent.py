"""What a person may allow for themselves: their own things, what the default policy leaves to users, and no more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.consent.asking.own_consent import own_consent
from fairkeeper.consent.asking.wanted import WantedFeature, WantedPermission
from fairkeeper.consent.catalogue.permissions import Approver, Kind, catalogue
from fairkeeper.consent.plan.plan import Acts, Tier

FACTS = catalogue()
DELEGATED = sorted(name for name, kind in FACTS.facts if kind is Kind.DELEGATED)


def feature(*names: str, acts: Acts = Acts.WITH_PERSON, needs_admin: bool = False, key: str = "f") -> WantedFeature:
    return WantedFeature(
        key=key,
        title=f"Feature {key}",
        registration="side",
        acts=acts.value,
        needs_admin=needs_admin,
        is_required=True,
        without="",
        offers=(),
        plans=(),
        permissions=tuple(WantedPermission(name=name, kind=Kind.DELEGATED, reason="Why.") for name in names),
    )


def test_what_is_theirs_is_theirs_to_allow() -> None:
    own = own_consent(Tier.OPERATIONAL_DELEGATED.value, [feature("Files.ReadWrite")], FACTS, is_publisher_verified=True)
    assert (own.is_open, own.scopes, own.blocked) == (True, ("Files.ReadWrite",), ())


def test_what_users_can_no_longer_allow_is_said_with_its_date() -> None:
    mixed = [feature("Files.Read", key="a"), feature("Files.Read", "Mail.Read", key="b", needs_admin=True)]
    own = own_consent(Tier.OPERATIONAL_DELEGATED.value, mixed, FACTS, is_publisher_verified=True)
    assert (own.features, own.scopes) == (("a",), ("Files.Read",))
    ((name, why),) = own.blocked
    assert name == "Mail.Read"
    assert f"{FACTS.policy_dated_on:%d %b %Y}" in why


@pytest.mark.parametrize(
    ("tier", "asked", "is_verified", "said"),
    [
        (Tier.OPERATIONAL_APPLICATION, feature("Files.Read"), True, "without anybody of you"),
        (Tier.AGENT, feature("Files.Read"), True, "without anybody of you"),
        (Tier.OPERATIONAL_DELEGATED, feature("Files.Read", acts=Acts.ACROSS_PEOPLE), True, "belongs to others"),
        (Tier.OPERATIONAL_DELEGATED, feature("User.Read.All"), True, "only an administrator"),
        (Tier.OPERATIONAL_DELEGATED, feature("Files.Read"), False, "has not verified"),
        (Tier.OPERATIONAL_DELEGATED, feature("Files.Read", needs_admin=True), True, "asks an administrator"),
    ],
)
def test_everything_else_is_an_administrators(tier: Tier, asked: WantedFeature, is_verified: bool, said: str) -> None:
    own = own_consent(tier.value, [asked], FACTS, is_publisher_verified=is_verified)
    assert not own.is_open
    assert said in own.blocked[0][1]


def test_sign_in_alone_needs_no_verified_publisher() -> None:
    own = own_consent(Tier.OPERATIONAL_DELEGATED.value, [feature("User.Read")], FACTS, is_publisher_verified=False)
    assert own.is_open


@given(
    st.lists(st.lists(st.sampled_from(DELEGATED), min_size=1, max_size=4), max_size=5),
    st.sampled_from(sorted(Tier)),
    st.booleans(),
)
def test_nobody_is_sent_to_a_page_that_must_refuse_them(groups: list[list[str]], tier: Tier, is_verified: bool) -> None:
    features = [feature(*names, key=f"f{n}") for n, names in enumerate(groups)]
    own = own_consent(tier.value, features, FACTS, is_publisher_verified=is_verified)
    approvers = {FACTS.approver(name, Kind.DELEGATED) for name in own.scopes}
    assert approvers <= {Approver.ANYBODY, Approver.USER}
    assert bool(own.blocked) == (len(own.features) < len(features))
    if tier is not Tier.OPERATIONAL_DELEGATED:
        assert not own.is_open
