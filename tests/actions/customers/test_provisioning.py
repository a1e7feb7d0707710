"""The publisher's own systems: asked in order, answered at once or later, failing, and asked again by a person."""

from __future__ import annotations

from sqlalchemy import update

from fairkeeper.customers.actions.provision import (
    accept_provisioning,
    report_provisioning,
    retry_provisioning,
    start_again,
)
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.ports import ProvisioningAnswer
from fairkeeper.customers.queries import ask_may_act, list_reminders
from fairkeeper.database.tasks import TaskRow
from fairkeeper.errors import InvalidError, UnavailableError
from tests.actions.customers.world import PRODUCT, World, payload_of, person_of, refused, staff

FULL = ProvisioningAnswer(is_done=False, message="No capacity in the region.")


def reasons(world: World, subscription_id: str) -> list[str]:
    answer = world.run(ask_may_act, PRODUCT, subscription_id=subscription_id)
    return [reason.code for reason in answer.reasons]


def test_systems_that_answer_later_are_ready_when_they_report(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)
    assert (job.state, world.subscription(subscription_id).provisioning) == ("accepted", "running")
    assert payload_of(world.entries("provisioning_accepted")[0])["request_id"] == job.request_id
    assert reasons(world, subscription_id) == ["customers.provisioning"]

    with world.one_entry("provisioning_answered") as told:
        world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="succeeded", message="Up.")

    assert (told["moved"], told["provisioning"], told["message"]) == (True, "ready", "Up.")
    row = world.subscription(subscription_id)
    assert (row.provisioning, row.ready_at) == ("ready", world.clock.now())
    assert reasons(world, subscription_id) == []


def test_what_they_are_handed_says_for_whom_and_for_what(world: World) -> None:
    subscription_id = world.buy_active(quantity=7)

    (request,) = world.systems.asked

    row = world.subscription(subscription_id)
    assert (request.subscription_id, request.customer_id) == (subscription_id, row.customer_id)
    assert (request.plan_id, request.quantity, request.offer_id) == ("team", 7, row.offer_id)
    assert (request.tenant_id, request.attempt) == (row.beneficiary_tenant_id, 1)


def test_a_report_that_comes_twice_counts_once_and_one_that_contradicts_is_refused(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)
    world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="succeeded")

    with world.no_entry():
        world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="succeeded")
        world.run(accept_provisioning, request_id=job.request_id)
    with refused("customers.report_contradicts"), world.no_entry():
        world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="failed")

    assert world.subscription(subscription_id).provisioning == "ready"


def test_a_report_that_is_quicker_than_the_acceptance_counts(world: World) -> None:
    subscription_id = world.buy(auto_activation=True)
    world.arrive()
    world.do_only("customers.follow_notice")
    (job,) = world.jobs(subscription_id)
    assert job.state == "asked"

    world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="succeeded")
    world.work()

    assert world.subscription(subscription_id).provisioning == "ready"
    assert world.systems.asked == [], "what is done need not be asked for"


def test_a_report_that_comes_too_late_is_recorded_and_moves_nothing(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)
    world.customer_does(subscription_id, "cancel")
    world.work()

    with world.one_entry("provisioning_answered") as told:
        world.run(report_provisioning, PRODUCT, request_id=job.request_id, result="succeeded")

    assert (told["moved"], world.subscription(subscription_id).provisioning) == (False, "draining")


def test_a_failure_is_put_before_a_person_who_asks_again(world: World) -> None:
    world.systems.answers = [FULL]
    subscription_id = world.buy_active()
    assert reasons(world, subscription_id) == ["customers.provisioning_failed"]
    (reminder,) = world.run(list_reminders, staff())
    assert "No capacity in the region." in reminder.message
    (failed,) = world.jobs(subscription_id)

    with world.one_entry("provisioning_started") as told:
        world.run(start_again, staff("support"), subscription_id=subscription_id)
    world.work()

    assert told["attempt"] == 2
    assert world.subscription(subscription_id).provisioning == "ready"
    assert world.run(list_reminders, staff()) == ()
    again = world.systems.asked[-1]
    assert (again.attempt, again.request_id != failed.request_id) == (2, True)
    with refused("customers.transition_refused"), world.no_entry():
        world.run(start_again, staff("support"), subscription_id=subscription_id)


