"""What receipts state."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.customers.errors import RetentionTooShortError
from fairkeeper.customers.path.receipts import (
    ErasedThing,
    EraseFacts,
    RemainingKind,
    RemainingThing,
    StopCause,
    StopFacts,
    StoppedThing,
    Whose,
    erased_statement,
    stopped_statement,
)
from fairkeeper.proof.canonical import canonical_bytes, read_canonical
from fairkeeper.values.ids import CustomerId, EntryId
from tests.unit.customers.builders import NOON, SUBSCRIPTION, TENANT, instants

WHOSE = Whose(customer_id=CustomerId("cus_1"), subscription_id=SUBSCRIPTION, tenant_id=TENANT)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def facts(
    *,
    stopped: tuple[StoppedThing, ...] = (),
    remaining: tuple[RemainingThing, ...] = (),
    stopped_at: datetime = NOON,
    retention_days: int = 30,
) -> StopFacts:
    return StopFacts(
        whose=WHOSE,
        cause=StopCause.UNSUBSCRIBED,
        stopped_at=stopped_at,
        stopped=stopped,
        remaining=remaining,
        retention_started_at=stopped_at,
        retention_days=retention_days,
        proofs=(EntryId("ent_1"), EntryId("ent_2")),
    )


def test_stopped_statement_says_what_stopped_what_could_not_be_confirmed_and_until_when_data_is_kept() -> None:
    agent = StoppedThing(kind="agent", name="Invoice agent", stopped_at=NOON, entry_id=EntryId("ent_3"))
    silent = StoppedThing(kind="provisioned_system", name="worker pool", stopped_at=None)
    statement = stopped_statement(facts(stopped=(agent, silent)))

    assert statement["statement"] == "fairkeeper-stopped/1"
    assert statement["stopped"] == [
        {
            "kind": "agent",
            "name": "Invoice agent",
            "stopped_at": "2026-11-22T12:00:00.000000Z",
            "entry_id": "ent_3",
        },
        {"kind": "provisioned_system", "name": "worker pool", "stopped_at": None, "entry_id": None},
    ]
    assert statement["unconfirmed"] == 1
    assert statement["retention"] == {
        "started_at": "2026-11-22T12:00:00.000000Z",
        "days": 30,
        "ends_at": "2026-12-22T12:00:00.000000Z",
    }
    assert statement["tokens_may_live_until"] == "2026-11-23T16:00:00.000000Z"
    assert statement["proofs"] == ["ent_1", "ent_2"]


@pytest.mark.parametrize("kind", RemainingKind)
def test_everything_that_remains_comes_with_steps_and_who_may_take_them(kind: RemainingKind) -> None:
    statement = stopped_statement(facts(remaining=(RemainingThing(kind=kind, name="Invoice agent", app_id="app"),)))

    assert isinstance(statement["remaining"], list)
    (thing,) = statement["remaining"]
    assert isinstance(thing, dict)
    assert (thing["kind"], thing["name"], thing["app_id"]) == (kind.value, "Invoice agent", "app")
    assert isinstance(thing["steps"], list)
    assert len(thing["steps"]) >= 2
    assert thing["why"]
    assert thing["who"]


def test_retention_below_the_minimum_is_not_promised() -> None:
    with pytest.raises(RetentionTooShortError):
        stopped_statement(facts(retention_days=6))


def test_erased_statement_says_what_was_erased_what_was_kept_and_refers_to_the_first_receipt() -> None:
    statement = erased_statement(
        EraseFacts(
            whose=WHOSE,
            erased_at=NOON + timedelta(days=30, hours=1),
            retention_ended_at=NOON + timedelta(days=30),
            erased=(
                ErasedThing(kind="evidence_payload", count=12, erased_by="fairkeeper"),
                ErasedThing(kind="provisioned_data", count=None, erased_by="worker pool"),
            ),
            kept=(("amounts", "the books have to be kept"),),
            stopped_receipt=EntryId("ent_9"),
        )
    )

    assert statement["erased"] == [
        {"kind": "evidence_payload", "count": 12, "erased_by": "fairkeeper"},
        {"kind": "provisioned_data", "count": None, "erased_by": "worker pool"},
    ]
    assert statement["kept"] == [{"what": "amounts", "why": "the books have to be kept"}]
    assert statement["stopped_receipt"] == "ent_9"


stopped_things = st.builds(StoppedThing, kind=names, name=names, stopped_at=st.none() | instants)
remaining_things = st.builds(RemainingThing, kind=st.sampled_from(RemainingKind), name=names, app_id=st.none() | names)


@given(st.lists(stopped_things, max_size=4), st.lists(remaining_things, max_size=4), instants, st.integers(7, 3650))
def test_statement_always_has_canonical_bytes_that_read_back(
    stopped: list[StoppedThing], remaining: list[RemainingThing], stopped_at: datetime, days: int
) -> None:
    statement = stopped_statement(
        facts(stopped=tuple(stopped), remaining=tuple(remaining), stopped_at=stopped_at, retention_days=days)
    )

    assert read_canonical(canonical_bytes(statement)) == statement
    assert statement["unconfirmed"] == sum(thing.stopped_at is None for thing in stopped)
