"""The onboarding funnel: how far buyers come on the landing page, where they stop, and why.

Counted by browser, without names: a row says that a browser (by a digest of its own cookie) reached a step, and why it
went no further. Rows are forgotten after 400 days.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from pydantic import Field
from sqlalchemy import delete, select

from fairkeeper.action.operation import (
    CommandContext,
    Operation,
    OperationInput,
    Outcome,
    QueryContext,
    internal_command,
    query,
)
from fairkeeper.customers.tables import LandingStepRow, SubscriptionRow
from fairkeeper.values.ids import SubscriptionId

KEPT: Final = timedelta(days=400)


class LandingStep(StrEnum):
    """How far somebody came, in order."""

    OPENED = "opened"
    """With a token of Microsoft's, before anybody has signed in."""
    SIGNED_IN = "signed_in"
    LET_IN = "let_in"
    """The purchase is theirs: by its own names, or by a claim that counts."""
    ASKED = "asked"
    """They pressed Activate."""


STEPS: Final = tuple(LandingStep)
_WHY: Final = {
    LandingStep.OPENED: "left at Microsoft's sign-in",
    LandingStep.SIGNED_IN: "not let in",
    LandingStep.LET_IN: "saw the purchase and did not activate it",
    LandingStep.ASKED: "",
}


class RecordLandingStep(OperationInput):
    """How far a browser came."""

    visitor: str = Field(max_length=64, description="Digest of the browser's own cookie.")
    step: LandingStep = Field(description="The step.")
    reason: str = Field("", max_length=80, description="Why it goes no further for now.")
    subscription_id: SubscriptionId | None = Field(None, max_length=64, description="Of which subscription.")


@internal_command("overview.record_landing_step", evidence=())
def record_landing_step(context: CommandContext, request: RecordLandingStep) -> Outcome[bool]:
    """Count a step of a buyer's way; nobody is named, so nothing is recorded as evidence.

    That somebody is let in is counted once for each browser and subscription, however often the page is looked at.
    """
    row = None if request.subscription_id is None else context.session.get(SubscriptionRow, request.subscription_id)
    known = select(LandingStepRow.id).where(
        LandingStepRow.visitor == request.visitor,
        LandingStepRow.step == request.step.value,
        LandingStepRow.reason == request.reason,
        LandingStepRow.subscription_id == (None if row is None else row.subscription_id),
    )
    if context.session.scalars(known.limit(1)).first() is not None and request.step is LandingStep.LET_IN:
        return Outcome(result=False, entry=None)
    context.session.add(
        LandingStepRow(
            visitor=request.visitor,
            step=request.step.value,
            reason=request.reason,
            subscription_id=None if row is None else row.subscription_id,
            customer_id=None if row is None else row.customer_id,
            at=context.now,
        )
    )
    context.session.execute(delete(LandingStepRow).where(LandingStepRow.at < context.now - KEPT))
    return Outcome(result=True, entry=None)


class ShowFunnel(OperationInput):
    """Over which days."""

    days: int = Field(90, ge=1, le=400, description="Of the last so many days.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep:
    """A step, and how many browsers reached it."""

    step: str
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStop:
    """Where browsers stopped, why, and how many."""

    after: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far buyers came.

    Attributes:
        managing: Browsers that came for a subscription that is active, suspended or gone; they are in no step.
    """

    days: int
    steps: tuple[FunnelStep, ...]
    stops: tuple[FunnelStop, ...]
    managing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """One step of one browser."""

    visitor: str
    step: LandingStep
    reason: str


MANAGING: Final = frozenset({"existing", "suspended", "gone", "held"})
"""What the page shows for a purchase that needs no activation any more."""


@query("overview.show_funnel", groups=("customers.inspect",), http="GET /onboarding", cli="customers funnel")
def show_funnel(context: QueryContext, request: ShowFunnel) -> Funnel:
    """Count how far buyers came on the landing page, where they stopped and why; browsers, not people."""
    since = context.now - timedelta(days=request.days)
    rows = context.session.execute(
        select(LandingStepRow.visitor, LandingStepRow.step, LandingStepRow.reason)
        .where(LandingStepRow.at >= since)
        .order_by(LandingStepRow.id)
    )
    came = [Came(visitor=visitor, step=LandingStep(step), reason=reason) for visitor, step, reason in rows]
    return count_funnel(came, days=request.days)


def count_funnel(came: Iterable[Came], *, days: int = 90) -> Funnel:
    """Count steps and stops; a browser is counted once at each step that it reached, and stops once.

    Example:
        >>> steps = [Came(visitor="a", step=LandingStep.OPENED, reason="")]
        >>> steps += [Came(visitor="b", step=step, reason="") for step in LandingStep]
        >>> funnel = count_funnel(steps)
        >>> [step.reached for step in funnel.steps], funnel.stops[0].reason
        ([2, 1, 1, 1], "left at Microsoft's sign-in")
    """
    by_visitor: dict[str, list[Came]] = defaultdict(list)
    for each in came:
        by_visitor[each.visitor].append(each)
    managing = {visitor for visitor, steps in by_visitor.items() if any(step.reason in MANAGING for step in steps)}
    reached: Counter[LandingStep] = Counter()
    stops: Counter[tuple[LandingStep, str]] = Counter()
    for visitor, steps in by_visitor.items():
        furthest = max(STEPS.index(step.step) for step in steps)
        asked = any(step.step is LandingStep.ASKED for step in steps)
        if visitor in managing and not asked:
            continue
        for step in STEPS[: furthest + 1]:
            reached[step] += 1
        last = STEPS[furthest]
        if last is not LandingStep.ASKED:
            why = next((step.reason for step in reversed(steps) if step.step is last and step.reason), _WHY[last])
            stops[last, why] += 1
    return Funnel(
        days=days,
        steps=tuple(FunnelStep(step=step.value, reached=reached[step]) for step in STEPS),
        stops=tuple(
            FunnelStop(after=step.value, reason=why, count=number)
            for (step, why), number in sorted(stops.items(), key=lambda item: (-item[1], item[0]))
        ),
        managing=sum(
            1 for visitor in managing if not any(step.step is LandingStep.ASKED for step in by_visitor[visitor])
        ),
    )


OPERATIONS: tuple[Operation, ...] = (record_landing_step, show_funnel)
