"""Sign-ins on their way: bound to one browser, used once, ten minutes at most."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from fairkeeper.access.attempts import (
    SignInAttempt,
    SignInAttempts,
    SignInPurpose,
    forget_expired_attempts,
    local_path,
)
from fairkeeper.access.credentials import digest
from fairkeeper.access.errors import SignInAttemptError
from fairkeeper.access.tables import SignInAttemptRow
from fairkeeper.database.session import Database
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.actions.house import NOW

ATTEMPT = SignInAttempt(
    purpose=SignInPurpose.FIRST_OWNER,
    state="state-1",
    nonce="nonce-1",
    code_verifier="verifier-1",
    browser="browser-1",
    return_to="/customers?state=active",
    first_owner_token="fk_once",
)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(FixedClock(NOW))


@pytest.fixture
def attempts(database: Database, clock: MovableClock) -> SignInAttempts:
    made = SignInAttempts(database, clock)
    made.keep(ATTEMPT)
    return made


def test_an_attempt_comes_back_whole(attempts: SignInAttempts) -> None:
    taken = attempts.take(state="state-1", browser="browser-1")
    assert (taken.purpose, taken.nonce, taken.code_verifier) == (SignInPurpose.FIRST_OWNER, "nonce-1", "verifier-1")
    assert (taken.return_to, taken.first_owner_digest) == ("/customers?state=active", digest("fk_once"))


def test_an_attempt_is_used_once(attempts: SignInAttempts) -> None:
    attempts.take(state="state-1", browser="browser-1")
    with pytest.raises(SignInAttemptError) as refused:
        attempts.take(state="state-1", browser="browser-1")
    assert refused.value.code == "access.sign_in_unknown"


def test_an_attempt_is_used_once_by_many_processes_at_once(attempts: SignInAttempts) -> None:
    together = threading.Barrier(4, timeout=30)
    outcomes: list[str] = []

    def take() -> None:
        together.wait()
        try:
            outcomes.append(attempts.take(state="state-1", browser="browser-1").nonce)
        except SignInAttemptError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["access.sign_in_unknown"] * 3 + ["nonce-1"]


def test_another_browser_is_refused_and_does_not_use_it_up(attempts: SignInAttempts) -> None:
    for browser in ("", "browser-2"):
        with pytest.raises(SignInAttemptError) as refused:
            attempts.take(state="state-1", browser=browser)
        assert refused.value.code == "access.sign_in_other_browser"
    assert attempts.take(state="state-1", browser="browser-1").nonce == "nonce-1"


def test_an_attempt_lasts_ten_minutes_and_is_then_gone(attempts: SignInAttempts, clock: MovableClock) -> None:
    clock.move(timedelta(minutes=10))
    with pytest.raises(SignInAttemptError) as refused:
        attempts.take(state="state-1", browser="browser-1")
    assert refused.value.code == "access.sign_in_expired"
    with pytest.raises(SignInAttemptError) as gone:
        attempts.take(state="state-1", browser="browser-1")
    assert gone.value.code == "access.sign_in_unknown"


def test_unfinished_attempts_are_swept(attempts: SignInAttempts, clock: MovableClock, database: Database) -> None:
    clock.move(timedelta(minutes=11))
    with database.write() as session:
        forget_expired_attempts(session, clock)
    with database.read() as session:
        assert session.scalars(select(SignInAttemptRow)).all() == []


def test_neither_state_nor_browser_value_nor_token_is_kept(attempts: SignInAttempts, database: Database) -> None:
    with database.read() as session:
        row = session.scalars(select(SignInAttemptRow)).one()
    assert row.state_digest == digest("state-1")
    assert row.browser_digest == digest("browser-1")
    assert row.first_owner_digest == digest("fk_once")


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "/\tevil",
        "",
        "evil",
        "/" + "a" * 2000,
        "/caf\u00e9",
    ],
)
def test_a_person_is_never_sent_elsewhere(elsewhere: str) -> None:
    assert local_path(elsewhere) == "/"
