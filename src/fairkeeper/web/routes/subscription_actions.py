"""What can be done with a subscription, each as a question: activate, pause, block, change, set up again, cancel.

What is offered follows from the tables of transitions and from the role; whether it is done decides the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from fairkeeper.action.operation import Operation
from fairkeeper.customers.actions.custody.move_custody import hand_back, take_over
from fairkeeper.customers.actions.land import confirm_claim
from fairkeeper.customers.actions.landing.show_landing import ClaimLine, list_claims
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.change_subscription import (
    cancel_subscription,
    change_plan,
    change_seats,
)
from fairkeeper.customers.actions.operate import block_use, pause_use, resume_use, unblock_use
from fairkeeper.customers.actions.provision import retry_provisioning, start_again
from fairkeeper.customers.path.lifecycle import (
    OPERATION,
    PROVISIONING,
    CommercialStatus,
    OperationEvent,
    OperationState,
    ProvisioningEvent,
    ProvisioningState,
)
from fairkeeper.customers.queries import show_subscription
from fairkeeper.customers.views import SubscriptionDetail
from fairkeeper.errors import FairkeeperError
from fairkeeper.values.ids import SubscriptionId
from fairkeeper.web.forms import Field, FieldKind, Option, Question
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.asking import Asking, Words, answer_question, ask, question_at, reason_field
from fairkeeper.web.serving.visit import Visit

_PENDING: Final = CommercialStatus.PENDING_FULFILLMENT_START.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing that can be done.

    Args:
        operation: What does it.
        words: How it is asked about.
        is_possible: Whether the subscription's state lets it be offered.
        opener: What leads to its own page, where alone it is asked, because asking costs more than a look at the
            subscription: an answer of Microsoft's, or another list. Empty where it is asked in a dialog.
    """

    operation: Operation
    words: Callable[[Visit, SubscriptionDetail], Words]
    is_possible: Callable[[SubscriptionDetail], bool]
    opener: str = ""


def offered(visit: Visit, detail: SubscriptionDetail) -> tuple[tuple[Question, ...], tuple[Link, ...]]:
    """Return what this person may do with a subscription now: questions to be asked here, and ways to other pages."""
    questions, links = [], []
    for name, verb in VERBS.items():
        if not verb.is_possible(detail) or not visit.allows(verb.operation):
            continue
        if verb.opener:
            links.append(Link(label=verb.opener, href=_address(detail, name)))
        else:
            questions.append(_asking(visit, detail, name).question)
    return tuple(questions), tuple(links)


def question_of(visit: Visit, detail: SubscriptionDetail, *names: str) -> Question | None:
    """Return the question of the first of these verbs that this person may do with a subscription now."""
    for name in names:
        if VERBS[name].is_possible(detail) and visit.allows(VERBS[name].operation):
            return _asking(visit, detail, name).question
    return None


def ask_verb(name: str) -> Callable[[Visit], Response]:
    """Return the handler that asks about one of the verbs."""
    return lambda visit: ask(visit, _asking(visit, _detail(visit), name))


def answer_verb(name: str) -> Callable[[Visit], Response]:
    """Return the handler that does what one of the verbs says."""
    return lambda visit: answer_question(visit, _asking(visit, _detail(visit), name))


def _detail(visit: Visit) -> SubscriptionDetail:
    found: SubscriptionDetail = visit.run(show_subscription, subscription_id=visit.named("subscription_id")[:64])
    return found


def _address(detail: SubscriptionDetail, name: str) -> str:
    return f"/subscriptions/{detail.line.subscription_id}/{name}"


def _asking(visit: Visit, detail: SubscriptionDetail, name: str) -> Asking:
    verb, line = VERBS[name], detail.line
    back = f"/subscriptions/{line.subscription_id}"
    words = verb.words(visit, detail)
    fixed: Mapping[str, object] = {"subscription_id": line.subscription_id}
    read: Callable[[Mapping[str, str]], Mapping[str, object]] | None = None
    if verb.operation is retry_provisioning:
        fixed = {"request_id": _stuck_job(detail)}
    elif verb.operation is confirm_claim:
        read = _read_claim
    trail = (Link(label=line.customer_name, href=f"/customers/{line.customer_slug}" if visit.is_staff else "/"),)
    return Asking(
        operation=verb.operation,
        question=question_at(_address(detail, name), words, back=back),
        back=back,
        room="Customers" if visit.is_staff else "Home",
        fixed=fixed,
        trail=(*trail, Link(label=detail.name or line.plan_id or "Subscription", href=back)),
        read=read,
    )


