"""Says whether a file is one that this room reads, by its first bytes and its headers alone."""

from __future__ import annotations

from pathlib import Path

from fairkeeper.payouts.files.limits import FileLimits
from fairkeeper.payouts.files.opening import Form, Member, open_file
from fairkeeper.payouts.files.rows import Copied, workbook_rows
from fairkeeper.payouts.files.text import look_at
from fairkeeper.payouts.reports.recognition import recognise


def is_report_file(path: Path, name: str, scratch: Path, limits: FileLimits | None = None) -> bool:
    """Say whether any table of a file is a report of Partner Center's or a bank's statement in OFX or camt.053.

    A bank's own CSV is not told from any other CSV, because its columns are named by whoever imports it.

    Args:
        path: The file.
        name: What the person calls it.
        scratch: An empty folder for what is unpacked; the caller removes it.
        limits: Other bounds than the usual ones.
    """
    bounds = limits or FileLimits()
    return any(_is_known(member, bounds) for member in open_file(path, name, scratch, bounds).members)


def _is_known(member: Member, limits: FileLimits) -> bool:
    if member.form is Form.OFX:
        return True
    if member.form is Form.CAMT:
        with member.path.open("rb") as stream:
            return b"camt.053" in stream.read(4096)
    return recognise(_headers(member, limits)).report is not None


def _headers(member: Member, limits: FileLimits) -> tuple[str, ...]:
    if member.form is Form.DELIMITED:
        return look_at(member.path, limits).headers
    rows = workbook_rows(member.path, limits, Copied())
    return next((tuple(fields) for _, fields in rows if any(fields)), ())
