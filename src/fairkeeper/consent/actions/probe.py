"""Looking whether a grant still stands: planned here, asked of Microsoft by background work, recorded here.

The token that proves a grant is kept, sealed, to be served to the publisher's product; so the cache is never older than
the last proof, and goes the moment the grant does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import AwareDatetime, Field

from fairkeeper.action.operation import (
    Canonical,
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.consent.actions.ask import OneCustomer
from fairkeeper.consent.agents.identities import next_try_at
from fairkeeper.consent.asking.probing import Held, Judgement, judge_refusal, judge_token, next_probe_at
from fairkeeper.consent.asking.signals import Signal, signal_of
from fairkeeper.consent.evidence_kinds import (
    DISPROVED,
    DRIFTED,
    KIND_OF_GRANT,
    LOST,
    OWN_FAULT,
    PROVED,
    PROVED_PARTLY,
    SUSPECTED,
)
from fairkeeper.consent.lifecycle import (
    ASKED,
    ENDED_LINKS,
    HELD,
    PROBED_LINKS,
    UNLOCKS,
    GrantEvent,
    GrantState,
    LinkState,
)
from fairkeeper.consent.plan.control import TrustProof
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.consent.store import (
    load_grant,
    load_link,
    load_live_link,
    present_grants,
    step_grant,
    wanted_of_row,
    what_of,
)
from fairkeeper.consent.tables import GrantRow, LinkRow, TenantTokenRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import new_ulid

PROBE = "consent.probe"
PROBE_LINK = "consent.probe_link"


def plan_probe(context: CommandContext, row: GrantRow, why: str, *, due_at: datetime | None = None) -> bool:
    """Plant a probe of a grant."""
    at = due_at or context.now
    row.probe_at = at
    return context.enqueue(
        PROBE,
        f"{row.grant_id}:{why}:{format_instant(at)}"[:200],
        {"grant_id": row.grant_id},
        due_at=at,
        customer_id=row.customer_id,
    )


class RecordProbe(OperationInput):
    """What Microsoft Entra answered when a token was asked for."""

    grant_id: str = Field(max_length=40, description="The grant.")
    carried: tuple[str, ...] = Field((), max_length=400, description="Permissions that the token carries.")
    has_token: bool = Field(False, description="Whether a token was given.")
    numbers: tuple[int, ...] = Field((), max_length=20, description="AADSTS numbers of a refusal.")
    sealed: str = Field("", max_length=20_000, description="The token, sealed; kept where the grant is verified.")
    expires_at: AwareDatetime | None = Field(None, description="When the token ends.")
    signal: Signal | None = Field(None, description="What else was seen, where no number of Microsoft Entra's says it.")
    is_presence: bool = Field(
        False, description="It shows only that the application is present; what people may do in their names it cannot."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Where the grant stands after a probe."""

    grant_id: str
    state: GrantState
    has_changed: bool


@internal_command(
    "consent.record_probe", evidence=(PROVED, PROVED_PARTLY, DRIFTED, DISPROVED, SUSPECTED, LOST, OWN_FAULT)
)
def record_probe(context: CommandContext, request: RecordProbe) -> Outcome[Probed]:
    """Follow what a token, or its refusal, proves; a first failure is a suspicion, a second one later a loss.

    A probe that comes back after the link was ended changes nothing, and its token is not kept.
    """
    row = load_grant(context.session, request.grant_id, for_change=True)
    link = load_link(context.session, row.customer_id)
    state = GrantState(row.state)
    is_over = link.link_id != row.link_id or LinkState(link.state) in ENDED_LINKS or state is GrantState.REVOKED
    if is_over or row.replaced_by is not None:
        return Outcome(result=Probed(grant_id=row.grant_id, state=state, has_changed=False), entry=None)
    judged = _judge(row, link, request, context.now)
    row.probed_at = context.now
    row.last_code = request.numbers[0] if request.numbers else None
    row.missed_at = judged.missed_at
    was_ours, row.own_fault = row.own_fault, judged.note[:200] if judged.is_ours else None
    if judged.event is not None:
        state = step_grant(row, judged.event, now=context.now, note=judged.note or None)
    elif judged.note and not judged.is_ours and state in HELD:
        row.note = judged.note
    if request.has_token and not request.is_presence:
        row.carried = sorted(set(request.carried))
        row.proved_at = context.now
    _keep_token(context, row, request, state)
    if state is GrantState.VERIFIED:
        _replace_older(context, link, row)
    due_at = next_probe_at(state, context.now, row.missed_at)
    if due_at is None and row.tier == Tier.AGENT.value and state in ASKED and request.signal is not Signal.AGENT_ABSENT:
        # Microsoft's page for an agent leads back to nobody, so that its consent is looked for.
        due_at = next_try_at(row.asked_at, context.now)
    row.probe_at = None
    if due_at is not None:
        plan_probe(context, row, "again", due_at=due_at)
    result = Probed(grant_id=row.grant_id, state=state, has_changed=judged.event is not None)
    return Outcome(result=result, entry=_entry(row, link, judged, was_ours=was_ours))


