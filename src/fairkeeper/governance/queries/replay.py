"""Replay: past decisions computed again from their recorded inputs, by what decided them or by something else.

By what was recorded, every answer must come out as it stands in the evidence; one that does not is a changed record or
a changed rule of ours. By other policies, or by what is registered now, the differences say what a change would do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import OperationInput, QueryContext, TextFile, query
from fairkeeper.errors import InvalidError
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.deciding.basis import find, load
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.deciding.within import SessionTransaction
from fairkeeper.governance.tables import DecisionBasisRow, DecisionRow
from fairkeeper.policy.decision.facts import Basis, PolicyText
from fairkeeper.policy.decision.record import ANSWER_FIELDS, basis_content, read_basis, replayed
from fairkeeper.policy.decision.slices import agents_schema_text
from fairkeeper.policy.engine import validate
from fairkeeper.policy.errors import PolicyRefusedError
from fairkeeper.values.findings import Finding, FindingKind, Level, finding_kinds
from fairkeeper.values.ids import CustomerId

POLICIES_OF_A_FILE = "file"
REPLAY_DIFFERS: Final = finding_kinds.declare(
    FindingKind(
        code="governance.replay_differs",
        level=Level.ERROR,
        title="A decision comes out again as it was recorded",
        remedy="Run fairkeeper evidence verify: a record was changed. If it verifies, the rules differ from then.",
        resource="blog-governing-agents",
        example="dec_01 was permitted; by what was recorded it is arguments_refused",
    )
)


class Replay(OperationInput):
    """Which decisions, and by what."""

    agent_id: str = Field("", max_length=40, description="Only of this agent.")
    customer_id: CustomerId | None = Field(None, description="Only of this customer.")
    decision_id: str = Field("", max_length=40, description="Only this one.")
    policies: TextFile | None = Field(None, description="A file of policies to decide by, in place of the recorded.")
    by_present: bool = Field(False, description="Decide by what is registered now, not by what was.")
    limit: int = Field(1000, ge=1, le=10_000, description="How many of the newest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDifference:
    """A decision that comes out differently.

    Attributes:
        fields: What differs, of the recorded answer.
    """

    decision_id: str
    at: datetime
    agent_id: str
    tool_name: str
    was_allowed: bool
    was_reason: str
    is_allowed: bool
    is_reason: str
    fields: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a replay found.

    Attributes:
        not_kept: Decisions whose payload was erased, or that never had all inputs (an unknown agent).
        now_allowed, now_refused: Of the differences, those that turn from no to yes and from yes to no.
    """

    replayed: int
    identical: int
    not_kept: int
    now_allowed: int
    now_refused: int
    differences: list[ReplayDifference]
    findings: list[Finding]
    """Each difference where decisions were computed by what was recorded: there must be none."""


@query("governance.replay", groups=("governance.inspect",), http="POST /decisions/replay", cli="governance replay")
def replay(context: QueryContext, request: Replay) -> ReplayReport:
    """Compute past decisions again: identical by what was recorded, with the differences by something else.

    Raises `policy.refused` for a file of policies that cannot be used.
    """
    chosen = _chosen(context, request)
    identical = not_kept = 0
    differences: list[ReplayDifference] = []
    for row, payload, content in _recorded(context, request):
        known = None if payload is None or content is None else chosen(row, content)
        answer = None if payload is None or known is None else replayed(payload, known, row.at)
        if payload is None or answer is None:
            not_kept += 1
            continue
        fields = [name for name in ANSWER_FIELDS if answer[name] != payload["answer"][name]]
        if not fields:
            identical += 1
        else:
            differences.append(_difference(row, payload["answer"], answer, fields))
    return ReplayReport(
        replayed=identical + len(differences),
        identical=identical,
        not_kept=not_kept,
        now_allowed=sum(each.is_allowed and not each.was_allowed for each in differences),
        now_refused=sum(each.was_allowed and not each.is_allowed for each in differences),
        differences=differences,
        findings=[_found(each) for each in differences] if isinstance(chosen, _ByRecord) else [],
    )


