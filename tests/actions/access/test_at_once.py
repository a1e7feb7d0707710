"""Two transactions that meet just before they write, on PostgreSQL; on SQLite the write lock keeps them apart."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from fairkeeper.access.actions.people import add_person, change_roles, remove_person
from fairkeeper.access.actions.sign_in import claim_first_owner, sign_in
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.attempts import SignInAttempt, SignInAttempts, SignInPurpose
from fairkeeper.access.credentials import digest
from fairkeeper.access.queries import list_people
from fairkeeper.access.tables import PersonRow, SignInAttemptRow
from fairkeeper.action.principal import system
from fairkeeper.database.session import Database
from fairkeeper.errors import FairkeeperError
from tests.actions.access.world import CONTOSO_TENANT, FAIRMILE, access_house, account
from tests.actions.house import House, staff
from tests.actions.meeting import at_once, meeting_before_writing

pytestmark = pytest.mark.postgresql
OWNER = staff("owner")
SIGN_IN = system("sign_in")


@pytest.fixture
def house(postgresql_database: Database) -> House:
    return access_house(postgresql_database)


def _outcome(call: Callable[[], Any]) -> Callable[[], str]:
    def run() -> str:
        try:
            call()
        except FairkeeperError as error:
            return error.code
        return "done"

    return run


def _owners(house: House, count: int) -> list[str]:
    added = [
        house.run(add_person, OWNER, tenant_id=FAIRMILE, object_id=str(uuid.uuid4()), name="Ines Vale", roles=["owner"])
        for _ in range(count)
    ]
    return [person.id for person in added]


def test_two_claims_make_one_first_owner(house: House) -> None:
    tokens = [
        house.run(create_token, system("setup"), name="First", roles=["owner"], first_owner=True).secret
        for _ in range(2)
    ]
    claims = [
        _outcome(
            lambda token=token: house.run(  # type: ignore[misc]
                claim_first_owner, SIGN_IN, token_digest=digest(token).hex(), **account(FAIRMILE)
            )
        )
        for token in tokens
    ]
    with meeting_before_writing(PersonRow):
        assert sorted(at_once(claims)) == ["access.first_owner_exists", "done"]
    assert len(house.run(list_people, OWNER)) == 1


def test_two_first_people_of_a_customer_make_one_administrator(house: House) -> None:
    with meeting_before_writing(PersonRow):
        at_once([lambda: house.run(sign_in, SIGN_IN, purpose="customer", **account(CONTOSO_TENANT))] * 2)
    roles = [person.roles for person in house.run(list_people, OWNER)]
    assert sorted(roles) == [["customer_admin"], ["customer_user"]]


def test_the_same_person_twice_is_one_person(house: House) -> None:
    object_id = str(uuid.uuid4())
    with meeting_before_writing(PersonRow):
        signed_in = at_once(
            [lambda: house.run(sign_in, SIGN_IN, purpose="customer", **account(CONTOSO_TENANT, object_id))] * 2
        )
    assert signed_in[0].person.id == signed_in[1].person.id
    assert [person.roles for person in house.run(list_people, OWNER)] == [["customer_admin"]]


def test_two_of_three_owners_do_not_remove_each_other(house: House) -> None:
    owners = _owners(house, 3)
    removals = [
        _outcome(lambda owner=owner: house.run(remove_person, OWNER, person_id=owner))  # type: ignore[misc]
        for owner in owners[:2]
    ]
    with meeting_before_writing(PersonRow):
        assert sorted(at_once(removals)) == ["access.owners_too_few", "done"]
    assert len(house.run(list_people, OWNER)) == 2


def test_a_removal_and_a_change_of_roles_leave_two_owners(house: House) -> None:
    first, second, _ = _owners(house, 3)
    changes = [
        _outcome(lambda: house.run(remove_person, OWNER, person_id=first)),
        _outcome(lambda: house.run(change_roles, OWNER, person_id=second, roles=["finance"])),
    ]
    with meeting_before_writing(PersonRow):
        assert sorted(at_once(changes)) == ["access.owners_too_few", "done"]
    owners = [person for person in house.run(list_people, OWNER) if "owner" in person.roles]
    assert len(owners) == 2


def test_an_answer_is_used_once(postgresql_database: Database, house: House) -> None:
    attempts = SignInAttempts(postgresql_database, house.clock)
    attempts.keep(SignInAttempt(purpose=SignInPurpose.STAFF, state="s", nonce="n", code_verifier="v", browser="b"))
    with meeting_before_writing(SignInAttemptRow):
        outcomes = at_once([_outcome(lambda: attempts.take(state="s", browser="b"))] * 2)
    assert sorted(outcomes) == ["access.sign_in_unknown", "done"]
