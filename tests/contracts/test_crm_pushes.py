"""Pushes against the doubles of three CRMs: run twice, interrupted at random, throttled, edited by people in between.

What must hold on each of them: one record for each key, a person's field is never overwritten, and in the end what is
ours and was not touched is what was last wanted.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from fairkeeper.opportunities.crm.fields import offer
from fairkeeper.opportunities.crm.sending import Brought, Wish, bring
from fairkeeper.opportunities.errors import CRMRefusedError, CRMThrottledError, CRMUnreachableError
from fairkeeper.opportunities.ports import CRM
from fairkeeper.outbound.crm.dynamics import Dynamics
from fairkeeper.outbound.crm.hubspot import HubSpot
from fairkeeper.outbound.crm.salesforce import Salesforce
from fairkeeper.outbound.crm.transport import CRMTransport
from fairkeeper.sandbox.crm.double import Asked, CRMDouble, Fault
from fairkeeper.sandbox.crm.dynamics import DynamicsDouble
from fairkeeper.sandbox.crm.hubspot import HubSpotDouble
from fairkeeper.sandbox.crm.salesforce import SalesforceDouble

ACCOUNT = "0f1e2d3c-0000-4000-8000-000000000001"
KINDS = ("dynamics", "salesforce", "hubspot")
TITLE = {"dynamics": "name", "salesforce": "Name", "hubspot": "dealname"}
EVIDENCE = {"dynamics": "description", "salesforce": "Description", "hubspot": "description"}
TABLE = {"dynamics": "opportunities", "salesforce": "Opportunity", "hubspot": "deals"}
THEIRS: dict[str, dict[str, Any]] = {
    "dynamics": {"estimatedvalue": 7},
    "salesforce": {"StageName": "Negotiation", "CloseDate": "2027-05-01", "Amount": 7, "OwnerId": "005"},
    "hubspot": {"dealstage": "contractsent", "amount": "7"},
}
"""What people own at each of them: stage, amount, owner, closing date."""


@dataclass
class Desk:
    """A CRM, and what we remember of one push, as the outbox does."""

    kind: str
    double: CRMDouble
    crm: CRM
    slept: list[float]
    remote_id: str | None = None
    offered: dict[str, list[str]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()

    def push(self, record: str = "opportunity", key: str = "fk:t1:expansion:1", **fields: str) -> Brought:
        """Do what background work does: bring, and remember the answer; a trouble leaves nothing remembered."""
        wanted = {"title": "Expansion ready: Contoso", "evidence": "- 84 %", "as_of": "2026-11-25", **fields}
        self.offered = offer(self.offered, wanted)
        wish = Wish(
            record=record,
            external_key=key,
            fields=wanted,
            account=ACCOUNT,
            offered=self.offered,
            kept=self.kept,
            remote_id=self.remote_id,
        )
        done = bring(self.crm, wish)
        self.remote_id, self.kept = done.remote_id, done.kept
        return done


def make(kind: str, faults: Callable[[], Fault] | None = None) -> Desk:
    double: CRMDouble = {"dynamics": DynamicsDouble, "salesforce": SalesforceDouble, "hubspot": HubSpotDouble}[kind](
        faults
    )
    double.accounts.add(ACCOUNT)

    def handle(request: httpx.Request) -> httpx.Response:
        answered = double.handle(Asked.of(request.method, str(request.url), dict(request.headers), request.content))
        if answered is None:
            raise httpx.ReadTimeout("the answer is lost", request=request)
        return httpx.Response(answered.status, headers=dict(answered.headers), content=answered.content)

    slept: list[float] = []
    transport = CRMTransport(
        base_url="https://crm.example",
        token=lambda: "token",
        client=httpx.Client(transport=httpx.MockTransport(handle)),
        sleep=slept.append,
        monotonic=lambda: float(len(slept)),
    )
    crms: dict[str, CRM] = {
        "dynamics": Dynamics(transport=transport),
        "salesforce": Salesforce(transport=transport, today=lambda: date(2026, 11, 28)),
        "hubspot": HubSpot(transport=transport, now=lambda: datetime(2026, 11, 28, tzinfo=UTC)),
    }
    return Desk(kind=kind, double=double, crm=crms[kind], slept=slept)


@pytest.mark.parametrize("kind", KINDS)
def test_pushing_twice_makes_one_record_and_sends_nothing_the_second_time(kind: str) -> None:
    desk = make(kind)
    assert desk.push().state == "sent"
    writes = [each for each in desk.double.requests if each.method != "GET"]
    assert desk.push().state == "unchanged"
    assert [each for each in desk.double.requests if each.method != "GET"] == writes
    assert len(desk.double.records) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("record", ["opportunity", "task", "insight"])
def test_every_sort_of_record_is_made_under_its_account(kind: str, record: str) -> None:
    desk = make(kind)
    assert desk.push(record).state == "sent"
    (row,) = desk.double.records
    if isinstance(desk.double, HubSpotDouble):
        assert {(row.kind, row.id, ACCOUNT)} == desk.double.associations
    else:
        assert any(ACCOUNT in str(value) for value in row.values.values())


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_changed_is_never_overwritten(kind: str) -> None:
    desk = make(kind)
    desk.push()
    (row,) = desk.double.of_kind(TABLE[kind])
    desk.double.edit(row, **{EVIDENCE[kind]: "By hand.", TITLE[kind]: "Renamed", **THEIRS[kind]})
    done = desk.push(evidence="- 91 %", as_of="2026-12-25", title="Another title")
    assert "evidence" in done.kept
    assert {EVIDENCE[kind]: "By hand.", TITLE[kind]: "Renamed", **THEIRS[kind]}.items() <= row.values.items()
    assert "2026-12-25" in row.values.values()
    desk.push(evidence="- 95 %")
    assert row.values[EVIDENCE[kind]] == "By hand."


@pytest.mark.parametrize("kind", KINDS)
def test_a_deleted_record_does_not_come_back(kind: str) -> None:
    desk = make(kind)
    desk.push()
    desk.double.records.clear()
    assert desk.push(evidence="- new").state == "closed_there"
    assert desk.double.records == []


@pytest.mark.parametrize(
    ("kind", "closing", "outcome"),
    [
        ("dynamics", {"statecode": 1}, "won"),
        ("dynamics", {"statecode": 2}, "lost"),
        ("salesforce", {"IsClosed": True, "IsWon": True}, "won"),
        ("salesforce", {"IsClosed": True, "IsWon": False}, "lost"),
        ("hubspot", {"dealstage": "closedwon"}, "won"),
        ("hubspot", {"dealstage": "closedlost"}, "lost"),
    ],
)
def test_what_people_won_or_lost_is_read_back_and_left_alone(kind: str, closing: dict[str, Any], outcome: str) -> None:
    desk = make(kind)
    desk.push()
    (row,) = desk.double.records
    desk.double.edit(row, **closing)
    before = dict(row.values)
    done = desk.push(evidence="- new")
    assert (done.state, done.outcome, row.values) == ("closed_there", outcome, before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(12))
def test_interrupted_and_throttled_at_random_there_is_one_record_and_no_edit_is_lost(kind: str, seed: int) -> None:
    draw = random.Random(seed)
    faults = [Fault.NONE] * 5 + [Fault.THROTTLED, Fault.BEFORE, Fault.AFTER, Fault.AFTER]
    is_over = False
    desk = make(kind, lambda: Fault.NONE if is_over else draw.choice(faults))
    by_hand: dict[str, Any] = {}
    wanted = "- none"
    for number in range(30):
        wanted = f"- figure {number}"
        with contextlib.suppress(CRMThrottledError, CRMUnreachableError):
            desk.push(evidence=wanted, as_of=f"day {number}")
        rows = desk.double.of_kind(TABLE[kind])
        assert len(rows) <= 1
        if rows and draw.random() < 0.15:
            edit = draw.choice([{TITLE[kind]: f"Renamed {number}"}, *({k: v} for k, v in THEIRS[kind].items())])
            desk.double.edit(rows[0], **edit)
            by_hand |= edit
        if rows:
            assert by_hand.items() <= rows[0].values.items()
    is_over = True
    while True:
        try:
            desk.push(evidence="- last", as_of="the last day")
            break
        except CRMUnreachableError:  # the circuit was open
            continue
    (row,) = desk.double.of_kind(TABLE[kind])
    assert row.values[EVIDENCE[kind]] == "- last"
    assert "the last day" in row.values.values()
    assert by_hand.items() <= row.values.items()
    if isinstance(desk.double, HubSpotDouble):
        assert len(desk.double.associations) == 1


@pytest.mark.parametrize("kind", ["dynamics", "hubspot"])
def test_the_wait_that_a_crm_asks_for_is_kept_exactly(kind: str) -> None:
    faults = iter([Fault.THROTTLED])
    desk = make(kind, lambda: next(faults, Fault.NONE))
    desk.push()
    assert {"dynamics": 1.0, "hubspot": 10.0}[kind] in desk.slept


def test_a_long_wait_is_left_to_background_work() -> None:
    desk = make("dynamics", lambda: Fault.THROTTLED)
    desk.double.throttling_seconds = 300
    with pytest.raises(CRMThrottledError, match="300 seconds"):
        desk.push()
    assert len(desk.double.requests) == 1


def test_salesforces_daily_limit_is_no_refusal() -> None:
    desk = make("salesforce", lambda: Fault.THROTTLED)
    with pytest.raises(CRMThrottledError):
        desk.push()


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_told_in_the_crms_own_words(kind: str) -> None:
    desk = make(kind)
    desk.double.accounts.clear()
    with pytest.raises(CRMRefusedError, match="refused with"):
        desk.push()


def test_several_records_of_one_key_at_salesforce_are_a_refusal() -> None:
    desk = make("salesforce")
    desk.push()
    (row,) = desk.double.records
    desk.double.records.append(type(row)(kind=row.kind, id="2", values=dict(row.values)))
    with pytest.raises(CRMRefusedError, match="300"):
        desk.push(evidence="- new")
