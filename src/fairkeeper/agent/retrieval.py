"""Governs retrieval: asks for the source first, then for each document, and hands on what was allowed, labelled.

And erases: a handler takes a person's or a document's embeddings out of an index and tells what it took out, so that
the answer to a request for erasure stands in the record.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from fairkeeper.agent.client import Came, FairkeeperClient, Question
from fairkeeper.agent.client import refuse as refuse_answer
from fairkeeper.agent.content import Seen, Treatment, treat_text
from fairkeeper.agent.tools import CURRENT
from fairkeeper.policy.decision.labels import Labels, join


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What an index found.

    Attributes:
        customer_id: Whose it is; a decision refuses another customer's.
        data_class: The class of data it holds, as the tool is registered with.
    """

    id: str
    text: str
    customer_id: str | None = None
    data_class: str | None = None
    sensitivity: int = 1
    is_trusted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An index: as it is registered, for which purpose, and in which environment it is read."""

    tool: str
    environment: str
    use_id: str
    treatment: Treatment = field(default_factory=Treatment)


Find = Callable[[str], Awaitable[Sequence[Document]]]


async def retrieve(client: FairkeeperClient, source: Source, query: str, find: Find) -> list[Document]:
    """Return the documents that may be used, each treated; the others are on the record, and nowhere else.

    Raises:
        CallRefusedError, DecisionUnavailableError: The source itself may not be read.
    """
    task = CURRENT.get()
    base = _asked(source, query)
    answer = await client.decide(base)
    refuse_answer(answer)
    found = await find(query)
    decisions = await asyncio.gather(*(client.decide(_asked(source, query, document)) for document in found))
    kept: list[Document] = []
    noted: set[str] = set()
    for document, decided in zip(found, decisions, strict=True):
        if not decided.allowed:
            continue
        seen = Seen()
        text = treat_text(document.text, source.treatment.with_kinds(decided.redact | answer.redact), seen)
        kept.append(replace(document, text=text))
        noted.update(seen.sources())
        labels = Labels(
            sources=frozenset({source.tool}), sensitivity=document.sensitivity, is_trusted=document.is_trusted
        )
        if task is not None:
            task.labels = join(task.labels, labels)
            task.provenance.came(text, labels)
        _told(client, decided.decision_id, document, seen)
    sensitivity = max((each.sensitivity for each in kept), default=0)
    if answer.decision_id is not None:
        client.told(
            Came(
                decision_id=answer.decision_id, outcome="ok", sources=(source.tool, *sorted(noted)),
                sensitivity=sensitivity, is_trusted=all(each.is_trusted for each in kept),
            )
        )  # fmt: skip
    return kept


def _asked(source: Source, query: str, document: Document | None = None) -> Question:
    task = CURRENT.get()
    resources: tuple[dict[str, str], ...] = ()
    if document is not None:
        resource = {"type": "document", "id": document.id}
        resource |= {"customer": document.customer_id} if document.customer_id else {}
        resource |= {"data_class": document.data_class} if document.data_class else {}
        resources = (resource,)
    return Question(
        tool=source.tool,
        arguments={"query": query},
        use=source.use_id,
        task=None if task is None or task.by_provenance else task.task_id,
        person=None if task is None else task.person,
        environment=source.environment,
        purpose_resources=resources,
        labels=Labels() if task is None else task.labels,
    )


def _told(client: FairkeeperClient, decision_id: str | None, document: Document, seen: Seen) -> None:
    if decision_id is not None:
        client.told(
            Came(
                decision_id=decision_id, outcome="ok", sources=tuple(seen.sources()), sensitivity=document.sensitivity,
                is_trusted=document.is_trusted,
            )
        )  # fmt: skip


Erase = Callable[[str], Awaitable[int]]
"""Takes everything of a subject out of an index and returns how many embeddings that were."""


async def erase_embeddings(client: FairkeeperClient, tool: str, subject: str, erase: Erase) -> int:
    """Ask, erase, and record how many embeddings were taken out.

    Raises:
        CallRefusedError, DecisionUnavailableError: It was not done.
    """
    answer = await client.decide(Question(tool=tool, arguments={"subject": subject}))
    refuse_answer(answer)
    try:
        count = await erase(subject)
    except BaseException as error:
        if answer.decision_id is not None:
            client.told(Came(decision_id=answer.decision_id, outcome="error", error=type(error).__name__))
        raise
    if answer.decision_id is not None:
        client.told(Came(decision_id=answer.decision_id, outcome="ok", sources=(f"erased:{count}",)))
    return count
