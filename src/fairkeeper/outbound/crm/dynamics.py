"""Dynamics 365: opportunities, tasks and notes by a primary key that follows from ours.

Without any change to the publisher's Dataverse: the key is a version 5 UUID of our external key, so that writing
twice writes one row. Making says `If-None-Match: *` and changing `If-Match: *`, so that a row that a person deleted
does not come back. Source: Microsoft Learn, "Update and delete table rows using the Web API", read 2026-11-22.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from fairkeeper.opportunities.ports import RemoteRecord
from fairkeeper.outbound.crm.transport import CRMTransport, refused

_NAMESPACE: Final = uuid.UUID("2d5f9b46-3f5b-5d1e-9f0c-7a3f8f7a2f11")
_API: Final = "/api/data/v9.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """How a record of ours is a row there."""

    name: str
    columns: Mapping[str, str]
    parent: str


_TABLES: Final[Mapping[str, _Table]] = {
    "opportunity": _Table(
        name="opportunities",
        columns={
            "title": "name",
            "evidence": "description",
            "why_now": "customerneed",
            "next_step": "proposedsolution",
            "likelihood": "qualificationcomments",
            "as_of": "currentsituation",
        },
        parent="parentaccountid@odata.bind",
    ),
    "task": _Table(
        name="tasks",
        columns={"title": "subject", "evidence": "description"},
        parent="regardingobjectid_account@odata.bind",
    ),
    "insight": _Table(
        name="annotations", columns={"title": "subject", "evidence": "notetext"}, parent="objectid_account@odata.bind"
    ),
}
_WON, _LOST = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dynamics:
    """A `CRM` that is Dynamics 365."""

    transport: CRMTransport
    name: str = "dynamics"

    def find(self, record: str, external_key: str) -> RemoteRecord | None:
        """Return the row of a key; None where there is none."""
        table = _TABLES[record]
        state = "" if record == "insight" else ",statecode"
        answer = self.transport.send(
            "GET", _address(table, external_key), query={"$select": ",".join(table.columns.values()) + state}
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise refused("Dynamics 365", answer)
        values = answer.json()
        code = values.get("statecode") or 0
        outcome = {_WON: "won", _LOST: "lost"}.get(code, "") if record == "opportunity" else ""
        return RemoteRecord(
            remote_id=_key(external_key),
            fields={ours: str(values.get(theirs) or "") for ours, theirs in table.columns.items()},
            is_closed=code != 0,
            outcome=outcome,
        )

    def upsert(self, record: str, external_key: str, fields: Mapping[str, str], parent: str | None) -> RemoteRecord:
        """Make or change the row of a key; `parent` is set when it is made and never again."""
        table = _TABLES[record]
        sent = {table.columns[name]: value for name, value in fields.items() if name in table.columns}
        if parent is not None:
            answer = self._patch(table, external_key, {**sent, table.parent: f"/accounts({parent})"}, "if-none-match")
            if answer.status_code != httpx.codes.PRECONDITION_FAILED:
                return _held(answer, external_key, fields)
            found = self.find(record, external_key)  # an earlier attempt made it, and its answer was lost
            if found is not None:
                return found
        if not sent:
            return RemoteRecord(remote_id=_key(external_key), fields={})
        return _held(self._patch(table, external_key, sent, "if-match"), external_key, fields)

    def attach(self, record: str, remote_id: str, parent: str) -> None:
        """Do nothing: a row is made under its account in one step."""

    def _patch(self, table: _Table, external_key: str, sent: Mapping[str, str], condition: str) -> httpx.Response:
        headers = {condition: "*", "prefer": "return=representation", "odata-version": "4.0"}
        return self.transport.send("PATCH", _address(table, external_key), headers=headers, json=dict(sent))


def _held(answer: httpx.Response, external_key: str, fields: Mapping[str, str]) -> RemoteRecord:
    if answer.status_code not in (200, 201, 204):
        raise refused("Dynamics 365", answer)
    return RemoteRecord(remote_id=_key(external_key), fields=dict(fields))


def _key(external_key: str) -> str:
    return str(uuid.uuid5(_NAMESPACE, external_key))


def _address(table: _Table, external_key: str) -> str:
    return f"{_API}/{table.name}({_key(external_key)})"
