"""Prices by market out to a spreadsheet and back, and the saved mappings of its columns."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    TextFile,
    check,
    command,
    query,
)
from fairkeeper.deals.actions.views import FindingView, view_finding
from fairkeeper.deals.book.evidence_kinds import MAPPING_SAVED
from fairkeeper.deals.book.store import deal_in
from fairkeeper.deals.book.tables import ColumnMappingRow
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.sheets.mapping import Purpose, headings_of
from fairkeeper.deals.sheets.market_prices import read_market_prices, write_market_prices
from fairkeeper.deals.sheets.tables import decode

Columns: Any = Field(
    default_factory=dict,
    max_length=40,
    description="The heading of each of our columns, where it is not the standard one; what a saved mapping holds.",
)


class WriteMarkets(OperationInput):
    """Which deal, and for which markets besides those it has."""

    file: TextFile = Field(description="A deal in YAML or JSON.")
    markets: list[str] = Field([], max_length=200, description="Further markets, country and currency: DE:EUR.")
    columns: dict[str, str] = Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenWorkbook:
    """A spreadsheet: its name and its content in base64."""

    name: str
    content_base64: str


@check("deals.write_market_prices", mcp=False)
def write_markets(request: WriteMarkets) -> WrittenWorkbook:
    """Write a deal's prices by market as a spreadsheet, with rows to fill in for further markets.

    Amounts of further markets follow the deal's own rates to USD where it has them, and are zero where it has none.

    Raises:
        DealUnreadableError: The text is no deal that can be read.
        TableUnreadableError: The mapping names a column that there is not.
    """
    deal = deal_in(request.file.text, name=request.file.name)
    pairs = [(each.partition(":")[0].upper(), each.partition(":")[2].upper()) for each in request.markets]
    content = write_market_prices(deal, request.columns, pairs)
    return WrittenWorkbook(name=f"{deal.name[:80]}.xlsx", content_base64=base64.b64encode(content).decode())


class ReadMarkets(OperationInput):
    """Which deal, and the spreadsheet that came back."""

    file: TextFile = Field(description="The deal in YAML or JSON.")
    workbook_base64: str = Field(max_length=900_000, description="The spreadsheet, or CSV, in base64.")
    columns: dict[str, str] = Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketsTaken:
    """What came back.

    Args:
        yaml: The deal with the new prices; as it was where the sheet has faults.
        markets: How many markets have a price of their own now.
        unread: Headings that nothing was read from.
    """

    yaml: str
    markets: int
    unread: tuple[str, ...]
    findings: tuple[FindingView, ...]


@check("deals.read_market_prices", mcp=False)
def read_markets(request: ReadMarkets) -> MarketsTaken:
    """Read a spreadsheet of prices by market back into a deal; any fault leaves the deal as it was.

    Raises:
        DealUnreadableError: The text is no deal that can be read.
        TableUnreadableError: The file is no table, or the mapping names a column that there is not.
    """
    deal = deal_in(request.file.text, name=request.file.name)
    read = read_market_prices(decode(request.workbook_base64), deal, request.columns)
    return MarketsTaken(
        yaml=write_deal(read.deal),
        markets=len({market for plan in read.deal.plans for price in plan.local_prices for market in price.markets}),
        unread=read.unread,
        findings=tuple(view_finding(finding) for finding in read.findings),
    )


class SaveMapping(OperationInput):
    """A mapping under a name."""

    name: str = Field(min_length=1, max_length=80, description="What it is called.")
    purpose: Purpose = Field(description="Whether it is for a list of deals or for prices by market.")
    columns: dict[str, str] = Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMapping:
    """A saved mapping."""

    name: str
    purpose: Purpose
    columns: dict[str, str]


@command(
    "deals.save_mapping",
    groups=("deals.change",),
    evidence=(MAPPING_SAVED,),
    http="PUT /deal-mappings/{name}",
    cli="deals save-mapping NAME PURPOSE",
)
def save_mapping(context: CommandContext, request: SaveMapping) -> Outcome[SavedMapping]:
    """Save what the columns of a spreadsheet mean, under a name; one that has it already is replaced.

    Raises:
        TableUnreadableError: It names a column that there is not, or one heading twice.
    """
    headings_of(request.purpose, request.columns)
    result = SavedMapping(name=request.name, purpose=request.purpose, columns=dict(request.columns))
    row = context.session.get(ColumnMappingRow, request.name, with_for_update=True)
    kept: dict[str, Any] = dict(request.columns)
    if row is not None and (row.purpose, row.columns) == (request.purpose.value, kept):
        return Outcome(result=result, entry=None)
    if row is None:
        row = ColumnMappingRow(name=request.name)
        context.session.add(row)
    row.purpose, row.columns, row.changed_at = request.purpose.value, kept, context.now
    entry = EvidenceDraft(
        kind=MAPPING_SAVED.name,
        subject_type="deal_mapping",
        subject_id=sha256(request.name.encode()).hexdigest()[:40],  # a name is any text, an id is not
        payload={"name": request.name, "purpose": request.purpose.value, "columns": kept},
    )
    return Outcome(result=result, entry=entry)


class ListMappings(OperationInput):
    """Nothing to say."""


@query("deals.list_mappings", groups=("deals.read",), http="GET /deal-mappings", cli="deals mappings")
def list_mappings(context: QueryContext, _request: ListMappings) -> tuple[SavedMapping, ...]:
    """List the saved mappings of spreadsheets' columns."""
    from sqlalchemy import select

    rows = context.session.scalars(select(ColumnMappingRow).order_by(ColumnMappingRow.name))
    return tuple(SavedMapping(name=row.name, purpose=Purpose(row.purpose), columns=dict(row.columns)) for row in rows)


OPERATIONS = (write_markets, read_markets, save_mapping, list_mappings)
