"""Reads a kept ranking back: lines of a list, one account under every lens, its past."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.opportunities.cards.card import Card, Scored, label_of, make_card, sentence
from fairkeeper.opportunities.cards.prices import Price, price_on, worth_of
from fairkeeper.opportunities.cards.ranking import MOTIONS
from fairkeeper.opportunities.errors import AccountAmbiguousError, AccountUnknownError, NoSnapshotError
from fairkeeper.opportunities.insights.keeping import ColumnFiles
from fairkeeper.opportunities.lenses.columns import read_rows, reader
from fairkeeper.opportunities.lenses.definition import Lens, read_lens
from fairkeeper.opportunities.lenses.features import DESCRIPTIONS
from fairkeeper.opportunities.tables import CardRow, RunRow, SnapshotRow
from fairkeeper.opportunities.views import AccountLine, LensView, PastMonth, ReasonView, TermView


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A ranking as it is kept: its row, its lenses as they were, and its two tables."""

    row: RunRow
    lenses: tuple[Lens, ...]
    scores: Path
    features: Path

    @property
    def snapshot_count(self) -> int:
        """How many snapshots were compared."""
        return len(self.row.summary["months"])

    def count(self, where: str, values: tuple[Any, ...]) -> int:
        """Return how many scores fit a condition."""
        statement = f"SELECT count(*) FROM read_parquet('{self.scores}') WHERE {where}"
        found = reader().execute(statement, list(values)).fetchone()
        return int(found[0]) if found else 0


def newest_run(session: Session, connection: str, files: ColumnFiles) -> KeptRun:
    """Return the ranking that lists show.

    Raises:
        NoSnapshotError: There is none yet.
    """
    row = session.scalars(
        select(RunRow)
        .where(RunRow.connection == connection, RunRow.state == "adopted")
        .order_by(RunRow.scored_at.desc(), RunRow.id.desc())
        .limit(1)
    ).first()
    if row is None:
        raise NoSnapshotError("Nothing was imported and ranked yet.")
    return KeptRun(
        row=row,
        lenses=tuple(read_lens(name, each["text"]) for name, each in row.lenses.items()),
        scores=files.path_of(session, row.scores_digest),
        features=files.path_of(session, row.features_digest),
    )


def find_tenant(run: KeptRun, text: str) -> dict[str, Any]:
    """Return the features of the account that somebody names, by id, domain or name.

    The whole name comes first, then one that is spelled in another alphabet (`Mueller` for Müller), then the only one
    that holds these words. A name that only looks alike is told, and not taken.

    Raises:
        AccountUnknownError, AccountAmbiguousError: None, or several, answer to it.
    """
    plain = text.strip().lower()
    folded = _FOLDED.format("?")
    exact = tuple((f"{column} = ?", plain) for column in ("tenant_id", "tenant_domain", "lower(tenant_name)", "tpid"))
    looser = (
        (f"{_FOLDED_NAME} = {folded}", plain),
        (f"contains({_FOLDED_NAME}, {folded})", plain),
    )
    for where, value in (*exact, *(looser if len(plain) >= _SHORTEST_PART else looser[:1])):
        rows = read_rows(
            run.features, where=where, values=(value,), order=f"ORDER BY tenant_name, tenant_id LIMIT {_TOLD}"
        )
        if len(rows) == 1:
            return rows[0]
        if rows:
            names = [str(row["tenant_name"] or row["tenant_id"]) for row in rows]
            if len(set(names)) < len(names):  # twins are told apart by their ids alone
                names = [f"{name} ({row['tenant_id']})" for name, row in zip(names, rows, strict=True)]
            listed = "; ".join(names)
            raise AccountAmbiguousError(f"Several accounts answer to {text!r}: {listed}.")
    alike = read_rows(
        run.features,
        where=f"jaro_winkler_similarity({_FOLDED_NAME}, {folded}) > {_ALIKE}",
        values=(plain,),
        order="ORDER BY tenant_name, tenant_id LIMIT 3",
    )
    meant = f" Did you mean {' or '.join(str(row['tenant_name']) for row in alike)}?" if alike else ""
    raise AccountUnknownError(f"No account in the snapshot of {run.row.as_of.isoformat()} is {text!r}.{meant}")


_FOLDED: Final = (
    "strip_accents(replace(replace(replace(replace(lower({}), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'))"
)
_FOLDED_NAME: Final = _FOLDED.format("tenant_name")
_SHORTEST_PART: Final = 3
_ALIKE: Final = 0.9
_TOLD: Final = 5


def account_lines(
    session: Session, run: KeptRun, lens: Lens, rows: Sequence[Mapping[str, Any]], prices: Sequence[Price]
) -> tuple[AccountLine, ...]:
    """Return rows of scores as lines with their reasons."""
    if not rows:
        return ()
    ids = [row["tenant_id"] for row in rows]
    marks = ", ".join("?" for _ in ids)
    places = tuple(row["place"] for row in rows)
    features = {row["tenant_id"]: row for row in read_rows(run.features, where=f"place IN ({marks})", values=places)}
    cards = {
        row.tenant_id: row
        for row in session.scalars(
            select(CardRow).where(
                CardRow.connection == run.row.connection,
                CardRow.lens == lens.name,
                CardRow.tenant_id.in_(ids),
                CardRow.closed_at.is_(None),
            )
        )
    }
    return tuple(_line(run, lens, row, features[row["tenant_id"]], prices, cards.get(row["tenant_id"])) for row in rows)


