"""Subject access: everything that is kept about one person, as one document, and that it was handed out.

By the id that calls carry (an object id, a mail address) and, where the person signs in here, by our own random id too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from pydantic import Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from fairkeeper.access.tables import PersonRow
from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.assurance.errors import PersonUnknownError
from fairkeeper.assurance.evidence_kinds import SUBJECT_EXPORTED
from fairkeeper.assurance.keeping.erasing import naming
from fairkeeper.assurance.keeping.rules import Defaults, kept_of
from fairkeeper.assurance.tables import BehaviourRow, SignalRow
from fairkeeper.customers.store import load_customer
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow
from fairkeeper.governance.tables import DecisionRow, DelegationRow
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId

MOST: Final = 5_000
"""Of each thing; a document that was cut says so."""


class ExportSubject(OperationInput):
    """About whom, at which customer."""

    customer_id: CustomerId | None = Field(
        None, description="The customer's id; left out by staff: the publisher's own agents."
    )
    person: str = Field(min_length=2, max_length=200, description="The id that calls carry, or the mail address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectExported:
    """What is kept.

    Attributes:
        document: Account, calls made for the person, delegations, approvals, signals, records; and how long it is kept.
    """

    things: int
    is_cut: bool
    document: dict[str, Any]


@command(
    "assurance.export_subject",
    groups=("evidence.export",),
    evidence=(SUBJECT_EXPORTED,),
    http="POST /subject-exports",
    cli="assurance export-subject PERSON",
)
def export_subject(context: CommandContext, request: ExportSubject) -> Outcome[SubjectExported]:
    """Hand out everything that is kept about one person, for whoever asked for access; that it was, is recorded.

    Raises `assurance.person_unknown` where nothing names the person.
    """
    customer_id = context.principal.customer_id or request.customer_id
    if customer_id is not None:
        load_customer(context.session, customer_id)
    found = _found(context.session, customer_id, request.person)
    things = sum(len(value) for value in found.values())
    if not things:
        raise PersonUnknownError("Nothing that is kept here names this person.")
    document = {
        "about": request.person,
        "made_at": format_instant(context.now),
        **found,
        "kept_for": [
            {"data_class": each.data_class, "days": each.days, "what": each.what}
            for each in kept_of(context.session, customer_id, context.ports.of(Defaults).read())
        ],
    }
    entry = EvidenceDraft(
        kind=SUBJECT_EXPORTED.name,
        subject_type="subject_export",
        subject_id=found["account"][0]["id"] if found["account"] else "person",
        customer_id=customer_id,
        payload={"things": things},
    )
    is_cut = any(len(value) >= MOST for value in found.values())
    return Outcome(result=SubjectExported(things=things, is_cut=is_cut, document=document), entry=entry)


def _found(session: Session, customer_id: CustomerId | None, person: str) -> dict[str, list[dict[str, Any]]]:
    accounts = session.scalars(
        select(PersonRow).where(
            PersonRow.customer_id.is_not_distinct_from(customer_id),
            or_(PersonRow.id == person, PersonRow.object_id == person, PersonRow.email == person),
        )
    ).all()
    ids = [person, *(row.id for row in accounts)]
    return {
        "account": [_plain(row, "id", "name", "email", "roles", "state", "created_at") for row in accounts],
        "calls": _calls(session, customer_id, ids),
        "delegations": _delegations(session, customer_id, ids),
        "approvals": _approvals(session, customer_id, ids),
        "signals": _signals(session, customer_id, ids),
        "remembered": _remembered(session, customer_id, ids),
        "records": _records(session, customer_id, ids),
    }


def _plain(row: Any, *names: str) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in names}
    return {name: format_instant(value) if isinstance(value, datetime) else value for name, value in found.items()}


def _calls(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(DecisionRow)
        .where(DecisionRow.customer_id.is_not_distinct_from(customer_id), DecisionRow.person_id.in_(ids))
        .order_by(DecisionRow.decision_id)
        .limit(MOST)
    )
    return [_plain(row, "decision_id", "at", "agent_id", "tool_name", "allowed", "reason", "outcome") for row in rows]


def _delegations(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(DelegationRow)
        .where(DelegationRow.customer_id.is_not_distinct_from(customer_id), DelegationRow.person_id.in_(ids))
        .order_by(DelegationRow.delegation_id)
        .limit(MOST)
    )
    return [_plain(row, "delegation_id", "to_agent_id", "task_id", "began_at", "ends_at", "revoked_at") for row in rows]


def _approvals(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    asked = session.scalars(
        select(ApprovalRow)
        .where(ApprovalRow.customer_id.is_not_distinct_from(customer_id), ApprovalRow.person_id.in_(ids))
        .order_by(ApprovalRow.approval_id)
        .limit(MOST)
    )
    answered = session.scalars(
        select(ApprovalAnswerRow)
        .where(ApprovalAnswerRow.customer_id.is_not_distinct_from(customer_id), ApprovalAnswerRow.person_id.in_(ids))
        .order_by(ApprovalAnswerRow.answer_id)
        .limit(MOST)
    )
    return [
        *(_plain(row, "approval_id", "asked_at", "agent_id", "tool_name", "arguments", "state") for row in asked),
        *(_plain(row, "approval_id", "answered_at", "verdict", "reason") for row in answered),
    ]


def _signals(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(SignalRow)
        .where(SignalRow.customer_id.is_not_distinct_from(customer_id))
        .order_by(SignalRow.at.desc())
        .limit(MOST)
    )
    return [
        _plain(row, "signal_id", "at", "agent_id", "kind", "sentence")
        for row in rows
        if set(ids) & set(row.facts.get("persons", ()))
    ]


def _remembered(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    rows = session.scalars(select(BehaviourRow).where(BehaviourRow.customer_id.is_not_distinct_from(customer_id)))
    found = []
    for row in rows:
        persons = json.loads(row.content).get("persons", {})
        found += [{"agent_id": row.agent_id, "calls": persons[each]} for each in ids if each in persons]
    return found


def _records(session: Session, customer_id: CustomerId | None, ids: list[str]) -> list[dict[str, Any]]:
    """Return the entries whose payload names the person, and those of what the person did here."""
    rows = session.scalars(
        select(EntryRow)
        .where(
            EntryRow.customer_id.is_not_distinct_from(customer_id),
            or_(*(naming(EntryRow.payload, each) for each in ids), EntryRow.actor_id.in_(ids)),
        )
        .order_by(EntryRow.id)
        .limit(MOST)
    )
    return [
        {
            **_plain(row, "entry_id", "at", "kind", "operation"),
            "tells": json.loads(row.payload) if row.payload else None,
        }
        for row in rows
    ]