def _judge(row: GrantRow, link: LinkRow, request: RecordProbe, now: datetime) -> Judgement:
    wanted = wanted_of_row(link)
    registration = None if wanted is None else wanted.registration(row.registration)
    listed = () if registration is None else (*registration.application, *registration.delegated)
    if request.has_token and request.is_presence:
        return Judgement(event=None)
    held = Held(
        state=GrantState(row.state),
        wanted=frozenset(row.application or row.delegated),
        registered=frozenset(listed),
        missed_at=row.missed_at,
    )
    carried = frozenset(request.carried)
    if request.has_token and (carried & held.wanted or not held.wanted):
        return judge_token(held, carried)
    signal = request.signal or (Signal.CONSENT_MISSING if request.has_token else signal_of(request.numbers))
    return judge_refusal(held, signal, now)


def _keep_token(context: CommandContext, row: GrantRow, request: RecordProbe, state: GrantState) -> None:
    """Keep the token of a verified grant in its own place, and none of any other."""
    kept = context.session.get(TenantTokenRow, row.grant_id)
    if state not in UNLOCKS:
        if kept is not None:
            context.session.delete(kept)
        return
    if not request.sealed or request.expires_at is None:
        return
    link = load_link(context.session, row.customer_id)
    if kept is None:
        kept = TenantTokenRow(grant_id=row.grant_id, customer_id=row.customer_id, tenant_id=link.tenant_id)
        context.session.add(kept)
    kept.sealed, kept.expires_at, kept.kept_at = request.sealed.encode(), request.expires_at, context.now


def _replace_older(context: CommandContext, link: LinkRow, row: GrantRow) -> None:
    """Let a proved version stand for those before it."""
    for old in present_grants(context.session, link):
        is_same = old.registration == row.registration and old.deployment_id == row.deployment_id
        if is_same and old.grant_id != row.grant_id and old.asked_at <= row.asked_at:
            old.replaced_by = row.grant_id
            kept = context.session.get(TenantTokenRow, old.grant_id)
            if kept is not None:
                context.session.delete(kept)


def _entry(row: GrantRow, link: LinkRow, judged: Judgement, *, was_ours: str | None) -> EvidenceDraft | None:
    what = what_of(row, wanted_of_row(link))
    payload: dict[str, Canonical] = {
        "what": what,
        "note": judged.note,
        "grant_id": row.grant_id,
        "carried": list(row.carried),
        "code": row.last_code,
    }
    if judged.is_ours and was_ours is None:
        kind = OWN_FAULT.name
    elif judged.event is not None and judged.event is not GrantEvent.WITHDRAW:
        kind = KIND_OF_GRANT[GrantState(row.state)].name
    else:
        return None
    return EvidenceDraft(
        kind=kind, subject_type="grant", subject_id=row.grant_id, customer_id=row.customer_id, payload=payload
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbesPlanned:
    """How many grants are being looked at, and whether our sign-in application is looked for too."""

    planned: int
    is_link_looked_at: bool = False


@command(
    "consent.check_now",
    groups=("consent.change",),
    evidence=(),
    http="POST /consent/customers/{customer}/check",
    cli="consent probe CUSTOMER",
)
def check_now(context: CommandContext, request: OneCustomer) -> Outcome[ProbesPlanned]:
    """Look now whether a customer's grants still stand; a loss is confirmed by a later look all the same."""
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    link = load_live_link(context.session, customer.customer_id)
    rows = present_grants(context.session, link, for_change=True)
    planned = sum(
        plan_probe(context, row, f"asked:{new_ulid()}")
        for row in rows
        if GrantState(row.state) not in {GrantState.NOT_NEEDED, GrantState.REVOKED, GrantState.DECLINED}
    )
    is_due = LinkState(link.state) in PROBED_LINKS and link.proved_by == TrustProof.SIGN_IN
    if is_due:
        payload = {"customer_id": link.customer_id, "link_id": link.link_id}
        context.enqueue(PROBE_LINK, f"{link.link_id}:asked:{new_ulid()}", payload, customer_id=link.customer_id)
    return Outcome(result=ProbesPlanned(planned=planned, is_link_looked_at=is_due), entry=None)


OPERATIONS: tuple[Operation, ...] = (record_probe, check_now)