def lens_views(run: KeptRun, features: Mapping[str, Any], prices: Sequence[Price]) -> tuple[LensView, ...]:
    """Return how an account stands under each lens that applies to it, the likeliest first."""
    rows = read_rows(run.scores, where="place = ?", values=(features["place"],))
    by_name = {lens.name: lens for lens in run.lenses}
    totals = run.row.summary["lenses"]
    views = []
    for row in rows:
        lens = by_name[row["lens"]]
        card = card_of(run, lens, row, features, prices)
        views.append(
            LensView(
                lens=lens.name,
                title=lens.title,
                rank=int(row["rank"]),
                of=int(totals[lens.name]["applies"]),
                likelihood=row["likelihood"],
                band=card.band,
                confidence=row["confidence"],
                seats=row["seats"],
                motion=card.motion.value,
                why_now=card.why_now,
                why_now_on=card.why_now_on,
                base=lens.base,
                terms=_terms(lens, row, features),
                missing=card.missing,
                changes=card.changes,
                first=card.first,
                worth=None if card.worth is None else card.worth.to_decimal_text(),
                currency=None if card.worth is None else card.worth.currency.code,
                worth_basis=card.worth_basis,
            )
        )
    return tuple(sorted(views, key=lambda view: (-view.likelihood, view.lens)))


def card_of(
    run: KeptRun, lens: Lens, row: Mapping[str, Any], features: Mapping[str, Any], prices: Sequence[Price]
) -> Card:
    """Write the card of a row of scores."""
    price = price_on(prices, lens.worth.product, run.row.as_of)
    scored = Scored(
        likelihood=row["likelihood"],
        confidence=row["confidence"],
        seats=row["seats"],
        motion=MOTIONS[int(row["motion"])],
        contributions=tuple(_number(row[f"odds_{n}"]) for n in range(len(lens.terms))),
        features={name: _number(features[name]) for name in DESCRIPTIONS},
    )
    return make_card(
        lens,
        scored,
        as_of=run.row.as_of,
        worth=worth_of(price, scored.seats, lens.worth.months),
        worth_basis=f"{price.price} a seat and month, {price.source}" if price else "no price is known",
        is_new=False,
    )


def _line(  # noqa: PLR0913, PLR0917 - a row and what explains it
    run: KeptRun,
    lens: Lens,
    row: Mapping[str, Any],
    features: Mapping[str, Any],
    prices: Sequence[Price],
    opened: CardRow | None,
) -> AccountLine:
    card = card_of(run, lens, row, features, prices)
    return AccountLine(
        rank=int(row["rank"]),
        tenant_id=row["tenant_id"],
        name=row["tenant_name"] or row["tenant_id"],
        segment=row["segment"],
        likelihood=round(card.likelihood, 4),
        band=card.band,
        confidence=round(card.confidence, 4),
        seats=round(card.seats, 1),
        worth=None if card.worth is None else card.worth.to_decimal_text(),
        currency=None if card.worth is None else card.worth.currency.code,
        motion=card.motion.value,
        why_now=card.why_now,
        why_now_on=card.why_now_on,
        reasons=tuple(_reason(each) for each in card.reasons[:4]),
        against=tuple(_reason(each) for each in card.against[:2]),
        missing=card.missing,
        first=card.first,
        card_id=opened.id if opened else None,
        card_state=opened.state if opened else "",
        owner=opened.owner if opened else "",
    )


def _reason(reason: Any) -> ReasonView:
    return ReasonView(
        text=reason.text, odds=round(reason.odds, 2), is_vendors=reason.is_vendors, feature=reason.feature
    )


def _terms(lens: Lens, row: Mapping[str, Any], features: Mapping[str, Any]) -> tuple[TermView, ...]:
    known = {name: _number(features[name]) for name in DESCRIPTIONS}
    terms = []
    for number, term in enumerate(lens.terms):
        odds, value = _number(row[f"odds_{number}"]), known[term.feature]
        terms.append(
            TermView(
                feature=term.feature,
                description=label_of(term.feature),
                value=None if math.isnan(value) else round(value, 4),
                odds=None if math.isnan(odds) else round(odds, 3),
                text=sentence(term.sentence_for(0.0 if math.isnan(odds) else odds), known),
                is_vendors=term.is_vendors,
            )
        )
    return tuple(terms)


def past_of(
    session: Session, files: ColumnFiles, snapshots: Sequence[SnapshotRow], tenant_id: str
) -> tuple[PastMonth, ...]:
    """Return an account's figures in each snapshot, the oldest first."""
    if not snapshots:
        return ()
    of_path: dict[str, list[SnapshotRow]] = {}
    for row in snapshots:  # the same table on two days is one file
        of_path.setdefault(str(files.path_of(session, row.table_digest)), []).append(row)
    listed = ", ".join(f"'{path}'" for path in of_path)
    found = (
        reader()
        .execute(
            "SELECT filename, paid_seats, paid_mau, chat_mau, agents_mau "
            f"FROM read_parquet([{listed}], filename = true) WHERE tenant_id = ?",
            [tenant_id],
        )
        .fetchall()
    )
    past = [
        PastMonth(
            as_of=row.as_of,
            snapshot_id=row.id,
            paid_seats=seats,
            paid_users=users,
            chat_users=chat,
            agent_users=agents,
        )
        for path, seats, users, chat, agents in found
        for row in of_path[path]
    ]
    return tuple(sorted(past, key=lambda month: month.as_of))


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
