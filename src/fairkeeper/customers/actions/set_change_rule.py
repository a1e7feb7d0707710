"""The publisher's rule for plan and seat changes: read by whoever answers Microsoft, set by a person."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.evidence_kinds import RULE_SET
from fairkeeper.customers.following.changes import ChangeRule, PlanMove
from fairkeeper.customers.tables import ChangeRuleRow

RULE_ID = 1


class Move(BaseModel):
    """A move from one plan to another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_plan: str = Field(max_length=120, description="Plan id before.")
    to_plan: str = Field(max_length=120, description="Plan id after.")


class SetChangeRule(OperationInput):
    """What is accepted; everything that is left out is."""

    allowed_moves: tuple[Move, ...] | None = Field(None, max_length=500, description="The only plan moves accepted.")
    minimum_seats: int | None = Field(None, ge=1, le=1_000_000, description="Fewest seats accepted.")
    maximum_seats: int | None = Field(None, ge=1, le=1_000_000, description="Most seats accepted.")
    refuse_while_not_ready: bool = Field(False, description="Refuse while the publisher's systems are not ready.")
    refuse_while_blocked: bool = Field(False, description="Refuse while the customer's use is blocked.")

    def rule(self) -> ChangeRule:
        """Return it as the rule that decides."""
        moves = None
        if self.allowed_moves is not None:
            moves = frozenset(PlanMove(from_plan_id=m.from_plan, to_plan_id=m.to_plan) for m in self.allowed_moves)
        return ChangeRule(
            allowed_moves=moves,
            minimum_seats=self.minimum_seats,
            maximum_seats=self.maximum_seats,
            refuse_while_not_ready=self.refuse_while_not_ready,
            refuse_while_blocked=self.refuse_while_blocked,
        )


@command(
    "customers.set_change_rule",
    groups=("customers.configure",),
    evidence=(RULE_SET,),
    http="PUT /change-rule",
    cli="customers set-change-rule",
)
def set_change_rule(context: CommandContext, request: SetChangeRule) -> Outcome[SetChangeRule]:
    """Set the rule by which plan and seat changes are accepted or refused within Microsoft's ten seconds.

    Without a rule everything is accepted, as silence would be; the same rule again changes nothing. Raises
    `customers.change_rule_refused` for limits that contradict each other.
    """
    request.rule()
    kept = request.model_dump(mode="json")
    row = context.session.get(ChangeRuleRow, RULE_ID, with_for_update=True)
    if row is not None and row.rule == kept:
        return Outcome(result=request, entry=None)
    if row is None:
        context.session.add(ChangeRuleRow(id=RULE_ID, rule=kept, changed_at=context.now))
    else:
        row.rule, row.changed_at = kept, context.now
    entry = EvidenceDraft(kind=RULE_SET.name, subject_type="change_rule", subject_id="publisher", payload=kept)
    return Outcome(result=request, entry=entry)


def load_change_rule(session: Session) -> ChangeRule:
    """Return the rule in force; without one everything is accepted."""
    row = session.get(ChangeRuleRow, RULE_ID)
    return ChangeRule() if row is None else SetChangeRule.model_validate(row.rule).rule()
