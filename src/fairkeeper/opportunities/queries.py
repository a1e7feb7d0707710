"""What can be read of this room: rankings, explanations, alerts, cards, snapshots, lenses.

Numbers come from the kept tables and the rankings made of them; every answer names the day its figures are of and the
ranking it rests on. Nothing here writes, and no model is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.action.operation import Operation, OperationInput, QueryContext, query
from fairkeeper.opportunities.actions.desk import DEFAULT_CONNECTION, prices_of, used_snapshots
from fairkeeper.opportunities.cards.alerts import LARGEST_SHARE
from fairkeeper.opportunities.cards.lines import card_line, push_line, pushed_of
from fairkeeper.opportunities.cards.reading import (
    KeptRun,
    account_lines,
    find_tenant,
    lens_views,
    newest_run,
    past_of,
)
from fairkeeper.opportunities.errors import AccountUnknownError, CardNotFoundError, NoSnapshotError
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.lenses.columns import read_rows
from fairkeeper.opportunities.lenses.definition import lens_named
from fairkeeper.opportunities.ports import RoomSettings
from fairkeeper.opportunities.tables import (
    AccountRow,
    AlertRow,
    CardRow,
    OutcomeRow,
    PushRow,
    RunRow,
    SnapshotRow,
)
from fairkeeper.opportunities.views import (
    AlertLine,
    Alerts,
    CardDetail,
    CardPage,
    Explanation,
    LensLine,
    OutcomeLine,
    Portfolio,
    PushLine,
    RankedAccounts,
    SnapshotLine,
)

_READ: Final = ("opportunities.read",)
_ONE_SNAPSHOT: Final = "There is one snapshot, so nothing is said of trends, falls or rises."


class OfConnection(OperationInput):
    """Of which source."""

    connection: str = Field(DEFAULT_CONNECTION, max_length=80, description="The source of the insights.")


class RankAccounts(OfConnection):
    """Through which lens, and how many."""

    lens: str = Field("expansion", max_length=60, description="The lens: expansion, conversion, at-risk, …")
    top: int = Field(10, ge=1, le=500, description="How many accounts.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out before.")
    segment: str = Field("", max_length=80, description="Only accounts of this segment.")
    text: str = Field("", max_length=200, description="Only accounts whose name holds this.")


@query(
    "opportunities.rank_accounts",
    groups=_READ,
    http="GET /opportunities/rank",
    cli="opportunities rank",
)
def rank_accounts(context: QueryContext, request: RankAccounts) -> RankedAccounts:
    """Rank accounts through a lens, with likelihood and value apart and the reasons of each.

    Raises `opportunities.no_snapshot` before anything was imported, `opportunities.lens_unknown` for another lens.
    """
    run = newest_run(context.session, request.connection, context.ports.of(ColumnFiles))
    lens = lens_named(request.lens, run.lenses)
    conditions, values = ["lens = ?"], [lens.name]
    for name, text in (("segment", request.segment), ("tenant_name", request.text)):
        if text:
            conditions.append(f"contains(lower({name}), lower(?))")
            values.append(text)
    where = " AND ".join(conditions)
    is_whole = len(conditions) == 1  # then the ranks themselves say which rows these are
    ranks = f" AND rank > {request.offset} AND rank <= {request.offset + request.top}" if is_whole else ""
    rows = read_rows(
        run.scores,
        where=where + ranks,
        values=tuple(values),
        order=f"ORDER BY rank LIMIT {request.top} OFFSET {0 if is_whole else request.offset}",
    )
    return RankedAccounts(
        lens=lens.name,
        title=lens.title,
        question=lens.question,
        as_of=run.row.as_of,
        run_id=run.row.id,
        connection=run.row.connection,
        order=lens.order,
        total=run.count(where, tuple(values)),
        snapshots=run.snapshot_count,
        accounts=account_lines(context.session, run, lens, rows, prices_of(context.session)),
        note=_ONE_SNAPSHOT if run.snapshot_count < 2 else "",
    )


class ExplainAccount(OfConnection):
    """Which account."""

    tenant: str = Field(min_length=1, max_length=400, description="The tenant's id, domain, or whole name.")


@query(
    "opportunities.explain_account",
    groups=_READ,
    http="GET /opportunities/accounts/{tenant}",
    cli="opportunities explain TENANT",
)
def explain_account(context: QueryContext, request: ExplainAccount) -> Explanation:
    """Explain how an account stands under every lens: each term and what it adds, what is missing, and its past.

    Raises `opportunities.account_unknown`, or `opportunities.account_ambiguous` where several are called alike.
    """
    files = context.ports.of(ColumnFiles)
    run = newest_run(context.session, request.connection, files)
    return _explanation(context, run, find_tenant(run, request.tenant))


def _explanation(context: QueryContext, run: KeptRun, features: Mapping[str, Any]) -> Explanation:
    session = context.session
    account = session.get(AccountRow, features["tenant_id"])
    sources = [row for row in used_snapshots(session, run.row.connection) if row.tab == "copilot"]
    return Explanation(
        tenant_id=features["tenant_id"],
        name=features["tenant_name"],
        domain=features["tenant_domain"],
        segment=features["segment"],
        as_of=run.row.as_of,
        run_id=run.row.id,
        connection=run.row.connection,
        owner=account.owner if account else "",
        match_state=account.match_state if account else "not_looked_for",
        crm_account=account.crm_account if account else None,
        candidates=tuple(account.candidates) if account else (),
        our_customer=account.our_customer if account else None,
        lenses=lens_views(run, features, prices_of(session)),
        past=past_of(session, context.ports.of(ColumnFiles), sources, features["tenant_id"]),
        note=_ONE_SNAPSHOT if run.snapshot_count < 2 else "",
    )


class ListAlerts(OfConnection):
    """Which alerts."""

    include_closed: bool = Field(False, description="Also alerts that ended.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("opportunities.list_alerts", groups=_READ, http="GET /opportunities/alerts", cli="opportunities alerts")
def list_alerts(context: QueryContext, request: ListAlerts) -> Alerts:
    """List what changed so much that it is believed, and what a percentage rule would have told."""
    run = context.session.scalars(
        select(RunRow)
        .where(RunRow.connection == request.connection, RunRow.state == "adopted")
        .order_by(RunRow.scored_at.desc(), RunRow.id.desc())
        .limit(1)
    ).first()
    statement = select(AlertRow).where(AlertRow.connection == request.connection)
    if not request.include_closed:
        statement = statement.where(AlertRow.closed_at.is_(None))
    rows = context.session.scalars(
        statement.order_by(AlertRow.opened_at.desc(), AlertRow.id).limit(request.limit)
    ).all()
    ranked = sorted(rows, key=lambda row: (row.closed_at is not None, not row.is_urgent, -abs(row.after - row.before)))
    book = run.tenants if run else 0
    return Alerts(
        as_of=run.as_of if run else None,
        book=book,
        alerts=tuple(_alert_line(row) for row in ranked),
        share_percent=round(100 * len([row for row in rows if row.closed_at is None]) / book, 2) if book else 0.0,
        naive_count=int(run.summary["naive_alerts"]) if run else 0,
        note=_of_alerts(run),
    )


def _of_alerts(run: RunRow | None) -> str:
    if run is None or len(run.summary["months"]) < 2:
        return _ONE_SNAPSHOT
    naive = run.summary["naive_alerts"]
    return f"At most {LARGEST_SHARE:.1%} of the book is told; a rule of 20 % fewer users would have told {naive}."


def _alert_line(row: AlertRow) -> AlertLine:
    return AlertLine(
        id=row.id,
        tenant_id=row.tenant_id,
        name=row.tenant_name,
        kind=row.kind,
        sentence=row.sentence,
        before=row.before,
        after=row.after,
        surprise=row.surprise_milli / 1000,
        is_urgent=row.is_urgent,
        as_of=row.as_of,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


class ListCards(OperationInput):
    """Which cards."""

    lens: str = Field("", max_length=60, description="Only of this lens.")
    state: str = Field("", max_length=12, description="Only in this state; open ones if left out.")
    motion: str = Field("", max_length=12, description="Only with this motion.")
    owner: str = Field("", max_length=320, description="Only of this owner.")
    text: str = Field("", max_length=200, description="Only of accounts whose name holds this.")
    limit: int = Field(50, ge=1, le=500, description="How many at most.")
    offset: int = Field(0, ge=0, le=1_000_000, description="How many to leave out before.")


@query("opportunities.list_cards", groups=_READ, http="GET /opportunities/cards", cli="opportunities cards")
def list_cards(context: QueryContext, request: ListCards) -> CardPage:
    """List the cards, those first with most seats expected; held-out accounts are left out."""
    conditions = [CardRow.state != "held_out"]
    if request.state:
        conditions.append(CardRow.state == request.state)
    else:
        is_back = (CardRow.state == "snoozed") & (CardRow.snoozed_until <= context.now.date())  # its day has come
        conditions += [CardRow.closed_at.is_(None), CardRow.state.in_(("open", "accepted")) | is_back]
    if request.lens:
        conditions.append(CardRow.lens == request.lens.replace("-", "_"))
    if request.motion:
        conditions.append(CardRow.motion == request.motion)
    if request.owner:
        conditions.append(func.lower(CardRow.owner) == request.owner.lower())
    if request.text:
        conditions.append(func.lower(CardRow.tenant_name).contains(request.text.lower(), autoescape=True))
    total = context.session.scalar(select(func.count()).select_from(CardRow).where(*conditions)) or 0
    rows = context.session.scalars(
        select(CardRow)
        .where(*conditions)
        .order_by(CardRow.rank, CardRow.lens, CardRow.id)
        .limit(request.limit)
        .offset(request.offset)
    ).all()
    pushed = pushed_of(context.session, [row.id for row in rows])
    newest = context.session.scalar(select(func.max(RunRow.as_of)).where(RunRow.state == "adopted"))
    return CardPage(cards=tuple(card_line(row, row.id in pushed) for row in rows), total=total, as_of=newest)


class ShowCard(OperationInput):
    """Which card."""

    card_id: str = Field(max_length=40, description="The card.")


@query(
    "opportunities.show_card", groups=_READ, http="GET /opportunities/cards/{card_id}", cli="opportunities card CARD_ID"
)
def show_card(context: QueryContext, request: ShowCard) -> CardDetail:
    """Show one card: the evidence for and against, the account's past, what was pushed and what became of it.

    Raises `opportunities.card_not_found`.
    """
    session = context.session
    row = session.get(CardRow, request.card_id)
    if row is None:
        raise CardNotFoundError(f"There is no card {request.card_id}.")
    account = session.get(AccountRow, row.tenant_id)
    pushes = session.scalars(select(PushRow).where(PushRow.card_id == row.id).order_by(PushRow.external_key)).all()
    outcomes = session.scalars(select(OutcomeRow).where(OutcomeRow.card_id == row.id).order_by(OutcomeRow.id)).all()
    try:
        run = newest_run(session, row.connection, context.ports.of(ColumnFiles))
        explanation = _explanation(context, run, find_tenant(run, row.tenant_id))
    except (AccountUnknownError, NoSnapshotError):  # the account is not in the newest snapshot any more
        explanation = None
    is_matched = account is not None and account.match_state == "matched" and bool(account.crm_account)
    has_crm = bool(context.ports.of(RoomSettings).crm)
    why_not = (
        "No CRM is named in the settings."
        if not has_crm
        else "Which account of the CRM it is, is not certain yet."
        if not is_matched
        else "The card is closed."
        if row.closed_at is not None
        else ""
    )
    return CardDetail(
        line=card_line(row, bool(pushes)),
        card=dict(row.card),
        account=explanation,
        pushes=tuple(push_line(each, row.tenant_name) for each in pushes),
        outcomes=tuple(
            OutcomeLine(
                outcome=each.outcome,
                reason=each.reason,
                note=each.note,
                seats=each.seats,
                source=each.source,
                recorded_by=each.recorded_by,
                recorded_at=each.recorded_at,
            )
            for each in outcomes
        ),
        match_state=account.match_state if account else "not_looked_for",
        crm_account=account.crm_account if account else None,
        may_push=not why_not,
        why_not_push=why_not,
        horizon_months=int(row.card.get("horizon_months", 3)),
    )


class ListPushes(OperationInput):
    """Which pushes."""

    state: str = Field("", max_length=12, description="Only in this state: wanted, sent, unchanged, parked.")
    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("opportunities.list_pushes", groups=_READ, http="GET /opportunities/pushes", cli="opportunities pushes")
def list_pushes(context: QueryContext, request: ListPushes) -> tuple[PushLine, ...]:
    """List what was pushed to the CRM and how it stands, the newest first."""
    statement = select(PushRow, CardRow.tenant_name).outerjoin(CardRow, CardRow.id == PushRow.card_id)
    if request.state:
        statement = statement.where(PushRow.state == request.state)
    ordered = statement.order_by(PushRow.asked_at.desc(), PushRow.external_key).limit(request.limit)
    return tuple(push_line(row, name or "") for row, name in context.session.execute(ordered))


class ListSnapshots(OfConnection):
    """Which snapshots."""

    limit: int = Field(100, ge=1, le=500, description="How many at most.")


@query("opportunities.list_snapshots", groups=_READ, http="GET /opportunities/snapshots", cli="opportunities snapshots")
def list_snapshots(context: QueryContext, request: ListSnapshots) -> tuple[SnapshotLine, ...]:
    """List the imported snapshots, the newest first, with the days they were taken and their figures are of."""
    rows = context.session.scalars(
        select(SnapshotRow)
        .where(SnapshotRow.connection == request.connection, SnapshotRow.state != "staged")
        .order_by(SnapshotRow.taken_on.desc(), SnapshotRow.tab, SnapshotRow.revision.desc())
        .limit(request.limit)
    ).all()
    return tuple(
        SnapshotLine(
            id=row.id,
            connection=row.connection,
            tab=row.tab,
            file=row.file_name,
            taken_on=row.taken_on,
            as_of=row.as_of,
            revision=row.revision,
            state=row.state,
            rows=row.rows,
            findings=len(row.findings),
            found=tuple(row.findings),
            imported_at=row.imported_at,
        )
        for row in rows
    )


class ListLenses(OperationInput):
    """Nothing to say."""


@query("opportunities.list_lenses", groups=_READ, http="GET /opportunities/lenses", cli="opportunities lenses")
def list_lenses(context: QueryContext, request: ListLenses) -> tuple[LensLine, ...]:
    """List the lenses with their definitions, as files that can be copied and edited."""
    del request
    return tuple(
        LensLine(
            name=lens.name,
            title=lens.title,
            question=lens.question,
            version=lens.version,
            outcome=lens.outcome,
            digest=lens.digest,
            terms=len(lens.terms),
            text=lens.text,
        )
        for lens in context.ports.of(RoomSettings).definitions()
    )


@query(
    "opportunities.portfolio_summary", groups=_READ, http="GET /opportunities/portfolio", cli="opportunities portfolio"
)
def portfolio_summary(context: QueryContext, request: OfConnection) -> Portfolio:
    """Sum the book up for leadership: by lens, motion and segment, and month by month.

    Raises `opportunities.no_snapshot` before anything was imported.
    """
    run = newest_run(context.session, request.connection, context.ports.of(ColumnFiles))
    states = context.session.execute(select(CardRow.state, func.count()).group_by(CardRow.state)).all()
    summary = run.row.summary
    return Portfolio(
        as_of=run.row.as_of,
        run_id=run.row.id,
        tenants=run.row.tenants,
        lenses=summary["lenses"],
        months=tuple(summary["months"]),
        cards={str(state): int(number) for state, number in states},
        alerts=int(summary["alerts"]),
        naive_alerts=int(summary["naive_alerts"]),
    )


OPERATIONS: tuple[Operation, ...] = (
    rank_accounts,
    explain_account,
    list_alerts,
    list_cards,
    show_card,
    list_pushes,
    list_snapshots,
    list_lenses,
    portfolio_summary,
)
