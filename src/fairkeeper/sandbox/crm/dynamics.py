"""A double of Dynamics 365 (Dataverse Web API 9.2): records by primary key, upsert, service protection limits.

Source: Microsoft Learn, "Update and delete table rows using the Web API" and "Service protection API limits", as
summed up on 2026-11-22. That a PATCH with an unknown primary key makes the row, and `If-None-Match: *` refuses an
existing one with 412, is from general knowledge of the protocol.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from fairkeeper.sandbox.crm.double import Answered, Asked, CRMDouble, Record

_PATH: Final = re.compile(r"/api/data/v9\.2/(?P<set>[a-z]+)\((?P<id>[0-9a-f-]{36})\)")
_COLUMNS: Final = {
    "opportunities": {
        *("name", "description", "customerneed", "proposedsolution", "qualificationcomments", "currentsituation"),
        *("parentaccountid@odata.bind", "estimatedvalue", "statecode", "statuscode"),
    },
    "tasks": {"subject", "description", "regardingobjectid_account@odata.bind", "scheduledend", "statecode"},
    "annotations": {"subject", "notetext", "objectid_account@odata.bind"},
}
_REQUIRED: Final = {"opportunities": "name", "tasks": "subject", "annotations": "subject"}


class DynamicsDouble(CRMDouble):
    """Dynamics 365."""

    def answer(self, asked: Asked) -> Answered:  # noqa: PLR0911 - one refusal per line, as the document lists them
        """Answer GET and PATCH on one row."""
        found = _PATH.fullmatch(asked.path)
        if found is None or found["set"] not in _COLUMNS:
            return _error(404, "0x80060888", "Resource not found for the segment.")
        if not _is_guid(found["id"]):
            return _error(400, "0x80060888", "Bad Request - the key is no GUID.")
        row = next(self._find(found["set"], lambda each: each.id == found["id"]), None)
        if asked.method == "GET":
            return _error(404, "0x80040217", "The record does not exist.") if row is None else _shown(row, asked)
        if asked.method != "PATCH":
            return _error(405, "0x80060888", "Not allowed.")
        unknown = set(asked.body) - _COLUMNS[found["set"]]
        if unknown:
            return _error(400, "0x80048d19", f"An undeclared property '{min(unknown)}' was found in the payload.")
        if row is not None and asked.headers.get("if-none-match") == "*":
            return _error(412, "0x80060882", "A record with matching key values already exists.")
        if row is None and asked.headers.get("if-match") == "*":
            return _error(404, "0x80040217", "The record does not exist.")
        if row is None:
            return self._make(found["set"], found["id"], asked)
        row.values.update(asked.body)
        return _written(row, asked, 200)

    def throttled(self) -> Answered:
        """Answer as the service protection limits do."""
        return Answered(
            status=429,
            headers={"Retry-After": str(self.throttling_seconds)},
            body={"error": {"code": "0x80072322", "message": "Number of requests exceeded the limit of 6000."}},
        )

    def _make(self, kind: str, key: str, asked: Asked) -> Answered:
        if _REQUIRED[kind] not in asked.body:
            return _error(400, "0x80040203", f"{_REQUIRED[kind]} is required.")
        for name, value in asked.body.items():
            if name.endswith("@odata.bind") and value.removeprefix("/accounts(").removesuffix(")") not in self.accounts:
                return _error(404, "0x80040217", f"account With Id = {value} Does Not Exist")
        row = Record(kind=kind, id=key, values={"statecode": 0, **asked.body})
        self.records.append(row)
        return _written(row, asked, 201)


def _shown(row: Record, asked: Asked) -> Answered:
    wanted = [name for name in asked.query.get("$select", "").split(",") if name]
    values = {name: row.values.get(name) for name in wanted} if wanted else dict(row.values)
    return Answered(status=200, body={f"{row.kind}id": row.id, **values})


def _written(row: Record, asked: Asked, status: int) -> Answered:
    if "return=representation" in asked.headers.get("prefer", ""):
        return Answered(status=status, body={f"{row.kind}id": row.id, **row.values})
    return Answered(status=204)


def _error(status: int, code: str, message: str) -> Answered:
    return Answered(status=status, body={"error": {"code": code, "message": message}})


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
