"""The runner: one transaction and one entry for a command, none for a question, the same answer for a repeated key."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import pytest
from pydantic import Field
from sqlalchemy import func, select

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    QueryContext,
    check,
    command,
    query,
)
from fairkeeper.action.principal import ANONYMOUS
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Call
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow
from fairkeeper.errors import BugError, ConflictError, DeniedError, NotFoundError
from fairkeeper.values.ids import CustomerId
from tests.actions.house import House, customer_person, staff

OWNER = staff("owner")
COUNTED = EvidenceKind(name="overview.counted/1", sentence="{name} was counted.")


class Name(OperationInput):
    """A name, and whose."""

    name: str = Field(max_length=40)
    customer_id: CustomerId | None = None
    fails: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there are."""

    count: int


@command("overview.count_name", groups=("overview.change",), evidence=(COUNTED,))
def count_name(context: CommandContext, request: Name) -> Outcome[Count]:
    """Count a name."""
    is_new = context.enqueue("test.name", request.name, customer_id=context.principal.customer_id)
    count = context.session.scalars(select(func.count()).select_from(TaskRow)).one()
    if request.fails:
        raise ConflictError("changed its mind")
    entry = EvidenceDraft(
        kind=COUNTED.name, subject_type="name", subject_id=request.name, payload={"name": request.name}
    )
    return Outcome(result=Count(count=count), entry=entry if is_new else None)


@command("overview.record_undeclared", groups=("overview.change",), evidence=())
def record_undeclared(_context: CommandContext, request: Name) -> Outcome[Count]:
    """Record what was not declared."""
    entry = EvidenceDraft(kind=COUNTED.name, subject_type="name", subject_id=request.name, payload={})
    return Outcome(result=Count(count=0), entry=entry)


@query("overview.how_many", groups=("overview.read",))
def how_many(context: QueryContext, _request: Name) -> Count:
    """Say how many there are."""
    return Count(count=context.session.scalars(select(func.count()).select_from(TaskRow)).one())


@check("overview.add_up", cli="add-up")
def add_up(request: Name) -> Count:
    """Count letters, without database and sign-in."""
    return Count(count=len(request.name))


OPERATIONS = (count_name, record_undeclared, how_many, add_up)


@pytest.fixture
def house(database: Database) -> House:
    return House(database, OPERATIONS)


def rows(house: House, table: type[TaskRow | IdempotencyRow]) -> int:
    with house.database.read() as session:
        return session.scalars(select(func.count()).select_from(table)).one()


def test_a_command_commits_its_change_its_task_and_its_entry_together(house: House) -> None:
    assert house.run(count_name, OWNER, name="ada") == Count(count=1)
    (entry,) = house.entries()
    assert (entry.kind, entry.operation, entry.actor_id) == (COUNTED.name, "overview.count_name", OWNER.id)
    assert '"request":"req_test"' in entry.header
    assert rows(house, TaskRow) == 1


def test_a_command_that_fails_leaves_nothing(house: House) -> None:
    with pytest.raises(ConflictError):
        house.run(count_name, OWNER, name="ada", fails=True)
    assert (house.entries(), rows(house, TaskRow)) == ([], 0)


def test_a_question_records_nothing_and_cannot_write(house: House) -> None:
    assert house.run(how_many, OWNER, name="-") == Count(count=0)
    assert house.entries() == []


def test_questions_of_one_moment_agree_whatever_is_committed_meanwhile(house: House) -> None:
    request = Name(name="-")
    with house.runner.moment(OWNER) as moment:
        call = Call(principal=OWNER, moment=moment)
        first = house.runner.run(how_many, request, call)
        house.run(count_name, OWNER, name="ada")
        assert house.runner.run(how_many, request, call) == first == Count(count=0)
        assert house.run(how_many, OWNER, name="-") == Count(count=1)


def test_a_moment_is_its_principals_alone_and_for_questions_alone(house: House) -> None:
    with house.runner.moment(OWNER) as moment:
        somebody = Call(principal=staff("auditor"), moment=moment)
        with pytest.raises(BugError, match="another principal's"):
            house.runner.run(how_many, Name(name="-"), somebody)
        with pytest.raises(BugError, match="would not be seen"):
            house.runner.run(count_name, Name(name="ada"), Call(principal=OWNER, moment=moment))
    assert rows(house, TaskRow) == 0


def test_a_check_needs_nobody(house: House) -> None:
    assert house.run(add_up, ANONYMOUS, name="four") == Count(count=4)


@pytest.mark.parametrize(
    "by", [staff("auditor"), staff("seller"), ANONYMOUS, customer_person("cus_a", "customer_admin")]
)
def test_who_may_not_changes_nothing(house: House, by: object) -> None:
    with pytest.raises(DeniedError):
        house.run(count_name, by, name="ada")  # type: ignore[arg-type]
    assert (house.entries(), rows(house, TaskRow)) == ([], 0)


def test_another_customers_thing_does_not_exist(house: House) -> None:
    with pytest.raises(NotFoundError):
        house.run(how_many, customer_person("cus_a", "customer_admin"), name="-", customer_id="cus_b")


def test_an_entry_of_an_undeclared_kind_is_our_bug_and_changes_nothing(house: House) -> None:
    with pytest.raises(BugError):
        house.run(record_undeclared, OWNER, name="ada")
    assert house.entries() == []


def test_the_same_key_answers_as_the_first_time(house: House) -> None:
    first = house.run(count_name, OWNER, key="k1", name="ada")
    house.run(count_name, OWNER, name="bob")
    assert house.run(count_name, OWNER, key="k1", name="ada") == first
    assert len(house.entries()) == 2


def test_the_same_key_for_another_request_is_a_conflict(house: House) -> None:
    house.run(count_name, OWNER, key="k1", name="ada")
    with pytest.raises(ConflictError) as refused:
        house.run(count_name, OWNER, key="k1", name="bob")
    assert refused.value.code == "action.idempotency_mismatch"


def test_keys_belong_to_who_sent_them(house: House) -> None:
    house.run(count_name, OWNER, key="k1", name="ada")
    house.run(count_name, staff("owner", id="per_other"), key="k1", name="bob")
    assert rows(house, IdempotencyRow) == 2


def test_one_key_sent_many_times_at_once_is_done_once(house: House) -> None:
    answers: list[object] = []
    barrier = threading.Barrier(8)

    def send() -> None:
        barrier.wait()
        try:
            answers.append(house.run(count_name, OWNER, key="k1", name="ada"))
        except Exception as error:  # noqa: BLE001 - whatever a thread meets is compared below
            answers.append(error)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [Count(count=1)] * 8
    assert (len(house.entries()), rows(house, IdempotencyRow)) == (1, 1)


def test_two_operations_of_one_name_route_or_command_line_are_refused() -> None:
    with pytest.raises(BugError):
        Registry([count_name, count_name])
    with pytest.raises(NotFoundError):
        Registry([count_name]).get("overview.nothing")