def _found(difference: ReplayDifference) -> Finding:
    message = f"It was {difference.was_reason}; by what was recorded it is {difference.is_reason}."
    return REPLAY_DIFFERS.found(message, subject=difference.decision_id)


def _chosen(context: QueryContext, request: Replay) -> _Choice:
    if request.policies is not None and request.by_present:
        raise InvalidError(
            "Decide by a file or by what is registered now, not by both.", code="governance.replay_by_two"
        )
    if request.policies is not None:
        return _ByFile(request.policies.text)
    if request.by_present:
        if context.principal.customer_id is not None:
            raise InvalidError(
                "What is registered now includes the publisher's own; a customer replays what was recorded.",
                code="governance.replay_by_staff",
            )
        return _ByPresent(context)
    return _ByRecord()


class _Choice:
    """Returns the text of the basis to decide by, or None where there is none."""

    def __call__(self, row: DecisionRow, content: str) -> str | None:
        raise NotImplementedError


class _ByRecord(_Choice):
    def __call__(self, row: DecisionRow, content: str) -> str | None:
        del row
        return content


class _ByFile(_Choice):
    """Puts the policies of a file in the place of the recorded ones; approvals stay bound to what they were."""

    def __init__(self, text: str) -> None:
        problems = validate(text, agents_schema_text())
        if problems:
            raise PolicyRefusedError(problems)
        self._policies = (PolicyText(id=POLICIES_OF_A_FILE, text=text),)
        self._made: dict[str, str] = {}

    def __call__(self, row: DecisionRow, content: str) -> str | None:
        if row.basis_digest not in self._made:
            self._made[row.basis_digest] = basis_content(replace(read_basis(content), policies=self._policies))
        return self._made[row.basis_digest]


class _ByPresent(_Choice):
    """Reads what is registered now, once for each agent and tool."""

    def __init__(self, context: QueryContext) -> None:
        self._transaction = SessionTransaction(context.session)
        self._policies = context.ports.of(Questions).policies
        self._made: dict[tuple[str, str], str | None] = {}

    def __call__(self, row: DecisionRow, content: str) -> str | None:
        key = (row.agent_id, row.tool_id)
        if key not in self._made:
            self._made[key] = self._load(key, read_basis(content))
        return self._made[key]

    def _load(self, key: tuple[str, str], recorded: Basis) -> str | None:
        named = find(self._transaction, *key)
        if named is None or named.tool is None:
            return None
        present = load(self._transaction, named, self._policies)
        # So that an approval of then is not refused for being older than the policies of now.
        return basis_content(replace(present, bundle_digest=recorded.bundle_digest))


def _recorded(
    context: QueryContext, request: Replay
) -> Iterator[tuple[DecisionRow, dict[str, Any] | None, str | None]]:
    statement = select(DecisionRow)
    for column, wanted in (
        (DecisionRow.agent_id, request.agent_id),
        (DecisionRow.customer_id, request.customer_id),
        (DecisionRow.decision_id, request.decision_id),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    session = context.session
    rows = session.scalars(statement.order_by(DecisionRow.decision_id.desc()).limit(request.limit)).all()
    contents: dict[str, str | None] = {}
    for row in rows:
        text = session.scalars(select(EntryRow.payload).where(EntryRow.entry_id == row.entry_id)).first()
        if row.basis_digest not in contents:
            basis = session.scalars(select(DecisionBasisRow).where(DecisionBasisRow.digest == row.basis_digest)).first()
            contents[row.basis_digest] = None if basis is None else basis.content
        yield row, None if text is None else json.loads(text), contents[row.basis_digest]


def _difference(
    row: DecisionRow, before: Mapping[str, Any], after: Mapping[str, Any], fields: list[str]
) -> ReplayDifference:
    return ReplayDifference(
        decision_id=row.decision_id,
        at=row.at,
        agent_id=row.agent_id,
        tool_name=row.tool_name,
        was_allowed=before["allowed"],
        was_reason=before["reason"],
        is_allowed=after["allowed"],
        is_reason=after["reason"],
        fields=fields,
    )
