"""HubSpot: deals, tasks and notes by a unique property, `fairkeeper_key`, with the association to the company apart.

The publisher makes that property with `hasUniqueValue` on deals, tasks and notes, and four text properties on deals.
Source: HubSpot, CRM objects API 2026-03, batch upsert, as summed up on 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx

from fairkeeper.opportunities.errors import CRMRefusedError
from fairkeeper.opportunities.ports import RemoteRecord
from fairkeeper.outbound.crm.transport import CRMTransport, refused

KEY_PROPERTY: Final = "fairkeeper_key"
_API: Final = "/crm/objects/2026-03"
_KINDS: Final = {"opportunity": "deals", "task": "tasks", "insight": "notes"}
_PROPERTIES: Final[Mapping[str, Mapping[str, str]]] = {
    "opportunity": {
        "title": "dealname",
        "evidence": "description",
        "why_now": "fairkeeper_why_now",
        "motion": "fairkeeper_motion",
        "likelihood": "fairkeeper_likelihood",
        "as_of": "fairkeeper_as_of",
    },
    "task": {"title": "hs_task_subject", "evidence": "hs_task_body"},
    "insight": {"evidence": "hs_note_body"},
}
_CLOSED_STAGES: Final = {"closedwon": "won", "closedlost": "lost"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSpot:
    """A `CRM` that is HubSpot.

    Attributes:
        now: The instant that a new task or note bears.
        pipeline, stage: Where a new deal begins; people move it on.
    """

    transport: CRMTransport
    now: Callable[[], datetime]
    pipeline: str = "default"
    stage: str = "appointmentscheduled"
    name: str = "hubspot"

    def find(self, record: str, external_key: str) -> RemoteRecord | None:
        """Return the object of a key; None where there is none."""
        names = _PROPERTIES[record]
        answer = self.transport.send(
            "GET",
            f"{_API}/{_KINDS[record]}/{quote(external_key, safe='')}",
            query={
                "idProperty": KEY_PROPERTY,
                "properties": ",".join([*names.values(), "dealstage", "hs_task_status"]),
            },
        )
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code != httpx.codes.OK:
            raise refused("HubSpot", answer)
        found = answer.json()
        values = found["properties"]
        outcome = _CLOSED_STAGES.get(str(values.get("dealstage")), "")
        return RemoteRecord(
            remote_id=str(found["id"]),
            fields={ours: str(values.get(theirs) or "") for ours, theirs in names.items()},
            is_closed=bool(outcome) or values.get("hs_task_status") == "COMPLETED",
            outcome=outcome,
        )

    def upsert(self, record: str, external_key: str, fields: Mapping[str, str], parent: str | None) -> RemoteRecord:
        """Make or change the object of a key, and associate a new one with its company; both may be done twice."""
        names = _PROPERTIES[record]
        sent: dict[str, Any] = {names[name]: value for name, value in fields.items() if name in names}
        found = self.find(record, external_key) if parent is not None else None
        remote_id = found.remote_id if found else ""
        if found is None and (sent or parent is not None):
            if parent is not None:
                sent |= self._first(record)
            remote_id = self._write(record, external_key, sent)
        if parent is not None:
            self._associate(record, remote_id, parent)
        return RemoteRecord(remote_id=remote_id, fields=found.fields if found else dict(fields))

    def attach(self, record: str, remote_id: str, parent: str) -> None:
        """Associate an object with its company; the same again changes nothing."""
        self._associate(record, remote_id, parent)

    def _write(self, record: str, external_key: str, sent: Mapping[str, Any]) -> str:
        given = {"id": external_key, "idProperty": KEY_PROPERTY, "properties": dict(sent)}
        body = {"inputs": [{**given, "objectWriteTraceId": external_key}]}
        answer = self.transport.send("POST", f"{_API}/{_KINDS[record]}/batch/upsert", json=body)
        if answer.status_code not in (200, 201):
            raise refused("HubSpot", answer)
        results = answer.json()["results"]
        if not results:
            raise CRMRefusedError("HubSpot wrote nothing and named no reason.")
        return str(results[0]["id"])

    def _associate(self, record: str, remote_id: str, company: str) -> None:
        path = f"/crm/v4/objects/{_KINDS[record]}/{remote_id}/associations/default/companies/{quote(company, safe='')}"
        answer = self.transport.send("PUT", path)
        if answer.status_code not in (200, 201, 204):
            raise refused("HubSpot", answer)

    def _first(self, record: str) -> dict[str, Any]:
        at = self.now().isoformat()
        return {
            "opportunity": {"pipeline": self.pipeline, "dealstage": self.stage},
            "task": {"hs_timestamp": at, "hs_task_status": "NOT_STARTED"},
            "insight": {"hs_timestamp": at},
        }[record]