# -------------------- how each is asked about


def _activate(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Activate",
        title=f"Activate {_name(detail)}?",
        points=(
            "Microsoft is asked to activate it, and begins to bill the plan.",
            "As soon as Microsoft says that it is active, everything is set up.",
        ),
        cannot_undo="billing begins; an activated purchase can only be cancelled.",
    )


def _pause(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Pause use",
        title=f"Pause the use of {_name(detail)}?",
        points=(
            "It may not act from this moment on; data and permissions stay.",
            "Anybody who may pause it may resume it.",
        ),
        fields=(reason_field(),),
    )


def _resume(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Resume use",
        title=f"Resume the use of {_name(detail)}?",
        points=("It may act again, unless another reason is against it.",),
        fields=(reason_field(),),
    )


def _block(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Block use",
        title=f"Block the use of {_name(detail)}?",
        points=(
            "It may not act from this moment on; data and permissions stay.",
            "The customer's own people cannot lift a block; only the publisher's can.",
        ),
        fields=(reason_field(),),
        is_dangerous=True,
    )


def _unblock(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Lift the block",
        title=f"Lift the block on {_name(detail)}?",
        points=("It stays paused until somebody resumes it.",),
        fields=(reason_field(),),
    )


def _change_plan(visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Change plan",
        title=f"Move {_name(detail)} to another plan?",
        points=(
            "Microsoft is asked for the change; it has happened when Microsoft says so.",
            "Only with the customer's approval: Microsoft bills the new plan.",
        ),
        fields=(_plan_field(visit, detail),),
        submit="Ask Microsoft for this plan",
    )


def _change_seats(_visit: Visit, detail: SubscriptionDetail) -> Words:
    now = detail.line.quantity
    return Words(
        opener="Change seats",
        title=f"Change the seats of {_name(detail)}?",
        points=(
            "Microsoft is asked for the change; it has happened when Microsoft says so.",
            "Only with the customer's approval: Microsoft bills the new number.",
        ),
        fields=(
            Field(
                name="quantity",
                label="Seats afterwards",
                kind=FieldKind.NUMBER,
                value="" if now is None else str(now),
                unit="seats",
            ),
        ),
        submit="Ask Microsoft for these seats",
    )


def _provision(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Set it up again",
        title=f"Have {_name(detail)} set up again?",
        points=("Your code is called anew, with a new request id; it must cope with what an earlier try left behind.",),
    )


def _retry(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Call your code again",
        title=f"Hand the last wish for {_name(detail)} to your code again?",
        points=("A wish that failed becomes a new try; one without a report is repeated under the same id.",),
    )


def _cancel(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Cancel the subscription",
        title=f"Ask Microsoft to end {_name(detail)}?",
        points=(
            "Microsoft ends the subscription for good and stops billing by its own rules.",
            "Use stops as soon as Microsoft says that it has ended; then data is kept until the retention ends.",
            "A signed receipt lists what stopped and what remains to be removed.",
        ),
        fields=(reason_field(),),
        cannot_undo="an ended subscription cannot be reopened; the customer would have to buy again.",
        typed_word="cancel",
        is_dangerous=True,
    )


def _confirm(visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Confirm a claim",
        title=f"Let somebody else set {_name(detail)} up?",
        points=(
            "The account that you choose may then open the landing page of this subscription, activate and manage it.",
            "Ask the buyer first: the account was named neither as buyer nor as user, and gives its name itself.",
        ),
        fields=(_claim_field(visit, detail),),
        submit="Confirm the claim",
    )


def _take_over(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Take over",
        title=f"Run {_name(detail)} from now on?",
        points=(
            "Fairkeeper activates, answers, provisions and tells for it from now on.",
            "What is set up stays as it is, and nothing that happened before is done again.",
        ),
    )


def _hand_back(_visit: Visit, detail: SubscriptionDetail) -> Words:
    return Words(
        opener="Hand back",
        title=f"Leave {_name(detail)} to the other system again?",
        points=("From now on it is only observed, and nothing is done outside for it.",),
    )


def _plan_field(visit: Visit, detail: SubscriptionDetail) -> Field:
    """Return the choice of the plans that Microsoft offers, or a field to type where Microsoft cannot be asked now."""
    line = detail.line
    try:
        plans = visit.parts.fulfillment.list_available_plans(SubscriptionId(line.subscription_id)).value or ()
    except FairkeeperError:
        plans = ()
    options = tuple(
        Option(value=plan.plan_id, label=plan.display_name or plan.plan_id, hint=plan.plan_id)
        for plan in plans
        if plan.plan_id != line.plan_id and not plan.is_stop_sell
    )
    if not options:
        return Field(name="plan_id", label="Plan id", hint="Microsoft named no other plan just now; type its id.")
    return Field(name="plan_id", label="Plan", kind=FieldKind.RADIO, options=options)


