"""Every clock of a subscription: shown while it runs, told on its days, acted on at its end, closed when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.action.operation import Ports
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.ring_clock import close_reminder, plant, ring
from fairkeeper.customers.ports import Retention
from fairkeeper.customers.queries import list_deadlines, list_reminders
from fairkeeper.database.tasks import TaskRow, TaskState
from fairkeeper.values.clock import format_instant
from tests.actions.customers.world import FREYA, NOON, World, payload_of, person_of, refused, staff


def days_told(world: World, clock: str, *, until: int) -> list[int]:
    """Move day by day and return the days on which somebody was reminded of a clock."""
    told = []
    for day in range(1, until + 1):
        before = len(world.entries("reminder_raised"))
        world.move(days=1)
        new = world.entries("reminder_raised")[before:]
        told += [day for entry in new if payload_of(entry)["clock"] == clock]
    return told


def test_activation_is_reminded_of_on_its_days_and_expires(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    (shown,) = [d for d in world.run(list_deadlines, staff()) if d.clock == "activation"]
    assert (shown.due_at, shown.next_reminder_at) == (NOON + timedelta(days=30), NOON + timedelta(days=1))

    assert days_told(world, "activation", until=29) == [1, 7, 20, 28]
    (reminder,) = world.reminded("activation")
    assert (reminder.due_at, reminder.owner_role) == (NOON + timedelta(days=30), "platform")
    assert "Configure account" in reminder.remedy
    world.move(days=1)

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "stopped")
    assert world.reminded("activation") == []
    assert row.stopped_receipt is not None
    assert world.systems.asked == []


def test_a_reminder_is_closed_when_what_it_waits_for_is_done(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.move(days=1)
    assert len(world.reminded("activation")) == 1

    world.run(activate_subscription, staff(), subscription_id=subscription_id)
    world.work()

    assert world.reminded("activation") == []
    (closed,) = world.entries("reminder_closed")
    assert payload_of(closed)["clocks"] == ["activation"]
    before = len(world.entries())
    world.move(days=6)
    assert [entry.kind for entry in world.entries()[before:]] == [], "a ring that was planted long ago says nothing"


def test_a_reminder_that_a_person_closed_comes_back_on_its_next_day(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.move(days=1)
    (reminder,) = world.run(list_reminders, staff())

    with world.one_entry("reminder_closed") as told:
        world.run(close_reminder, staff("support"), reminder_id=reminder.reminder_id, why="I wrote to the buyer.")
    with world.no_entry():
        world.run(close_reminder, staff("support"), reminder_id=reminder.reminder_id, why="I wrote to the buyer.")
    assert (told["why"], told["subject"]) == ("I wrote to the buyer.", f"subscription:{subscription_id}")
    world.move(days=5)
    assert world.run(list_reminders, staff()) == ()

    world.move(days=1)

    assert len(world.run(list_reminders, staff())) == 1


def test_closing_reminders_is_staffs(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    world.move(days=1)
    (reminder,) = world.run(list_reminders, staff())

    with refused("access.not_permitted"), world.no_entry():
        world.run(close_reminder, person_of(visit.customer_id), reminder_id=reminder.reminder_id, why="No.")
    with refused("customers.reminder_not_found"), world.no_entry():
        world.run(close_reminder, staff(), reminder_id=999, why="None such.")


def test_a_suspension_is_reminded_of_and_ends_the_subscription_after_thirty_days(world: World) -> None:
    subscription_id = world.buy_active("team-annual")
    world.move(days=3)
    world.customer_does(subscription_id, "suspend")
    world.work()

    assert days_told(world, "suspension_grace", until=29) == [1, 15, 27]
    world.move(days=1)

    row = world.subscription(subscription_id)
    assert (row.status, row.provisioning) == ("Unsubscribed", "stopped")
    assert world.reminded("suspension_grace") == []
    assert world.heard[-1]["action"] == "Unsubscribe"


def test_the_end_of_a_suspension_is_found_without_its_webhook(world: World) -> None:
    subscription_id = world.buy_active("team-annual")
    world.customer_does(subscription_id, "suspend")
    world.work()
    world.faults(lose_next=1)

    world.move(days=30)

    assert world.heard[-1]["action"] == "Suspend"
    assert world.subscription(subscription_id).provisioning == "stopped"


def test_a_second_suspension_has_thirty_days_of_its_own(world: World) -> None:
    subscription_id = world.buy_active("team-annual")
    for _ in range(2):
        world.customer_does(subscription_id, "suspend")
        world.work()
        world.move(days=20)
        world.customer_does(subscription_id, "reinstate")
        world.work()

    assert world.subscription(subscription_id).status == "Subscribed"
    assert world.reminded("suspension_grace") == []
    assert world.systems.wishes == ["provision", "suspend", "resume", "suspend", "resume"]


def test_a_renewal_moves_the_terms_deadline(world: World) -> None:
    subscription_id = world.buy_active()
    first_end = world.subscription(subscription_id).term_end_on
    world.move(days=24)
    assert len(world.reminded("term_end")) == 1

    world.move(days=8)

    row = world.subscription(subscription_id)
    assert first_end is not None
    assert row.term_end_on is not None
    assert row.term_end_on > first_end
    assert len(world.entries("subscription_renewed")) == 1
    ends = [d.due_at.date() for d in world.run(list_deadlines, staff()) if d.clock == "term_end"]
    assert ends == [row.term_end_on]


def test_the_renewal_notice_is_told_before_microsoft_tells(world: World) -> None:
    subscription_id = world.buy_active("team-annual")
    row = world.subscription(subscription_id)
    assert row.term_end_on is not None
    days = (row.term_end_on - NOON.date()).days
    world.move(days=days - 44)
    assert len(world.reminded("renewal_notice")) == 1

    world.move(days=15)

    assert world.reminded("renewal_notice") == [], "it ends quietly, and nobody has to close it"


def test_retention_is_told_before_it_ends(world: World) -> None:
    subscription_id = world.buy_active("team-annual")
    world.customer_does(subscription_id, "cancel")
    world.work()

    assert days_told(world, "retention", until=29) == [23, 29]
    world.move(days=1)
    assert world.subscription(subscription_id).provisioning == "erased"
    assert world.reminders() == []


@pytest.mark.parametrize(("days", "erased_on"), [(60, 60), (10, 30)])
def test_another_retention_counts_for_what_has_stopped_already(world: World, days: int, erased_on: int) -> None:
    subscription_id = world.buy_active("team-annual")
    world.customer_does(subscription_id, "cancel")
    world.work()
    wiring = world.runner._wiring  # noqa: SLF001 - as after a restart with another setting
    ports = Ports(by_protocol={**wiring.ports.by_protocol, Retention: Retention(days)})
    object.__setattr__(wiring, "ports", ports)

    # What was planted for the old end rings then, and reads the clocks anew.
    world.move(days=30)
    world.work()
    assert (world.subscription(subscription_id).provisioning == "erased") == (erased_on <= 30)
    world.move(days=31)

    assert world.subscription(subscription_id).provisioning == "erased"


def test_planting_and_ringing_again_change_nothing(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.work()
    rings = world.rows(TaskRow, TaskRow.name == "customers.ring_clock")

    with world.no_entry():
        assert world.run(plant, subscription_id=subscription_id).planted == 0
    world.move(days=1)
    due: dict[str, Any] = {"clock": "activation", "due_at": format_instant(NOON + timedelta(days=30))}
    with world.no_entry():
        again = world.run(ring, subscription_id=subscription_id, rings_at=format_instant(world.clock.now()), **due)
        gone = world.run(
            ring,
            subscription_id=subscription_id,
            clock="activation",
            due_at=format_instant(NOON),
            rings_at=format_instant(NOON),
        )

    assert (again.outcome, gone.outcome) == ("reminded before", "no longer runs")
    assert len(rings) == 6, "four reminders, the end, and the end of the refund"


def test_deadlines_are_listed_the_nearest_first_and_to_whom_they_belong(world: World) -> None:
    mine = world.buy()
    visit = world.land(mine)
    world.move(days=1)
    other = world.buy_active(purchaser=FREYA)

    every = world.run(list_deadlines, staff())
    own = world.run(list_deadlines, person_of(visit.customer_id))

    assert [d.due_at for d in every] == sorted(d.due_at for d in every)
    assert {d.subscription_id for d in every} == {mine, other}
    assert {(d.subscription_id, d.customer_name) for d in own} == {(mine, "Contoso")}
    assert len(world.run(list_deadlines, staff(), limit=1)) == 1


def test_a_customer_sees_its_deadlines_and_not_the_publishers_findings(world: World) -> None:
    subscription_id = world.buy()
    visit = world.land(subscription_id)
    world.send_webhook(
        id="20000000-0000-4000-8000-000000000001", subscriptionId=subscription_id, action="Transfer", status="Succeeded"
    )
    world.move(days=1)

    assert {line.code for line in world.run(list_reminders, staff())} == {
        "customers.deadline_near",
        "customers.action_unknown",
    }
    own = world.run(list_reminders, person_of(visit.customer_id))
    assert [line.code for line in own] == ["customers.deadline_near"]
    assert [line.due_at is None for line in world.run(list_reminders, staff())] == [False, True], "deadlines first"


def test_rings_that_fell_due_while_the_server_was_off_are_one_reminder(world: World) -> None:
    subscription_id = world.buy()
    world.land(subscription_id)
    world.work()

    world.move(days=25)

    assert len(world.reminded("activation")) == 1
    assert world.rows(TaskRow, TaskRow.state == TaskState.FAILED) == []
