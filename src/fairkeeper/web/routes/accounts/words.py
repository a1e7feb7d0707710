"""What the pages of the room share: its tabs, its findings, its files."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from starlette.responses import Response

from fairkeeper.accounts.views import AccountFinding, DueView, PackageFile
from fairkeeper.web import parts
from fairkeeper.web.parts import Deadline, Finding, Link, Tab

ROOM: Final = "Accounts"
TRAIL: Final = (Link(label="Accounts", href="/accounts"),)
_TABS: Final = (
    ("Structure", "/accounts"),
    ("Seen in the account", "/accounts/seen"),
    ("Verification", "/accounts/verification"),
    ("Readiness", "/accounts/readiness"),
)
_LEVELS: Final = {"error": parts.Level.ERROR, "warning": parts.Level.WARNING}


def tabs(here: str) -> tuple[Tab, ...]:
    """Return the room's tabs."""
    return tuple(Tab(label=label, href=href, is_here=href == here) for label, href in _TABS)


def finding_of(found: AccountFinding) -> Finding:
    """Return a finding of the structure."""
    return Finding(
        level=_LEVELS.get(found.level.value, parts.Level.NOTE),
        what=found.message,
        remedy=found.remedy if found.address else f"{found.remedy} See “{found.explained_by}”.",
        resource=Link(label=found.explained_by, href=found.address) if found.address else None,
        owner="Operations",
    )


def due_of(due: DueView, *, with_place: bool = True) -> Deadline:
    """Return what is due in a verification; a day ends at midnight UTC."""
    where = Link(label=due.programme_name, href=f"/accounts/verification/{due.programme}") if with_place else None
    return Deadline(
        due_at=end_of(due.due_on), what=f"{due.what}.", otherwise=due.otherwise, where=where, owner="Operations"
    )


def end_of(day: date) -> datetime:
    """Return the end of a day in UTC."""
    return datetime.combine(day, time(23, 59), tzinfo=UTC)


def said(word: str | None) -> str:
    """Return one of our words as people read it.

    Example:
        >>> said("domain_ownership")
        'Domain ownership'
    """
    return (word or "").replace("_", " ").capitalize()


def zip_answer(folder: str, files: Sequence[PackageFile]) -> Response:
    """Return files as a zip with one folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in files:
            archive.writestr(f"{folder}/{each.name}", base64.b64decode(each.content_base64))
    return file_answer(made.getvalue(), f"{folder}.zip", "application/zip")


def file_answer(content: bytes, name: str, media_type: str) -> Response:
    """Return a file to be saved."""
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})
