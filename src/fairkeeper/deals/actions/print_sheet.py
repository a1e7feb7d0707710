"""Prints the sheet to enter a deal in Partner Center by hand."""

from __future__ import annotations

from pydantic import Field

from fairkeeper.action.operation import TextFile, check
from fairkeeper.deals.actions.check_file import AsOf
from fairkeeper.deals.actions.views import PrintedSheet, view_finding
from fairkeeper.deals.checks.checking import check_reading
from fairkeeper.deals.deal import Side
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.submission.sheet import make_sheet


class PrintSheet(AsOf):
    """Which file, and for whom."""

    file: TextFile = Field(description="A deal in YAML or JSON.")
    side: Side = Field(Side.ORIGINATOR, description="Whose sheet: the publisher's, or the channel partner's.")


@check("deals.print_sheet", cli="deals sheet FILE")
def print_sheet(request: PrintSheet) -> PrintedSheet:
    """Print a deal page by page and field by field, as it is entered in Partner Center.

    A file with faults of level error gives no sheet; its findings say why. The way through the pages is from documents
    and may read differently in Partner Center.

    Raises:
        NoChannelPartnerError: The channel partner's side was asked of an offer that is not multiparty.
        AssumptionUnknownError: An assumption to switch off is not in the table.
    """
    name = request.file.name or None
    reading = read_deal(request.file.text, file=name)
    findings = check_reading(reading, request.basis(), file=name)
    sheet = None if reading.deal is None or findings.has_errors else make_sheet(reading.deal, request.side)
    return PrintedSheet(sheet=sheet, findings=tuple(view_finding(finding) for finding in findings))
