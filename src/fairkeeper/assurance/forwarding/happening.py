"""One entry of the evidence as it is about to be told to somebody else's system: no arguments, results or prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

VENDOR: Final = "Fairkeeper"
CALLS: Final[Mapping[str, str]] = {
    "governance.call_allowed": "allowed",
    "governance.call_waits": "waits",
    "governance.call_refused": "refused",
    "governance.never_attempted": "never",
}
OUTCOME: Final = "governance.outcome_recorded"
_TOLD: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What is told.

    Attributes:
        kind: Without its version.
        told: The payload; empty once it was erased.
    """

    entry_id: str
    at: datetime
    kind: str
    operation: str
    actor_id: str
    actor_kind: str
    subject_type: str
    subject_id: str
    customer_id: str | None
    cause: str | None
    request: str | None
    leaf_index: int
    commitment: str
    told: Mapping[str, Any]

    def text(self, *names: str) -> str:
        """Return the first of these that the payload tells, as a text of a bounded length."""
        for name in names:
            value = self.told.get(name)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                return str(value)[:_TOLD]
        return ""

    @property
    def answer(self) -> Mapping[str, Any]:
        """The verdict of a decision; empty for everything else."""
        found = self.told.get("answer")
        return found if isinstance(found, Mapping) else {}

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What a decision was asked about; empty for everything else."""
        found = self.told.get("inputs")
        return found if isinstance(found, Mapping) else {}

    @property
    def person(self) -> str:
        """For whom an agent asked; empty for nobody."""
        found = self.inputs.get("person")
        return str(found.get("id", ""))[:_TOLD] if isinstance(found, Mapping) else ""

    @property
    def session(self) -> str:
        """The task that a call belongs to."""
        return str(self.inputs.get("task_id") or self.told.get("task") or "")[:_TOLD]


def happening(entry_id: str, at: datetime, header: str, payload: str | None, leaf_index: int) -> Happening:
    """Return what an entry tells, from its canonical header and payload."""
    head: dict[str, Any] = json.loads(header)
    told = json.loads(payload) if payload else {}
    return Happening(
        entry_id=entry_id,
        at=at,
        kind=str(head["kind"]).partition("/")[0],
        operation=head["operation"],
        actor_id=head["actor"]["id"],
        actor_kind=head["actor"]["kind"],
        subject_type=head["subject"]["type"],
        subject_id=head["subject"]["id"],
        customer_id=head.get("customer"),
        cause=head.get("cause"),
        request=head.get("request"),
        leaf_index=leaf_index,
        commitment=str(head.get("payload_commitment") or ""),
        told=told if isinstance(told, dict) else {},
    )
