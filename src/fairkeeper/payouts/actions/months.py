"""Closing a month, and the mappings that a person saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.payouts.chain.journal import DEFAULT_ACCOUNTS
from fairkeeper.payouts.chain.payout_calendar import add_months
from fairkeeper.payouts.chain_queries import ACCOUNTS, read_month
from fairkeeper.payouts.errors import MappingRefusedError, MonthRefusedError
from fairkeeper.payouts.evidence_kinds import MAPPING_SAVED, MONTH_CLOSED
from fairkeeper.payouts.importing import BANK_MAPPING
from fairkeeper.payouts.reading import newest_evaluation
from fairkeeper.payouts.reports.columns import BANK
from fairkeeper.payouts.tables import PayoutMappingRow, PayoutMonthRow

_MOST_PAIRS: Final = 60


class CloseMonth(OperationInput):
    """Which month, and why it is done."""

    month: str = Field(max_length=80, description="The month, as 2026-05.")
    reason: str = Field(min_length=3, max_length=1000, description="Who checked what; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthClosed:
    """The month and its sums in US dollars."""

    month: str
    totals: dict[str, str]


@command(
    "payouts.close_month",
    groups=("payouts.change",),
    evidence=(MONTH_CLOSED,),
    http="POST /payouts/months/{month}/close",
    cli="payouts close MONTH",
)
def close_month(context: CommandContext, request: CloseMonth) -> Outcome[MonthClosed]:
    """Close a month as the last comparison saw it: its lines are kept.

    What reports change afterwards is a named difference of the open month.

    Raises:
        MonthUnreadableError: It is no month.
        MonthRefusedError: It is not over, has no rows, or was closed before.
    """
    month = read_month(request.month)
    if add_months(month, 1) > context.now.date():
        message = f"{request.month} is not over."
        raise MonthRefusedError(message)
    if context.session.get(PayoutMonthRow, month) is not None:
        message = f"{request.month} was closed before."
        raise MonthRefusedError(message, remedy="Nothing has to be done; later changes are named differences.")
    evaluation = newest_evaluation(context.session)
    totals = (evaluation.summary.get("months", {}) if evaluation is not None else {}).get(request.month)
    if evaluation is None or totals is None:
        message = f"No row of any report falls into {request.month}."
        raise MonthRefusedError(message)
    row = PayoutMonthRow(
        month=month,
        closed_at=context.now,
        closed_by=context.principal.id[:80],
        reason=request.reason,
        totals=totals,
        evaluation=evaluation.id,
    )
    context.session.add(row)
    entry = EvidenceDraft(
        kind=MONTH_CLOSED.name,
        subject_type="payout_month",
        subject_id=request.month,
        payload={"month": request.month, "reason": request.reason, "totals": dict(totals)},
    )
    return Outcome(result=MonthClosed(month=request.month, totals=totals), entry=entry)


class SaveMapping(OperationInput):
    """What is mapped to what."""

    name: str = Field(max_length=80, description="`accounts` (our sides to accounts) or `bank` (headers to columns).")
    pairs: tuple[str, ...] = Field(description="Each as `ours=theirs`: revenue=4000, or booked_on=Buchungstag.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSaved:
    """The mapping as it is kept."""

    name: str
    mapping: dict[str, str]


@command(
    "payouts.save_mapping",
    groups=("payouts.change",),
    evidence=(MAPPING_SAVED,),
    http="POST /payouts/mappings/{name}",
    cli="payouts save-mapping NAME",
)
def save_mapping(context: CommandContext, request: SaveMapping) -> Outcome[MappingSaved]:
    """Save the ledger's accounts for the journal, or the columns of the bank's csv files.

    Raises:
        MappingRefusedError: A side or a column is not known.
    """
    known = {ACCOUNTS: set(DEFAULT_ACCOUNTS), BANK_MAPPING: {column.name for column in BANK.columns}}
    if request.name not in known or len(request.pairs) > _MOST_PAIRS:
        message = f"There is no mapping {request.name!r}; there are accounts and bank."
        raise MappingRefusedError(message)
    given: dict[str, str] = {}
    for pair in request.pairs:
        ours, _, theirs = pair.partition("=")
        ours, theirs = ours.strip(), theirs.strip()[:200]
        if ours not in known[request.name] or not theirs:
            message = f"{pair!r} maps nothing that is known; ours are {', '.join(sorted(known[request.name]))}."
            raise MappingRefusedError(message)
        given[ours] = theirs
    mapping = given if request.name == ACCOUNTS else {theirs: ours for ours, theirs in given.items()}
    row = context.session.scalars(
        select(PayoutMappingRow).where(PayoutMappingRow.name == request.name).with_for_update()
    ).first()
    if row is None:
        row = PayoutMappingRow(name=request.name, mapping=mapping, changed_at=context.now)
        context.session.add(row)
    row.mapping, row.changed_at = mapping, context.now
    entry = EvidenceDraft(
        kind=MAPPING_SAVED.name,
        subject_type="payout_mapping",
        subject_id=request.name,
        payload={"name": request.name, "mapping": dict(mapping)},
    )
    return Outcome(result=MappingSaved(name=request.name, mapping=mapping), entry=entry)
