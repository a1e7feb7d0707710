"""Takes deals over that exist already, from Microsoft or from a list; what was not read of them is marked."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import or_, select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    OperationInput,
    Outcome,
    QueryContext,
    check,
    command,
    internal_command,
    query,
)
from fairkeeper.deals.actions.market_prices import Columns
from fairkeeper.deals.actions.views import FindingView, view_finding
from fairkeeper.deals.book.evidence_kinds import IMPORT_ASKED, IMPORT_FINISHED, IMPORTED
from fairkeeper.deals.book.lifecycle import DealState
from fairkeeper.deals.book.store import deal_in, entry_about, new_deal
from fairkeeper.deals.book.tables import DealImportRow, DealRow
from fairkeeper.deals.errors import DealUnreadableError, ImportUnknownError, SubmissionUnavailableError
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.deals.ports import Submission
from fairkeeper.deals.sheets.deal_rows import read_deal_rows
from fairkeeper.deals.sheets.tables import decode
from fairkeeper.values.ids import new_id


class ReadTable(OperationInput):
    """Which list, and what its columns mean."""

    table_base64: str = Field(max_length=900_000, description="The spreadsheet, or CSV, in base64.")
    columns: dict[str, str] = Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDeal:
    """One deal of a list, as `deals.import_deals` takes it."""

    text: str
    state: str
    private_offer_id: str
    owner: str
    crm_id: str
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTableResult:
    """What a list gave: its deals, the rows that are none, the headings that nothing was read from."""

    deals: tuple[ReadDeal, ...]
    findings: tuple[FindingView, ...]
    unread: tuple[str, ...]


@check("deals.read_deal_list", mcp=False)
def read_deal_list(request: ReadTable) -> ReadTableResult:
    """Read the deals of a spreadsheet or CSV file, one row a plan; nothing is kept.

    Raises:
        TableUnreadableError: The file is no table, or the mapping names a column that there is not.
    """
    read = read_deal_rows(decode(request.table_base64), request.columns)
    return ReadTableResult(
        deals=tuple(
            ReadDeal(
                text=write_deal(each.deal),
                state=each.state.value,
                private_offer_id=each.private_offer_id,
                owner=each.owner,
                crm_id=each.crm_id,
                unread=each.unread,
            )
            for each in read.deals
        ),
        findings=tuple(view_finding(finding) for finding in read.findings),
        unread=read.unread,
    )


class ImportedText(BaseModel):
    """One deal to take over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(max_length=200_000, description="The deal in YAML or JSON.")
    state: DealState = Field(DealState.DRAFT, description="How far it is.")
    private_offer_id: str = Field("", max_length=80, description="Microsoft's id of it, if it is known.")
    owner: str = Field("", max_length=200, description="Whose deal it is.")
    crm_id: str = Field("", max_length=120, description="Id of the CRM opportunity.")
    unread: tuple[str, ...] = Field((), max_length=100, description="What was not read of it, in words.")


