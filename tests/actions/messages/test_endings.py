"""The end of a credential is announced 60, 30 and 7 days ahead, each once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from fairkeeper.database.session import Database
from fairkeeper.database.tasks import TaskRow
from fairkeeper.jobs.connections import ConnectionsWork
from fairkeeper.jobs.worker import Worker
from fairkeeper.overview.connections.announcing import OPERATIONS
from tests.actions.house import NOW, House


@pytest.fixture
def house(sqlite_database: Database) -> House:
    return House(sqlite_database, OPERATIONS)


def test_each_announcement_is_made_once_and_none_too_early(house: House) -> None:
    ends = NOW.date() + timedelta(days=70)
    work = ConnectionsWork(house.runner, [("client secret", ends)], lambda _names: [], is_daily=False).work()
    worker = Worker(house.database, house.clock, work=work)
    days_told: list[int] = []
    for day in range(75):
        worker.run_due()
        with house.database.read() as session:
            told = len(session.scalars(select(TaskRow).where(TaskRow.name == "messages.take_up")).all())
        if told > len(days_told):
            days_told.append(70 - day)
        house.clock.move(timedelta(days=1))
    assert days_told == [60, 30, 7]