def _claim_field(visit: Visit, detail: SubscriptionDetail) -> Field:
    claims: tuple[ClaimLine, ...] = visit.run(list_claims, subscription_id=detail.line.subscription_id)
    waiting = [claim for claim in claims if not claim.is_confirmed]
    options = tuple(
        Option(
            value=f"{claim.tenant_id} {claim.object_id}",
            label=claim.name or claim.email or f"Account {claim.object_id}",
            hint=f"{claim.email or 'No address'}, account {claim.object_id} of the tenant {claim.tenant_id}",
        )
        for claim in waiting
    )
    hint = "" if options else "Nobody waits for an answer."
    return Field(name="account", label="Account", kind=FieldKind.RADIO, options=options, hint=hint)


def _read_claim(form: Mapping[str, str]) -> Mapping[str, str]:
    tenant_id, _, object_id = form.get("account", "").partition(" ")
    return {"tenant_id": tenant_id, "object_id": object_id}


def _name(detail: SubscriptionDetail) -> str:
    return f"“{detail.name}”" if detail.name else f"{detail.line.customer_name}’s subscription"


# -------------------- what is offered


def _is_status(detail: SubscriptionDetail, *statuses: CommercialStatus) -> bool:
    return detail.line.status in {status.value for status in statuses}


def _may_operate(event: OperationEvent, detail: SubscriptionDetail) -> bool:
    is_ended = detail.line.status == CommercialStatus.UNSUBSCRIBED.value
    return not is_ended and (OperationState(detail.line.operation), event) in OPERATION


def _may_start(detail: SubscriptionDetail) -> bool:
    can = (ProvisioningState(detail.line.provisioning), ProvisioningEvent.START) in PROVISIONING
    return can and _is_status(detail, CommercialStatus.SUBSCRIBED)


def _stuck_job(detail: SubscriptionDetail) -> str:
    """Return the id of the newest wish that did not succeed; empty if there is none."""
    newest = detail.jobs[0] if detail.jobs else None
    return "" if newest is None or newest.state == "succeeded" else newest.request_id


VERBS: Final[Mapping[str, Verb]] = {
    "activate": Verb(
        operation=activate_subscription, words=_activate, is_possible=lambda detail: detail.line.status == _PENDING
    ),
    "pause": Verb(operation=pause_use, words=_pause, is_possible=partial(_may_operate, OperationEvent.PAUSE)),
    "resume": Verb(operation=resume_use, words=_resume, is_possible=partial(_may_operate, OperationEvent.RESUME)),
    "block": Verb(operation=block_use, words=_block, is_possible=partial(_may_operate, OperationEvent.BLOCK)),
    "unblock": Verb(operation=unblock_use, words=_unblock, is_possible=partial(_may_operate, OperationEvent.UNBLOCK)),
    "change-plan": Verb(
        operation=change_plan,
        words=_change_plan,
        is_possible=lambda detail: _is_status(detail, CommercialStatus.SUBSCRIBED),
        opener="Change plan",
    ),
    "change-seats": Verb(
        operation=change_seats,
        words=_change_seats,
        is_possible=lambda detail: _is_status(detail, CommercialStatus.SUBSCRIBED) and detail.line.quantity is not None,
    ),
    "provision": Verb(operation=start_again, words=_provision, is_possible=_may_start),
    "retry-provisioning": Verb(
        operation=retry_provisioning, words=_retry, is_possible=lambda detail: bool(_stuck_job(detail))
    ),
    "confirm-claim": Verb(
        operation=confirm_claim,
        words=_confirm,
        is_possible=lambda detail: detail.waiting_claims > 0,
        opener="Confirm a claim",
    ),
    "take-over": Verb(operation=take_over, words=_take_over, is_possible=lambda detail: detail.custody == "observed"),
    "hand-back": Verb(
        operation=hand_back,
        words=_hand_back,
        is_possible=lambda detail: detail.custody == "managed" and detail.adopted_at is not None,
    ),
    "cancel": Verb(
        operation=cancel_subscription,
        words=_cancel,
        is_possible=lambda detail: not _is_status(detail, CommercialStatus.UNSUBSCRIBED),
    ),
}
"""Every verb by the last part of its address."""
