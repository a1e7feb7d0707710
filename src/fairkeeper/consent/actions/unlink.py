"""The end of trust: grants, tokens, pages and work of a tenant stop in one transaction; what is left is looked for.

Shared by a publisher who unlinks and by the revocation of a customer, which asks for it through a port.

Source: Microsoft Learn, "Review permissions granted to enterprise applications" (what only the customer can remove).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import Field
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    command,
    internal_command,
)
from fairkeeper.consent.agents.identities import IdentityState
from fairkeeper.consent.agents.placing import remaining_identity
from fairkeeper.consent.asking.signals import GONE, signal_of
from fairkeeper.consent.deployments.reading import LIVE, DeploymentState
from fairkeeper.consent.evidence_kinds import LINK_ENDED, LINK_ENDING
from fairkeeper.consent.lifecycle import ENDED_LINKS, GrantEvent, GrantState, LinkEvent, LinkState, can_move_grant
from fairkeeper.consent.plan.control import ACCESS_TIERS
from fairkeeper.consent.plan.plan import OfferType
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.consent.store import (
    agent_identities_of,
    deployments_of,
    find_link,
    load_link,
    present_grants,
    step_grant,
    step_link,
    wanted_of_row,
)
from fairkeeper.consent.tables import (
    AgentIdentityRow,
    ClaimCodeRow,
    ConnectRow,
    DeploymentNoticeRow,
    DeploymentRow,
    GrantRow,
    LinkRow,
    QuestionRow,
    StartRow,
    TenantTokenRow,
)
from fairkeeper.database.tasks import NewTask, TaskRow, TaskState, enqueue
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId

LOOK_FOR_REMAINS: Final = "consent.look_for_remains"
LOOK_EVERY: Final = timedelta(hours=6)
LOOK_AT_MOST: Final = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What was stopped by the end of a link, each with when."""

    grants: tuple[tuple[str, str], ...]
    tokens: int
    pages: int
    tasks: int
    has_changed: bool


def end_trust(session: Session, customer_id: CustomerId, *, now: datetime) -> Ended | None:
    """End a customer's link in the caller's transaction, as often as asked; None if there never was one."""
    link = find_link(session, customer_id, for_change=True)
    if link is None:
        return None
    rows = present_grants(session, link, for_change=True)
    has_changed = LinkState(link.state) not in ENDED_LINKS
    tokens = _delete(session, TenantTokenRow, customer_id)
    _delete(session, StartRow, customer_id)
    if has_changed:
        names = _applications(link, rows)
        step_link(link, LinkEvent.UNLINK, now=now)
        link.probe_at = None
        link.remaining = [
            *({"app_id": app_id, "name": name, "gone_at": None} for app_id, name in names.items()),
            *_agents(session, link),
            *_deployed(session, customer_id),
        ]
        _look_again(session, link, now + timedelta(minutes=5), now=now)
    for row in rows:
        if can_move_grant(GrantState(row.state), GrantEvent.WITHDRAW):
            step_grant(row, GrantEvent.WITHDRAW, now=now, note="the link was ended")
        row.probe_at = None
    codes = session.scalars(
        select(ClaimCodeRow).where(ClaimCodeRow.customer_id == customer_id, ClaimCodeRow.withdrawn_at.is_(None))
    )
    for code in codes:
        code.withdrawn_at = now
    pages = session.scalars(
        select(ConnectRow).where(ConnectRow.customer_id == customer_id, ConnectRow.revoked_at.is_(None))
    ).all()
    for page in pages:
        page.revoked_at = now
    return Ended(
        grants=tuple((row.app_id, row.registration) for row in rows),
        tokens=tokens,
        pages=len(pages),
        tasks=_cancel_work(session, customer_id, now=now),
        has_changed=has_changed,
    )


