"""Shared by the queries: rows of the database as views, files' names for rows, who sees customers' names."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import QueryContext
from fairkeeper.action.principal import Principal
from fairkeeper.payouts.chain.coverage import Coverage
from fairkeeper.payouts.chain.current import SourceFile, load_current
from fairkeeper.payouts.files.engine import engine
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import read_sources
from fairkeeper.payouts.reports.own_records import OwnRecords, read_own_records
from fairkeeper.payouts.tables import PayoutEvaluationRow, PayoutFindingRow, PayoutTableRow
from fairkeeper.payouts.views import ChainFinding
from fairkeeper.values.findings import finding_kinds

SEES_NAMES: Final = frozenset({"owner", "finance", "auditor"})
"""Roles that see customers' names and addresses in reports; others see that there is one."""
MASKED: Final = "(name hidden)"

_Result = TypeVar("_Result")


def sees_names(principal: Principal) -> bool:
    """Say whether somebody sees customers' names."""
    return bool(SEES_NAMES & principal.roles)


def masked(text: str | None, principal: Principal) -> str | None:
    """Return a customer's name, or that there is one."""
    return text if text is None or sees_names(principal) else MASKED


def finding_view(row: PayoutFindingRow, *, today: date, principal: Principal) -> ChainFinding:
    """Return a finding as it is shown."""
    return ChainFinding(
        finding_id=row.finding_id,
        code=row.code,
        level=row.level,
        state=row.state,
        message=row.message,
        remedy=finding_kinds[row.code].remedy,
        owner_role=row.owner_role,
        amount=row.amount,
        currency=row.currency,
        amount_usd=row.amount_usd,
        since_on=row.since_on,
        age_days=None if row.since_on is None else (today - row.since_on).days,
        purchase_record_id=row.purchase_record_id,
        line_item_id=row.line_item_id,
        asset_id=row.asset_id,
        earning_id=row.earning_id,
        payment_id=row.payment_id,
        customer=masked(row.customer, principal),
        offer=row.offer,
        closed_why=row.closed_why,
    )


def file_names(session: Session, table_ids: Iterable[str]) -> dict[str, str]:
    """Return what people call the files of tables."""
    listed = sorted(set(table_ids))
    rows = session.execute(
        select(PayoutTableRow.table_id, PayoutTableRow.name).where(PayoutTableRow.table_id.in_(listed))
    )
    return {row[0]: row[1] for row in rows}


def places(session: Session, sources: Sequence[str]) -> tuple[str, ...]:
    """Return places as people read them: `earnings.csv, row 7`."""
    pairs = [source.rpartition(":") for source in sources]
    names = file_names(session, (table_id for table_id, _, _ in pairs))
    return tuple(f"{names.get(table_id, table_id)}, row {row}" for table_id, _, row in pairs)


def newest_evaluation(session: Session) -> PayoutEvaluationRow | None:
    """Return the last evaluation that was finished."""
    return session.scalars(
        select(PayoutEvaluationRow)
        .where(PayoutEvaluationRow.is_finished.is_(True))
        .order_by(PayoutEvaluationRow.id.desc())
        .limit(1)
    ).first()


@contextmanager
def loaded(context: QueryContext, *, as_of: date | None = None) -> Iterator[tuple[Any, Coverage]]:
    """Open an engine with every row that counts, and say what is covered."""
    sources = _Sources.read(context, as_of)
    with sources.engine() as db:
        yield db, sources.coverage


def computed(
    context: QueryContext, what: Hashable, compute: Callable[[Any, Coverage], _Result], *, as_of: date | None = None
) -> tuple[_Result, Coverage]:
    """Compute something of every row that counts, once for as long as files, deals and day stay the same.

    Args:
        context: The query's.
        what: What is computed, and with which arguments; no person's view of it.
        compute: Gets an engine with the rows, and what is covered; its result is shared, so nobody may change it.
        as_of: The day to look at.
    """
    sources = _Sources.read(context, as_of)
    # A file that was withdrawn and read again, with other columns, has other rows under the same id.
    inputs = sources.files, [_stamp(each.parquet) for each in sources.files], sources.coverage, sources.own
    found: _Result | None = sources.library.results.find(what, inputs)
    if found is None:
        with sources.engine() as db:
            found = compute(db, sources.coverage)
        sources.library.results.keep(what, inputs, found)
    return found, sources.coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """Everything that the rows which count are made of."""

    library: Library
    files: list[SourceFile]
    coverage: Coverage
    own: OwnRecords

    @classmethod
    def read(cls, context: QueryContext, as_of: date | None) -> _Sources:
        library = context.ports.of(Library)
        files, coverage = read_sources(context.session, library, today=context.now.date(), as_of=as_of)
        return cls(library=library, files=files, coverage=coverage, own=read_own_records(context.session))

    @contextmanager
    def engine(self) -> Iterator[Any]:
        with self.library.scratch() as scratch, engine(scratch) as db:
            load_current(db, self.files, own=self.own)
            yield db


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_mtime_ns, stat.st_size
