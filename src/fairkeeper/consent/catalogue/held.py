"""The catalogue that holds here: the shipped one, with the newest import beside it if there is one."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from fairkeeper.consent.catalogue.importing import ImportedPermissions, merged
from fairkeeper.consent.catalogue.permissions import Catalogue, catalogue
from fairkeeper.consent.tables import ImportedPermissionsRow

_KEPT: Final[OrderedDict[str, Catalogue]] = OrderedDict()
_MOST_KEPT: Final = 4
_LOCK: Final = Lock()


def newest_import(session: Session) -> ImportedPermissionsRow | None:
    """Return the import that holds; None before one was made."""
    statement = select(ImportedPermissionsRow).order_by(ImportedPermissionsRow.number.desc()).limit(1)
    return session.scalars(statement).first()


def catalogue_in(session: Session) -> Catalogue:
    """Return the catalogue that holds, which is put together once for each import."""
    newest = session.execute(
        select(ImportedPermissionsRow.number, ImportedPermissionsRow.digest)
        .order_by(ImportedPermissionsRow.number.desc())
        .limit(1)
    ).first()
    if newest is None:
        return catalogue()
    with _LOCK:
        if newest.digest in _KEPT:
            return _KEPT[newest.digest]
    row = newest_import(session)
    if row is None:
        return catalogue()
    imported = ImportedPermissions.of_json(row.document)
    found = merged(catalogue(), imported, dated_on=row.dated_on, source=row.source)
    with _LOCK:
        _KEPT[row.digest] = found
        while len(_KEPT) > _MOST_KEPT:
            _KEPT.popitem(last=False)
    return found