def test_systems_that_are_down_are_called_until_they_take_it(world: World) -> None:
    world.systems.answers = [UnavailableError("Down."), UnavailableError("Down."), ProvisioningAnswer(is_done=True)]
    subscription_id = world.buy_active()
    assert world.subscription(subscription_id).provisioning == "running"

    world.move(seconds=2)
    world.move(seconds=4)

    assert world.subscription(subscription_id).provisioning == "ready"
    assert len({request.request_id for request in world.systems.asked}) == 1, "one wish, however often it is told"
    assert len(world.systems.asked) == 3


def test_a_wish_that_is_told_again_says_the_same_whatever_changed_meanwhile(world: World) -> None:
    """A receiver keeps the ids that it has seen; what the repetition of one said anew would be lost."""
    world.systems.answers = [UnavailableError("Down.")]
    subscription_id = world.buy_active(quantity=7)
    world.customer_does(subscription_id, "change-quantity", quantity=20)
    world.work()

    world.move(seconds=4)

    first, again, change = world.systems.asked
    assert again == first
    assert (first.quantity, change.quantity, change.wish) == (7, 20, "change")


def test_systems_that_stay_down_have_failed_in_the_end_and_hold_no_later_wish_up(world: World) -> None:
    world.systems.answers = [UnavailableError("Down.")] * 2
    subscription_id = world.buy_active()
    with world.database.write() as session:
        session.execute(update(TaskRow).where(TaskRow.name == "customers.call_provisioner").values(attempts=59))
    world.customer_does(subscription_id, "cancel")

    world.move(seconds=2)
    world.move(seconds=2)

    states = [(job.wish, job.state) for job in world.jobs(subscription_id)]
    assert states == [("provision", "failed"), ("drain", "succeeded")]
    assert "Given up after 60 tries: Down." in (world.jobs(subscription_id)[0].message or "")
    assert world.subscription(subscription_id).provisioning == "stopped"


def test_systems_that_refuse_for_good_have_failed(world: World) -> None:
    world.systems.answers = [InvalidError("Unknown plan.")]
    subscription_id = world.buy_active()

    assert world.subscription(subscription_id).provisioning == "failed"
    assert payload_of(world.entries("provisioning_answered")[0])["message"] == "Unknown plan."


def test_what_broken_systems_say_is_kept_in_a_form_every_database_takes(world: World) -> None:
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="No\x00 \ud800capacity" + "!" * 5000)]
    subscription_id = world.buy_active()

    (job,) = world.jobs(subscription_id)
    assert (job.state, (job.message or "")[:12]) == ("failed", "No ?capacity")
    assert world.failed_tasks() == []


def test_wishes_are_handed_over_in_the_order_in_which_they_were_made(world: World) -> None:
    subscription_id = world.buy_active()
    world.systems.answers = [UnavailableError("Down.")]
    world.customer_does(subscription_id, "suspend")
    world.work()
    world.customer_does(subscription_id, "reinstate")
    world.work()
    assert world.systems.wishes == ["provision", "suspend"], "the resumption waits for the suspension"

    world.move(seconds=10)

    assert world.systems.wishes == ["provision", "suspend", "suspend", "resume"]
    assert [job.state for job in world.jobs(subscription_id)] == ["succeeded"] * 3


def test_a_failed_drain_is_repeated_until_the_receipt_can_be_signed(world: World) -> None:
    subscription_id = world.buy_active()
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="A job still runs.")]
    world.customer_does(subscription_id, "cancel")
    world.work()
    row = world.subscription(subscription_id)
    assert (row.provisioning, row.stopped_receipt) == ("draining", None)
    assert "A job still runs." in world.run(list_reminders, staff())[0].message
    drain = world.jobs(subscription_id)[-1]

    with world.one_entry("wish_repeated") as told:
        world.run(retry_provisioning, staff("support"), request_id=drain.request_id)
    world.work()

    assert (told["wish"], told["attempt"]) == ("drain", 2)
    assert world.subscription(subscription_id).stopped_receipt is not None
    assert world.run(list_reminders, staff()) == ()


def test_a_failed_erasure_is_repeated_until_the_receipt_can_be_signed(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "cancel")
    world.work()
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="A backup is locked.")]
    world.move(days=30)
    assert world.subscription(subscription_id).provisioning == "stopped"
    erase = world.jobs(subscription_id)[-1]

    world.run(retry_provisioning, staff(), request_id=erase.request_id)
    world.work()

    assert world.subscription(subscription_id).provisioning == "erased"
    assert all(job.message is None for job in world.jobs(subscription_id))


