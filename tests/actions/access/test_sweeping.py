"""What nobody can use any more is thrown away, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from fairkeeper.access.actions.people import add_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.attempts import SignInAttempt, SignInAttempts, SignInPurpose
from fairkeeper.access.tables import SignInAttemptRow, WebSessionRow
from fairkeeper.action.principal import system
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import Database
from fairkeeper.jobs.sweeping import REMEMBERED, Sweeping
from fairkeeper.jobs.worker import Worker
from tests.actions.access.world import CONTOSO_TENANT, FAIRMILE, access_house, account
from tests.actions.house import House, staff


@pytest.fixture
def house(database: Database) -> House:
    made = access_house(database)
    made.run(sign_in, system("sign_in"), purpose="customer", **account(CONTOSO_TENANT))
    SignInAttempts(database, made.clock).keep(
        SignInAttempt(purpose=SignInPurpose.STAFF, state="s", nonce="n", code_verifier="v", browser="b")
    )
    made.run(
        add_person,
        staff("owner"),
        key="k",
        tenant_id=FAIRMILE,
        object_id="0d000000-0000-4000-8000-000000000001",
        name="Ines Vale",
        roles=["owner"],
    )
    return made


def _left(house: House) -> tuple[int, int, int]:
    Worker(house.database, house.clock, work=Sweeping(house.database, house.clock).work()).run_due()
    with house.database.read() as session:
        sessions, attempts, answers = (
            len(session.scalars(select(row)).all()) for row in (WebSessionRow, SignInAttemptRow, IdempotencyRow)
        )
    return sessions, attempts, answers


def test_what_can_still_be_used_stays_and_the_rest_goes(house: House) -> None:
    assert _left(house) == (1, 1, 1)
    house.clock.move(timedelta(hours=1))
    assert _left(house) == (1, 0, 1)
    house.clock.move(timedelta(hours=11))
    assert _left(house) == (0, 0, 1)
    house.clock.move(REMEMBERED - timedelta(hours=13))
    assert _left(house) == (0, 0, 1)
    house.clock.move(timedelta(hours=1))
    assert _left(house) == (0, 0, 0)
