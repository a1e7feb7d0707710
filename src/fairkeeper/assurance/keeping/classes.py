"""Which data is kept of agents, by class; and where each class stands.

Fairkeeper keeps what was asked of it and what was decided. Of a prompt, a response or a document it keeps the name, the
arguments, labels and a digest; the text itself stays in the agent and its tools.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy import ColumnElement, and_, not_, or_

from fairkeeper.agent.manifests import COMPLETE, ELICIT, PROMPT_GET, RESOURCE_READ, RESOURCE_SUBSCRIBE, SAMPLE
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.tables import DecisionRow


class DataClass(StrEnum):
    """What can be kept for its own time."""

    PROMPTS = "prompts"
    RESPONSES = "responses"
    RETRIEVAL_CONTEXT = "retrieval_context"
    TOOL_OUTPUTS = "tool_outputs"
    PAYLOADS = "payloads"


WORDS: Final[Mapping[DataClass, str]] = MappingProxyType(
    {
        DataClass.PROMPTS: "what was asked of people and models through a server: prompts, questions, samples",
        DataClass.RESPONSES: "what is recorded of the answers to those",
        DataClass.RETRIEVAL_CONTEXT: "queries to sources, and the documents they found",
        DataClass.TOOL_OUTPUTS: "what is recorded of tools' results: labels, sources, digests, errors",
        DataClass.PAYLOADS: "arguments of calls, for whom they were made, and what approvals said of them",
    }
)
"""What each is, for a person."""

_PROMPTS: Final = (PROMPT_GET, COMPLETE, SAMPLE, ELICIT)
_SOURCES: Final = (RESOURCE_READ, RESOURCE_SUBSCRIBE)
_DOCUMENTS: Final = '%"resources":[{%'
"""How a decision about documents spells itself in its canonical payload."""

CALLS: Final = (DataClass.PROMPTS, DataClass.RETRIEVAL_CONTEXT, DataClass.PAYLOADS)
"""Classes of decisions; the others are of outcomes."""


def calls_of(classes: Collection[DataClass]) -> ColumnElement[bool]:
    """Return the condition under which a decision, joined with its entry, is of one of these classes."""
    is_prompt = DecisionRow.tool_name.in_(_PROMPTS)
    finds = or_(DecisionRow.tool_name.in_(_SOURCES), EntryRow.payload.like(_DOCUMENTS))
    of: dict[DataClass, ColumnElement[bool]] = {
        DataClass.PROMPTS: is_prompt,
        DataClass.RETRIEVAL_CONTEXT: and_(not_(is_prompt), finds),
        DataClass.PAYLOADS: and_(not_(is_prompt), not_(finds)),
    }
    return or_(*(of[each] for each in CALLS if each in classes))


def results_of(classes: Collection[DataClass]) -> ColumnElement[bool]:
    """Return the condition under which the outcome of a decision is of one of these classes."""
    is_prompt = DecisionRow.tool_name.in_(_PROMPTS)
    return or_(
        *([is_prompt] if DataClass.RESPONSES in classes else []),
        *([not_(is_prompt)] if DataClass.TOOL_OUTPUTS in classes else []),
    )
