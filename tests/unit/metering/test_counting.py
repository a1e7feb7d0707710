"""Overage whatever the order, quantities on the wire, answers of the service, and counting again from entries."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.metering.proving.replay import COUNT_KIND, Seen, lines_of, replay
from fairkeeper.metering.rules.counting import RULE, overage
from fairkeeper.metering.rules.quantity import LARGEST_MILLI, from_wire, parse_units, show_units, to_wire
from fairkeeper.metering.rules.statuses import Answer, EventStatus, ReportState, state_after

quantities = st.integers(1, 10**9)


@given(st.lists(quantities, max_size=30), st.integers(0, 10**10), st.randoms(use_true_random=False))
def test_overage_adds_up_in_any_order(units: list[int], included: int, random: Any) -> None:
    shuffled = list(units)
    random.shuffle(shuffled)
    for order in (units, shuffled):
        used = total = 0
        for each in order:
            total += overage(used_before=used, units=each, included=included)
            used += each
        assert total == max(0, sum(units) - included)
    assert overage(used_before=0, units=sum(units), included=None) == 0


@given(st.integers(1, LARGEST_MILLI))
def test_no_thousandth_is_lost_on_the_wire(milli: int) -> None:
    assert parse_units(show_units(milli)) == milli
    if milli < 2**43:  # beyond that a double's own decimals end before thousandths do
        assert from_wire(to_wire(milli)) == milli


@pytest.mark.parametrize("text", ["0", "-1", "1.2345", "NaN", "Infinity", "many", "", "1e20"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_units(text)


def test_every_answer_has_its_consequence() -> None:
    after = {
        status: state_after(Answer(status=status, accepted_milli=7), quantity_milli=7, was_in_flight=False)
        for status in [*EventStatus, "SomethingNew"]
    }
    assert after.pop(EventStatus.ACCEPTED) is after.pop(EventStatus.DUPLICATE) is ReportState.ACCEPTED
    assert after.pop(EventStatus.EXPIRED) is ReportState.FOLDED
    assert set(after.values()) == {ReportState.FAULTY}
    expired = Answer(status=EventStatus.EXPIRED)
    assert state_after(expired, quantity_milli=7, was_in_flight=True) is ReportState.DOUBTFUL
    unnamed = Answer(status=EventStatus.DUPLICATE)
    assert state_after(unnamed, quantity_milli=7, was_in_flight=False) is ReportState.DOUBTFUL


def entries(units: list[int], included: int) -> list[dict[str, Any]]:
    """Write usage and its counts, an hour each, as evidence has them."""
    day = [f"2026-11-22T{hour:02}:00:00.000000Z" for hour in range(24)]
    events = [[f"e{number}", "documents", each, day[number], None] for number, each in enumerate(units)]
    recorded = {"resource": "r", "source": "publisher", "events": events}
    lines, used = [], 0
    for number, each in enumerate(units):
        over = overage(used_before=used, units=each, included=included)
        part = {
            "plan": "plan",
            "from": "2026-11-01T00:00:00.000000Z",
            "to": "2026-12-01T00:00:00.000000Z",
            "included": included,
            "before": used,
            "units": each,
            "overage": over,
            "events": {"ent_1": [f"e{number}"]},
        }
        lines.append(
            {
                "id": f"c{number}",
                "number": number + 1,
                "dimension": "documents",
                "plan": "plan",
                "hour": day[number],
                "state": "ready" if over else "nothing",
                "parts": [part],
                "carried": [],
                "quantity": over,
            }
        )
        used += each
    return [
        {"id": "ent_1", "kind": "metering.usage_recorded/1", "payload": recorded},
        {"id": "ent_2", "kind": COUNT_KIND, "payload": {"resource": "r", "rule": RULE, "counts": lines}},
    ]


def problems(found: list[dict[str, Any]], count: int) -> list[str]:
    return replay([Seen(**each) for each in found], resource="r", first=1, last=count).problems


lists = st.lists(st.integers(1, 1000), min_size=1, max_size=6)


@given(lists, st.integers(0, 2000))
def test_entries_that_agree_have_no_problem(units: list[int], included: int) -> None:
    found = entries(units, included)
    assert problems(found, len(units)) == []
    again = replay([Seen(**each) for each in found], resource="r", first=1, last=len(units))
    (line,) = lines_of(again.hours.values(), from_on="2026-11-22", to_on="2026-11-23")
    assert line["units"] == sum(units)
    assert sum(line["reported"].values()) == max(0, sum(units) - included)


@given(lists, st.integers(1, 2000), st.data())
def test_a_lying_log_is_found_out(units: list[int], included: int, data: st.DataObject) -> None:
    """The publisher signs a log whose numbers, rule, events or hours do not agree: the arithmetic says so."""
    found = copy.deepcopy(entries(units, included))
    line = data.draw(st.sampled_from(found[1]["payload"]["counts"]))
    part, recorded = line["parts"][0], found[0]["payload"]["events"]
    what = data.draw(
        st.sampled_from(
            ["units", "before", "overage", "quantity", "rule", "event", "twice", "hour", "dimension", "time"]
        )
    )
    by = data.draw(st.integers(1, 50))
    if what in {"units", "before", "overage"}:
        part[what] += by
    elif what == "quantity":
        line["quantity"] += by
    elif what == "rule":
        found[1]["payload"]["rule"] = "another/1"
    elif what == "event":
        data.draw(st.sampled_from(recorded))[2] += by
    elif what == "twice":
        part["events"]["ent_1"] *= 2
    elif what == "hour":
        found[1]["payload"]["counts"].remove(line)
    elif what == "dimension":
        line["dimension"] = "pages"
    else:
        data.draw(st.sampled_from(recorded))[3] = "2026-12-01T00:00:00.000000Z"
    assert problems(found, len(units))


OUTCOME = "governance.outcome_recorded/1"


def called(**changes: Any) -> list[dict[str, Any]]:
    """Write one governed call that counts twice for one dimension, with its outcome."""
    found = entries([1000, 3000], 0)
    recorded = found[0]["payload"]
    recorded["source"] = "action"
    for event in recorded["events"]:
        event[4] = "ent_0"
    told = {"outcome": "ok", "metered": [["documents", 1000], ["documents", 3000]], "by_customer": False, **changes}
    return [{"id": "ent_0", "kind": OUTCOME, "payload": told}, *found]


def test_governed_call_that_agrees_with_its_outcome_has_no_problem() -> None:
    assert problems(called(), 2) == []
    one = called()
    del one[0]["payload"]["metered"]
    one[1]["payload"]["events"][1][2] = 1000
    for line, units in zip(one[2]["payload"]["counts"], (1000, 1000), strict=True):
        line["parts"][0].update(units=units, overage=units, before=(line["number"] - 1) * 1000)
        line["quantity"] = units
    assert any("counts more of a governed call" in each for each in problems(one, 2))


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "error"},
        {"metered": [["documents", 1000], ["documents", 2999]]},
        {"metered": [["documents", 1000], ["pages", 3000]]},
        {"metered": [["documents", 1000]]},
        {"metered": [["documents", 1000], ["documents", None]]},
        {"by_customer": True},
    ],
)
def test_governed_call_is_counted_as_its_outcome_says(changes: dict[str, Any]) -> None:
    assert problems(called(**changes), 2)
