"""Takes over Microsoft's permissions.json that somebody downloaded, and says what is known with it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date

from pydantic import Field

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    LargeTextFile,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    command,
    query,
)
from fairkeeper.consent.actions.apply_plan import FOLLOW_PLAN
from fairkeeper.consent.actions.check_plan import ExplainPermission, PermissionView, view_permission
from fairkeeper.consent.catalogue.held import catalogue_in, newest_import
from fairkeeper.consent.catalogue.importing import DEFAULT_SOURCE, read_permissions
from fairkeeper.consent.errors import PermissionsFileRefusedError
from fairkeeper.consent.evidence_kinds import PERMISSIONS_IMPORTED
from fairkeeper.consent.tables import ImportedPermissionsRow


class ImportPermissions(OperationInput):
    """Which file, of when and from where."""

    file: LargeTextFile = Field(description="Microsoft's permissions.json, as it was downloaded.")
    dated_on: date = Field(description="The day of the file: of its last change where it was downloaded from.")
    source: str = Field(DEFAULT_SOURCE, min_length=3, max_length=300, description="Where it was downloaded from.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsImported:
    """What was taken over.

    Attributes:
        permissions: How many permissions the file tells of.
        new: How many of them the shipped catalogue does not know.
        left_out: Names whose entry could not be read, fifty at most.
        is_new: Whether this was not held already.
    """

    permissions: int
    new: int
    left_out: tuple[str, ...]
    is_new: bool


@command(
    "consent.import_permissions",
    groups=("consent.change",),
    evidence=(PERMISSIONS_IMPORTED,),
    http="POST /consent/permissions/import",
    cli="consent import-permissions FILE",
)
def import_permissions(context: CommandContext, request: ImportPermissions) -> Outcome[PermissionsImported]:
    """Lay Microsoft's public permissions.json beside the shipped catalogue, with its date and source.

    What only the file knows is known from then on; where the two differ about who can approve, the stricter counts; a
    name in neither stays unknown. Raises `consent.permissions_file_refused` for anything else than such a file, and for
    one that is older than what is held.
    """
    imported, digest = read_permissions(request.file.text), _digest(request)
    if request.dated_on > context.now.date():
        raise PermissionsFileRefusedError(f"The file cannot be of {request.dated_on}, which has not come yet.")
    newest = newest_import(context.session)
    if newest is not None and newest.dated_on > request.dated_on:
        raise PermissionsFileRefusedError(f"A file of {newest.dated_on} is held, which is newer.")
    is_new = newest is None or newest.digest != digest
    if is_new:
        row = ImportedPermissionsRow(
            number=1 if newest is None else newest.number + 1,
            dated_on=request.dated_on,
            source=request.source,
            digest=digest,
            document=imported.to_json(),
            imported_at=context.now,
        )
        context.session.add(row)
        context.session.flush()
        # Who has to approve what may have changed, and tenants are told so beforehand.
        context.enqueue(FOLLOW_PLAN, f"permissions:{row.number}", {})
    result = PermissionsImported(
        permissions=len(imported.names),
        new=len({name for name, _ in catalogue_in(context.session).only_imported}),
        left_out=imported.left_out[:50],
        is_new=is_new,
    )
    if not is_new:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=PERMISSIONS_IMPORTED.name,
        subject_type="permission_catalogue",
        subject_id=digest[:32],
        payload={
            "dated_on": request.dated_on.isoformat(),
            "source": request.source,
            "sha256": hashlib.sha256(request.file.text.encode()).hexdigest(),
            "permissions": result.permissions,
            "new": result.new,
            "left_out": len(imported.left_out),
        },
    )
    return Outcome(result=result, entry=entry)


def _digest(request: ImportPermissions) -> str:
    told = f"{request.dated_on.isoformat()}\n{request.source}\n{request.file.text}"
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueView:
    """What the catalogue knows, and since when.

    Attributes:
        dated_on: Of the shipped facts.
        policy_dated_on: Of the list of what users can no longer approve.
        permissions: How many names are known in all.
        imported_dated_on: Of the import; None where there is none.
        only_imported: How many names are known by the import alone.
    """

    dated_on: date
    policy_dated_on: date
    permissions: int
    imported_dated_on: date | None
    imported_from: str
    only_imported: int


class NoInput(OperationInput):
    """Nothing to say."""


@query("consent.show_catalogue", groups=("consent.inspect",), http="GET /consent/permissions", cli="consent catalogue")
def show_catalogue(context: QueryContext, _request: NoInput) -> CatalogueView:
    """Say of when the facts about permissions are, and what an import added."""
    known = catalogue_in(context.session)
    return CatalogueView(
        dated_on=known.dated_on,
        policy_dated_on=known.policy_dated_on,
        permissions=len(known.names),
        imported_dated_on=known.imported_dated_on,
        imported_from=known.imported_from,
        only_imported=len({name for name, _ in known.only_imported}),
    )


@query(
    "consent.look_up_permission",
    groups=("consent.inspect",),
    http="GET /consent/permissions/{name}",
    cli="consent look-up NAME",
)
def look_up_permission(context: QueryContext, request: ExplainPermission) -> PermissionView:
    """Say what is known of a Graph permission here, by the shipped catalogue and by what was imported beside it.

    An unknown permission is said to be unknown; nothing is concluded from its name.
    """
    return view_permission(request.name, catalogue_in(context.session))


OPERATIONS: tuple[Operation, ...] = (import_permissions, show_catalogue, look_up_permission)
