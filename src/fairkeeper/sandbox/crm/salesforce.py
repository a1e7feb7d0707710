"""A double of Salesforce's REST API: records by an external id field, one at a time.

Source: Salesforce, "Insert or Update (Upsert) a Record Using an External ID", as summed up on 2026-11-22; that 300
tells of several matches, and the required fields of an opportunity, are from general knowledge.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fairkeeper.sandbox.crm.double import Answered, Asked, CRMDouble, Record

_PATH: Final = re.compile(
    r"/services/data/v\d+\.0/sobjects/(?P<object>Opportunity|Task)/(?P<field>\w+__c)/(?P<key>[^/]+)"
)
_FIELDS: Final = {
    "Opportunity": {
        *("Name", "StageName", "CloseDate", "AccountId", "Description", "NextStep", "Amount", "OwnerId"),
        *("Fairkeeper_Why_Now__c", "Fairkeeper_Motion__c", "Fairkeeper_Likelihood__c", "Fairkeeper_As_Of__c"),
    },
    "Task": {"Subject", "Description", "WhatId", "Status", "Priority", "ActivityDate"},
}
_REQUIRED: Final = {"Opportunity": ("Name", "StageName", "CloseDate"), "Task": ("Subject",)}
_LONGEST_NEXT_STEP: Final = 255


class SalesforceDouble(CRMDouble):
    """Salesforce."""

    external_id_field = "Fairkeeper_Key__c"

    def answer(self, asked: Asked) -> Answered:
        """Answer GET and PATCH on one record by its external id."""
        found = _PATH.fullmatch(asked.path)
        if found is None:
            return _error(404, "NOT_FOUND", "The requested resource does not exist")
        name, key = found["object"], found["key"]
        if found["field"] != self.external_id_field:
            return _error(404, "NOT_FOUND", f"Provided external ID field does not exist: {found['field']}")
        rows = list(self._find(name, lambda each: each.values[self.external_id_field].lower() == key.lower()))
        if len(rows) > 1:
            return Answered(status=300, body=[f"/services/data/v62.0/sobjects/{name}/{row.id}" for row in rows])
        if asked.method == "GET":
            return _shown(rows[0], asked) if rows else _error(404, "NOT_FOUND", "The requested resource does not exist")
        if asked.method != "PATCH":
            return _error(405, "METHOD_NOT_ALLOWED", "HTTP Method not allowed")
        return self._upsert(name, key, rows[0] if rows else None, asked.body)

    def throttled(self) -> Answered:
        """Answer as the daily limit does: with 403, and without a time."""
        return _error(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")

    def _upsert(self, name: str, key: str, row: Record | None, body: dict[str, Any]) -> Answered:
        if self.external_id_field in body:
            return _error(400, "INVALID_FIELD", "The external id is not given in the body of an upsert by it.")
        unknown = set(body) - _FIELDS[name]
        if unknown:
            return _error(400, "INVALID_FIELD", f"No such column '{min(unknown)}' on sobject of type {name}")
        if len(str(body.get("NextStep", ""))) > _LONGEST_NEXT_STEP:
            return _error(400, "STRING_TOO_LONG", "Next Step: data value too large")
        if row is not None:
            row.values.update(body)
            return Answered(status=200, body={"id": row.id, "success": True, "errors": [], "created": False})
        missing = [field for field in _REQUIRED[name] if not body.get(field)]
        if missing:
            return _error(400, "REQUIRED_FIELD_MISSING", f"Required fields are missing: {missing}")
        parent = body.get("AccountId") or body.get("WhatId")
        if parent is not None and parent not in self.accounts:
            return _error(400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        made = Record(
            kind=name, id=f"006{len(self.records):015d}", values={**body, self.external_id_field: key, "IsWon": False}
        )
        self.records.append(made)
        return Answered(status=201, body={"id": made.id, "success": True, "errors": [], "created": True})


def _shown(row: Record, asked: Asked) -> Answered:
    wanted = [name for name in asked.query.get("fields", "").split(",") if name]
    values = {name: row.values.get(name) for name in wanted} if wanted else dict(row.values)
    return Answered(status=200, body={"attributes": {"type": row.kind}, "Id": row.id, **values})


def _error(status: int, code: str, message: str) -> Answered:
    return Answered(status=status, body=[{"errorCode": code, "message": message, "fields": []}])
