"""What goes through the hot path: a call on its way to an answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from fairkeeper.governance.ports import Approvals, Credentials, Policies, Shadow, Standing
from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import Basis, Call, Moment, Verdict
from fairkeeper.policy.decision.order import Considered
from fairkeeper.values.ids import new_ulid


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, recorded.

    Attributes:
        decision_id: None where nothing could be recorded; then it is a denial.
        entry_id: The evidence entry.
        approval_id: The approval that was asked for, where one is needed and somebody can give it.
        measures: Fields of the result whose sums have to be told with the outcome, because they are billed.
    """

    decision_id: str | None
    entry_id: str | None
    verdict: Verdict
    at: datetime
    approval_id: str | None = None
    measures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Whom the hot path asks inside its transaction; see `fairkeeper.governance.ports`."""

    policies: Policies
    approvals: Approvals
    standing: Standing
    credentials: Credentials
    shadow: Shadow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A basis made ready, and the epochs at which it was read.

    Attributes:
        compiled: None where policies or schema cannot be read; then `problem` says why, and every call is denied.
        told: What every record says of them.
    """

    basis: Basis
    epochs: tuple[int, int]
    compiled: Compiled | None
    problem: str = ""
    told: Mapping[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        basis = self.basis
        told = {
            "agent": basis.agent.name,
            "agent_version": basis.agent.version,
            "basis": basis.digest,
            "bundle": basis.bundle_digest,
            "environment": basis.agent.environment.value,
            "epochs": list(self.epochs),
            "manifest": basis.tool.manifest_digest,
            "tool": basis.tool.name,
            "tool_id": basis.tool.id,
        }
        object.__setattr__(self, "told", told)


@dataclass(slots=True)
class Ticket:
    """One call on its way; made anew for each attempt to record."""

    call: Call
    began: float = field(default_factory=time.perf_counter)
    ulid: str = field(default_factory=new_ulid)
    """The decision's and its entry's ids share it; it is drawn once."""
    known: Known | None = None
    considered: Considered | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    """What policies read of the customer's own limits."""
    verdict: Verdict | None = None
    approval_id: str | None = None
    moment: Moment | None = None
    decided: Decided | None = None
    decision_id: str = field(init=False)
    entry_id: str = field(init=False)

    def __post_init__(self) -> None:
        self.decision_id, self.entry_id = f"dec_{self.ulid}", f"ent_{self.ulid}"
