"""Credentials of a request: tokens, Entra access tokens and cookies, and when they stop to count."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fairkeeper.access.actions.people import add_person, change_roles
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.authentication import (
    WebSession,
    authenticate_bearer,
    authenticate_cookie,
    forget_expired_sessions,
)
from fairkeeper.access.credentials import digest, is_form_token, new_cookie_value
from fairkeeper.access.errors import CredentialsRefusedError
from fairkeeper.access.queries import list_tokens
from fairkeeper.access.tables import PersonRow, WebSessionRow
from fairkeeper.action.principal import system
from fairkeeper.database.session import Database
from fairkeeper.token.authority import TokenVersion
from fairkeeper.token.errors import TokenRefusal, TokenRefusedError
from fairkeeper.token.validator import TokenKind, VerifiedToken
from fairkeeper.values.ids import TenantId
from tests.actions.access.world import FAIRMILE, access_house, account
from tests.actions.house import House, staff

OWNER = staff("owner")
OBJECT = "0d000000-0000-4000-8000-000000000001"


@pytest.fixture
def house(database: Database) -> House:
    return access_house(database)


def _signed_in(house: House) -> tuple[str, WebSession]:
    house.run(add_person, OWNER, tenant_id=FAIRMILE, object_id=OBJECT, name="Ines Vale", roles=["finance"])
    value = new_cookie_value()
    house.run(
        sign_in,
        system("sign_in"),
        purpose="staff",
        **account(FAIRMILE, OBJECT, cookie_digest=digest(value).hex(), name="Ines Vale"),
    )
    session = authenticate_cookie(house.database, house.clock, value)
    assert session is not None
    return value, session


# --- bearer ---


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "access.credentials_missing"),
        ("", "access.credentials_missing"),
        ("Basic dXNlcjpwYXNz", "access.credentials_malformed"),
        ("Bearer", "access.credentials_malformed"),
        ("Bearer a b", "access.credentials_malformed"),
        ("Bearer nonsense", "access.token_unknown"),
        ("Bearer eyJhbGciOiJub25lIn0.e30.", "access.token_unknown"),
        ("Bearer fk_" + "a" * 43, "access.token_unknown"),
        ("Bearer fk_" + "é" * 43, "access.token_unknown"),
    ],
)
def test_each_wrong_header_has_its_own_reason(house: House, header: str | None, code: str) -> None:
    with pytest.raises(CredentialsRefusedError) as refused:
        authenticate_bearer(house.database, house.clock, header)
    assert refused.value.code == code


def test_an_expired_token_is_refused_from_its_last_moment_on(house: House) -> None:
    made = house.run(create_token, OWNER, name="Short", roles=["auditor"], expires_in_days=1)
    header = f"Bearer {made.secret}"
    house.clock.move(timedelta(days=1, microseconds=-1))
    assert authenticate_bearer(house.database, house.clock, header).id == made.token.id
    house.clock.move(timedelta(microseconds=1))
    with pytest.raises(CredentialsRefusedError) as refused:
        authenticate_bearer(house.database, house.clock, header)
    assert refused.value.code == "access.token_expired"


def test_use_is_written_down_once_a_minute(house: House) -> None:
    made = house.run(create_token, OWNER, name="Busy", roles=["auditor"])

    def used_at() -> datetime | None:
        authenticate_bearer(house.database, house.clock, f"bearer  {made.secret} ")
        return house.run(list_tokens, OWNER)[0].last_used_at  # type: ignore[no-any-return]

    first = used_at()
    house.clock.move(timedelta(seconds=59))
    assert used_at() == first
    house.clock.move(timedelta(seconds=1))
    assert used_at() == house.clock.now()


class EntraSays:
    """An authority's answer about any token."""

    def __init__(self, answer: VerifiedToken | TokenRefusedError) -> None:
        self.answer = answer

    def prove(self, token: str) -> VerifiedToken:
        if isinstance(self.answer, TokenRefusedError):
            raise self.answer
        return self.answer


