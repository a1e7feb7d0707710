"""What the landing page shows to whom.

The page is opened again and again for the same subscription ("Configure account", "Manage account"), by the buyer, by
a colleague, by a partner who bought for somebody else. Two questions are answered from the resolved subscription: who
is this person to it, and which of its states is it in. The first comes first: to somebody it does not belong to, the
page says nothing about the subscription.

Source: Microsoft Learn, "Build the landing page for your transactable SaaS offer", "Managing the SaaS subscription
life cycle". People are recognised by tenant id and object id alone, never by an address, which a tenant's
administrator can change. Assumption: a colleague from the beneficiary's tenant may claim a subscription by an explicit
step of their own; anybody else needs the publisher's staff to confirm it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.customers.marketplace.subscription import Party, SubscriptionSnapshot
from fairkeeper.customers.path.lifecycle import CommercialStatus
from fairkeeper.errors import BugError
from fairkeeper.values.ids import TenantId

PERSONAL_ACCOUNTS_TENANT: Final = TenantId("9188040d-6c67-4c5b-b112-36a304b66dad")
"""The tenant all personal Microsoft accounts share; two people of it are no colleagues."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A person who has signed in, from a validated token; ids in lower case, as Microsoft Entra writes them."""

    tenant_id: TenantId
    object_id: str
    is_guest: bool = field(default=False, compare=False)
    """Whether the account is a guest in its tenant, and so nobody's colleague there."""

    def __post_init__(self) -> None:
        """Refuse ids in another case, which would make a stranger of the buyer without a word."""
        if (self.tenant_id, self.object_id) != (self.tenant_id.lower(), self.object_id.lower()):
            message = "The ids of a signed-in person are not in lower case."
            raise BugError(message)


class Relation(StrEnum):
    """Who a person is to a subscription."""

    BENEFICIARY = "beneficiary"
    PURCHASER = "purchaser"
    RESELLER = "reseller"
    """Bought it for another company, a CSP partner for instance."""
    CLAIMED = "claimed"
    """Neither, but an explicit claim was made and recorded before."""
    COLLEAGUE = "colleague"
    """Somebody else from the beneficiary's own tenant."""
    STRANGER = "stranger"


class Branch(StrEnum):
    """What the page shows."""

    SIGN_IN = "sign_in"
    NEW = "new"
    EXISTING = "existing"
    SUSPENDED = "suspended"
    GONE = "gone"
    HELD = "held"
    ASK = "ask"
    """A colleague bought it and it is active already: ask who set it up."""
    NOT_YOURS = "not_yours"


class Claim(StrEnum):
    """What it takes to be let in."""

    NONE = "none"
    BY_PERSON = "by_person"
    """The person claims it in an explicit step, which is recorded."""
    BY_STAFF = "by_staff"
    """The publisher's staff confirms the claim."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingView:
    """What the page shows, to whom, and what may be done on it.

    Args:
        relation: None while nobody has signed in.
        can_activate: Whether the button that activates is shown.
    """

    branch: Branch
    relation: Relation | None
    claim: Claim
    can_activate: bool
    sentence: str


_BRANCHES: Final[Mapping[CommercialStatus | None, tuple[Branch, str]]] = MappingProxyType(
    {
        CommercialStatus.NOT_STARTED: (Branch.NEW, "Check what was bought, then activate it."),
        CommercialStatus.PENDING_FULFILLMENT_START: (Branch.NEW, "Check what was bought, then activate it."),
        CommercialStatus.SUBSCRIBED: (Branch.EXISTING, "This subscription is active."),
        CommercialStatus.SUSPENDED: (
            Branch.SUSPENDED,
            "Microsoft suspended this subscription. Settle the payment with Microsoft; your data is kept for 30 days.",
        ),
        CommercialStatus.UNSUBSCRIBED: (
            Branch.GONE,
            "This subscription has ended. You can still export your data while it is kept, and buy again.",
        ),
        None: (Branch.HELD, "Microsoft reports a state we do not know yet. Nothing is lost; we are looking at it."),
    }
)


_ASK: Final = "A colleague of yours set this up, and it is active already."


def view_landing(
    resolved: SubscriptionSnapshot, person: SignedIn | None, claims: frozenset[SignedIn] = frozenset()
) -> LandingView:
    """Say what the landing page shows.

    The branch comes from what Microsoft resolved a moment ago, not from the mirror, which may be behind.

    Args:
        resolved: The subscription the landing token led to.
        person: Who is signed in, None if nobody is.
        claims: People whose claim of this subscription was recorded before.

    Example:
        >>> from fairkeeper.values.ids import SubscriptionId
        >>> ada = SignedIn(tenant_id=TenantId("t"), object_id="ada")
        >>> bought = SubscriptionSnapshot(
        ...     id=SubscriptionId("s"),
        ...     status=CommercialStatus.PENDING_FULFILLMENT_START,
        ...     beneficiary=Party(tenant_id=TenantId("t"), object_id="ben"),
        ... )
        >>> view_landing(bought, ada).branch.value, view_landing(bought, ada).claim.value
        ('not_yours', 'by_person')
    """
    if person is None:
        return LandingView(
            branch=Branch.SIGN_IN,
            relation=None,
            claim=Claim.NONE,
            can_activate=False,
            sentence="Sign in with the account you bought with.",
        )
    relation = relate(resolved, person, claims)
    if relation is Relation.COLLEAGUE and resolved.status is CommercialStatus.SUBSCRIBED:
        return LandingView(branch=Branch.ASK, relation=relation, claim=Claim.NONE, can_activate=False, sentence=_ASK)
    if relation in {Relation.COLLEAGUE, Relation.STRANGER, Relation.RESELLER}:
        return _not_yours(relation)
    branch, sentence = _BRANCHES[resolved.status]
    return LandingView(
        branch=branch,
        relation=relation,
        claim=Claim.NONE,
        can_activate=resolved.status is CommercialStatus.PENDING_FULFILLMENT_START,
        sentence=sentence,
    )


def relate(resolved: SubscriptionSnapshot, person: SignedIn, claims: frozenset[SignedIn] = frozenset()) -> Relation:
    """Say who a person is to a subscription; the beneficiary before the purchaser, if they are the same."""
    if _is(resolved.beneficiary, person):
        return Relation.BENEFICIARY
    if person in claims:
        return Relation.CLAIMED
    if _is(resolved.purchaser, person):
        is_for_itself = resolved.beneficiary.tenant_id in {None, person.tenant_id}
        return Relation.PURCHASER if is_for_itself else Relation.RESELLER
    shares_tenant = resolved.beneficiary.tenant_id == person.tenant_id and not person.is_guest
    if shares_tenant and person.tenant_id != PERSONAL_ACCOUNTS_TENANT:
        return Relation.COLLEAGUE
    return Relation.STRANGER


def _is(party: Party, person: SignedIn) -> bool:
    """Compare by tenant and object; a party that misses either is nobody."""
    return (party.tenant_id, party.object_id) == (person.tenant_id, person.object_id)


def _not_yours(relation: Relation) -> LandingView:
    if relation is Relation.COLLEAGUE:
        claim = Claim.BY_PERSON
        sentence = "A colleague bought this. If you set it up for your organisation, say so; it is recorded."
    elif relation is Relation.RESELLER:
        claim = Claim.BY_PERSON
        sentence = "You bought this for another company. If you set it up for them, say so; it is recorded."
    else:
        claim = Claim.BY_STAFF
        sentence = "This account is not the one it was bought with or for. Sign in with that one, or ask us to check."
    return LandingView(branch=Branch.NOT_YOURS, relation=relation, claim=claim, can_activate=False, sentence=sentence)
