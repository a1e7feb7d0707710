"""Adding, changing and removing people: who may, and that somebody in charge always remains."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest

from fairkeeper.access.actions.people import add_person, change_roles, remove_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.erasure import erase_people
from fairkeeper.access.errors import (
    OwnersTooFewError,
    PersonExistsError,
    PersonNotFoundError,
    RolesRefusedError,
    SignInRefusedError,
)
from fairkeeper.access.queries import list_people, who_am_i
from fairkeeper.action.principal import system
from fairkeeper.database.session import Database
from fairkeeper.errors import DeniedError, NotFoundError
from tests.actions.access.world import (
    CONTOSO,
    CONTOSO_TENANT,
    FABRIKAM,
    FABRIKAM_TENANT,
    FAIRMILE,
    access_house,
    account,
)
from tests.actions.house import NOW, House, customer_person, staff

OWNER = staff("owner")
ADMIN = customer_person(CONTOSO, "customer_admin")


@pytest.fixture
def house(database: Database) -> House:
    return access_house(database)


def _add(house: House, *roles: str, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "tenant_id": FAIRMILE,
        "object_id": str(uuid.uuid4()),
        "name": "Ines Vale",
        "roles": list(roles),
    }
    return house.run(add_person, OWNER, **(fields | changes))


def _join(house: House, tenant_id: str) -> Any:
    return house.run(sign_in, system("sign_in"), purpose="customer", **account(tenant_id)).person


def test_an_owner_adds_staff(house: House) -> None:
    added = _add(house, "finance", "seller", "finance", email="ines@fairmile.example")
    assert (added.roles, added.kind, added.customer_id) == (["finance", "seller"], "staff", None)
    entry = house.entries()[-1]
    assert (entry.kind, entry.actor_id, entry.subject_id) == ("access.person_added/1", OWNER.id, added.id)
    assert "Ines" not in entry.header
    assert "ines@" not in f"{entry.header}{entry.payload}"


@pytest.mark.parametrize("role", ["finance", "platform", "security", "auditor", "operations"])
def test_nobody_else_adds_people_and_is_told_who_may(house: House, role: str) -> None:
    with pytest.raises(DeniedError) as denied:
        house.run(add_person, staff(role), tenant_id=FAIRMILE, object_id=str(uuid.uuid4()), name="Eve", roles=["owner"])
    assert (denied.value.code, denied.value.remedy) == (
        "access.not_permitted",
        "Ask an owner for one of these roles: owner.",
    )
    assert house.kinds() == []


def test_an_account_is_added_once(house: House) -> None:
    object_id = str(uuid.uuid4())
    _add(house, "finance", object_id=object_id)
    with pytest.raises(PersonExistsError):
        _add(house, "owner", object_id=object_id)


def test_staff_have_accounts_of_the_publishers_tenant(house: House) -> None:
    with pytest.raises(SignInRefusedError) as refused:
        _add(house, "finance", tenant_id=CONTOSO_TENANT)
    assert refused.value.code == "access.tenant_unknown"


@pytest.mark.parametrize("roles", [["customer_admin"], ["service"], ["root"], ["owner", "Owner"]])
def test_staff_have_staff_roles_alone(house: House, roles: list[str]) -> None:
    with pytest.raises(RolesRefusedError):
        _add(house, *roles)


def test_changed_roles_hold_and_are_recorded(house: House) -> None:
    added = _add(house, "finance")
    changed = house.run(change_roles, OWNER, person_id=added.id, roles=["security", "auditor"])
    assert changed.roles == ["auditor", "security"]
    assert house.kinds()[-1] == "access.roles_changed/1"


def test_the_same_roles_again_change_nothing(house: House) -> None:
    added = _add(house, "finance")
    before = house.kinds()
    house.run(change_roles, OWNER, person_id=added.id, roles=["finance"])
    assert house.kinds() == before


def test_the_last_owner_can_neither_go_nor_step_down(house: House) -> None:
    only = _add(house, "owner")
    with pytest.raises(OwnersTooFewError):
        house.run(remove_person, OWNER, person_id=only.id)
    with pytest.raises(OwnersTooFewError):
        house.run(change_roles, OWNER, person_id=only.id, roles=["finance"])
    assert [person.id for person in house.run(list_people, OWNER)] == [only.id]


def test_there_are_never_fewer_than_two_owners_once_there_are_two(house: House) -> None:
    first, second, third = (_add(house, "owner") for _ in range(3))
    house.run(remove_person, OWNER, person_id=third.id)
    for person in (first, second):
        with pytest.raises(OwnersTooFewError):
            house.run(remove_person, OWNER, person_id=person.id)
    assert [person.id for person in house.run(list_people, OWNER)] == [first.id, second.id]


def test_owners_cannot_remove_each_other_at_once(house: House) -> None:
    """Three owners, two removals at the same moment: one of them is one too many."""
    owners = [_add(house, "owner") for _ in range(3)]
    together = threading.Barrier(2, timeout=30)
    outcomes: list[str] = []

    def remove(person_id: str) -> None:
        together.wait()
        try:
            outcomes.append(house.run(remove_person, OWNER, person_id=person_id).state)
        except OwnersTooFewError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=remove, args=(owner.id,)) for owner in owners[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["access.owners_too_few", "removed"]
    assert len(house.run(list_people, OWNER)) == 2


def test_a_removed_person_can_be_added_again(house: House) -> None:
    object_id = str(uuid.uuid4())
    added = _add(house, "finance", object_id=object_id)
    house.run(remove_person, OWNER, person_id=added.id)
    assert house.run(list_people, OWNER) == []
    again = _add(house, "seller", object_id=object_id)
    assert (again.id, again.roles, again.state) == (added.id, ["seller"], "active")


def test_a_removed_person_is_not_found_again(house: House) -> None:
    added = _add(house, "finance")
    house.run(remove_person, OWNER, person_id=added.id)
    with pytest.raises(PersonNotFoundError):
        house.run(remove_person, OWNER, person_id=added.id)


# --- customers' administrators ---


def test_an_administrator_sees_and_changes_the_own_company_alone(house: House) -> None:
    admin, colleague = _join(house, CONTOSO_TENANT), _join(house, CONTOSO_TENANT)
    stranger = _join(house, FABRIKAM_TENANT)
    assert {person.id for person in house.run(list_people, ADMIN)} == {admin.id, colleague.id}
    changed = house.run(change_roles, ADMIN, person_id=colleague.id, roles=["customer_auditor"])
    assert changed.roles == ["customer_auditor"]
    changes: list[tuple[Any, dict[str, Any]]] = [(change_roles, {"roles": ["customer_user"]}), (remove_person, {})]
    for operation, fields in changes:
        with pytest.raises(NotFoundError):
            house.run(operation, ADMIN, person_id=stranger.id, **fields)
    with pytest.raises(NotFoundError):
        house.run(list_people, ADMIN, customer_id=FABRIKAM)


def test_an_administrator_gives_no_staff_roles(house: House) -> None:
    colleague = _join(house, CONTOSO_TENANT), _join(house, CONTOSO_TENANT)
    with pytest.raises(RolesRefusedError):
        house.run(change_roles, ADMIN, person_id=colleague[1].id, roles=["owner"])


def test_an_administrator_adds_a_colleague_of_an_own_tenant_alone(house: House) -> None:
    fields: dict[str, Any] = {"object_id": str(uuid.uuid4()), "name": "Lee Moor", "roles": ["customer_approver"]}
    added = house.run(add_person, ADMIN, tenant_id=CONTOSO_TENANT, **fields)
    assert (added.customer_id, added.kind) == (CONTOSO, "customer")
    with pytest.raises(SignInRefusedError):
        house.run(add_person, ADMIN, tenant_id=FABRIKAM_TENANT, **(fields | {"object_id": str(uuid.uuid4())}))


def test_an_account_of_another_customer_cannot_be_taken_over(house: House) -> None:
    """The row is invisible, so the unique account refuses; the answer tells no more than that."""
    joined = _join(house, CONTOSO_TENANT)
    with pytest.raises(PersonExistsError):
        house.run(
            add_person,
            OWNER,
            tenant_id=CONTOSO_TENANT,
            object_id=joined.object_id,
            name="Lee",
            roles=["customer_user"],
            customer_id=CONTOSO,
        )


def test_the_last_administrator_hands_over_before_leaving(house: House) -> None:
    admin, colleague = _join(house, CONTOSO_TENANT), _join(house, CONTOSO_TENANT)
    with pytest.raises(OwnersTooFewError) as refused:
        house.run(change_roles, ADMIN, person_id=admin.id, roles=["customer_user"])
    assert refused.value.code == "access.last_admin"
    house.run(change_roles, ADMIN, person_id=colleague.id, roles=["customer_admin"])
    assert house.run(change_roles, ADMIN, person_id=admin.id, roles=["customer_user"]).roles == ["customer_user"]


def test_a_user_of_a_customer_changes_nobody(house: House) -> None:
    admin = _join(house, CONTOSO_TENANT)
    with pytest.raises(DeniedError) as denied:
        house.run(remove_person, customer_person(CONTOSO, "customer_user"), person_id=admin.id)
    assert denied.value.remedy == "Ask your company's administrator for one of these roles: customer_admin."


def test_erasing_leaves_nothing_that_names_a_customers_people(house: House) -> None:
    joined, kept = _join(house, CONTOSO_TENANT), _join(house, FABRIKAM_TENANT)
    with house.database.write() as session:
        assert erase_people(session, CONTOSO, now=NOW) == 1
    people = {person.id: person for person in house.run(list_people, OWNER, include_removed=True)}
    erased = people[joined.id]
    assert (erased.name, erased.email, erased.state) == (None, None, "removed")
    assert erased.object_id != joined.object_id
    assert people[kept.id].name == "Kim Lake"
    assert _join(house, CONTOSO_TENANT).roles == ["customer_user"]


def test_everybody_may_ask_who_they_are(house: House) -> None:
    assert house.run(who_am_i, ADMIN).roles == ["customer_admin"]
    assert house.run(who_am_i, staff("seller")).id == "per_staff"
