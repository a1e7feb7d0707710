"""API tokens: shown once, kept as a digest, bound to a customer, revoked at once."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from fairkeeper.access.actions.tokens import create_token, revoke_token
from fairkeeper.access.authentication import authenticate_bearer
from fairkeeper.access.credentials import digest
from fairkeeper.access.errors import CredentialsRefusedError, RolesRefusedError, TokenNotFoundError
from fairkeeper.access.queries import list_tokens
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.database.session import Database
from fairkeeper.errors import ConflictError, DeniedError
from tests.actions.access.world import CONTOSO, FABRIKAM, access_house
from tests.actions.house import House, customer_person, staff

OWNER = staff("owner")


@pytest.fixture
def house(database: Database) -> House:
    return access_house(database)


def test_a_token_works_and_is_recorded_without_its_secret(house: House) -> None:
    made = house.run(create_token, OWNER, name="Nightly export", roles=["auditor"])
    principal = authenticate_bearer(house.database, house.clock, f"Bearer {made.secret}")
    assert principal == Principal(
        id=made.token.id, kind=PrincipalKind.SERVICE, roles=frozenset({"auditor"}), display="Nightly export"
    )
    entry = house.entries()[-1]
    assert (entry.kind, entry.subject_id) == ("access.token_created/1", made.token.id)
    assert made.secret not in f"{entry.header}{entry.payload}"


def test_the_secret_is_kept_nowhere(house: House) -> None:
    made = house.run(create_token, OWNER, name="Nightly export", roles=["auditor"], key="k1")
    with house.database.read() as session:
        token = session.scalars(select(ApiTokenRow)).one()
        remembered = session.scalars(select(IdempotencyRow)).one()
    assert token.digest == digest(made.secret)
    assert made.secret not in remembered.result
    assert json.loads(remembered.result)["secret"] is None


def test_a_repeated_request_answers_without_the_secret_and_makes_no_second_token(house: House) -> None:
    first = house.run(create_token, OWNER, name="Nightly export", roles=["auditor"], key="k1")
    again = house.run(create_token, OWNER, name="Nightly export", roles=["auditor"], key="k1")
    assert re.fullmatch(r"fk_[A-Za-z0-9_-]{43}", first.secret)
    assert (again.token, again.secret) == (first.token, None)
    assert len(house.run(list_tokens, OWNER)) == 1


def test_another_request_under_the_same_key_is_a_conflict(house: House) -> None:
    house.run(create_token, OWNER, name="Nightly export", roles=["auditor"], key="k1")
    with pytest.raises(ConflictError) as refused:
        house.run(create_token, OWNER, name="Nightly export", roles=["owner"], key="k1")
    assert refused.value.code == "action.idempotency_mismatch"


def test_a_revoked_token_is_worthless_at_once(house: House) -> None:
    made = house.run(create_token, OWNER, name="Nightly export", roles=["auditor"])
    house.run(revoke_token, OWNER, token_id=made.token.id)
    with pytest.raises(CredentialsRefusedError) as refused:
        authenticate_bearer(house.database, house.clock, f"Bearer {made.secret}")
    assert refused.value.code == "access.token_revoked"
    before = house.kinds()
    house.run(revoke_token, OWNER, token_id=made.token.id)
    assert house.kinds() == before
    assert house.run(list_tokens, OWNER) == []
    assert len(house.run(list_tokens, OWNER, include_revoked=True)) == 1


def test_a_token_of_a_customer_is_bound_to_it(house: House) -> None:
    made = house.run(create_token, OWNER, name="Contoso's SIEM", roles=["customer_auditor"], customer_id=CONTOSO)
    principal = authenticate_bearer(house.database, house.clock, f"Bearer {made.secret}")
    assert (principal.customer_id, principal.roles) == (CONTOSO, frozenset({"customer_auditor"}))


@pytest.mark.parametrize(
    ("roles", "customer_id"),
    [(["owner"], CONTOSO), (["customer_admin"], None), (["owner", "customer_admin"], CONTOSO), (["root"], None)],
)
def test_a_token_has_roles_of_its_own_side_alone(house: House, roles: list[str], customer_id: str | None) -> None:
    with pytest.raises(RolesRefusedError):
        house.run(create_token, OWNER, name="Mixed", roles=roles, customer_id=customer_id)


def test_a_first_owner_token_is_an_owners_alone(house: House) -> None:
    with pytest.raises(RolesRefusedError) as refused:
        house.run(create_token, system("setup"), name="First", roles=["auditor"], first_owner=True)
    assert refused.value.code == "access.first_owner_roles"


def test_an_administrators_tokens_are_of_the_own_company(house: House) -> None:
    admin = customer_person(CONTOSO, "customer_admin")
    made = house.run(create_token, admin, name="Our SIEM", roles=["customer_auditor"])
    assert made.token.customer_id == CONTOSO
    theirs = house.run(create_token, OWNER, name="Theirs", roles=["customer_auditor"], customer_id=FABRIKAM)
    assert [token.id for token in house.run(list_tokens, admin)] == [made.token.id]
    with pytest.raises(TokenNotFoundError):
        house.run(revoke_token, admin, token_id=theirs.token.id)


@pytest.mark.parametrize("role", ["security", "platform", "auditor"])
def test_only_an_owner_makes_tokens(house: House, role: str) -> None:
    with pytest.raises(DeniedError):
        house.run(create_token, staff(role), name="Mine", roles=[role])
