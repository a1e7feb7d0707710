"""Trust follows the purchase: a link begins, is identified, linked, suspended and resumed as the customer is.

One step each time it runs, so that each has its own entry; whoever runs it repeats it until nothing changes. Trust
needs no permission: only that somebody of the tenant signed in, and that the purchase is active.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pydantic import Field

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.consent.asking.probing import next_link_probe_at
from fairkeeper.consent.asking.wanted import Wanted, wanted_of
from fairkeeper.consent.catalogue.held import catalogue_in
from fairkeeper.consent.evidence_kinds import (
    DROPPED,
    KIND_OF_LINK,
    LINK_IDENTIFIED,
    LINK_LINKED,
    LINK_OPENED,
    LINK_SUSPENDED,
    WANTED_CHANGED,
)
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantEvent, GrantState, LinkEvent, LinkState, can_move_grant
from fairkeeper.consent.plan.control import TrustProof
from fairkeeper.consent.ports import KnownCustomer, KnownCustomers
from fairkeeper.consent.store import (
    bought_by,
    find_link,
    newest_plan_row,
    plan_of_row,
    present_grants,
    step_grant,
    step_link,
    wanted_of_row,
    what_of,
)
from fairkeeper.consent.tables import LinkRow
from fairkeeper.values.ids import CustomerId, TenantId, new_id


class FollowCustomer(OperationInput):
    """Whose link, and who has just proved to belong to the tenant."""

    customer_id: CustomerId = Field(max_length=40, description="The customer's id.")
    proved_tenant_id: TenantId | None = Field(None, max_length=64, description="Tenant of a person who signed in.")
    proved_digest: str = Field("", max_length=64, description="SHA-256 of that person's object id; never the token.")
    proved_by: TrustProof = Field(TrustProof.SIGN_IN, description="What proved it.")
    may_reopen: bool = Field(False, description="A new purchase may begin a new link after one that ended.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Where the link stands, and whether this run moved anything."""

    link_id: str | None
    state: LinkState | None
    has_changed: bool


@internal_command(
    "consent.follow_customer",
    evidence=(LINK_OPENED, LINK_IDENTIFIED, LINK_LINKED, LINK_SUSPENDED, WANTED_CHANGED, DROPPED),
)
def follow_customer(context: CommandContext, request: FollowCustomer) -> Outcome[Followed]:
    """Let a customer's link follow what it bought, one step; again changes nothing.

    Personal accounts have no tenant of their own, so that there is no link.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer_id)
    link = find_link(context.session, customer.customer_id, for_change=True)
    customer = replace(customer, bought=bought_by(context.session, customer))
    if customer.is_personal or not any(not each.has_ended for each in customer.bought):
        return _unchanged(link)
    if link is None or (LinkState(link.state) in ENDED_LINKS and request.may_reopen):
        return _open(context, customer, 1 if link is None else link.number + 1)
    if LinkState(link.state) in ENDED_LINKS:
        return _unchanged(link)
    event = _event(link, customer, request)
    is_proved = request.proved_tenant_id == link.tenant_id
    if is_proved and (event is not None or request.proved_by is TrustProof.SIGN_IN):
        # A sign-in makes our application present, so that it can be looked for from then on.
        link.proved_by = request.proved_by.value
    if event is not None:
        state = step_link(link, event, now=context.now)
        looks = link.proved_by == TrustProof.SIGN_IN
        link.missed_at, link.probe_at = None, next_link_probe_at(state, context.now) if looks else None
        return _moved(link, state, {"proof": request.proved_digest or None})
    return _follow_wanted(context, link, customer)


def _event(link: LinkRow, customer: KnownCustomer, request: FollowCustomer) -> LinkEvent | None:
    """Return what the customer's purchases and people say now."""
    is_active = any(each.is_active for each in customer.bought)
    is_suspended = not is_active and any(each.is_suspended for each in customer.bought)
    state = LinkState(link.state)
    if state is LinkState.PENDING and request.proved_tenant_id == link.tenant_id:
        return LinkEvent.IDENTIFY
    if state is LinkState.IDENTIFIED and is_active:
        return LinkEvent.LINK
    if state is LinkState.LINKED and is_suspended:
        return LinkEvent.SUSPEND
    if state is LinkState.SUSPENDED and is_active:
        return LinkEvent.RESUME
    is_sign_in = request.proved_by is TrustProof.SIGN_IN
    if state is LinkState.BROKEN and is_sign_in and request.proved_tenant_id == link.tenant_id:
        return LinkEvent.MEND
    return None


