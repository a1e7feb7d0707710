"""Adopts a ranking: opens, renews and closes cards, opens and closes alerts, in one transaction with one entry.

A card is one episode of one lens for one account. It opens when the account stands above the lens's line among the
first fifty; it stays while the likelihood is above the lower line, and closes after two rankings below it, so that an
account at the line does not come and go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, internal_command
from fairkeeper.opportunities.actions.evidence_kinds import RANKED
from fairkeeper.opportunities.cards.alerts import may_open
from fairkeeper.opportunities.cards.matching import Named, accounts_of, batched
from fairkeeper.opportunities.cards.ranking import Ranking
from fairkeeper.opportunities.errors import NoSnapshotError
from fairkeeper.opportunities.insights.keeping import keep_blob
from fairkeeper.opportunities.lenses.definition import Lens
from fairkeeper.opportunities.lenses.scoring import MODEL_VERSION
from fairkeeper.opportunities.ports import RoomSettings
from fairkeeper.opportunities.tables import AlertRow, CardRow, RunRow, SnapshotRow
from fairkeeper.values.ids import new_id

BELOW_TO_CLOSE: Final = 2
OPEN_STATES: Final = ("open", "accepted", "snoozed", "held_out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What a ranking changed."""

    run_id: str
    connection: str
    as_of: date
    tenants: int
    opened: int
    renewed: int
    closed: int
    alerts_opened: int
    alerts_closed: int
    result_digest: str


