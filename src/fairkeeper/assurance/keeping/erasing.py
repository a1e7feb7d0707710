"""Erasure in pieces: payloads of agents' records by class and age, or whatever names one person.

Every piece of one erasure carries the same instant in `erased_at`, so that the proof counts exactly what went, whatever
was interrupted in between. Receipts and the entries of exports stay: they hold no personal data.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast, delete, or_, select, update
from sqlalchemy.orm import Session

from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.assurance.keeping.classes import CALLS, DataClass, calls_of, results_of
from fairkeeper.assurance.tables import BehaviourRow, SignalRow
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.evidence.actions import erase_row
from fairkeeper.evidence.tables import RECEIPT_SUFFIX, EntryRow
from fairkeeper.governance.actions.forget import ERASED, forget_calls, forget_ended_delegations, forget_person
from fairkeeper.governance.evidence_kinds import DELEGATED, DELEGATION_ENDED
from fairkeeper.governance.tables import AgentTaskRow, DecisionRow
from fairkeeper.messages.tables import MessageRow
from fairkeeper.proof.canonical import canonical_bytes
from fairkeeper.proof.export import EXPORT_KIND
from fairkeeper.values.ids import CustomerId

PIECE: Final = 500
"""Payloads in one transaction, so that others are not held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """What is erased.

    Attributes:
        customer_id: Whose; None is the publisher's own.
        classes: Which classes of agents' data; of a person, everything that names them goes, whatever its class.
        before: Only what was recorded before.
        at: The instant that all of it carries.
        person: Only what names this person.
    """

    customer_id: CustomerId | None
    classes: frozenset[DataClass]
    before: datetime
    at: datetime
    person: str | None = None


def erase_piece(session: Session, what: Erasing) -> bool:
    """Erase up to a piece of it in the caller's transaction; return whether there may be more."""
    if what.person is not None:
        return _erase_naming(session, what, what.person)
    if what.classes & set(CALLS) and _erase_calls(session, what):
        return True
    if _erase_results(session, what):
        return True
    if DataClass.PAYLOADS in what.classes:
        if _erase_authority(session, what):
            return True
        forget_ended_delegations(session, what.customer_id, what.before)
        _forget_in_signals(session, what)
    if DataClass.TOOL_OUTPUTS in what.classes:
        _forget_sources(session, what)
    return False


def _kept_out() -> tuple[Any, ...]:
    return (EntryRow.erased_at.is_(None), EntryRow.kind.not_like(f"%{RECEIPT_SUFFIX}"), EntryRow.kind != EXPORT_KIND)


def _due(what: Erasing) -> tuple[ColumnElement[bool], ...]:
    return (
        EntryRow.customer_id.is_not_distinct_from(what.customer_id),
        EntryRow.at < what.before,
        EntryRow.erased_at.is_(None),
    )


def _erase(rows: Sequence[EntryRow], at: datetime) -> bool:
    for row in rows:
        erase_row(row, now=at)
    return len(rows) == PIECE


def _erase_calls(session: Session, what: Erasing) -> bool:
    found = session.execute(
        select(DecisionRow.decision_id, EntryRow)
        .join(EntryRow, EntryRow.entry_id == DecisionRow.entry_id)
        .where(
            DecisionRow.customer_id.is_not_distinct_from(what.customer_id),
            DecisionRow.at < what.before,
            EntryRow.erased_at.is_(None),
            calls_of(what.classes),
        )
        .order_by(DecisionRow.decision_id)
        .limit(PIECE)
        .with_for_update(of=EntryRow)
    ).all()
    if found:
        forget_calls(session, [decision_id for decision_id, _ in found])
    return _erase([row for _, row in found], what.at)


def _erase_results(session: Session, what: Erasing) -> bool:
    if not what.classes - set(CALLS):
        return False
    rows = session.scalars(
        select(EntryRow)
        .join(DecisionRow, DecisionRow.outcome_entry_id == EntryRow.entry_id)
        .where(
            *_due(what),
            results_of(what.classes),
        )
        .order_by(EntryRow.id)
        .limit(PIECE)
        .with_for_update(of=EntryRow)
    ).all()
    return _erase(rows, what.at)


