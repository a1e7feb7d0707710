"""Adds documents to a verification and removes them; their content is sealed, or they are only referenced."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import ConfigDict, Field

from fairkeeper.accounts.errors import DocumentNotFoundError, DocumentRefusedError
from fairkeeper.accounts.evidence_kinds import DOCUMENT_ADDED, DOCUMENT_REMOVED
from fairkeeper.accounts.ports import DocumentSafe
from fairkeeper.accounts.store import content_name, document_rows, load_programme
from fairkeeper.accounts.tables import VerificationDocumentRow
from fairkeeper.accounts.verification.clocks import valid_until
from fairkeeper.accounts.verification.events import STEPS_IN_WORDS, Step
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.database.secrets import Secret
from fairkeeper.values.ids import new_id

LARGEST_BYTES: Final = 700_000
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


class AddDocument(OperationInput):
    """The document: what it shows, since when, and either its content or where it is kept."""

    model_config = ConfigDict(str_max_length=960_000)

    programme: str = Field(max_length=80, description="The programme's readable address or id.")
    title: str = Field(min_length=1, max_length=200, description="What it is, such as a domain registry confirmation.")
    proves: Step = Field(description="The step it is for.")
    issued_on: date = Field(description="Its date of issue.")
    expires_on: date | None = Field(
        None, description="The last day on which it is taken; from the programme's months if left out."
    )
    scope: str = Field("", max_length=500, description="Whom and what it shows: entity, contact, domain as written.")
    reference: str = Field("", max_length=500, description="Where it is kept, if it is not handed over.")
    sha256: str = Field("", max_length=64, description="Checksum of a document that is only referenced.")
    file_name: str = Field("", max_length=200, description="Name of its file.")
    content_base64: str = Field("", max_length=950_000, description="Its content in base64; it is sealed here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAdded:
    """It is in the programme."""

    document_id: str
    sha256: str
    valid_until: date | None
    is_kept: bool


@command(
    "accounts.add_document",
    groups=("accounts.change",),
    evidence=(DOCUMENT_ADDED,),
    http="POST /verification/{programme}/documents",
    cli="verification add-document PROGRAMME TITLE",
)
def add_document(context: CommandContext, request: AddDocument) -> Outcome[DocumentAdded]:
    """Add a document with its dates, its scope and its checksum; what is handed over is kept sealed.

    Raises:
        ProgrammeNotFoundError: The programme is not tracked.
        DocumentRefusedError: Neither content nor reference, both, too large, or dated in the future.
    """
    programme = load_programme(context.session, request.programme, for_update=True)
    content = _content(request)
    if request.issued_on > context.now.date():
        raise DocumentRefusedError(f"{request.issued_on} has not come yet.", remedy="Give its date of issue.")
    ends = request.expires_on
    if ends is None and programme.validity_months:
        ends = valid_until(request.issued_on, programme.validity_months)
    row = VerificationDocumentRow(
        document_id=new_id("vdo"),
        programme_id=programme.programme_id,
        title=request.title,
        proves=request.proves.value,
        issued_on=request.issued_on,
        valid_until=ends,
        scope=request.scope,
        reference=request.reference,
        file_name=_plain_name(request.file_name),
        sha256=hashlib.sha256(content).hexdigest() if content else request.sha256.lower(),
        size_bytes=len(content),
        is_kept=bool(content),
        added_at=context.now,
    )
    context.session.add(row)
    if content:
        safe = context.ports.of(DocumentSafe)
        safe.put(context.session, content_name(row.document_id), Secret(content), now=context.now)
    entry = EvidenceDraft(
        kind=DOCUMENT_ADDED.name,
        subject_type="verification",
        subject_id=programme.programme_id,
        payload={
            "document_id": row.document_id,
            "title": row.title,
            "proves": STEPS_IN_WORDS[request.proves],
            "issued_on": row.issued_on.isoformat(),
            "valid_until": ends.isoformat() if ends else None,
            "sha256": row.sha256,
            "is_kept": row.is_kept,
        },
    )
    result = DocumentAdded(document_id=row.document_id, sha256=row.sha256, valid_until=ends, is_kept=row.is_kept)
    return Outcome(result=result, entry=entry)


class RemoveDocument(OperationInput):
    """Which document of which programme."""

    programme: str = Field(max_length=80, description="The programme's readable address or id.")
    document_id: str = Field(max_length=40, description="The document's id.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRemoved:
    """Its content is gone; that it was there stays in the record."""

    document_id: str


@command(
    "accounts.remove_document",
    groups=("accounts.change",),
    evidence=(DOCUMENT_REMOVED,),
    http="DELETE /verification/{programme}/documents/{document_id}",
    cli="verification remove-document PROGRAMME DOCUMENT_ID",
)
def remove_document(context: CommandContext, request: RemoveDocument) -> Outcome[DocumentRemoved]:
    """Remove a document from a programme and erase its content; what was sent with it stays in the record.

    Raises:
        ProgrammeNotFoundError, DocumentNotFoundError: There is none such.
    """
    programme = load_programme(context.session, request.programme, for_update=True)
    row = next(
        (
            each
            for each in document_rows(context.session, programme.programme_id)
            if each.document_id == request.document_id
        ),
        None,
    )
    if row is None:
        raise DocumentNotFoundError(f"There is no document {request.document_id!r} in {programme.name}.")
    row.removed_at = context.now
    if row.is_kept:
        context.ports.of(DocumentSafe).delete(context.session, content_name(row.document_id))
        row.is_kept = False
    entry = EvidenceDraft(
        kind=DOCUMENT_REMOVED.name,
        subject_type="verification",
        subject_id=programme.programme_id,
        payload={"document_id": row.document_id, "title": row.title, "sha256": row.sha256},
    )
    return Outcome(result=DocumentRemoved(document_id=row.document_id), entry=entry)


def _content(request: AddDocument) -> bytes:
    """Return what was handed over, nothing for a document that is only referenced."""
    if bool(request.content_base64) is bool(request.reference):
        raise DocumentRefusedError("A document is either handed over or kept somewhere that is named.")
    if request.sha256 and not _SHA256.fullmatch(request.sha256.lower()):
        raise DocumentRefusedError("The checksum is no SHA-256 of 64 hexadecimal digits.")
    try:
        content = base64.b64decode(request.content_base64, validate=True)
    except (binascii.Error, ValueError) as error:
        raise DocumentRefusedError("The content is no base64.") from error
    if len(content) > LARGEST_BYTES:
        raise DocumentRefusedError(f"The document has {len(content):,} bytes, above {LARGEST_BYTES:,}.")
    if request.content_base64 and not content:
        raise DocumentRefusedError("The document is empty.")
    return content


def _plain_name(name: str) -> str:
    """Return a file's name without folders and without what file systems refuse."""
    bare = re.sub(r"[^A-Za-z0-9._ -]", "_", name.replace("\\", "/").rpartition("/")[2]).strip(". ")
    return bare[:200]