PROVED = VerifiedToken(
    version=TokenVersion.V2,
    kind=TokenKind.USER,
    tenant_id=FAIRMILE,
    audience="0f000000-0000-4000-8000-000000000001",
    subject="s",
    object_id=OBJECT,
    caller_app_id="0f000000-0000-4000-8000-000000000002",
    expires_at=datetime(2027, 1, 1, tzinfo=UTC),
    claims={},
)


def test_an_entra_access_token_stands_for_its_person(house: House) -> None:
    _, session = _signed_in(house)
    found = authenticate_bearer(house.database, house.clock, "Bearer a.b.c", access_tokens=EntraSays(PROVED))
    assert found == session.principal


@pytest.mark.parametrize(
    "proved",
    [
        replace(PROVED, tenant_id=TenantId("0b000000-0000-4000-8000-000000000001")),
        replace(PROVED, object_id=str(uuid.uuid4()), email="ines@fairmile.example"),
        replace(PROVED, object_id=None),
    ],
)
def test_a_genuine_access_token_of_nobody_here_is_refused(house: House, proved: VerifiedToken) -> None:
    _signed_in(house)
    with pytest.raises(CredentialsRefusedError) as refused:
        authenticate_bearer(house.database, house.clock, "Bearer a.b.c", access_tokens=EntraSays(proved))
    assert refused.value.code == "access.person_unknown"


def test_a_refused_access_token_keeps_its_own_reason(house: House) -> None:
    refusal = TokenRefusedError(TokenRefusal.EXPIRED, "The token ended at noon.")
    with pytest.raises(TokenRefusedError) as refused:
        authenticate_bearer(house.database, house.clock, "Bearer a.b.c", access_tokens=EntraSays(refusal))
    assert refused.value.code == "token.expired"


# --- cookies ---


@pytest.mark.parametrize("value", [None, "", "nonsense", "a" * 43, "é\ud800"])
def test_a_cookie_that_is_nobodys_is_no_session(house: House, value: str | None) -> None:
    assert authenticate_cookie(house.database, house.clock, value) is None


def test_a_session_names_its_person_and_binds_its_forms(house: House) -> None:
    value, session = _signed_in(house)
    assert (session.principal.kind, session.principal.roles) == ("staff", frozenset({"finance"}))
    assert session.principal.display == "Ines Vale"
    assert is_form_token(value, session.form_token)
    assert not is_form_token(new_cookie_value(), session.form_token)


def test_changed_roles_hold_from_the_next_request_on(house: House) -> None:
    value, session = _signed_in(house)
    house.run(change_roles, OWNER, person_id=session.principal.id, roles=["seller"])
    later = authenticate_cookie(house.database, house.clock, value)
    assert later is not None
    assert later.principal.roles == frozenset({"seller"})


def test_a_session_ends_after_twelve_idle_hours(house: House) -> None:
    value, _ = _signed_in(house)
    house.clock.move(timedelta(hours=11, minutes=59))
    assert authenticate_cookie(house.database, house.clock, value) is not None
    house.clock.move(timedelta(hours=11, minutes=59))
    assert authenticate_cookie(house.database, house.clock, value) is not None
    house.clock.move(timedelta(hours=12))
    assert authenticate_cookie(house.database, house.clock, value) is None


def test_a_session_ends_after_seven_days_however_busy(house: House) -> None:
    value, _ = _signed_in(house)
    for _ in range(14 * 2 - 1):
        house.clock.move(timedelta(hours=6))
        assert authenticate_cookie(house.database, house.clock, value) is not None
    house.clock.move(timedelta(hours=6))
    assert authenticate_cookie(house.database, house.clock, value) is None


def test_a_session_that_outlived_its_persons_removal_is_worth_nothing(house: House) -> None:
    """A sign-in may commit just after a removal has swept the sessions; the person's state decides all the same."""
    value, session = _signed_in(house)
    with house.database.write() as writing:
        writing.get_one(PersonRow, session.principal.id).state = "removed"
    assert authenticate_cookie(house.database, house.clock, value) is None


def test_ended_sessions_are_swept(house: House) -> None:
    _signed_in(house)
    house.clock.move(timedelta(hours=12))
    with house.database.write() as session:
        forget_expired_sessions(session, house.clock)
    with house.database.read() as session:
        assert session.query(WebSessionRow).count() == 0