def test_a_wish_without_a_report_is_handed_over_again_under_its_id(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)

    world.run(retry_provisioning, staff(), request_id=job.request_id)
    world.work()

    assert [request.request_id for request in world.systems.asked] == [job.request_id] * 2
    assert len(world.jobs(subscription_id)) == 1


def test_only_what_is_still_wanted_is_repeated(world: World) -> None:
    world.systems.answers = [FULL]
    subscription_id = world.buy_active()
    world.run(start_again, staff(), subscription_id=subscription_id)
    world.work()
    first, second = world.jobs(subscription_id)

    for job in (first, second):
        with refused("customers.wish_outdated"), world.no_entry():
            world.run(retry_provisioning, staff(), request_id=job.request_id)
    with refused("customers.job_not_found"):
        world.run(retry_provisioning, staff(), request_id="job_x")
    with refused("customers.job_not_found"):
        world.run(report_provisioning, PRODUCT, request_id="job_x", result="failed")


def test_a_failed_change_leaves_the_customer_ready_and_is_told(world: World) -> None:
    subscription_id = world.buy_active()
    world.systems.answers = [ProvisioningAnswer(is_done=False, message="Too many seats.")]
    world.customer_does(subscription_id, "change-quantity", quantity=20)
    world.work()

    row = world.subscription(subscription_id)
    assert (row.provisioning, row.provisioning_note) == ("ready", "change failed: Too many seats.")
    assert len(world.run(list_reminders, staff())) == 1

    world.run(retry_provisioning, staff(), request_id=world.jobs(subscription_id)[-1].request_id)
    world.work()

    assert world.subscription(subscription_id).provisioning_note is None
    assert world.run(list_reminders, staff()) == ()


def test_what_was_stopped_by_a_person_is_set_up_again_until_it_is_being_erased(world: World) -> None:
    subscription_id = world.buy_active()
    customer_id = world.subscription(subscription_id).customer_id
    world.run(revoke_customer, staff("security"), customer=customer_id, reason="A mistake.")
    world.work()
    receipt = world.subscription(subscription_id).stopped_receipt
    assert receipt is not None
    world.move(days=24)
    assert len(world.reminded("retention")) == 1

    world.run(start_again, staff(), subscription_id=subscription_id)
    world.work()

    row = world.subscription(subscription_id)
    assert (row.provisioning, row.stopped_receipt, row.retention_started_at) == ("ready", None, None)
    assert world.reminded("retention") == [], "it does not run any more"
    world.move(days=10)
    assert world.subscription(subscription_id).provisioning == "ready", "and nothing is erased"

    world.run(revoke_customer, staff("security"), customer=customer_id, reason="No mistake.")
    world.work()
    world.systems.reports_later = True
    world.move(days=30)
    assert world.systems.wishes[-1] == "erase"
    with refused("customers.erasure_begun"), world.no_entry():
        world.run(start_again, staff(), subscription_id=subscription_id)


def test_who_may_report_and_start(world: World) -> None:
    world.systems.reports_later = True
    subscription_id = world.buy_active()
    (job,) = world.jobs(subscription_id)
    admin = person_of(world.subscription(subscription_id).customer_id)

    for principal in (admin, staff("support"), staff("auditor")):
        with refused("access.not_permitted"), world.no_entry():
            world.run(report_provisioning, principal, request_id=job.request_id, result="succeeded")
    for principal in (admin, PRODUCT, staff("seller")):
        with refused("access.not_permitted"), world.no_entry():
            world.run(start_again, principal, subscription_id=subscription_id)
        with refused("access.not_permitted"), world.no_entry():
            world.run(retry_provisioning, principal, request_id=job.request_id)
    with refused("access.not_permitted"), world.no_entry():
        world.run(accept_provisioning, staff("owner"), request_id=job.request_id)


def test_only_what_is_active_is_set_up(world: World) -> None:
    world.systems.answers = [FULL]
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "suspend")
    world.work()

    with refused("customers.not_changeable"), world.no_entry():
        world.run(start_again, staff(), subscription_id=subscription_id)
    with refused("customers.wish_outdated"), world.no_entry():
        world.run(retry_provisioning, staff(), request_id=world.jobs(subscription_id)[0].request_id)


def test_no_task_holds_more_than_ids_of_what_is_to_be_done(world: World) -> None:
    subscription_id = world.buy_active()
    world.customer_does(subscription_id, "cancel")
    world.work()

    words = " ".join(str(task.payload) for task in world.rows(TaskRow))

    assert "@" not in words
    assert "contoso" not in words.lower()
