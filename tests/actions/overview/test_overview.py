"""Today and search: what needs whom, and what is found for whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fairkeeper.action.outside import EverythingManaged, OutsideWrites
from fairkeeper.action.registry import Registry
from fairkeeper.bootstrap.wiring.consent import MirroredPurchases
from fairkeeper.consent.ports import KnownCustomers
from fairkeeper.customers.path.lifecycle import CommercialStatus, OperationState, ProvisioningState
from fairkeeper.customers.ports import ConsentNotNeeded, ConsentStanding, Retention
from fairkeeper.customers.tables import CustomerRow, OperationRow, ReminderRow, SubscriptionRow
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import NewTask, TaskRow, TaskState, claim, enqueue, give_up
from fairkeeper.errors import ConflictError, DeniedError, NotFoundError
from fairkeeper.evidence.reader import LogReader
from fairkeeper.overview import actions, queries
from fairkeeper.overview.searching import looking
from fairkeeper.overview.searching.looking import search
from fairkeeper.values.ids import CustomerId, OperationId, SubscriptionId, TenantId
from tests.actions.evidence.world import Log, draft
from tests.actions.house import NOW, House, customer_person, staff

OWNER = staff("owner")
OPERATIONS = (*queries.OPERATIONS, *looking.OPERATIONS, *actions.OPERATIONS)
CONTOSO, FABRIKAM = "cus_" + "1" * 26, "cus_" + "2" * 26


def subscription(number: int, customer_id: str, status: CommercialStatus, **more: object) -> SubscriptionRow:
    values: dict[str, object] = {
        "subscription_id": SubscriptionId(f"0000000{number}-0000-4000-8000-000000000000"),
        "customer_id": CustomerId(customer_id),
        "name": f"Desk {number}",
        "plan_id": "business",
        "status": status.value,
        "status_text": status.value,
        "status_since_at": NOW,
        "allowed_operations": [],
        "private_offer_ids": [],
        "read_at": NOW,
        "provisioning": ProvisioningState.READY.value,
        "operation": OperationState.ENABLED.value,
        "bought_at": NOW - timedelta(days=10),
        "activated_at": NOW - timedelta(days=10),
    }
    return SubscriptionRow(**(values | more))


def reminder(key: str, customer_id: str, *, owner_role: str, in_days: int | None) -> ReminderRow:
    return ReminderRow(
        code="customers.deadline_near",
        subject_id="00000001-0000-4000-8000-000000000000",
        key=key,
        level="warning",
        message=f"Reminder {key}",
        remedy="Act.",
        owner_role=owner_role,
        due_at=None if in_days is None else NOW + timedelta(days=in_days),
        raised_at=NOW,
        customer_id=CustomerId(customer_id),
    )


@pytest.fixture
def house(database: Database) -> House:
    log = Log(database)
    house = House(
        database,
        OPERATIONS,
        {
            ConsentStanding: ConsentNotNeeded(),
            KnownCustomers: MirroredPurchases(),
            OutsideWrites: EverythingManaged(),
            Retention: Retention(),
            LogReader: log.reader,
            Registry: Registry(OPERATIONS),
        },
    )
    with database.write() as session:
        for customer_id, slug in ((CONTOSO, "contoso"), (FABRIKAM, "fabrikam")):
            session.add(
                CustomerRow(
                    customer_id=CustomerId(customer_id),
                    slug=slug,
                    name=slug.title(),
                    tenant_id=TenantId(f"tenant-of-{slug}"),
                    created_at=NOW,
                )
            )
        session.flush()
        session.add(subscription(1, CONTOSO, CommercialStatus.SUBSCRIBED))
        suspended = subscription(2, FABRIKAM, CommercialStatus.SUSPENDED, suspended_at=NOW - timedelta(days=25))
        session.add(suspended)
        session.flush()
        session.add(reminder("platform", CONTOSO, owner_role="platform", in_days=3))
        session.add(reminder("finance", FABRIKAM, owner_role="finance", in_days=1))
        session.add(reminder("undated", FABRIKAM, owner_role="support", in_days=None))
        session.add(
            OperationRow(
                operation_id=OperationId("aaaaaaaa-0000-4000-8000-000000000000"),
                subscription_id=SubscriptionId("00000001-0000-4000-8000-000000000000"),
                customer_id=CustomerId(CONTOSO),
                action_text="ChangePlan",
                is_ours=False,
                asked_at=NOW,
            )
        )
        enqueue(session, NewTask(name="test.fails", key="1", due_at=NOW, payload={}), now=NOW)
        (task,) = claim(session, now=NOW, lease=timedelta(seconds=5), names=["test.fails"])
        give_up(session, task, now=NOW, error="no road to Microsoft")
    log.tell(draft(1, CONTOSO), draft(2, FABRIKAM))
    return house


def test_an_owner_sees_everything_that_needs_somebody_nearest_first(house: House) -> None:
    today = house.run(queries.show_today, OWNER)
    assert [need.what for need in today.needs] == [
        "Reminder finance",
        "Background work was given up after 1 attempts: test.fails.",
        "Reminder platform",
        "The suspended subscription is cancelled",
        "Reminder undated",
    ]
    assert [(task.name, task.last_error) for task in today.failed_tasks] == [("test.fails", "no road to Microsoft")]
    assert {count.step: (count.customers, count.broken) for count in today.steps}["operate"] == (2, 1)
    assert (today.customers, len(today.recent)) == (2, 2)


@pytest.mark.parametrize(
    ("role", "expected", "tasks"),
    [("finance", ["Reminder finance"], 0), ("platform", ["Reminder platform"], 1), ("seller", [], 0)],
)
def test_others_see_what_their_role_owns(house: House, role: str, expected: list[str], tasks: int) -> None:
    today = house.run(queries.show_today, staff(role))
    assert [need.what for need in today.needs if need.key.startswith("reminder:")] == expected
    assert len(today.failed_tasks) == tasks


def test_a_customer_sees_its_own_today(house: House) -> None:
    today = house.run(queries.show_today, customer_person(CONTOSO, "customer_admin"))
    assert [need.key.partition(":")[0] for need in today.needs] == ["reminder"]
    assert [need.what for need in today.needs] == ["Reminder platform"]
    assert (today.customers, today.failed_tasks, len(today.recent)) == (1, (), 1)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("contos", {"customer"}),
        ("tenant-of-fab", {"customer"}),
        ("00000001", {"subscription"}),
        ("desk 2", {"subscription"}),
        ("AAAAAAAA-0000", {"operation"}),
        ("100%", set()),
        ("__", set()),
        ("nothing here", set()),
    ],
)
def test_search_finds_names_and_ids(house: House, text: str, kinds: set[str]) -> None:
    assert {hit.kind for hit in house.run(search, OWNER, text=text)} == kinds


def test_search_finds_an_entry_by_its_id(house: House) -> None:
    entry_id = house.entries()[0].entry_id
    (hit,) = house.run(search, OWNER, text=entry_id)
    assert (hit.kind, hit.id) == ("entry", entry_id)


def test_a_customer_finds_nothing_of_another(house: House) -> None:
    ada = customer_person(CONTOSO, "customer_admin")
    for text in ("fabrikam", "tenant-of-fab", "00000002", "desk 2", house.entries()[1].entry_id):
        assert house.run(search, ada, text=text) == ()


def test_given_up_work_is_tried_again_by_whoever_may(house: House) -> None:
    (failed,) = house.run(queries.show_today, OWNER).failed_tasks
    with pytest.raises(DeniedError):
        house.run(actions.retry_task, staff("auditor"), task_id=failed.task_id)
    house.run(actions.retry_task, staff("operations"), task_id=failed.task_id)
    with house.database.read() as session:
        row = session.get(TaskRow, failed.task_id)
        assert row is not None
        assert row.state == TaskState.OPEN
    assert house.kinds()[-1] == "overview.task_reopened/1"
    with pytest.raises(ConflictError):
        house.run(actions.retry_task, OWNER, task_id=failed.task_id)
    with pytest.raises(NotFoundError):
        house.run(actions.retry_task, OWNER, task_id=999_999)
