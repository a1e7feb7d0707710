"""Salesforce: opportunities and tasks by an external id field, `Fairkeeper_Key__c` (text, unique, external id).

The publisher makes that field on Opportunity and Task, and four text fields on Opportunity for what is ours. Source:
Salesforce, "Insert or Update (Upsert) a Record Using an External ID", as summed up on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote

import httpx

from fairkeeper.opportunities.errors import CRMThrottledError
from fairkeeper.opportunities.ports import RemoteRecord
from fairkeeper.outbound.crm.transport import CRMTransport, refused

KEY_FIELD: Final = "Fairkeeper_Key__c"
_API: Final = "/services/data/v62.0/sobjects"
_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    "opportunity": {
        "title": "Name",
        "evidence": "Description",
        "why_now": "Fairkeeper_Why_Now__c",
        "motion": "Fairkeeper_Motion__c",
        "likelihood": "Fairkeeper_Likelihood__c",
        "as_of": "Fairkeeper_As_Of__c",
    },
    "task": {"title": "Subject", "evidence": "Description"},
    "insight": {"title": "Subject", "evidence": "Description"},
}
_STAGE: Final = "Prospecting"
_CLOSES_IN: Final = timedelta(days=90)
_LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Salesforce:
    """A `CRM` that is Salesforce.

    Attributes:
        today: The day, from which a new opportunity's closing date counts; people change it.
    """

    transport: CRMTransport
    today: Callable[[], date]
    name: str = "salesforce"

    def find(self, record: str, external_key: str) -> RemoteRecord | None:
        """Return the record of a key; None where there is none."""
        fields = _FIELDS[record]
        wanted = [*fields.values(), *(("IsClosed", "IsWon") if record == "opportunity" else ("Status",))]
        answer = self.transport.send("GET", _address(record, external_key), query={"fields": ",".join(wanted)})
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise _trouble(answer)
        return _read(record, answer.json())

    def upsert(self, record: str, external_key: str, fields: Mapping[str, str], parent: str | None) -> RemoteRecord:
        """Make or change the record of a key; what people own is set when it is made and never again."""
        names = _FIELDS[record]
        sent: dict[str, Any] = {names[name]: value for name, value in fields.items() if name in names}
        found = self.find(record, external_key) if parent is not None else None
        if parent is not None and found is None:
            sent |= self._first(record, parent, sent)
        if not sent or found is not None:
            return found or RemoteRecord(remote_id="", fields={})
        answer = self.transport.send("PATCH", _address(record, external_key), json=sent)
        if answer.status_code not in (200, 201, 204):
            raise _trouble(answer)
        remote_id = str(answer.json().get("id", "")) if answer.content else ""
        return RemoteRecord(remote_id=remote_id, fields=dict(fields))

    def attach(self, record: str, remote_id: str, parent: str) -> None:
        """Do nothing: a record is made under its account in one step."""

    def _first(self, record: str, parent: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        if record == "opportunity":
            closes = (self.today() + _CLOSES_IN).isoformat()
            name = str(sent.get("Name", ""))[:_LONGEST_NAME]
            return {"AccountId": parent, "StageName": _STAGE, "CloseDate": closes, "Name": name}
        return {"WhatId": parent, "Status": "Completed" if record == "insight" else "Not Started"}


def _read(record: str, values: Mapping[str, Any]) -> RemoteRecord:
    is_closed = bool(values.get("IsClosed")) or (record == "task" and values.get("Status") == "Completed")
    outcome = ("won" if values.get("IsWon") else "lost") if values.get("IsClosed") else ""
    return RemoteRecord(
        remote_id=str(values["Id"]),
        fields={ours: str(values.get(theirs) or "") for ours, theirs in _FIELDS[record].items()},
        is_closed=is_closed,
        outcome=outcome,
    )


def _address(record: str, external_key: str) -> str:
    name = "Opportunity" if record == "opportunity" else "Task"
    return f"{_API}/{name}/{KEY_FIELD}/{quote(external_key, safe='')}"


def _trouble(answer: httpx.Response) -> Exception:
    if "REQUEST_LIMIT_EXCEEDED" in answer.text or "UNABLE_TO_LOCK_ROW" in answer.text:
        return CRMThrottledError("Salesforce takes no more requests now.")
    return refused("Salesforce", answer)
