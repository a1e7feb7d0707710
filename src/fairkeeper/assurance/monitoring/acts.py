"""What monitoring looks at: one act is one decision, with what its record says of data, person, labels and amount.

And the kinds of signal, each with the words in which it is told. Pure; the shell reads acts from the decision record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One decision of an agent.

    Attributes:
        data: Classes of data that the call reads or writes.
        is_waiting: A person was asked.
        is_failed: It was allowed, and the tool reported an error.
        is_untrusted: What had reached the task could not be trusted: a result that may carry instructions.
        amount_minor: What the call spends, where the tool has an amount.
        decision_id: Names it in what a signal tells.
    """

    at: datetime
    agent_id: str
    tool: str
    data: tuple[str, ...] = ()
    is_denied: bool = False
    is_waiting: bool = False
    is_failed: bool = False
    is_untrusted: bool = False
    is_sensitive: bool = False
    person_id: str | None = None
    task_id: str | None = None
    amount_minor: int | None = None
    decision_id: str = ""


class Kind(StrEnum):
    """What can be unusual."""

    FIRST_TOOL = "first_tool"
    FIRST_DATA = "first_data"
    SEQUENCE = "sequence"
    FREQUENCY = "frequency"
    OUT_OF_HOURS = "out_of_hours"
    VOLUME = "volume"
    DRIFT = "drift"
    DENIALS = "denials"
    APPROVALS = "approvals"
    INSTRUCTIONS = "instructions"
    SENSITIVE = "sensitive"
    FAILURES = "failures"
    PERSONS = "persons"
    COST = "cost"


WORDS: Final = MappingProxyType(
    {
        Kind.FIRST_TOOL: "A tool was used that neither this agent nor any of its peers had used before.",
        Kind.FIRST_DATA: "A class of data was reached that neither this agent nor any of its peers had reached before.",
        Kind.SEQUENCE: "Tools followed each other in an order that is new for this agent and its peers.",
        Kind.FREQUENCY: "There were far more calls in an hour than at this time of the week.",
        Kind.OUT_OF_HOURS: "There were calls at an hour in which this agent hardly ever acts.",
        Kind.VOLUME: "There were far more calls in a day than this agent makes.",
        Kind.DRIFT: "Calls grew a little day by day, beyond what chance explains.",
        Kind.DENIALS: "Far more calls than usual were refused.",
        Kind.APPROVALS: "Far more calls than usual asked for a person's approval.",
        Kind.INSTRUCTIONS: "Far more calls than usual followed results that cannot be trusted.",
        Kind.SENSITIVE: "Far more calls than usual reached sensitive data.",
        Kind.FAILURES: "Far more calls than usual failed at the tool.",
        Kind.PERSONS: "Calls were made for far more people than usual whom the agent had never acted for.",
        Kind.COST: "Calls spent far more each than usual.",
    }
)
"""What a signal of each kind says happened."""

SHARES: Final = (
    Kind.DENIALS,
    Kind.APPROVALS,
    Kind.INSTRUCTIONS,
    Kind.SENSITIVE,
    Kind.FAILURES,
    Kind.SEQUENCE,
    Kind.PERSONS,
)
"""Kinds that are a share of all calls, in the order of the panel's columns."""
