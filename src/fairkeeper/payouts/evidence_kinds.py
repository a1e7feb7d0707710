"""The kinds of evidence entry this room records."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"payouts.{name}", sentence=sentence)


FILE_RECEIVED: Final = _kind("file_received/1", "The file {name} was handed over ({size_bytes} bytes).")
FILE_READ: Final = _kind("file_read/1", "The file {name} was read: {tables} tables, {rows} rows.")
EVALUATED: Final = _kind("evaluated/1", "The reports were compared as of {as_of}: {open} findings are open.")
FINDING_CLOSED: Final = _kind("finding_closed/1", "The finding {code} was closed: {reason}")
MONTH_CLOSED: Final = _kind("month_closed/1", "The month {month} was closed: {reason}")
MAPPING_SAVED: Final = _kind("mapping_saved/1", "The mapping {name} was saved.")
FILE_WITHDRAWN: Final = _kind("file_withdrawn/1", "The file {name} was withdrawn with its {rows} rows: {reason}")
REPORTS_WANTED: Final = _kind("reports_wanted/1", "{count} reports are to be fetched from Partner Center.")
REPORT_ASKED: Final = _kind("report_asked/1", "{report} from {from_on} to {to_on} was asked for at Partner Center.")
REPORT_FETCHED: Final = _kind("report_fetched/1", "{report} from {from_on} to {to_on} came from Partner Center, {why}.")
REPORT_REFUSED: Final = _kind("report_refused/1", "{report} from {from_on} to {to_on} was not fetched: {why}")
