"""What a buyer answered on the landing page, kept with the subscription."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.customers.actions.landing.looks import levels_of
from fairkeeper.customers.errors import LandingAnswersRefusedError
from fairkeeper.customers.evidence_kinds import LANDING_ANSWERED
from fairkeeper.customers.path.landing_look import LONGEST_ANSWER, MOST_FIELDS, look_for, wrong_answers
from fairkeeper.customers.store import load_subscription
from fairkeeper.customers.tables import LandingAnswerRow
from fairkeeper.customers.views import LandingAnswer
from fairkeeper.values.ids import SubscriptionId


class RecordAnswers(OperationInput):
    """Of which subscription, and what was answered."""

    subscription_id: SubscriptionId = Field(max_length=64, description="The subscription's GUID.")
    answers: dict[str, str] = Field(max_length=MOST_FIELDS * 3, description="Answers by the fields' names.")


@internal_command("customers.record_answers", evidence=(LANDING_ANSWERED,))
def record_answers(context: CommandContext, request: RecordAnswers) -> Outcome[int]:
    """Keep what was answered on the landing page, in place of what was answered before; strange names are left out.

    Raises `customers.landing_answers_refused` where a field that is required has no answer, or one has a wrong one.
    """
    row = load_subscription(context.session, request.subscription_id, for_change=True)
    look = look_for(levels_of(context.session), row.offer_id, row.plan_id)
    wrong = wrong_answers(look.fields, request.answers)
    if wrong:
        name, problem = next(iter(wrong.items()))
        raise LandingAnswersRefusedError(f"{name}: {problem}", detail={"field": name})
    said = [
        LandingAnswer(name=field.name, label=field.label, value=answer[:LONGEST_ANSWER])
        for field in look.fields
        if (answer := request.answers.get(field.name, "").strip())
    ]
    if not said or said == list(answers_of(context.session, [row.subscription_id])):
        return Outcome(result=len(said), entry=None)
    context.session.execute(delete(LandingAnswerRow).where(LandingAnswerRow.subscription_id == row.subscription_id))
    for place, each in enumerate(said):
        context.session.add(
            LandingAnswerRow(
                subscription_id=row.subscription_id,
                name=each.name,
                customer_id=row.customer_id,
                place=place,
                label=each.label,
                value=each.value,
                answered_at=context.now,
            )
        )
    entry = EvidenceDraft(
        kind=LANDING_ANSWERED.name,
        subject_type="subscription",
        subject_id=row.subscription_id,
        customer_id=row.customer_id,
        payload={"count": len(said), "answers": {each.name: each.value for each in said}},
    )
    return Outcome(result=len(said), entry=entry)


def answers_of(session: Session, subscription_ids: Sequence[str]) -> tuple[LandingAnswer, ...]:
    """Return what was answered for these subscriptions, in the order of the fields."""
    rows = session.scalars(
        select(LandingAnswerRow)
        .where(LandingAnswerRow.subscription_id.in_(subscription_ids))
        .order_by(LandingAnswerRow.subscription_id, LandingAnswerRow.place)
    )
    return tuple(LandingAnswer(name=row.name, label=row.label, value=row.value) for row in rows)


OPERATIONS: tuple[Operation, ...] = (record_answers,)
