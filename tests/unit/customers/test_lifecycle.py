"""The machines. Source: Microsoft Learn, Managing the SaaS subscription life cycle (commercial); the others are ours."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from fairkeeper.customers.errors import TransitionRefusedError
from fairkeeper.customers.path.lifecycle import (
    COMMERCIAL_MOVES,
    CONSENT,
    OPERATION,
    PROVISIONING,
    CommercialStatus,
    ConsentEvent,
    ConsentState,
    OperationEvent,
    OperationState,
    ProvisioningEvent,
    ProvisioningState,
    advance_consent,
    advance_operation,
    advance_provisioning,
)


def test_unsubscribed_is_final_and_reached_from_everywhere() -> None:
    leaving = {after for before, after in COMMERCIAL_MOVES if before is CommercialStatus.UNSUBSCRIBED}
    arriving = {before for before, after in COMMERCIAL_MOVES if after is CommercialStatus.UNSUBSCRIBED}

    assert leaving == set()
    assert arriving == set(CommercialStatus) - {CommercialStatus.UNSUBSCRIBED}


def test_whole_life_of_provisioning_with_a_failure() -> None:
    events = ["start", "fail", "start", "succeed", "drain", "drained", "erase"]
    states = [ProvisioningState.NONE]
    for event in events:
        states.append(advance_provisioning(states[-1], ProvisioningEvent(event)))

    assert [str(state) for state in states] == [
        *["none", "running", "failed", "running", "ready", "draining", "stopped", "erased"]
    ]
    assert all(before != after for before, after in pairwise(states))


def test_answer_that_comes_after_the_stop_is_refused_with_what_is_possible() -> None:
    with pytest.raises(TransitionRefusedError) as refused:
        advance_provisioning(ProvisioningState.DRAINING, ProvisioningEvent.SUCCEED)

    assert refused.value.code == "customers.transition_refused"
    assert refused.value.detail == {"state": "draining", "event": "succeed"}
    assert "drained" in refused.value.remedy


@pytest.mark.parametrize("event", ProvisioningEvent)
def test_erased_is_final(event: ProvisioningEvent) -> None:
    with pytest.raises(TransitionRefusedError, match="erased has no transition") as refused:
        advance_provisioning(ProvisioningState.ERASED, event)

    assert refused.value.remedy == "This state is final."


def test_everything_that_was_set_up_can_be_drained() -> None:
    set_up = {ProvisioningState.RUNNING, ProvisioningState.READY, ProvisioningState.FAILED}

    assert {advance_provisioning(state, ProvisioningEvent.DRAIN) for state in set_up} == {ProvisioningState.DRAINING}


def test_lifted_block_leaves_a_pause() -> None:
    blocked = advance_operation(OperationState.ENABLED, OperationEvent.BLOCK)

    assert advance_operation(blocked, OperationEvent.UNBLOCK) is OperationState.PAUSED


def test_revoked_consent_comes_back_only_by_a_new_request() -> None:
    with pytest.raises(TransitionRefusedError):
        advance_consent(ConsentState.REVOKED, ConsentEvent.GRANT)

    assert advance_consent(ConsentState.REVOKED, ConsentEvent.REQUEST) is ConsentState.REQUESTED


def test_machines_reach_every_state() -> None:
    assert set(PROVISIONING.values()) | {ProvisioningState.NONE} == set(ProvisioningState)
    assert set(OPERATION.values()) == set(OperationState)
    assert set(CONSENT.values()) | {ConsentState.NONE, ConsentState.NOT_NEEDED} == set(ConsentState)


def test_tables_decide_exactly_what_they_list() -> None:
    for state, event in product(ProvisioningState, ProvisioningEvent):
        if (state, event) in PROVISIONING:
            assert advance_provisioning(state, event) is PROVISIONING[state, event]
        else:
            with pytest.raises(TransitionRefusedError):
                advance_provisioning(state, event)
