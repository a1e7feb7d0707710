"""Plan and seat changes, decided at once by a rule the publisher sets beforehand.

Microsoft waits ten seconds and takes silence for yes, so the decision needs nothing but the rule, the standing and the
change itself: no other service, no person.

Source: Microsoft Learn, "Implementing a webhook on the SaaS service" (ten seconds; accepted if nobody answers).
Assumption: a publisher who has set no rule accepts everything, as silence would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fairkeeper.customers.errors import ChangeRuleRefusedError
from fairkeeper.customers.path.lifecycle import OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Reason, Standing


class ChangeKind(StrEnum):
    """What changes; Microsoft never changes both at once."""

    PLAN = "plan"
    SEATS = "seats"


class Verdict(StrEnum):
    """What Microsoft is told."""

    ACCEPT = "accept"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that waits for an answer.

    Args:
        from_quantity: Seats now; None for a flat rate.
        to_quantity: Seats afterwards; None for a flat rate.
    """

    kind: ChangeKind
    from_plan_id: str | None
    to_plan_id: str | None
    from_quantity: int | None = None
    to_quantity: int | None = None

    @property
    def is_revert(self) -> bool:
        """Whether it leads where the subscription already is: the notice after a change that failed."""
        if self.kind is ChangeKind.PLAN:
            return self.from_plan_id is not None and self.from_plan_id == self.to_plan_id
        return self.from_quantity is not None and self.from_quantity == self.to_quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMove:
    """A move from one plan to another."""

    from_plan_id: str
    to_plan_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRule:
    """What a publisher accepts; everything, unless it says otherwise.

    Args:
        allowed_moves: The only plan moves that are accepted; None accepts all.
        minimum_seats: Fewest seats accepted.
        maximum_seats: Most seats accepted.
        refuse_while_not_ready: Refuse while the publisher's systems are not ready.
        refuse_while_blocked: Refuse while this customer's use is blocked here.
    """

    allowed_moves: frozenset[PlanMove] | None = None
    minimum_seats: int | None = None
    maximum_seats: int | None = None
    refuse_while_not_ready: bool = False
    refuse_while_blocked: bool = False

    def __post_init__(self) -> None:
        """Refuse limits that contradict each other."""
        least, most = self.minimum_seats, self.maximum_seats
        if (least is not None and least < 1) or (most is not None and most < (least or 1)):
            raise ChangeRuleRefusedError(f"A minimum of {least} and a maximum of {most} seats accept nothing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer to a change, and why."""

    verdict: Verdict
    reason: Reason = field()


def _accept(code: str, sentence: str) -> Decision:
    return Decision(
        verdict=Verdict.ACCEPT,
        reason=Reason(code=f"customers.{code}", sentence=sentence, remedy="Nothing has to be done."),
    )


def _refuse(code: str, sentence: str, remedy: str) -> Decision:
    return Decision(verdict=Verdict.REFUSE, reason=Reason(code=f"customers.{code}", sentence=sentence, remedy=remedy))


def decide_change(rule: ChangeRule, standing: Standing, change: Change) -> Decision:
    """Accept or refuse a change; a revert is always accepted, for refusing it would undo an undoing.

    Example:
        >>> from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState
        >>> from fairkeeper.customers.path.standing import Mark
        >>> standing = Standing(
        ...     commercial=Mark(state=CommercialStatus.SUBSCRIBED),
        ...     consent=Mark(state=ConsentState.GRANTED),
        ...     provisioning=Mark(state=ProvisioningState.READY),
        ...     operation=Mark(state=OperationState.ENABLED),
        ... )
        >>> change = Change(
        ...     kind=ChangeKind.SEATS, from_plan_id="team", to_plan_id="team", from_quantity=5, to_quantity=2
        ... )
        >>> decide_change(ChangeRule(minimum_seats=3), standing, change).reason.code
        'customers.too_few_seats'
    """
    if change.is_revert:
        return _accept("change_is_revert", "It leads back to where the subscription already is.")
    if rule.refuse_while_not_ready and standing.provisioning.state is not ProvisioningState.READY:
        return _refuse(
            "change_while_not_ready",
            f"The publisher's systems are {standing.provisioning.state} and cannot follow a change.",
            "Ask for the change again once the customer is ready.",
        )
    if rule.refuse_while_blocked and standing.operation.state is OperationState.BLOCKED:
        return _refuse(
            "change_while_blocked",
            "This customer's use is blocked, and the publisher accepts no change meanwhile.",
            "Lift the block, then ask for the change again.",
        )
    return _decide_plan(rule, change) if change.kind is ChangeKind.PLAN else _decide_seats(rule, change)


def _decide_plan(rule: ChangeRule, change: Change) -> Decision:
    moves = rule.allowed_moves
    if moves is None:
        return _accept("change_accepted", "The publisher accepts every change of plan.")
    if change.from_plan_id is None or change.to_plan_id is None:
        return _refuse(
            "change_without_plan",
            "The plan before or after the change is not stated, and the publisher accepts only listed moves.",
            "Read the operation in Partner Center and ask the customer to try again.",
        )
    if PlanMove(from_plan_id=change.from_plan_id, to_plan_id=change.to_plan_id) in moves:
        return _accept("change_accepted", f"The publisher accepts the move to {change.to_plan_id}.")
    return _refuse(
        "plan_move_refused",
        f"The publisher does not accept the move from {change.from_plan_id} to {change.to_plan_id}.",
        "Offer the customer another plan, or add the move to the rule.",
    )


def _decide_seats(rule: ChangeRule, change: Change) -> Decision:
    seats = change.to_quantity
    if rule.minimum_seats is None and rule.maximum_seats is None:
        return _accept("change_accepted", "The publisher accepts every number of seats.")
    if seats is None:
        return _refuse(
            "change_without_seats",
            "The number of seats is not stated, and the publisher accepts only some.",
            "Read the operation in Partner Center and ask the customer to try again.",
        )
    if rule.minimum_seats is not None and seats < rule.minimum_seats:
        return _refuse(
            "too_few_seats",
            f"{seats} seats are below the minimum of {rule.minimum_seats}.",
            f"Ask for {rule.minimum_seats} seats or more.",
        )
    if rule.maximum_seats is not None and seats > rule.maximum_seats:
        return _refuse(
            "too_many_seats",
            f"{seats} seats are above the maximum of {rule.maximum_seats}.",
            f"Ask for {rule.maximum_seats} seats or fewer, or agree on more with the publisher.",
        )
    return _accept("change_accepted", f"{seats} seats are within the publisher's limits.")
