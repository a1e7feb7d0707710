"""The local rule for plan and seat changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.errors import ChangeRuleRefusedError
from fairkeeper.customers.following.changes import Change, ChangeKind, ChangeRule, PlanMove, Verdict, decide_change
from fairkeeper.customers.path.lifecycle import OperationState, ProvisioningState
from fairkeeper.customers.path.standing import Standing
from tests.unit.customers.builders import a_standing, standings

READY = a_standing()
UPGRADE = Change(kind=ChangeKind.PLAN, from_plan_id="team", to_plan_id="enterprise")
DOWNGRADE = Change(kind=ChangeKind.PLAN, from_plan_id="enterprise", to_plan_id="team")
UPWARDS_ONLY = ChangeRule(allowed_moves=frozenset({PlanMove(from_plan_id="team", to_plan_id="enterprise")}))


def seats(to_quantity: int | None, from_quantity: int | None = 5) -> Change:
    return Change(
        kind=ChangeKind.SEATS,
        from_plan_id="team",
        to_plan_id="team",
        from_quantity=from_quantity,
        to_quantity=to_quantity,
    )


changes = st.builds(
    Change,
    kind=st.sampled_from(ChangeKind),
    from_plan_id=st.sampled_from(["team", "enterprise", None]),
    to_plan_id=st.sampled_from(["team", "enterprise", None]),
    from_quantity=st.none() | st.integers(0, 20),
    to_quantity=st.none() | st.integers(0, 20),
)


@given(standings, changes)
def test_publisher_without_a_rule_accepts_everything(standing: Standing, change: Change) -> None:
    assert decide_change(ChangeRule(), standing, change).verdict is Verdict.ACCEPT


@pytest.mark.parametrize(
    ("rule", "change", "code"),
    [
        (UPWARDS_ONLY, UPGRADE, "customers.change_accepted"),
        (UPWARDS_ONLY, DOWNGRADE, "customers.plan_move_refused"),
        (
            UPWARDS_ONLY,
            Change(kind=ChangeKind.PLAN, from_plan_id=None, to_plan_id="team"),
            "customers.change_without_plan",
        ),
        (UPWARDS_ONLY, seats(99), "customers.change_accepted"),
        (ChangeRule(minimum_seats=3), seats(2), "customers.too_few_seats"),
        (ChangeRule(minimum_seats=3), seats(3), "customers.change_accepted"),
        (ChangeRule(maximum_seats=10), seats(10), "customers.change_accepted"),
        (ChangeRule(maximum_seats=10), seats(11), "customers.too_many_seats"),
        (ChangeRule(maximum_seats=10), seats(None), "customers.change_without_seats"),
    ],
)
def test_rule_decides(rule: ChangeRule, change: Change, code: str) -> None:
    decision = decide_change(rule, READY, change)

    assert decision.reason.code == code
    assert (decision.verdict is Verdict.ACCEPT) is (code == "customers.change_accepted")
    assert decision.reason.sentence
    assert decision.reason.remedy


def test_change_is_refused_while_not_ready_or_blocked_if_the_publisher_says_so() -> None:
    rule = ChangeRule(refuse_while_not_ready=True, refuse_while_blocked=True)
    running = decide_change(rule, a_standing(provisioning=ProvisioningState.RUNNING), UPGRADE)
    blocked = decide_change(rule, a_standing(operation=OperationState.BLOCKED), UPGRADE)

    assert running.reason.code == "customers.change_while_not_ready"
    assert blocked.reason.code == "customers.change_while_blocked"
    assert decide_change(rule, READY, UPGRADE).verdict is Verdict.ACCEPT


@pytest.mark.parametrize("change", [seats(5), Change(kind=ChangeKind.PLAN, from_plan_id="gone", to_plan_id="gone")])
def test_revert_is_accepted_even_where_the_rule_would_refuse(change: Change) -> None:
    rule = ChangeRule(allowed_moves=frozenset(), minimum_seats=8, refuse_while_not_ready=True)
    standing = a_standing(provisioning=ProvisioningState.FAILED)

    assert decide_change(rule, standing, change).reason.code == "customers.change_is_revert"


@pytest.mark.parametrize(("least", "most"), [(0, None), (5, 4), (None, 0), (-1, 3)])
def test_rule_that_accepts_nothing_is_refused(least: int | None, most: int | None) -> None:
    with pytest.raises(ChangeRuleRefusedError):
        ChangeRule(minimum_seats=least, maximum_seats=most)


@given(st.integers(1, 20), st.integers(0, 20), st.integers(0, 40))
def test_seats_are_accepted_exactly_within_the_limits(least: int, more: int, wanted: int) -> None:
    rule = ChangeRule(minimum_seats=least, maximum_seats=least + more)
    decision = decide_change(rule, READY, seats(wanted, from_quantity=None))

    assert (decision.verdict is Verdict.ACCEPT) is (least <= wanted <= least + more)