class ImportDeals(OperationInput):
    """The deals to take over."""

    source: str = Field(pattern=r"^[A-Za-z0-9_.-]{1,20}$", description="Where they come from, in a word: list, crm.")
    deals: tuple[ImportedText, ...] = Field(min_length=1, max_length=100, description="The deals.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedDeals:
    """What became of each.

    Args:
        saved: Readable addresses of the deals that are new here.
        known: Names of those that were here already.
        refused: Why others could not be taken over.
    """

    saved: tuple[str, ...]
    known: tuple[str, ...]
    refused: tuple[str, ...]


@command("deals.import_deals", groups=("deals.change",), evidence=(IMPORT_FINISHED,), http="POST /deal-imports/deals")
def import_deals(context: CommandContext, request: ImportDeals) -> Outcome[ImportedDeals]:
    """Take deals over that exist already, in the state that they are in; one that is here already stays as it is."""
    saved: list[str] = []
    known: list[str] = []
    refused: list[str] = []
    for each in request.deals:
        try:
            row, is_new = take_over(context, each, request.source)
        except DealUnreadableError as error:
            refused.append(error.message[:300])
            continue
        (saved if is_new else known).append(row.slug)
    result = ImportedDeals(saved=tuple(saved), known=tuple(known), refused=tuple(refused))
    if not saved:
        return Outcome(result=result, entry=None)
    context.enqueue("deals.match_all", new_id("tsk"), {})
    entry = EvidenceDraft(
        kind=IMPORT_FINISHED.name,
        subject_type="deal_import",
        subject_id=request.source,
        payload={"source": request.source, "saved": len(saved), "read": len(request.deals), "deals": list(saved)},
    )
    return Outcome(result=result, entry=entry)


def take_over(context: CommandContext, each: ImportedText, source: str) -> tuple[DealRow, bool]:
    """Keep one deal as it is elsewhere, unless it is here already, by Microsoft's id or its text; say if it is new."""
    deal = deal_in(each.text)
    same = [DealRow.private_offer_id.in_(_spellings(each.private_offer_id))] if each.private_offer_id else []
    known = context.session.scalars(select(DealRow).where(or_(*same, DealRow.document == each.text)).limit(1)).first()
    if known is not None:
        return known, False
    row = new_deal(
        context.session,
        deal,
        each.text,
        source=source,
        by=context.principal.id,
        now=context.now,
        state=each.state,
    )
    row.owner, row.crm_id, row.unread = each.owner, each.crm_id, list(each.unread)
    row.private_offer_id = each.private_offer_id or None
    if each.state in {DealState.ACCEPTED, DealState.BOUGHT, DealState.ENDED}:
        row.accepted_at = context.now
    return row, True


def _spellings(offer_id: str) -> tuple[str, str]:
    bare = offer_id.strip().lower().removeprefix("private-offer/")
    return bare, f"private-offer/{bare}"


# -------------------- from Microsoft


class ImportOffers(OperationInput):
    """Nothing to say: all private offers of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportShown:
    """How far an import is: what it found, name by name, once it has ended."""

    import_id: str
    is_finished: bool
    results: tuple[str, ...]


@command(
    "deals.import_offers",
    groups=("deals.change",),
    evidence=(IMPORT_ASKED,),
    http="POST /deal-imports",
    cli="deals import-offers",
)
def import_offers(context: CommandContext, _request: ImportOffers) -> Outcome[ImportShown]:
    """Have all private offers read from Microsoft and taken over; those that are here already stay as they are.

    Raises:
        SubmissionUnavailableError: The settings for Microsoft's API are missing.
    """
    if missing := context.ports.of(Submission).missing:
        message = f"Microsoft's product ingestion API cannot be called: {', '.join(missing)} not set."
        raise SubmissionUnavailableError(message)
    import_id = new_id("imp")
    context.session.add(
        DealImportRow(
            import_id=import_id,
            source="microsoft",
            columns={},
            asked_by=context.principal.id,
            asked_at=context.now,
            results=[],
        )
    )
    context.enqueue("deals.import_offers", import_id, {"import_id": import_id})
    entry = EvidenceDraft(
        kind=IMPORT_ASKED.name, subject_type="deal_import", subject_id=import_id, payload={"source": "Microsoft"}
    )
    return Outcome(result=ImportShown(import_id=import_id, is_finished=False, results=()), entry=entry)


class TakeOverOffer(OperationInput):
    """One private offer that was read."""

    import_id: str = Field(max_length=40, description="The import.")
    offer: ImportedText = Field(description="The offer as a deal.")
    links: tuple[str, ...] = Field((), max_length=200, description="Addresses at which it is accepted.")


@internal_command("deals.take_over_offer", evidence=(IMPORTED,))
def take_over_offer(context: CommandContext, request: TakeOverOffer) -> Outcome[ImportShown]:
    """Keep one private offer of Microsoft's as a deal."""
    row, is_new = take_over(context, request.offer, "microsoft")
    told = f"{row.name}: {'taken over' if is_new else 'was here already'}"
    result = ImportShown(import_id=request.import_id, is_finished=False, results=(told,))
    if not is_new:
        return Outcome(result=result, entry=None)
    row.accept_links, row.read_at = list(request.links), context.now
    return Outcome(result=result, entry=entry_about(IMPORTED, row, source="Microsoft", unread=list(row.unread)))


class FinishImport(OperationInput):
    """What an import found."""

    import_id: str = Field(max_length=40, description="The import.")
    results: tuple[str, ...] = Field(max_length=5_000, description="What became of each offer.")
    saved: int = Field(ge=0, description="How many are new here.")


@internal_command("deals.finish_import", evidence=(IMPORT_FINISHED,))
def finish_import(context: CommandContext, request: FinishImport) -> Outcome[ImportShown]:
    """Record that an import has ended, and look for purchases of what it brought."""
    row = context.session.get(DealImportRow, request.import_id, with_for_update=True)
    if row is None:
        message = f"There is no import {request.import_id!r} here."
        raise ImportUnknownError(message)
    result = ImportShown(import_id=row.import_id, is_finished=True, results=request.results)
    if row.finished_at is not None:
        return Outcome(result=result, entry=None)
    row.finished_at, row.results = context.now, list(request.results)
    context.enqueue("deals.match_all", row.import_id, {})
    entry = EvidenceDraft(
        kind=IMPORT_FINISHED.name,
        subject_type="deal_import",
        subject_id=row.import_id,
        payload={"source": "Microsoft", "saved": request.saved, "read": len(request.results)},
    )
    return Outcome(result=result, entry=entry)


class ShowImport(OperationInput):
    """Which import."""

    import_id: str = Field(max_length=40, description="The import.")


@query(
    "deals.show_import",
    groups=("deals.read",),
    http="GET /deal-imports/{import_id}",
    cli="deals show-import IMPORT_ID",
)
def show_import(context: QueryContext, request: ShowImport) -> ImportShown:
    """Show what an import from Microsoft found. Raises `deals.import_not_found`."""
    row = context.session.get(DealImportRow, request.import_id)
    if row is None:
        message = f"There is no import {request.import_id[:40]!r} here."
        raise ImportUnknownError(message)
    return ImportShown(import_id=row.import_id, is_finished=row.finished_at is not None, results=tuple(row.results))


OPERATIONS = (read_deal_list, import_deals, import_offers, take_over_offer, finish_import, show_import)