def input_digest(snapshots: Sequence[SnapshotRow], lenses: Sequence[Lens], prices: Sequence[str]) -> str:
    """Return a name of everything that decides a ranking: tables, definitions, prices, arithmetic."""
    parts = [
        str(MODEL_VERSION),
        *(f"{row.tab} {row.as_of} {row.table_digest}" for row in snapshots),
        *(f"{lens.name} {lens.digest}" for lens in lenses),
        *prices,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stage_run(  # noqa: PLR0913 - a ranking and everything that decided it
    session: Session,
    ranking: Ranking,
    *,
    connection: str,
    snapshots: Sequence[SnapshotRow],
    lenses: Sequence[Lens],
    digest: str,
    now: datetime,
) -> str:
    """Put a ranking where the command finds it; return its id."""
    scores = keep_blob(session, ranking.scores, now=now)
    features = keep_blob(session, ranking.features, now=now)
    newest = max((row for row in snapshots if row.tab == "copilot"), key=lambda row: row.as_of)
    row = RunRow(
        id=new_id("run"),
        connection=connection,
        as_of=newest.as_of,
        scored_at=now,
        state="staged",
        inputs=[row.id for row in snapshots],
        input_digest=digest,
        lenses={lens.name: {"digest": lens.digest, "text": lens.text} for lens in lenses},
        model_version=MODEL_VERSION,
        scores_digest=scores,
        features_digest=features,
        tenants=ranking.tenants,
        summary={**ranking.summary, "result_digest": ranking.digest},
        drafts=[{"cards": list(ranking.cards), "alerts": list(ranking.alerts), "ended": list(ranking.ended_alerts)}],
    )
    session.add(row)
    session.flush()
    return row.id


class AdoptRun(OperationInput):
    """Which staged ranking."""

    run_id: str = Field(max_length=40, description="The staged ranking.")


@internal_command("opportunities.adopt_run", evidence=(RANKED,))
def adopt_run(context: CommandContext, request: AdoptRun) -> Outcome[Adopted]:
    """Make a staged ranking the one that lists show, and move cards and alerts along with it.

    A second adoption changes nothing. Raises `opportunities.no_snapshot` when there is no such ranking.
    """
    session = context.session
    run = session.get(RunRow, request.run_id, with_for_update=True)
    if run is None:
        raise NoSnapshotError(f"There is no ranking {request.run_id}.")
    if run.state == "adopted":
        return Outcome(result=_adopted(run, {}), entry=None)
    drafts = run.drafts[0]
    moving = _Moving(context, run)
    counts = {**moving.cards(drafts["cards"]), **moving.alerts(drafts["alerts"], drafts["ended"])}
    run.state = "adopted"
    run.drafts = []
    result = _adopted(run, counts)
    entry = EvidenceDraft(
        kind=RANKED.name,
        subject_type="ranking",
        subject_id=run.id,
        payload={
            "as_of": run.as_of.isoformat(),
            "tenants": run.tenants,
            "opened": result.opened,
            "closed": result.closed,
            "alerts_opened": result.alerts_opened,
            "inputs_sha256": run.input_digest,
            "result_sha256": result.result_digest,
            "lenses": {name: each["digest"] for name, each in run.lenses.items()},
            "snapshots": list(run.inputs),
        },
    )
    return Outcome(result=result, entry=entry)


class _Moving:
    """Moves cards and alerts of one connection along with a ranking."""

    def __init__(self, context: CommandContext, run: RunRow) -> None:
        self.context, self.session, self.run = context, context.session, run
        self.settings = context.ports.of(RoomSettings)

    def cards(self, drafts: Sequence[dict[str, Any]]) -> dict[str, int]:
        """Open, renew and close cards."""
        renewed = closed = 0
        rows = self.session.scalars(
            select(CardRow)
            .where(CardRow.connection == self.run.connection, CardRow.closed_at.is_(None))
            .order_by(CardRow.id)
            .with_for_update()
        ).all()
        known = {(row.tenant_id, row.lens): row for row in rows}
        proposed = {(draft["tenant_id"], draft["lens"]): draft for draft in drafts}
        for key, row in known.items():
            draft = proposed.get(key)
            if draft is not None:
                self._renew(row, draft)
                renewed += 1
            # An account that is not in the newest snapshot is no customer lost; its card rests like one below the line.
            if draft is None or not draft["stays"]:
                row.below += 1
                if row.below >= BELOW_TO_CLOSE and row.state != "accepted":
                    self._close(row, "the reason is gone" if draft else "the account is not in the insights any more")
                    closed += 1
        new = [draft for key, draft in proposed.items() if key not in known and draft["is_above"]]
        opened = self._open(new)
        return {"opened": opened, "renewed": renewed, "closed": closed}

    def _renew(self, row: CardRow, draft: dict[str, Any]) -> None:
        row.likelihood_ppm, row.confidence_ppm = draft["likelihood_ppm"], draft["confidence_ppm"]
        row.seats_milli, row.rank, row.card = draft["seats_milli"], draft["rank"], draft["card"]
        row.motion, row.run_id, row.tenant_name = draft["card"]["motion"], self.run.id, draft["tenant_name"]
        if draft["stays"]:
            row.below = 0
        if row.state == "snoozed" and row.snoozed_until is not None and row.snoozed_until <= self.context.now.date():
            row.state, row.snoozed_until = "open", None

    def _close(self, row: CardRow, why: str) -> None:
        row.state, row.closed_at, row.closed_why = "closed", self.context.now, why

    def _open(self, drafts: Sequence[dict[str, Any]]) -> int:
        named = {
            draft["tenant_id"]: Named(
                tenant_id=draft["tenant_id"],
                name=draft["tenant_name"],
                domain=draft["domain"],
                is_held_out=is_held_out(draft["tenant_id"], self.settings.holdout_percent),
            )
            for draft in drafts
        }
        accounts = accounts_of(self.session, list(named.values()), self.context.now)
        cycles = {
            (tenant, lens): cycle
            for part in batched(list(named), 400)
            for tenant, lens, cycle in self.session.execute(
                select(CardRow.tenant_id, CardRow.lens, func.max(CardRow.cycle))
                .where(CardRow.connection == self.run.connection, CardRow.tenant_id.in_(part))
                .group_by(CardRow.tenant_id, CardRow.lens)
            )
        }
        for draft in drafts:
            account = accounts[draft["tenant_id"]]
            self.session.add(
                CardRow(
                    id=new_id("opp"),
                    connection=self.run.connection,
                    tenant_id=draft["tenant_id"],
                    tenant_name=draft["tenant_name"],
                    lens=draft["lens"],
                    cycle=cycles.get((draft["tenant_id"], draft["lens"]), 0) + 1,
                    state="held_out" if account.is_held_out else "open",
                    motion=draft["card"]["motion"],
                    owner=account.owner,
                    likelihood_ppm=draft["likelihood_ppm"],
                    confidence_ppm=draft["confidence_ppm"],
                    seats_milli=draft["seats_milli"],
                    rank=draft["rank"],
                    card=draft["card"],
                    first_likelihood_ppm=draft["likelihood_ppm"],
                    run_id=self.run.id,
                    opened_at=self.context.now,
                    opened_as_of=self.run.as_of,
                    closed_at=None,
                    snoozed_until=None,
                )
            )
        return len(drafts)

    def alerts(self, drafts: Sequence[dict[str, Any]], ended: Sequence[str]) -> dict[str, int]:
        """Close alerts whose chance is ordinary again, and open new ones where none is open and the pause is over."""
        closed = opened = 0
        for part in batched(list(ended), 400):
            for row in self.session.scalars(
                select(AlertRow).where(AlertRow.id.in_(part), AlertRow.closed_at.is_(None))
            ):
                row.closed_at = self.context.now
                closed += 1
        self.session.flush()
        last: dict[tuple[str, str], AlertRow] = {}
        for part in batched(sorted({str(draft["tenant_id"]) for draft in drafts}), 400):
            found = self.session.scalars(
                select(AlertRow)
                .where(AlertRow.connection == self.run.connection, AlertRow.tenant_id.in_(part))
                .order_by(AlertRow.opened_at, AlertRow.id)
            )
            last |= {(row.tenant_id, row.kind): row for row in found}
        for draft in drafts:
            if is_held_out(draft["tenant_id"], self.settings.holdout_percent):
                continue  # an alert is a reason to call, and nobody is to
            before = last.get((draft["tenant_id"], draft["kind"]))
            if before is not None and (
                before.closed_at is None or not may_open(before.closed_at.date(), self.context.now.date())
            ):
                continue
            self.session.add(
                AlertRow(
                    id=new_id("alr"),
                    connection=self.run.connection,
                    as_of=self.run.as_of,
                    run_id=self.run.id,
                    opened_at=self.context.now,
                    closed_at=None,
                    told_at=None,
                    **draft,
                )
            )
            opened += 1
        return {"alerts_opened": opened, "alerts_closed": closed}


def is_held_out(tenant_id: str, percent: int) -> bool:
    """Say whether nobody is to contact an account: by its id alone, so that it stays so.

    Example:
        >>> is_held_out("a", 0), is_held_out("a", 100)
        (False, True)
    """
    return int(hashlib.sha256(f"holdout {tenant_id}".encode()).hexdigest()[:8], 16) % 100 < percent


def _adopted(run: RunRow, counts: dict[str, int]) -> Adopted:
    return Adopted(
        run_id=run.id,
        connection=run.connection,
        as_of=run.as_of,
        tenants=run.tenants,
        opened=counts.get("opened", 0),
        renewed=counts.get("renewed", 0),
        closed=counts.get("closed", 0),
        alerts_opened=counts.get("alerts_opened", 0),
        alerts_closed=counts.get("alerts_closed", 0),
        result_digest=run.summary["result_digest"],
    )


OPERATIONS = (adopt_run,)
