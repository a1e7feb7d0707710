"""Signing in and out: who is let in, as whom, and what the browser's session is worth."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from fairkeeper.access.actions.people import add_person, remove_person
from fairkeeper.access.actions.sign_in import claim_first_owner, sign_in, sign_out
from fairkeeper.access.actions.tokens import create_token, revoke_token
from fairkeeper.access.authentication import authenticate_cookie
from fairkeeper.access.credentials import digest, new_cookie_value
from fairkeeper.access.errors import FirstOwnerRefusedError, SignInRefusedError
from fairkeeper.access.people import PERSONAL_ACCOUNTS_TENANT
from fairkeeper.access.tables import PersonRow, WebSessionRow
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError
from tests.actions.access.world import (
    CONTOSO,
    CONTOSO_TENANT,
    FABRIKAM,
    FABRIKAM_TENANT,
    FAIRMILE,
    LITWARE,
    PERSONAL_BUYER,
    Entra,
    access_house,
    account,
)
from tests.actions.house import House, staff

SIGN_IN = system("sign_in")
OWNER = staff("owner")


@pytest.fixture
def house(database: Database) -> House:
    return access_house(database)


def _add_staff(house: House, object_id: str, *roles: str) -> Any:
    return house.run(
        add_person, OWNER, tenant_id=FAIRMILE, object_id=object_id, name="Ines Vale", roles=list(roles or ("finance",))
    )


STAFF_OBJECT = "0d000000-0000-4000-8000-000000000001"


def test_staff_who_were_added_sign_in_with_their_roles(house: House) -> None:
    added = _add_staff(house, STAFF_OBJECT, "finance", "seller")
    signed_in = house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT))
    assert (signed_in.person.id, signed_in.person.roles, signed_in.is_new) == (added.id, ["finance", "seller"], False)
    entry = house.entries()[-1]
    assert (entry.kind, entry.actor_id, entry.subject_id) == ("access.signed_in/1", "system:sign_in", added.id)


def test_an_upper_case_object_id_is_the_same_account(house: House) -> None:
    added = _add_staff(house, STAFF_OBJECT.upper())
    assert house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT)).person.id == added.id


def test_unknown_staff_are_refused_whatever_their_address_says(house: House) -> None:
    house.run(
        add_person,
        OWNER,
        tenant_id=FAIRMILE,
        object_id=STAFF_OBJECT,
        name="Ines",
        email="ines@fairmile.example",
        roles=["owner"],
    )
    with pytest.raises(SignInRefusedError) as refused:
        house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, email="ines@fairmile.example"))
    assert refused.value.code == "access.person_unknown"


def test_the_same_object_id_in_another_tenant_is_somebody_else(house: House) -> None:
    _add_staff(house, STAFF_OBJECT, "owner")
    signed_in = house.run(sign_in, SIGN_IN, purpose="customer", **account(CONTOSO_TENANT, STAFF_OBJECT))
    assert (signed_in.person.customer_id, signed_in.is_new) == (CONTOSO, True)


def test_the_first_of_a_customer_becomes_its_administrator_and_colleagues_users(house: House) -> None:
    first = house.run(sign_in, SIGN_IN, purpose="landing", **account(CONTOSO_TENANT))
    second = house.run(sign_in, SIGN_IN, purpose="customer", **account(CONTOSO_TENANT))
    other = house.run(sign_in, SIGN_IN, purpose="customer", **account(FABRIKAM_TENANT))
    assert [each.person.roles for each in (first, second, other)] == [
        ["customer_admin"],
        ["customer_user"],
        ["customer_admin"],
    ]
    assert [each.person.customer_id for each in (first, second, other)] == [CONTOSO, CONTOSO, FABRIKAM]
    assert house.kinds() == ["access.person_joined/1"] * 3
    assert [entry.customer_id for entry in house.entries()] == [CONTOSO, CONTOSO, FABRIKAM]


@pytest.mark.parametrize("purpose", ["landing", "customer"])
def test_a_guest_of_a_customers_tenant_does_not_join_by_itself(house: House, purpose: str) -> None:
    """Least of all as the first, who would become its administrator."""
    with pytest.raises(SignInRefusedError) as refused:
        house.run(sign_in, SIGN_IN, purpose=purpose, **account(CONTOSO_TENANT, is_guest=True))
    assert refused.value.code == "access.guest"
    assert house.kinds() == []


def test_a_guest_who_was_added_signs_in(house: House) -> None:
    guest = account(CONTOSO_TENANT, is_guest=True)
    fields = {"tenant_id": CONTOSO_TENANT, "object_id": guest["object_id"], "name": "Kim Lake"}
    house.run(add_person, OWNER, customer_id=CONTOSO, roles=["customer_user"], **fields)
    assert house.run(sign_in, SIGN_IN, purpose="customer", **guest).person.roles == ["customer_user"]


def test_a_personal_account_belongs_to_a_customer_by_itself_and_never_by_its_tenant(house: House) -> None:
    buyer = house.run(sign_in, SIGN_IN, purpose="landing", **account(PERSONAL_ACCOUNTS_TENANT, PERSONAL_BUYER))
    assert buyer.person.customer_id == LITWARE
    with pytest.raises(SignInRefusedError) as refused:
        house.run(sign_in, SIGN_IN, purpose="landing", **account(PERSONAL_ACCOUNTS_TENANT))
    assert refused.value.code == "access.tenant_unknown"


def test_a_tenant_that_belongs_to_no_customer_is_refused_and_nothing_is_kept(house: House) -> None:
    with pytest.raises(SignInRefusedError) as refused:
        house.run(sign_in, SIGN_IN, purpose="customer", **account("0e000000-0000-4000-8000-000000000001"))
    assert refused.value.code == "access.tenant_unknown"
    assert house.kinds() == []


def test_two_first_sign_ins_at_once_make_one_administrator(house: House) -> None:
    """The unique `first_of` decides; on SQLite the write lock does before it."""
    together = threading.Barrier(2, timeout=30)
    roles: list[str] = []

    def join() -> None:
        fields = account(CONTOSO_TENANT)
        together.wait()
        roles.extend(house.run(sign_in, SIGN_IN, purpose="customer", **fields).person.roles)

    threads = [threading.Thread(target=join) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(roles) == ["customer_admin", "customer_user"]


def test_a_removed_person_is_refused_and_signed_out(house: House) -> None:
    added = _add_staff(house, STAFF_OBJECT)
    value = new_cookie_value()
    house.run(
        sign_in,
        SIGN_IN,
        purpose="staff",
        **account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(value).hex()),
    )
    house.run(remove_person, OWNER, person_id=added.id)
    assert authenticate_cookie(house.database, house.clock, value) is None
    with pytest.raises(SignInRefusedError) as refused:
        house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT))
    assert refused.value.code == "access.person_removed"


def test_only_fairkeeper_itself_signs_people_in(house: House) -> None:
    """Whoever could run it over the API could sign in as anybody."""
    with pytest.raises(DeniedError):
        house.run(sign_in, OWNER, purpose="staff", **account(FAIRMILE))
    assert house.kinds() == []


def test_a_new_sign_in_ends_the_browsers_old_session(house: House) -> None:
    _add_staff(house, STAFF_OBJECT)
    old, new = new_cookie_value(), new_cookie_value()
    house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(old).hex()))
    house.run(
        sign_in,
        SIGN_IN,
        purpose="staff",
        **account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(new).hex(), replaces=digest(old).hex()),
    )
    assert authenticate_cookie(house.database, house.clock, old) is None
    assert authenticate_cookie(house.database, house.clock, new) is not None


def test_no_cookie_value_is_kept_anywhere(house: House) -> None:
    _add_staff(house, STAFF_OBJECT)
    value = new_cookie_value()
    fields = account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(value).hex())
    house.run(sign_in, SIGN_IN, purpose="staff", key="k1", **fields)
    with house.database.read() as session:
        row = session.scalars(select(WebSessionRow)).one()
    assert row.cookie_digest == digest(value)
    assert value not in "".join(f"{entry.header}{entry.payload}" for entry in house.entries())


# --- the first owner ---


def _one_time_token(house: House, **fields: Any) -> str:
    made = house.run(create_token, system("setup"), name="First owner", roles=["owner"], first_owner=True, **fields)
    assert made.secret is not None
    return str(made.secret)


def _claim(house: House, token: str, **changes: Any) -> Any:
    fields = account(FAIRMILE) | changes
    return house.run(claim_first_owner, SIGN_IN, token_digest=digest(token).hex(), **fields)


def test_the_first_owner_comes_by_a_one_time_token(house: House) -> None:
    claimed = _claim(house, _one_time_token(house))
    assert (claimed.person.roles, claimed.person.kind) == (["owner"], "staff")
    assert house.kinds()[-1] == "access.first_owner_claimed/1"


def test_a_one_time_token_works_once(house: House) -> None:
    token = _one_time_token(house)
    _claim(house, token)
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, token)
    assert refused.value.code == "access.first_owner_token_used"


def test_there_is_no_second_first_owner(house: House) -> None:
    first, second = _one_time_token(house), _one_time_token(house)
    _claim(house, first)
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, second)
    assert refused.value.code == "access.first_owner_exists"


def test_an_owner_who_was_added_ends_the_claim(house: House) -> None:
    token = _one_time_token(house)
    _add_staff(house, STAFF_OBJECT, "owner")
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, token)
    assert refused.value.code == "access.first_owner_exists"


def test_two_claims_at_once_make_one_owner(house: House) -> None:
    tokens = [_one_time_token(house), _one_time_token(house)]
    together = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def claim(token: str) -> None:
        together.wait()
        try:
            outcomes.append(_claim(house, token).person.kind)
        except FirstOwnerRefusedError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=claim, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["access.first_owner_exists", "staff"]
    with house.database.read() as session:
        assert len(session.scalars(select(PersonRow)).all()) == 1


def test_a_claim_from_another_tenant_is_refused(house: House) -> None:
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, _one_time_token(house), tenant_id=CONTOSO_TENANT)
    assert refused.value.code == "access.first_owner_tenant"


def test_a_claim_with_an_ordinary_token_is_refused(house: House) -> None:
    made = house.run(create_token, system("setup"), name="Backup job", roles=["owner"])
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, str(made.secret))
    assert refused.value.code == "access.first_owner_refused"


def test_a_claim_with_a_revoked_or_expired_token_is_refused(house: House) -> None:
    made = house.run(create_token, system("setup"), name="First", roles=["owner"], first_owner=True)
    house.run(revoke_token, system("setup"), token_id=made.token.id)
    with pytest.raises(FirstOwnerRefusedError) as refused:
        _claim(house, str(made.secret))
    assert refused.value.code == "access.first_owner_refused"
    late = _one_time_token(house, expires_in_days=1)
    house.clock.move(timedelta(days=1))
    with pytest.raises(FirstOwnerRefusedError) as expired:
        _claim(house, late)
    assert expired.value.code == "access.first_owner_token_expired"


# --- signing out ---


def test_signing_out_ends_one_browser_or_all(house: House) -> None:
    added = _add_staff(house, STAFF_OBJECT)
    values = [new_cookie_value() for _ in range(3)]
    for value in values:
        house.run(
            sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(value).hex())
        )
    person = Principal(id=added.id, kind=PrincipalKind.STAFF, roles=frozenset({"finance"}))
    assert house.run(sign_out, person, cookie_digest=digest(values[0]).hex()) == 1
    alive = [authenticate_cookie(house.database, house.clock, value) is not None for value in values]
    assert alive == [False, True, True]
    assert house.run(sign_out, person) == 2
    assert house.run(sign_out, person) == 0
    assert house.kinds()[-2:] == ["access.signed_out/1"] * 2


def test_nobody_signs_another_person_out(house: House) -> None:
    _add_staff(house, STAFF_OBJECT)
    value = new_cookie_value()
    house.run(sign_in, SIGN_IN, purpose="staff", **account(FAIRMILE, STAFF_OBJECT, cookie_digest=digest(value).hex()))
    assert house.run(sign_out, staff("owner", id="per_other"), cookie_digest=digest(value).hex()) == 0
    assert authenticate_cookie(house.database, house.clock, value) is not None


def test_a_customers_person_signs_out_under_row_security(house: House) -> None:
    value = new_cookie_value()
    joined = house.run(
        sign_in, SIGN_IN, purpose="customer", **account(CONTOSO_TENANT, cookie_digest=digest(value).hex())
    )
    session = authenticate_cookie(house.database, house.clock, value)
    assert session is not None
    assert session.principal.customer_id == CONTOSO
    assert house.run(sign_out, session.principal) == 1
    assert (house.kinds()[-1], house.entries()[-1].customer_id) == ("access.signed_out/1", CONTOSO)
    assert joined.person.id == session.principal.id


# -------------------- roles that Microsoft Entra assigns


@pytest.fixture
def entra_decides(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr(Entra, "is_deciding", True)
    return access_house(sqlite_database)


def _come(house: House, object_id: str, *roles: str, **changes: Any) -> Any:
    proved = account(FAIRMILE, object_id, **changes)
    return house.run(sign_in, SIGN_IN, purpose="staff", app_roles=roles, **proved).person


def test_staff_whom_entra_assigns_a_role_come_in_with_it_and_follow_it(entra_decides: House) -> None:
    first = _come(entra_decides, STAFF_OBJECT, "Fairkeeper.Finance", "seller", "SomebodyElses.Role")
    assert first.roles == ["finance", "seller"]
    assert _come(entra_decides, STAFF_OBJECT, "Fairkeeper.Auditor").roles == ["auditor"]
    with pytest.raises(SignInRefusedError) as refused:
        _come(entra_decides, STAFF_OBJECT, "SomebodyElses.Role")
    assert refused.value.code == "access.no_app_role"


@pytest.mark.parametrize(
    ("tenant_id", "changes", "roles"),
    [
        (FAIRMILE, {}, ()),
        (FAIRMILE, {"is_guest": True}, ("owner",)),
        (CONTOSO_TENANT, {}, ("owner",)),
        (FAIRMILE, {}, ("customer_admin", "service", "fairkeeper.")),
    ],
)
def test_a_role_of_another_tenant_of_a_guest_or_of_no_staff_lets_nobody_in(
    entra_decides: House, tenant_id: str, changes: dict[str, Any], roles: tuple[str, ...]
) -> None:
    proved = account(tenant_id, STAFF_OBJECT, **changes)
    with pytest.raises(SignInRefusedError):
        entra_decides.run(sign_in, SIGN_IN, purpose="staff", app_roles=roles, **proved)
    assert entra_decides.entries() == []


def test_the_last_two_owners_stay_owners_whatever_entra_says(entra_decides: House) -> None:
    two = [f"0d000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]
    for each in two:
        _come(entra_decides, each, "Fairkeeper.Owner")
    assert _come(entra_decides, two[0], "Fairkeeper.Auditor").roles == ["auditor", "owner"]
    _come(entra_decides, "0d000000-0000-4000-8000-000000000003", "Fairkeeper.Owner")
    assert _come(entra_decides, two[0], "Fairkeeper.Auditor").roles == ["auditor"]


def test_where_the_console_decides_entras_roles_count_for_nothing(house: House) -> None:
    with pytest.raises(SignInRefusedError):
        _come(house, STAFF_OBJECT, "Fairkeeper.Owner")
    _add_staff(house, STAFF_OBJECT, "finance")
    assert _come(house, STAFF_OBJECT, "Fairkeeper.Owner").roles == ["finance"]
