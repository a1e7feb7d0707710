"""Files of evidence: exports that were asked for, receipts of entries; each with everything needed to check it.

Not derived, because they are streams and files and no JSON answer. Who may fetch them is decided as for the operations
behind them: whoever may ask for an export may fetch it, whoever may see an entry may have its receipt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any, Final, Protocol

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPBearer

from fairkeeper.action.principal import Principal
from fairkeeper.action.runner import Authorise, scope_of
from fairkeeper.api.errors import ErrorBody
from fairkeeper.database.session import Scope
from fairkeeper.evidence.actions import request_export
from fairkeeper.evidence.queries import show_entry
from fairkeeper.evidence.tables import EntryRow

EXPORT_PATH: Final = "/api/v1/evidence/exports/{token}"
RECEIPT_PATH: Final = "/api/v1/evidence/entries/{entry_id}/receipt"
EXPORT_TYPE: Final = "application/jsonl"

Authenticate = Callable[[Request], Principal]
"""Returns who asks, or raises `UnauthenticatedError`."""

_bearer = HTTPBearer(auto_error=False, description="An API token: `fairkeeper token create`.")
_REFUSALS: Final = {
    401: "No valid credentials",
    403: "May not",
    404: "No such thing for this principal",
    503: "It waits for the next checkpoint; try again in a second",
}


class EvidenceFiles(Protocol):
    """Writes files of evidence; `fairkeeper.evidence.export.Exporter` does."""

    def find_export(self, token: str, scope: Scope) -> EntryRow:
        """Return the entry of an export that was asked for."""
        ...

    def find_entry(self, entry_id: str, scope: Scope) -> EntryRow:
        """Return an entry by id."""
        ...

    def write_export(self, entry: EntryRow) -> Iterator[bytes]:
        """Write the export that ends with this entry."""
        ...

    def write_receipt(self, entry: EntryRow) -> bytes:
        """Return the receipt of an entry."""
        ...


def files_router(files: EvidenceFiles, authenticate: Authenticate, authorise: Authorise) -> APIRouter:
    """Return the routes of exports and receipts.

    Args:
        files: Writes them.
        authenticate: Tells who asks.
        authorise: Decides who may.
    """
    router = APIRouter(tags=["evidence"], dependencies=[Depends(_bearer)])

    @router.get(
        EXPORT_PATH,
        operation_id="evidence.fetch_export",
        summary="Fetch an export that was asked for, once its entry has a place in the log.",
        response_class=StreamingResponse,
        responses=_responses(
            {"content": {EXPORT_TYPE: {}}, "description": "JSON lines, verified by `evidence verify`"}
        ),
    )
    def export(request: Request, token: str) -> StreamingResponse:
        principal = authenticate(request)
        entry = files.find_export(token, scope_of(principal))
        authorise(principal, request_export, entry.customer_id)
        lines = files.write_export(entry)
        # The first line is read before the answer begins, so that what cannot be written is still an error.
        return StreamingResponse(
            chain([next(lines)], lines), media_type=EXPORT_TYPE, headers=_attached(f"{token}.jsonl")
        )

    @router.get(
        RECEIPT_PATH,
        operation_id="evidence.fetch_receipt",
        summary="Fetch the receipt of an entry: its statement with everything needed to check it.",
        responses=_responses({"content": {"application/json": {}}, "description": "Verified by `evidence verify`"}),
    )
    def receipt(request: Request, entry_id: str) -> Response:
        principal = authenticate(request)
        entry = files.find_entry(entry_id, scope_of(principal))
        authorise(principal, show_entry, entry.customer_id)
        return Response(
            files.write_receipt(entry), media_type="application/json", headers=_attached(f"{entry.entry_id}.json")
        )

    return router


def _responses(fine: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorBody, "description": text} for status, text in _REFUSALS.items()
    }
    return {200: fine, **refusals}


def _attached(name: str) -> dict[str, str]:
    plain = "".join(
        character for character in name if character.isascii() and (character.isalnum() or character in "._-")
    )
    return {"Content-Disposition": f'attachment; filename="{plain}"'}
