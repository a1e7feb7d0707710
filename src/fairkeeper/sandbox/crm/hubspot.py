"""A double of HubSpot's CRM objects: batch upsert by a unique property, reads by it, default associations, limits.

Source: HubSpot, "Deals" and "Usage guidelines and limits" of the date-versioned API 2026-03, as summed up on
2026-11-22; that a batch with a refused row answers 207 is from general knowledge.
"""

from __future__ import annotations

import re
from typing import Any, Final

from fairkeeper.sandbox.crm.double import Answered, Asked, CRMDouble, Record

_UPSERT: Final = re.compile(r"/crm/objects/2026-03/(?P<kind>deals|tasks|notes)/batch/upsert")
_READ: Final = re.compile(r"/crm/objects/2026-03/(?P<kind>deals|tasks|notes)/(?P<id>[^/]+)")
_ASSOCIATE: Final = re.compile(
    r"/crm/v4/objects/(?P<kind>deals|tasks|notes)/(?P<id>\d+)/associations/default/companies/(?P<company>[^/]+)"
)
_REQUIRED: Final = {
    "deals": ("dealname", "pipeline", "dealstage"),
    "tasks": ("hs_task_subject", "hs_timestamp", "hs_task_status"),
    "notes": ("hs_note_body", "hs_timestamp"),
}
_LARGEST_BATCH: Final = 100


class HubSpotDouble(CRMDouble):
    """HubSpot."""

    unique_property = "fairkeeper_key"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.associations: set[tuple[str, str, str]] = set()

    def answer(self, asked: Asked) -> Answered:
        """Answer batch upserts, reads and associations."""
        if asked.method == "POST" and (found := _UPSERT.fullmatch(asked.path)):
            return self._upsert(found["kind"], asked.body["inputs"])
        if asked.method == "PUT" and (found := _ASSOCIATE.fullmatch(asked.path)):
            if found["company"] not in self.accounts:
                return _error(404, "OBJECT_NOT_FOUND", "No company with that id")
            self.associations.add((found["kind"], found["id"], found["company"]))
            return Answered(status=200, body={"status": "COMPLETE", "results": []})
        if asked.method == "GET" and (found := _READ.fullmatch(asked.path)):
            return self._read(found["kind"], found["id"], asked)
        return _error(404, "NOT_FOUND", "resource not found")

    def throttled(self) -> Answered:
        """Answer as the limit of ten seconds does."""
        return Answered(
            status=429,
            headers={"X-HubSpot-RateLimit-Interval-Milliseconds": "10000", "X-HubSpot-RateLimit-Remaining": "0"},
            body={"status": "error", "policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"},
        )

    def _upsert(self, kind: str, inputs: list[dict[str, Any]]) -> Answered:
        if len(inputs) > _LARGEST_BATCH:
            return _error(400, "VALIDATION_ERROR", "Batch size exceeds 100")
        results, errors = [], []
        for each in inputs:
            if each.get("idProperty") != self.unique_property:
                errors.append(_error(400, "VALIDATION_ERROR", "idProperty is no unique property").body)
                continue
            row = self._by_key(kind, each["id"])
            if row is None:
                missing = [name for name in _REQUIRED[kind] if name not in each["properties"]]
                if missing:
                    errors.append(_error(400, "VALIDATION_ERROR", f"Required: {missing}").body)
                    continue
                row = Record(kind=kind, id=str(9000 + len(self.records)), values={self.unique_property: each["id"]})
                self.records.append(row)
                is_new = True
            else:
                is_new = False
            row.values.update(each["properties"])
            results.append({"id": row.id, "properties": dict(row.values), "new": is_new})
        status = 207 if errors else 200
        return Answered(status=status, body={"status": "COMPLETE", "results": results, "errors": errors})

    def _read(self, kind: str, key: str, asked: Asked) -> Answered:
        row = self._by_key(kind, key) if asked.query.get("idProperty") == self.unique_property else None
        if row is None:
            return _error(404, "OBJECT_NOT_FOUND", "Object not found")
        wanted = [name for name in asked.query.get("properties", "").split(",") if name]
        return Answered(status=200, body={"id": row.id, "properties": {name: row.values.get(name) for name in wanted}})

    def _by_key(self, kind: str, key: str) -> Record | None:
        return next(self._find(kind, lambda each: each.values[self.unique_property] == key), None)


def _error(status: int, category: str, message: str) -> Answered:
    return Answered(status=status, body={"status": "error", "category": category, "message": message})
