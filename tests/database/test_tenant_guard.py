"""A customer's session reaches that customer's rows and nothing else, on both databases, whatever is tried in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, exists, func, insert, literal_column, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.errors import TenantGuardError
from fairkeeper.database.secrets import SecretRow
from fairkeeper.database.session import Database, Scope
from fairkeeper.database.tasks import NewTask, TaskRow, enqueue
from fairkeeper.values.ids import CustomerId

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONTOSO, FABRIKAM = CustomerId("cus_contoso"), CustomerId("cus_fabrikam")
OWN = Scope(CONTOSO)
TASKS = TaskRow.__table__


def _task(key: str, customer_id: CustomerId | None) -> TaskRow:
    return TaskRow(name="t", key=key, payload={"of": key}, due_at=NOW, created_at=NOW, customer_id=customer_id)


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """One row of each customer and one of the publisher; the ids of their rows by key."""
    rows = [_task("contoso", CONTOSO), _task("fabrikam", FABRIKAM), _task("publisher", None)]
    with database.write() as session:
        session.add_all(rows)
        session.add(SecretRow(name="signing key", sealed=b"1", changed_at=NOW))
    return {row.key: row.id for row in rows}


def _state(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        columns = (TaskRow.key, TaskRow.customer_id, TaskRow.last_error)
        return [tuple(row) for row in session.execute(select(*columns).order_by(TaskRow.id))]


other = aliased(TaskRow)
READS: dict[str, Callable[[Session], Any]] = {
    "rows": lambda session: [row.key for row in session.scalars(select(TaskRow))],
    "a column": lambda session: session.scalars(select(TaskRow.key)).all(),
    "an alias": lambda session: session.scalars(select(other.key)).all(),
    "the old query style": lambda session: [row.key for row in session.query(TaskRow)],
    "a subquery": lambda session: session.scalars(select(TaskRow.key).where(TaskRow.id.in_(select(other.id)))).all(),
    "a join with itself": lambda session: session.scalars(select(other.key).join(TaskRow, TaskRow.name == other.name)).all(),
    "a union": lambda session: session.scalars(select(TaskRow.key).union(select(other.key))).all(),
    "a common table expression": lambda session: session.scalars(select(select(other.key).cte("x").c.key)).all(),
    "rows to be changed": lambda session: [row.key for row in session.scalars(select(TaskRow).with_for_update())],
}  # fmt: skip


@pytest.mark.parametrize("way", READS)
def test_reading_finds_the_own_rows_alone(database: Database, ids: dict[str, int], way: str) -> None:
    with database.write(OWN) as session:
        assert list(READS[way](session)) == ["contoso"]


def test_counting_counts_the_own_rows_alone(database: Database, ids: dict[str, int]) -> None:
    with database.read(OWN) as session:
        assert session.scalars(select(func.count()).select_from(TaskRow)).one() == 1
        assert session.scalars(select(func.count(TaskRow.id))).one() == 1


def test_another_customers_id_is_nobodys(database: Database, ids: dict[str, int]) -> None:
    with database.read(OWN) as session:
        assert session.get(TaskRow, ids["contoso"]) is not None
        assert session.get(TaskRow, ids["fabrikam"]) is None
        assert session.get(TaskRow, ids["publisher"]) is None


def test_sessions_of_two_customers_use_one_pool_without_mixing(database: Database, ids: dict[str, int]) -> None:
    """On PostgreSQL the setting lasts for one transaction; a pooled connection carries nothing over."""
    for _ in range(3):
        for customer_id, expected in ((CONTOSO, ["contoso"]), (FABRIKAM, ["fabrikam"]), (CustomerId("cus_x"), [])):
            with database.read(Scope(customer_id)) as session:
                assert session.scalars(select(TaskRow.key)).all() == expected


REFUSED: dict[str, Callable[[Session], Any]] = {
    "text": lambda session: session.execute(text("SELECT key FROM task")).all(),
    "a Core statement": lambda session: session.execute(select(TASKS)).all(),
    "text in a criterion": lambda session: session.scalars(select(TaskRow.key).where(text("1=1 OR 1=1"))).all(),
    "text as a column": lambda session: session.execute(
        select(TaskRow.key, literal_column("(SELECT count(*) FROM secret)"))
    ).all(),
    "a Core table beside a class": lambda session: session.execute(
        select(TaskRow.key, IdempotencyRow.__table__.c.key)
    ).all(),
    "a Core alias beside a class": lambda session: session.execute(select(TaskRow.key, TASKS.alias().c.key)).all(),
    "a Core subquery": lambda session: session.execute(
        select(TaskRow.key, select(TASKS.alias("x").c.key).limit(1).scalar_subquery())
    ).all(),
    "rows from text": lambda session: session.scalars(select(TaskRow).from_statement(text("SELECT * FROM task"))).all(),
    "a class that belongs to nobody": lambda session: session.scalars(select(SecretRow)).all(),
    "an id of such a class": lambda session: session.get(SecretRow, "signing key"),
    "such a class in a subquery": lambda session: session.scalars(
        select(TaskRow.key).where(exists(select(SecretRow.name)))
    ).all(),
    "the raw connection": lambda session: session.connection(),
    "an insert statement": lambda session: session.execute(insert(TaskRow), [{"key": "x"}]),
    "an update by primary keys": lambda session: session.execute(update(TaskRow), [{"id": 2, "last_error": "x"}]),
    "an update that gives rows away": lambda session: session.execute(update(TaskRow).values(customer_id=FABRIKAM)),
    "bulk objects": lambda session: session.bulk_save_objects([_task("x", FABRIKAM)]),
    "bulk inserts": lambda session: session.bulk_insert_mappings(TaskRow, [{"key": "x"}]),
    "bulk updates": lambda session: session.bulk_update_mappings(TaskRow, [{"id": 2}]),
    "a new row of another customer": lambda session: session.add(_task("x", FABRIKAM)),
    "a new row of the publisher": lambda session: session.add(_task("x", None)),
    "a new row of such a class": lambda session: session.add(SecretRow(name="x", sealed=b"", changed_at=NOW)),
}


@pytest.mark.parametrize("way", REFUSED)
def test_what_no_criterion_reaches_is_refused(database: Database, ids: dict[str, int], way: str) -> None:
    before = _state(database)
    with pytest.raises(TenantGuardError), database.write(OWN) as session:
        REFUSED[way](session)
    assert _state(database) == before


def test_an_own_row_cannot_be_given_away(database: Database, ids: dict[str, int]) -> None:
    with pytest.raises(TenantGuardError), database.write(OWN) as session:
        session.get_one(TaskRow, ids["contoso"]).customer_id = FABRIKAM
    assert _state(database)[0] == ("contoso", CONTOSO, None)


def test_updates_and_deletes_by_criteria_touch_own_rows_alone(database: Database, ids: dict[str, int]) -> None:
    with database.write(OWN) as session:
        session.execute(update(TaskRow).values(last_error="seen"))
        session.execute(update(TaskRow).where(TaskRow.id == ids["fabrikam"]).values(last_error="theirs"))
    assert [row[2] for row in _state(database)] == ["seen", None, None]
    with database.write(OWN) as session:
        session.execute(delete(TaskRow))
    assert [row[0] for row in _state(database)] == ["fabrikam", "publisher"]


def test_the_id_of_anothers_row_cannot_be_taken_over(database: Database, ids: dict[str, int]) -> None:
    row = _task("x", CONTOSO)
    row.id = ids["fabrikam"]
    with pytest.raises(IntegrityError), database.write(OWN) as session:
        session.merge(row)
    assert _state(database)[1] == ("fabrikam", FABRIKAM, None)


def test_own_rows_can_be_added_changed_and_deleted(database: Database, ids: dict[str, int]) -> None:
    with database.write(OWN) as session:
        session.add(_task("new", CONTOSO))
        session.get_one(TaskRow, ids["contoso"]).last_error = "changed"
        task = NewTask(name="t", key="queued", due_at=NOW, payload={}, customer_id=CONTOSO)
        assert enqueue(session, task, now=NOW)
        assert not enqueue(session, task, now=NOW)
    with database.write(OWN) as session:
        session.delete(session.scalars(select(TaskRow).where(TaskRow.key == "new")).one())
    assert [row for row in _state(database) if row[1] == CONTOSO] == [
        ("contoso", CONTOSO, "changed"),
        ("queued", CONTOSO, None),
    ]