def _open(context: CommandContext, customer: KnownCustomer, number: int) -> Outcome[Followed]:
    others = {each.purchaser_tenant_id for each in customer.bought} - {None, customer.tenant_id}
    link = LinkRow(
        link_id=new_id("lnk"),
        customer_id=customer.customer_id,
        number=number,
        tenant_id=customer.tenant_id,
        purchaser_tenant_id=min(others, default=None, key=str),
        state=LinkState.PENDING.value,
        since_at=context.now,
        wanted=_wanted_now(context, customer) or {},
        remaining=[],
        created_at=context.now,
    )
    context.session.add(link)
    context.session.flush()
    told: dict[str, Canonical] = {"purchaser_tenant": link.purchaser_tenant_id, "number": number}
    return _moved(link, LinkState.PENDING, told)


def _wanted_now(context: CommandContext, customer: KnownCustomer) -> dict[str, object] | None:
    row = newest_plan_row(context.session)
    if row is None:
        return None
    bought = [(each.offer_id, each.plan_id) for each in customer.bought if not each.has_ended]
    return wanted_of(plan_of_row(row), bought, catalogue_in(context.session)).to_json()


def _follow_wanted(context: CommandContext, link: LinkRow, customer: KnownCustomer) -> Outcome[Followed]:
    """Write down what the plan asks of this tenant now; what it no longer needs is dropped."""
    wanted = _wanted_now(context, customer)
    if wanted is None or wanted == link.wanted:
        return _drop_unneeded(context, link)
    link.wanted = wanted
    now = Wanted.of_json(wanted)
    entry = _entry(link, WANTED_CHANGED.name, {"version": now.plan_version, "features": [f.key for f in now.features]})
    return Outcome(result=_result(link, has_changed=True), entry=entry)


def _drop_unneeded(context: CommandContext, link: LinkRow) -> Outcome[Followed]:
    wanted = wanted_of_row(link)
    if wanted is None:
        return _unchanged(link)
    keys = {feature.key for feature in wanted.features}
    for grant in present_grants(context.session, link, for_change=True):
        is_needed = bool(keys & set(grant.features))
        if not is_needed and can_move_grant(GrantState(grant.state), GrantEvent.DROP):
            step_grant(grant, GrantEvent.DROP, now=context.now)
            entry = _entry(link, DROPPED.name, {"what": what_of(grant), "grant_id": grant.grant_id})
            return Outcome(result=_result(link, has_changed=True), entry=entry)
    return _unchanged(link)


def _moved(link: LinkRow, state: LinkState, told: dict[str, Canonical]) -> Outcome[Followed]:
    payload: dict[str, Canonical] = {"tenant": link.tenant_id, **told}
    return Outcome(result=_result(link, has_changed=True), entry=_entry(link, KIND_OF_LINK[state].name, payload))


def _entry(link: LinkRow, kind: str, payload: dict[str, Canonical]) -> EvidenceDraft:
    return EvidenceDraft(
        kind=kind,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={"link_id": link.link_id, **payload},
    )


def _unchanged(link: LinkRow | None) -> Outcome[Followed]:
    return Outcome(result=_result(link, has_changed=False), entry=None)


def _result(link: LinkRow | None, *, has_changed: bool) -> Followed:
    if link is None:
        return Followed(link_id=None, state=None, has_changed=False)
    return Followed(link_id=link.link_id, state=LinkState(link.state), has_changed=has_changed)


OPERATIONS: tuple[Operation, ...] = (follow_customer,)
