"""The landing page's branches. Source: Microsoft Learn, Build the landing page for your transactable SaaS offer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.marketplace.subscription import Party
from fairkeeper.customers.path.landing import PERSONAL_ACCOUNTS_TENANT, Branch, Claim, Relation, SignedIn, view_landing
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.errors import BugError
from tests.unit.customers.builders import BUYER, OTHER_TENANT, PERSON, TENANT, a_subscription, statuses

BENEFICIARY = SignedIn(tenant_id=TENANT, object_id=BUYER)
PURCHASER = SignedIn(tenant_id=OTHER_TENANT, object_id=PERSON)
COLLEAGUE = SignedIn(tenant_id=TENANT, object_id=PERSON)
GUEST = SignedIn(tenant_id=TENANT, object_id="0000000a-0000-4000-8000-00000000000a", is_guest=True)
STRANGER = SignedIn(tenant_id=OTHER_TENANT, object_id=BUYER)


@pytest.mark.parametrize(
    ("status", "branch", "can_activate"),
    [
        (CommercialStatus.NOT_STARTED, Branch.NEW, False),
        (CommercialStatus.PENDING_FULFILLMENT_START, Branch.NEW, True),
        (CommercialStatus.SUBSCRIBED, Branch.EXISTING, False),
        (CommercialStatus.SUSPENDED, Branch.SUSPENDED, False),
        (CommercialStatus.UNSUBSCRIBED, Branch.GONE, False),
        (None, Branch.HELD, False),
    ],
)
def test_branch_follows_microsofts_status(
    status: CommercialStatus | None, branch: Branch, *, can_activate: bool
) -> None:
    view = view_landing(a_subscription(status), BENEFICIARY)

    assert (view.branch, view.can_activate, view.claim) == (branch, can_activate, Claim.NONE)
    assert view.sentence


@pytest.mark.parametrize(
    ("person", "relation", "claim"),
    [
        (BENEFICIARY, Relation.BENEFICIARY, Claim.NONE),
        (PURCHASER, Relation.RESELLER, Claim.BY_PERSON),
        (COLLEAGUE, Relation.COLLEAGUE, Claim.BY_PERSON),
        (GUEST, Relation.STRANGER, Claim.BY_STAFF),
        (STRANGER, Relation.STRANGER, Claim.BY_STAFF),
    ],
)
def test_people_are_recognised_by_tenant_and_object_together(
    person: SignedIn, relation: Relation, claim: Claim
) -> None:
    view = view_landing(a_subscription(CommercialStatus.PENDING_FULFILLMENT_START), person)

    assert (view.relation, view.claim) == (relation, claim)


def test_a_purchaser_of_the_beneficiarys_own_company_needs_no_claim() -> None:
    own = Party(tenant_id=BENEFICIARY.tenant_id, object_id=COLLEAGUE.object_id)

    assert view_landing(a_subscription(purchaser=own), COLLEAGUE).relation is Relation.PURCHASER


def test_a_colleague_of_who_set_it_up_is_told_that_it_is_active_and_whom_to_ask() -> None:
    view = view_landing(a_subscription(CommercialStatus.SUBSCRIBED), COLLEAGUE)

    assert (view.branch, view.claim, view.can_activate) == (Branch.ASK, Claim.NONE, False)


def test_a_guest_whose_claim_was_confirmed_is_let_in() -> None:
    view = view_landing(a_subscription(), GUEST, frozenset({SignedIn(tenant_id=TENANT, object_id=GUEST.object_id)}))

    assert view.relation is Relation.CLAIMED


def test_nobody_signed_in_is_asked_to() -> None:
    assert view_landing(a_subscription(), None).branch is Branch.SIGN_IN


def test_recorded_claim_lets_a_stranger_in() -> None:
    view = view_landing(a_subscription(), STRANGER, frozenset({STRANGER}))

    assert (view.relation, view.branch) == (Relation.CLAIMED, Branch.EXISTING)


def test_two_personal_accounts_are_no_colleagues() -> None:
    bought = a_subscription(beneficiary=Party(tenant_id=PERSONAL_ACCOUNTS_TENANT, object_id=BUYER))
    other = SignedIn(tenant_id=PERSONAL_ACCOUNTS_TENANT, object_id=PERSON)

    assert view_landing(bought, other).relation is Relation.STRANGER


@pytest.mark.parametrize("party", [Party(), Party(tenant_id=TENANT), Party(object_id=BUYER)])
def test_party_with_a_missing_part_is_nobody(party: Party) -> None:
    view = view_landing(a_subscription(beneficiary=party, purchaser=party), BENEFICIARY)

    assert view.branch in {Branch.NOT_YOURS, Branch.ASK}


def test_ids_in_another_case_are_a_bug_and_not_a_stranger() -> None:
    with pytest.raises(BugError):
        SignedIn(tenant_id=TENANT, object_id="ABC")


@given(statuses, st.sampled_from([GUEST, STRANGER]))
def test_stranger_learns_nothing_about_the_subscription(status: CommercialStatus | None, person: SignedIn) -> None:
    views = [view_landing(a_subscription(each), person) for each in (status, CommercialStatus.SUBSCRIBED)]

    assert views[0] == views[1]
    assert views[0].branch is Branch.NOT_YOURS
    assert not views[0].can_activate
