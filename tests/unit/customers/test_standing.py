"""May this act now, and the path drawn from the same standing."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given

from fairkeeper.customers.path.lifecycle import CommercialStatus, ConsentState, OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Mark, Milestones, Standing, may_act
from fairkeeper.customers.path.steps import Step, StepState, path
from tests.unit.customers.builders import NOON, a_standing, standings

D, N, X, B, S = StepState.DONE, StepState.NOW, StepState.NEXT, StepState.BROKEN, StepState.SKIPPED


def test_acting_needs_all_four_and_every_one_that_fails_gives_one_reason() -> None:
    for states in product([*CommercialStatus, None], ConsentState, ProvisioningState, OperationState):
        commercial, consent, provisioning, operation = states
        answer = may_act(a_standing(commercial, consent, provisioning, operation))
        holds = [
            commercial is CommercialStatus.SUBSCRIBED,
            consent in {ConsentState.GRANTED, ConsentState.NOT_NEEDED},
            provisioning is ProvisioningState.READY,
            operation is OperationState.ENABLED,
        ]
        assert answer.allowed is all(holds), states
        assert len(answer.reasons) == holds.count(False), states
        assert all(reason.sentence and reason.remedy for reason in answer.reasons)
        assert len({reason.code for reason in answer.reasons}) == len(answer.reasons)


def test_reason_carries_what_was_noted() -> None:
    standing = Standing(
        commercial=Mark(state=None, note="Dormant"),
        consent=Mark(state=ConsentState.GRANTED, note="by an administrator"),
        provisioning=Mark(state=ProvisioningState.FAILED, note="quota of the region exhausted"),
        operation=Mark(state=OperationState.ENABLED),
    )

    held, failed = may_act(standing).reasons
    assert (held.code, failed.code) == ("customers.status_unknown", "customers.provisioning_failed")
    assert "(Dormant)" in held.sentence
    assert "(quota of the region exhausted)" in failed.sentence


@given(standings)
def test_path_never_disagrees_with_the_answer(standing: Standing) -> None:
    steps = {step.step: step for step in path(standing)}

    assert list(steps) == list(Step)
    assert (steps[Step.OPERATE].state is StepState.NOW) is may_act(standing).allowed
    assert all(step.reason for step in steps.values())


@given(standings)
def test_path_always_says_where_it_goes_on_until_everything_is_erased(standing: Standing) -> None:
    steps = path(standing)
    if standing.provisioning.state is ProvisioningState.ERASED:
        assert steps[-1].state is StepState.DONE
    else:
        assert any(step.state in {StepState.NOW, StepState.BROKEN} for step in steps)


@pytest.mark.parametrize(
    ("standing", "states"),
    [
        (
            a_standing(CommercialStatus.PENDING_FULFILLMENT_START, ConsentState.NONE, ProvisioningState.NONE),
            [D, N, X, X, X, X],
        ),
        (a_standing(consent=ConsentState.REQUESTED, provisioning=ProvisioningState.RUNNING), [D, D, N, N, X, X]),
        (a_standing(consent=ConsentState.NONE), [D, D, N, D, X, X]),
        (a_standing(provisioning=ProvisioningState.NONE), [D, D, D, N, X, X]),
        (a_standing(), [D, D, D, D, N, X]),
        (a_standing(provisioning=ProvisioningState.FAILED), [D, D, D, B, X, X]),
        (a_standing(CommercialStatus.SUSPENDED), [D, D, D, D, B, X]),
        (a_standing(CommercialStatus.SUSPENDED, provisioning=ProvisioningState.NONE), [D, D, D, X, B, X]),
        (a_standing(consent=ConsentState.REVOKED), [D, D, B, D, B, X]),
        (a_standing(operation=OperationState.PAUSED), [D, D, D, D, B, X]),
        (a_standing(None), [D, B, D, D, B, X]),
        (
            a_standing(
                CommercialStatus.UNSUBSCRIBED,
                provisioning=ProvisioningState.STOPPED,
                milestones=Milestones(bought_at=NOON, activated_at=NOON, consented_at=NOON, ready_at=NOON),
            ),
            [D, D, D, D, D, N],
        ),
        (
            a_standing(CommercialStatus.UNSUBSCRIBED, ConsentState.NONE, ProvisioningState.ERASED),
            [D, S, S, S, S, D],
        ),
    ],
)
def test_path_as_a_person_would_draw_it(standing: Standing, states: list[StepState]) -> None:
    assert [step.state for step in path(standing)] == states


def test_steps_are_dated_by_their_milestones() -> None:
    bought_at, ready_at = NOON, NOON + timedelta(days=2)
    steps = path(a_standing(milestones=Milestones(bought_at=bought_at, activated_at=NOON, ready_at=ready_at)))

    assert [step.at for step in steps] == [bought_at, NOON, None, ready_at, ready_at, None]


def test_broken_operation_is_dated_by_the_machine_that_broke_it() -> None:
    paused_at = NOON + timedelta(days=3)
    standing = Standing(
        commercial=Mark(state=CommercialStatus.SUBSCRIBED, since_at=NOON),
        consent=Mark(state=ConsentState.GRANTED, since_at=NOON),
        provisioning=Mark(state=ProvisioningState.READY, since_at=NOON),
        operation=Mark(state=OperationState.PAUSED, since_at=paused_at),
    )

    assert path(standing)[4].at == paused_at
