"""The work around the commands: read a file that was handed over, run the rules, write down what was found.

Separate from them, because neither reading nor comparing has a place in a transaction. Background work calls this on a
server; the command line calls it directly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.payouts.actions.findings import FinishEvaluation, finish_evaluation
from fairkeeper.payouts.actions.receive_file import RecordReading, TableRead, record_reading
from fairkeeper.payouts.chain.closing import closed_differences, keep_lines
from fairkeeper.payouts.chain.coverage import Coverage, Covered
from fairkeeper.payouts.chain.current import SourceFile, load_current
from fairkeeper.payouts.chain.evaluation import Evaluation, Found, evaluate_loaded
from fairkeeper.payouts.chain.summary import summary_of
from fairkeeper.payouts.files.engine import engine
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.files.opening import open_file
from fairkeeper.payouts.files.reading import ReadTable, read_table
from fairkeeper.payouts.reports.columns import Kind
from fairkeeper.payouts.reports.own_records import read_own_records
from fairkeeper.payouts.tables import (
    PayoutEvaluationRow,
    PayoutFindingRow,
    PayoutMappingRow,
    PayoutMonthRow,
    PayoutTableRow,
    PayoutUploadRow,
)
from fairkeeper.values.findings import Finding

_CHUNK: Final = 500
MOST_FINDINGS: Final = 20_000
"""The largest findings of one evaluation that are written down; the sums count all of them."""
BANK_MAPPING: Final = "bank"
_LARGEST: Final = 2**53 - 1


class Importer:
    """Reads files and compares reports.

    Args:
        runner: Runs the commands.
        library: Keeps the files.
    """

    def __init__(self, runner: Runner, library: Library) -> None:
        self.runner = runner
        self.library = library

    def read(self, sha256: str) -> list[ReadTable]:
        """Read a file that was handed over and record what is in it; one that was read before is left alone."""
        with self.runner.database.read() as session:
            row = session.get(PayoutUploadRow, sha256)
            if row is None or row.state not in ("waiting", "reading"):
                return []
            name = row.name
            saved = session.get(PayoutMappingRow, BANK_MAPPING)
            mapping = dict(saved.mapping) if saved is not None else {}
        with self.runner.database.write() as session:
            session.execute(update(PayoutUploadRow).where(PayoutUploadRow.sha256 == sha256).values(state="reading"))
        tables, findings = self._read(sha256, name, mapping)
        request = RecordReading(
            sha256=sha256,
            tables=[
                TableRead(
                    table_id=_table_id(sha256, number),
                    name=table.name[:450],
                    kind=table.kind.value,
                    rows=table.rows,
                    unreadable=table.unreadable,
                    first_on=table.first_on,
                    last_on=table.last_on,
                    headers=[header.replace("\x00", "")[:200] for header in table.headers],
                )
                for number, table in tables
                if table.kind is not None
            ],
            findings=[finding.to_json() for finding in findings[: self.library.limits.kept_findings * 5]],
        )
        self._run(record_reading, request)
        return [table for _, table in tables]

    def _read(
        self, sha256: str, name: str, mapping: dict[str, str]
    ) -> tuple[list[tuple[int, ReadTable]], list[Finding]]:
        tables: list[tuple[int, ReadTable]] = []
        with self.library.scratch() as scratch:
            opened = open_file(self.library.found(sha256), name, scratch, self.library.limits)
            findings = list(opened.findings)
            with engine(scratch / "spill") as db:
                for number, member in enumerate(opened.members):
                    table_id = _table_id(sha256, number)
                    draft = scratch / f"rows-{number}.parquet"
                    table = read_table(
                        member,
                        draft,
                        scratch / f"work-{number}",
                        file_id=table_id,
                        mapping=mapping,
                        limits=self.library.limits,
                        db=db,
                    )
                    if table.kind is not None:
                        draft.replace(self.library.rows(table_id))
                    tables.append((number, table))
                    findings += table.findings
        return tables, findings

    def is_waiting(self) -> bool:
        """Say whether files wait to be read."""
        with self.runner.database.read() as session:
            waiting = select(PayoutUploadRow.sha256).where(PayoutUploadRow.state.in_(("waiting", "reading"))).limit(1)
            return session.scalars(waiting).first() is not None

    def evaluate(self, *, as_of: date | None = None) -> Evaluation:
        """Run every rule over everything that was read, and write down what was found."""
        now = self.runner.clock.now()
        with self.runner.database.read() as session:
            files, coverage = read_sources(session, self.library, today=now.date(), as_of=as_of)
            own = read_own_records(session)
            closed = [
                (row.month, row.evaluation)
                for row in session.scalars(select(PayoutMonthRow).order_by(PayoutMonthRow.month))
            ]
        with self.runner.database.write() as session:
            row = PayoutEvaluationRow(at=now, as_of=coverage.as_of, tables=len(files), summary={}, is_finished=False)
            session.add(row)
            session.flush()
            number = row.id
        with self.library.scratch() as scratch, engine(scratch) as db:
            load_current(db, files, own=own)
            evaluation = evaluate_loaded(db, coverage)
            lines = self.library.lines(number)
            months = keep_lines(db, lines)
            named = closed_differences(db, lines, [(month, self.library.lines(then)) for month, then in closed])
        found = (*evaluation.found, *named)
        kept = found[:MOST_FINDINGS]
        for start in range(0, len(kept), _CHUNK):
            with self.runner.database.write() as session:
                _write(session, kept[start : start + _CHUNK], number, self.runner)
        summary = {**summary_of(evaluation, found), "months": months}
        self._run(finish_evaluation, FinishEvaluation(evaluation=number, as_of=coverage.as_of, summary=summary))
        self.library.forget_lines([number, *(then for _, then in closed)])
        return evaluation

    def _run(self, operation: Any, request: Any) -> None:
        self.runner.run(operation, request, Call(principal=system("payouts")))


def read_sources(
    session: Session, library: Library, *, today: date, as_of: date | None = None
) -> tuple[list[SourceFile], Coverage]:
    """Return the tables that were read, and what they cover together."""
    rows = session.execute(
        select(PayoutTableRow, PayoutUploadRow).join(PayoutUploadRow, PayoutTableRow.sha256 == PayoutUploadRow.sha256)
    ).all()
    files, covered = [], []
    for table, upload in sorted(rows, key=lambda pair: str(pair[0].table_id)):
        kind = Kind(table.kind)
        files.append(
            SourceFile(
                file_id=table.table_id,
                kind=kind,
                parquet=library.rows(table.table_id),
                received_on=upload.received_at.date(),
            )
        )
        first, last = upload.covers_from or table.first_on, upload.covers_to or table.last_on
        if first is not None and last is not None:
            covered.append(Covered(kind=kind, first_on=first, last_on=last))
    return files, Coverage.of(covered, today=today, as_of=as_of)


def _table_id(sha256: str, number: int) -> str:
    return f"pt_{sha256[:24]}_{number}"


def _write(session: Session, found: Sequence[Found], evaluation: int, runner: Runner) -> None:
    """Write findings: new ones, those seen again, those that come back or changed since they were closed."""
    now = runner.clock.now()
    ids = [each.finding_id for each in found]
    known = {row.finding_id: row for row in session.scalars(_known(ids))}
    for each in found:
        row = known.get(each.finding_id)
        values = _values(each)
        if row is None:
            row = PayoutFindingRow(finding_id=each.finding_id, state="open", first_seen_at=now, **values)
            session.add(row)
            known[each.finding_id] = row
        else:
            if row.state == "gone" or (row.state == "closed" and row.amount != values["amount"]):
                row.state, row.closed_at, row.closed_by, row.closed_why = "open", None, None, None
            for name, value in values.items():
                setattr(row, name, value)
        row.evaluation, row.last_seen_at = evaluation, now


def _known(ids: Iterable[str]) -> Any:
    return select(PayoutFindingRow).where(PayoutFindingRow.finding_id.in_(list(ids)))


def _values(each: Found) -> dict[str, Any]:
    return {
        "code": each.code,
        "level": each.level.value,
        "message": each.message,
        "owner_role": each.owner_role,
        "amount": decimal_text(each.amount),
        "currency": _cut(each.currency, 20),
        "amount_usd": decimal_text(each.amount_usd),
        "weight_minor": min(_LARGEST, int((each.weight * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))),
        "since_on": each.since_on,
        "purchase_record_id": _cut(each.purchase_record_id, 200),
        "line_item_id": _cut(each.line_item_id, 200),
        "asset_id": _cut(each.asset_id, 200),
        "earning_id": _cut(each.earning_id, 200),
        "payment_id": _cut(each.payment_id, 200),
        "customer": _cut(each.customer, 300),
        "offer": _cut(each.offer, 300),
        "sources": list(each.sources),
    }


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else text.replace("\x00", "")[:length]


def decimal_text(amount: Decimal | None) -> str | None:
    """Return an exact amount as text, at least with two decimals.

    Example:
        >>> decimal_text(Decimal("97.500000000000")), decimal_text(Decimal("0.000012"))
        ('97.50', '0.000012')
    """
    if amount is None:
        return None
    exponent = amount.normalize().as_tuple().exponent
    places = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{amount:.{places}f}"
