"""What has served its time goes, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from fairkeeper.access.tables import PersonRow, SignInAttemptRow, WebSessionRow
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import Database
from fairkeeper.database.tasks import Task
from fairkeeper.jobs.sweeping import REMEMBERED, Sweeping
from fairkeeper.values.clock import FixedClock
from fairkeeper.values.ids import PersonId, TenantId

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TASK = Task(id=1, name="sweep", key="k", payload={}, attempts=1, customer_id=None, due_at=NOW)


def web_session(digest: bytes, expires_at: datetime) -> WebSessionRow:
    return WebSessionRow(
        cookie_digest=digest * 32, person_id=PersonId("per_1"), created_at=NOW, last_seen_at=NOW, expires_at=expires_at
    )


def attempt(digest: bytes, expires_at: datetime) -> SignInAttemptRow:
    return SignInAttemptRow(
        state_digest=digest * 32,
        browser_digest=digest * 32,
        nonce="n",
        code_verifier="v",
        purpose="staff",
        return_to="/",
        expires_at=expires_at,
    )


def remembered(key: str, at: datetime) -> IdempotencyRow:
    return IdempotencyRow(principal_id="p", key=key, operation="a.b", request_digest="d", result="1", at=at)


def test_what_has_ended_goes_and_what_lives_stays(database: Database) -> None:
    with database.write() as session:
        session.add(
            PersonRow(
                id=PersonId("per_1"),
                kind="staff",
                tenant_id=TenantId("t"),
                object_id="o",
                roles=["owner"],
                state="active",
                created_at=NOW,
            )
        )
        session.flush()
        session.add_all([web_session(b"a", NOW - HOUR), web_session(b"b", NOW + HOUR)])
        session.add_all([attempt(b"a", NOW - HOUR), attempt(b"b", NOW + HOUR)])
        session.add_all([remembered("old", NOW - REMEMBERED - HOUR), remembered("new", NOW - HOUR)])
    for _ in range(2):
        for handler in Sweeping(database, FixedClock(NOW)).work().handlers:
            handler.run(TASK)
    with database.read() as session:
        assert [row.cookie_digest[:1] for row in session.scalars(select(WebSessionRow))] == [b"b"]
        assert [row.state_digest[:1] for row in session.scalars(select(SignInAttemptRow))] == [b"b"]
        assert [row.key for row in session.scalars(select(IdempotencyRow))] == ["new"]
