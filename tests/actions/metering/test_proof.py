"""The proof of usage: whole, checked with the file alone, and no proof any more after any change."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairkeeper.database.session import Database
from fairkeeper.metering.actions.proving import prove_usage, show_proof
from fairkeeper.metering.actions.recording import record_by_hand
from fairkeeper.metering.proving.verification import UsageReport, verify_proof
from tests.actions.customers.world import FREYA, person_of, refused
from tests.actions.metering.meter import Meter, open_meter

_KEPT: list[bytes] = []


def check(lines: list[bytes]) -> UsageReport:
    return verify_proof(lines)


def proved(meter: Meter) -> list[bytes]:
    """Use, report, and prove: overage, an outage that folds, a late event, an entry by hand, another customer beside."""
    meter.include(monthly="10")
    bought, other = meter.buy(), meter.world.buy_active("business", purchaser=FREYA)
    for number in range(4):
        meter.use(bought, 6 + number)
        meter.use(other, 77)
        meter.hours()
    meter.world.faults(fail_percent=100)
    meter.use(bought, 3)
    meter.hours(26)
    meter.world.faults()
    by_hand = {"dimension": "documents", "quantity": "2.5", "used_at": meter.now.isoformat(), "event_id": "hand-1"}
    meter.world.run(record_by_hand, resource_id=bought, reason="Counted on paper.", **by_hand)
    meter.hours(3)
    meter.world.place_entries()
    made = meter.world.run(prove_usage, resource_id=bought, from_on="2026-11-22", to_on="2026-11-25")
    assert made.problems == ()
    with refused("evidence.not_integrated"):
        meter.world.run(show_proof, proof_id=made.proof_id)
    meter.world.place_entries()
    shown = meter.world.run(show_proof, person_of(meter.world.customer_of(bought).customer_id), proof_id=made.proof_id)
    with refused("metering.proof_not_found"):
        meter.world.run(show_proof, person_of(meter.world.customer_of(other).customer_id), proof_id=made.proof_id)
    assert other not in shown.text
    assert meter.world.customer_of(other).customer_id not in shown.text
    return [line.encode() + b"\n" for line in shown.text.splitlines()]


@pytest.fixture
def proof(sqlite_database: Database) -> list[bytes]:
    """One proof for all tests of this module and worker."""
    if not _KEPT:
        with open_meter(sqlite_database) as meter:
            _KEPT.extend(proved(meter))
    return list(_KEPT)


def test_proof_verifies_and_says_what_of(proof: list[bytes]) -> None:
    report = check(proof)
    assert report.findings == ()
    (line,) = report.statement["lines"]
    assert (line["units"], line["sources"]) == (35500, {"hand": 2500, "publisher": 33000})
    assert line["reported"] == {"accepted": 25500, "folded": 12000}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_changed_byte_makes_it_no_proof(proof: list[bytes], data: st.DataObject) -> None:
    lines = list(proof)
    number = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[number]) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != lines[number][place]))
    lines[number] = lines[number][:place] + bytes([byte]) + lines[number][place + 1 :]
    assert not check(lines).ok


def test_any_line_removed_doubled_or_moved_makes_it_no_proof(proof: list[bytes]) -> None:
    for place, line in enumerate(proof):
        rest = proof[:place] + proof[place + 1 :]
        assert not check(rest).ok, f"line {place} removed"
        assert not check([*proof[:place], line, *proof[place:]]).ok, f"line {place} doubled"
        if place:
            assert not check([*rest[: place - 1], line, *rest[place - 1 :]]).ok, f"line {place} moved up"
        assert not check(proof[:place]).ok, f"cut before line {place}"