def _erase_authority(session: Session, what: Erasing) -> bool:
    """Erase what entries say of approvals, and of for whom agents acted."""
    rows = session.scalars(
        select(EntryRow)
        .where(
            or_(EntryRow.subject_type == "approval", EntryRow.kind.in_((DELEGATED.name, DELEGATION_ENDED.name))),
            *_due(what),
        )
        .order_by(EntryRow.id)
        .limit(PIECE)
        .with_for_update()
    ).all()
    return _erase(rows, what.at)


def _forget_in_signals(session: Session, what: Erasing) -> None:
    rows = session.scalars(
        select(SignalRow)
        .where(SignalRow.customer_id.is_not_distinct_from(what.customer_id), SignalRow.at < what.before)
        .with_for_update()
    )
    for row in rows:
        if row.facts.get("persons"):
            row.facts = {**row.facts, "persons": []}


def _forget_sources(session: Session, what: Erasing) -> None:
    """Take the names of sources out of old tasks; how sensitive and how trusted they are stays, or labels would lie."""
    rows = session.scalars(
        select(AgentTaskRow)
        .where(AgentTaskRow.customer_id.is_not_distinct_from(what.customer_id), AgentTaskRow.changed_at < what.before)
        .with_for_update()
    )
    for row in rows:
        labels = json.loads(row.labels)
        if labels["sources"]:
            row.labels = json.dumps({**labels, "sources": []})


# --- one person


def spelled(person: str) -> str:
    r"""Return how a person's id stands in canonical JSON.

    Example:
        >>> spelled('Ada "the first"')
        'Ada \\"the first\\"'
    """
    return canonical_bytes(person).decode()[1:-1]


def naming(column: Any, person: str) -> Any:
    """Return the condition under which a text names a person."""
    escaped = spelled(person).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return column.like(f"%{escaped}%", escape="\\")


def _erase_naming(session: Session, what: Erasing, person: str) -> bool:
    rows = session.scalars(
        select(EntryRow)
        .where(
            EntryRow.customer_id.is_not_distinct_from(what.customer_id),
            EntryRow.at < what.before,
            naming(EntryRow.payload, person),
            *_kept_out(),
        )
        .order_by(EntryRow.id)
        .limit(PIECE)
        .with_for_update()
    ).all()
    if _erase(rows, what.at):
        return True
    forget_person(session, what.customer_id, person)
    _forget_in_memory(session, what, person)
    _forget_in_passing(session, what, person)
    return False


def _forget_in_memory(session: Session, what: Erasing, person: str) -> None:
    for behaviour in session.scalars(
        select(BehaviourRow).where(BehaviourRow.customer_id.is_not_distinct_from(what.customer_id)).with_for_update()
    ):
        content = json.loads(behaviour.content)
        if content.get("persons", {}).pop(person, None) is not None:
            behaviour.content = json.dumps(content)
    for signal in session.scalars(
        select(SignalRow).where(SignalRow.customer_id.is_not_distinct_from(what.customer_id)).with_for_update()
    ):
        persons = signal.facts.get("persons", [])
        if person in persons:
            signal.facts = {**signal.facts, "persons": [each for each in persons if each != person]}


def _forget_in_passing(session: Session, what: Erasing, person: str) -> None:
    """Take a person out of remembered answers, of messages, and of work that is done."""
    mine = IdempotencyRow.customer_id.is_not_distinct_from(what.customer_id), naming(IdempotencyRow.result, person)
    session.execute(delete(IdempotencyRow).where(*mine).execution_options(synchronize_session=False))
    about = MessageRow.about_customer_id if what.customer_id is not None else MessageRow.customer_id
    for message in session.scalars(
        select(MessageRow)
        .where(about.is_not_distinct_from(what.customer_id), naming(cast(MessageRow.values, Text), person))
        .with_for_update()
    ):
        message.values = dict.fromkeys(message.values, ERASED)
    session.execute(
        update(TaskRow)
        .where(
            TaskRow.customer_id.is_not_distinct_from(what.customer_id),
            TaskRow.state != TaskState.OPEN.value,
            naming(cast(TaskRow.payload, Text), person),
        )
        .values(payload={})
        .execution_options(synchronize_session=False)
    )