def _applications(link: LinkRow, rows: list[GrantRow]) -> dict[str, str]:
    """Return the applications that may be present in the tenant, by id."""
    wanted = wanted_of_row(link)
    names = {} if wanted is None else {each.key: each.name for each in wanted.registrations}
    found = {row.app_id: names.get(row.registration, row.registration) for row in rows if row.tier not in ACCESS_TIERS}
    if wanted is not None and wanted.sign_in is not None:
        found.setdefault(wanted.sign_in.app_id, wanted.sign_in.name)
    return found


def _agents(session: Session, link: LinkRow) -> list[dict[str, str | None]]:
    """Return the agent identities that may be left; their blueprints are among the applications."""
    return [
        remaining_identity(row)
        for row in agent_identities_of(session, link)
        if row.identity_id is not None and IdentityState(row.state) is not IdentityState.REMOVED
    ]


def _deployed(session: Session, customer_id: CustomerId) -> list[dict[str, str | bool | None]]:
    """Return the managed applications on whose resource groups roles of ours may be left.

    An instance that calls home has no identity of ours in the tenant, so that nothing of ours is left with it.
    """
    return [
        {
            "app_id": row.deployment_id,
            "name": f"roles on the managed resource group of {row.resource_id.rpartition('/')[2][:90]}",
            "gone_at": None,
            "is_deployment": True,
        }
        for row in deployments_of(session, customer_id)
        if DeploymentState(row.state) in LIVE and row.offer_type == OfferType.MANAGED_APPLICATION
    ]


def _delete(session: Session, table: type[TenantTokenRow | StartRow], customer_id: CustomerId) -> int:
    rows = session.scalars(select(table).where(table.customer_id == customer_id)).all()
    for row in rows:
        session.delete(row)
    session.flush()
    return len(rows)


def _cancel_work(session: Session, customer_id: CustomerId, *, now: datetime) -> int:
    """Cancel this room's open work for a customer, but for the look at what remains."""
    rows = session.scalars(
        select(TaskRow)
        .where(
            TaskRow.customer_id == customer_id,
            TaskRow.state == TaskState.OPEN,
            TaskRow.name.like("consent.%"),
            TaskRow.name != LOOK_FOR_REMAINS,
        )
        .with_for_update()
    ).all()
    for row in rows:
        row.state, row.leased_until, row.finished_at = TaskState.CANCELLED.value, None, now
    return len(rows)


def _look_again(session: Session, link: LinkRow, due_at: datetime, *, now: datetime) -> None:
    task = NewTask(
        name=LOOK_FOR_REMAINS,
        key=f"{link.link_id}:{format_instant(due_at)}",
        due_at=due_at,
        payload={"customer_id": link.customer_id, "link_id": link.link_id},
        customer_id=link.customer_id,
    )
    enqueue(session, task, now=now)


