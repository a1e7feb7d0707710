"""Refusals of the room `payouts`."""

from __future__ import annotations

from fairkeeper.errors import ConflictError, InvalidError, NotFoundError, UnavailableError, UpstreamError


class FileNotHandedOverError(NotFoundError):
    """There is no such file here."""

    code = "payouts.file_not_found"
    remedy = "Hand the file over first; the list of files shows every id."


class FileTooLargeError(InvalidError):
    """A file is larger than a report can be."""

    code = "payouts.upload_too_large"
    remedy = "Split the export by month; Microsoft's own files have at most 1 GB."


class FindingNotFoundError(NotFoundError):
    """There is no such finding."""

    code = "payouts.finding_not_found"
    remedy = "List the findings; one whose cause is gone is no longer there."


class FindingNotOpenError(ConflictError):
    """The finding was closed before."""

    code = "payouts.finding_not_open"
    remedy = "Nothing has to be done."


class NothingTracedError(NotFoundError):
    """No row of any file names this id."""

    code = "payouts.nothing_traced"
    remedy = "Check the id, or import the report that names it; coverage shows what is missing."


class MonthRefusedError(ConflictError):
    """A month cannot be closed."""

    code = "payouts.month_refused"
    remedy = "Close months in their order, once they are over and their reports are there."


class MonthUnreadableError(InvalidError):
    """A month is not written as year and number."""

    code = "payouts.month_unreadable"
    remedy = "Write it as 2026-05."


class MappingRefusedError(InvalidError):
    """A mapping of columns or accounts cannot be used."""

    code = "payouts.mapping_refused"
    remedy = "Name columns of ours on the left or right as the documentation lists them."


class FileNotWithdrawableError(ConflictError):
    """A file cannot be withdrawn now."""

    code = "payouts.file_not_withdrawable"
    remedy = "Wait until it was read; a file that was withdrawn before needs nothing."


class FetchingRefusedError(ConflictError):
    """Reports cannot be fetched as it was asked."""

    code = "payouts.fetching_refused"
    remedy = "Name a file with the connection in FAIRKEEPER_REPORTS_CONNECTION, or hand the reports over as files."


class ReportRefusedError(UpstreamError):
    """Partner Center does not make a report; asking again changes nothing."""

    code = "payouts.report_refused"
    remedy = "Read what it answered; check the application's role in Partner Center, or download the report by hand."


class ReportsUnavailableError(UnavailableError):
    """Partner Center does not answer now, or asks to wait."""

    code = "payouts.reports_unavailable"
    remedy = "Nothing has to be done: it is asked again later."


class ReportNotReadyError(ReportsUnavailableError):
    """A report is still being made, which takes minutes to a day."""

    code = "payouts.report_not_ready"
