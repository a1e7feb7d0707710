"""What `fairkeeper metering verify` says of a proof that holds: whose word each unit is, in words."""

from __future__ import annotations

from typing import Any

from fairkeeper.cli.rooms.metering import _told, document_of
from fairkeeper.metering.proving.replay import SOURCES
from fairkeeper.metering.proving.verification import NOT_PROVED, PROVED, UsageReport


def report(**sources: int) -> UsageReport:
    """Return a proof that holds, of a day's documents from some kinds of source."""
    line: dict[str, Any] = {
        "dimension": "documents",
        "plan": "business",
        "units": sum(sources.values()),
        "sources": sources,
        "reported": {"accepted": 1000},
        "hours": 3,
    }
    statement = {"resource": "r", "from_on": "2026-11-22", "to_on": "2026-11-23", "lines": [line]}
    return UsageReport(findings=(), findings_count=0, customer="cus_1", entries=7, statement=statement)


def test_every_kind_of_source_is_said_in_words() -> None:
    told = _told(report(**dict.fromkeys(SOURCES, 1500)))
    for words in SOURCES.values():
        assert f"1.5 from: {words}" in told
    assert "10.5 units in 3 hours" in told
    assert "1 reported, now accepted" in told


def test_what_is_proved_and_what_is_not_stand_beside_it() -> None:
    told, document = _told(report(hand=1000)), document_of(report(hand=1000))
    assert all(each in told for each in (*PROVED, *NOT_PROVED))
    assert (document["ok"], document["does_not_prove"]) == (True, list(NOT_PROVED))