class Unlink(OperationInput):
    """Whose link, and why."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    reason: str = Field(min_length=3, max_length=500, description="Why; recorded.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """What has stopped."""

    link_id: str
    state: LinkState
    tokens_deleted: int
    work_cancelled: int


@command(
    "consent.unlink",
    groups=("consent.change",),
    evidence=(LINK_ENDING,),
    http="POST /consent/customers/{customer}/unlink",
    cli="consent unlink CUSTOMER",
)
def unlink(context: CommandContext, request: Unlink) -> Outcome[Unlinked]:
    """End the trust in a customer's tenant now: its grants, tokens, pages and work. Again changes nothing.

    The subscription goes on; a link that begins later is a new one, and nothing that was granted comes back with it.
    What is left in the tenant only the customer can remove; it is looked for until it is gone.

    Raises `consent.link_not_found`.
    """
    customer = context.ports.of(KnownCustomers).find(context.session, request.customer)
    ended = end_trust(context.session, customer.customer_id, now=context.now)
    link = load_link(context.session, customer.customer_id)
    result = Unlinked(
        link_id=link.link_id,
        state=LinkState(link.state),
        tokens_deleted=ended.tokens if ended else 0,
        work_cancelled=ended.tasks if ended else 0,
    )
    if ended is None or not ended.has_changed:
        return Outcome(result=result, entry=None)
    link.note = request.reason
    entry = EvidenceDraft(
        kind=LINK_ENDING.name,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={
            "reason": request.reason,
            "grants": [name for _, name in ended.grants],
            "tokens": ended.tokens,
            "pages": ended.pages,
            "work": ended.tasks,
        },
    )
    return Outcome(result=result, entry=entry)


class RecordRemains(OperationInput):
    """What was seen of the applications after the end."""

    customer_id: CustomerId = Field(max_length=40, description="The customer's id.")
    link_id: str = Field(max_length=40, description="The link.")
    seen: dict[str, tuple[int, ...]] = Field(description="AADSTS numbers by application; none where a token was given.")
    gone: tuple[str, ...] = Field((), max_length=1_000, description="Deployments that are gone, or closed to us.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """The applications that are still there."""

    still_there: tuple[str, ...]


@internal_command("consent.record_remains", evidence=(LINK_ENDED,))
def record_remains(context: CommandContext, request: RecordRemains) -> Outcome[Remains]:
    """Note what is gone from the tenant; when everything is, the link has ended."""
    link = load_link(context.session, request.customer_id, for_change=True)
    if link.link_id != request.link_id or LinkState(link.state) is not LinkState.UNLINKING:
        return Outcome(result=Remains(still_there=()), entry=None)
    remaining = []
    for thing in link.remaining:
        numbers = request.seen.get(thing["app_id"])
        is_gone = (
            thing["gone_at"] is not None or thing["app_id"] in request.gone or (numbers and signal_of(numbers) in GONE)
        )
        gone_at = thing["gone_at"] or (format_instant(context.now) if is_gone else None)
        remaining.append({**thing, "gone_at": gone_at})
    link.remaining = remaining
    left = tuple(thing["name"] for thing in remaining if thing["gone_at"] is None)
    if left:
        if context.now - link.since_at < LOOK_AT_MOST:
            _look_again(context.session, link, context.now + LOOK_EVERY, now=context.now)
        return Outcome(result=Remains(still_there=left), entry=None)
    step_link(link, LinkEvent.CLEAR, now=context.now)
    link.ended_at = context.now
    entry = EvidenceDraft(
        kind=LINK_ENDED.name,
        subject_type="tenant_link",
        subject_id=link.link_id,
        customer_id=link.customer_id,
        payload={"gone": [{"app_id": thing["app_id"], "gone_at": thing["gone_at"]} for thing in remaining]},
    )
    return Outcome(result=Remains(still_there=()), entry=entry)


def erase_words(session: Session, customer_id: CustomerId) -> int:
    """Erase what people wrote on connect pages, as often as asked; return how many questions there were."""
    questions = session.scalars(select(QuestionRow).where(QuestionRow.customer_id == customer_id)).all()
    for question in questions:
        session.delete(question)
    session.execute(delete(ConnectRow).where(ConnectRow.customer_id == customer_id))
    session.execute(delete(ClaimCodeRow).where(ClaimCodeRow.customer_id == customer_id))
    told = DeploymentNoticeRow.customer_id == customer_id
    session.execute(update(DeploymentNoticeRow).where(told).values(body=None))
    session.execute(update(DeploymentRow).where(DeploymentRow.customer_id == customer_id).values(note=None))
    # A sponsor's object id is a person's; what the identity was stays with the evidence.
    placed = AgentIdentityRow.customer_id == customer_id
    session.execute(update(AgentIdentityRow).where(placed).values(note=None, sponsor_id=None))
    session.execute(update(GrantRow).where(GrantRow.customer_id == customer_id).values(note=None))
    session.execute(update(LinkRow).where(LinkRow.customer_id == customer_id).values(note=None))
    return len(questions)


OPERATIONS: tuple[Operation, ...] = (unlink, record_remains)
