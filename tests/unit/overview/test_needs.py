"""What needs whom, and in which order: by deadline, then by money."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.access.roles import STAFF_ROLES
from fairkeeper.overview.agenda.needs import (
    SEES_EVERYTHING,
    URGENCIES,
    Need,
    Urgency,
    in_order,
    shortened,
    urgency_of,
    waits_for,
    weight_of,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def need(key: str = "a", *, hours: float | None = None, amount: str | None = None, level: str = "warning") -> Need:
    return Need(
        key=key,
        room="payouts",
        what="Something.",
        remedy="Do it.",
        level=level,
        roles=("finance",),
        page="/payouts",
        where="Payouts",
        due_at=None if hours is None else NOW + timedelta(hours=hours),
        amount=amount,
    )


NEEDS = st.lists(
    st.builds(
        need,
        st.text("abcdef", min_size=1, max_size=6),
        hours=st.none() | st.floats(-400, 400),
        amount=st.none() | st.decimals(-(10**6), 10**6, places=2).map(str),
        level=st.sampled_from(["error", "warning", "info"]),
    ),
    max_size=12,
    unique_by=lambda each: each.key,
)


@pytest.mark.parametrize(
    ("hours", "level", "expected"),
    [
        (-1, "info", Urgency.OVERDUE),
        (0, "info", Urgency.OVERDUE),
        (0.1, "info", Urgency.DAY),
        (24, "info", Urgency.DAY),
        (25, "error", Urgency.WEEK),
        (169, "error", Urgency.LATER),
        (None, "error", Urgency.BROKEN),
        (None, "warning", Urgency.OPEN),
    ],
)
def test_how_soon_something_needs_somebody(hours: float | None, level: str, expected: Urgency) -> None:
    assert urgency_of(need(hours=hours, level=level), NOW) is expected


def test_an_ordinary_day() -> None:
    day = [
        need("open note", level="info", amount="900000"),
        need("open warning"),
        need("next month", hours=700, amount="1000000"),
        need("in three days", hours=75),
        need("in three days, much money", hours=77, amount="-5000"),
        need("broken", level="error"),
        need("broken, money", level="error", amount="20"),
        need("in ten minutes", hours=0.2),
        need("this evening", hours=6.1, amount="10000"),
        need("late since yesterday", hours=-24),
        need("late, money", hours=-1, amount="7"),
    ]
    assert [each.key for each in in_order(day, NOW)] == [
        "late, money",
        "late since yesterday",
        "in ten minutes",
        "this evening",
        "broken, money",
        "broken",
        "in three days, much money",
        "in three days",
        "next month",
        "open warning",
        "open note",
    ]


@given(NEEDS, st.randoms())
def test_two_people_who_look_at_one_day_see_one_list(needs: list[Need], shuffle: random.Random) -> None:
    mixed = list(needs)
    shuffle.shuffle(mixed)
    assert in_order(mixed, NOW) == in_order(needs, NOW)
    assert sorted(in_order(needs, NOW), key=lambda each: each.key) == sorted(needs, key=lambda each: each.key)


@given(NEEDS)
def test_nothing_stands_before_what_is_more_urgent(needs: list[Need]) -> None:
    places = [URGENCIES.index(urgency_of(each, NOW)) for each in in_order(needs, NOW)]
    assert places == sorted(places)


@given(NEEDS)
def test_a_deadline_a_day_earlier_comes_first_whatever_the_money(needs: list[Need]) -> None:
    dated = [each for each in in_order(needs, NOW) if each.due_at is not None and each.due_at > NOW]
    for before, after in itertools.pairwise(dated):
        assert before.due_at is not None
        assert after.due_at is not None
        assert before.due_at < after.due_at + timedelta(days=1)


@given(NEEDS, st.decimals(1, 10**6, places=2))
def test_more_money_never_moves_a_thing_back(needs: list[Need], more: object) -> None:
    for each in needs:
        richer = replace(each, amount=str(weight_of(each) + more))  # type: ignore[operator]
        others = [other for other in needs if other is not each]
        assert in_order([*others, richer], NOW).index(richer) <= in_order([*others, each], NOW).index(each)


@given(NEEDS)
def test_what_was_removed_changes_the_order_of_nothing_else(needs: list[Need]) -> None:
    whole = in_order(needs, NOW)
    assert in_order(needs[1:], NOW) == [each for each in whole if each not in needs[:1]]


@pytest.mark.parametrize("amount", [None, "", "not a number", "NaN", "Infinity"])
def test_money_that_nobody_knows_weighs_nothing(amount: str | None) -> None:
    assert weight_of(need(amount=amount)) == 0


def test_a_thing_waits_for_its_roles_and_for_those_who_see_everything() -> None:
    assert {role for role in STAFF_ROLES if waits_for(need(), {role})} == SEES_EVERYTHING | {"finance"}
    assert not waits_for(need(), set())


@given(NEEDS, st.integers(1, 5))
def test_a_room_with_very_much_is_counted_and_hides_no_deadline(needs: list[Need], most: int) -> None:
    whole = in_order(needs, NOW)
    shown = shortened(whole, room="payouts", page="/payouts", most=most)
    assert shown[:most] == whole[:most]
    rest = whole[most:]
    assert len(shown) == min(len(whole), most) + bool(rest)
    if rest:
        assert shown[-1].what.startswith(f"{len(rest)} more")
        assert shown[-1].due_at == min((each.due_at for each in rest if each.due_at), default=None)
        assert (shown[-1].level == "error") is any(each.level == "error" for each in rest)
        assert set(shown[-1].roles) == {"finance"}
