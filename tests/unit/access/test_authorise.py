"""The runner's `authorise`: a denial says which role would be enough, and costs a permit nothing."""

from __future__ import annotations

import pytest

from fairkeeper.access.actions.people import remove_person
from fairkeeper.access.actions.sign_in import sign_in
from fairkeeper.access.authorise import make_authorise, nobody_is_suspended
from fairkeeper.access.operations import OPERATIONS
from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import ANONYMOUS, Principal, PrincipalKind, system
from fairkeeper.errors import DeniedError, NotFoundError, UnauthenticatedError
from fairkeeper.values.ids import CustomerId

CONTOSO, FABRIKAM = CustomerId("cus_contoso"), CustomerId("cus_fabrikam")
authorise = make_authorise(nobody_is_suspended)


def _staff(role: str) -> Principal:
    return Principal(id="per_1", kind=PrincipalKind.STAFF, roles=frozenset({role}))


def _of_contoso(role: str) -> Principal:
    return Principal(id="per_2", kind=PrincipalKind.CUSTOMER, roles=frozenset({role}), customer_id=CONTOSO)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if not each.is_internal], ids=lambda each: each.name)
def test_an_owner_may_everything_that_a_channel_offers(operation: Operation) -> None:
    authorise(_staff("owner"), operation, None)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.is_internal], ids=lambda each: each.name)
def test_the_system_alone_may_what_is_internal(operation: Operation) -> None:
    authorise(system("sign_in"), operation, None)
    with pytest.raises(DeniedError) as denied:
        authorise(_staff("owner"), operation, None)
    assert "roles_that_allow" not in denied.value.detail or denied.value.detail["roles_that_allow"] == ""


def test_a_denial_names_the_roles_that_would_do() -> None:
    with pytest.raises(DeniedError) as denied:
        authorise(_staff("seller"), remove_person, None)
    assert denied.value.detail["roles_that_allow"] == "owner"
    assert denied.value.remedy == "Ask an owner for one of these roles: owner."
    with pytest.raises(DeniedError) as denied:
        authorise(_of_contoso("customer_user"), remove_person, CONTOSO)
    assert denied.value.detail["roles_that_allow"] == "customer_admin"


def test_another_customers_thing_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        authorise(_of_contoso("customer_admin"), remove_person, FABRIKAM)


def test_somebody_who_proved_nothing_is_asked_to_sign_in() -> None:
    with pytest.raises(UnauthenticatedError):
        authorise(ANONYMOUS, remove_person, None)


def test_a_suspended_customers_people_change_nothing() -> None:
    suspended = make_authorise(lambda customer_id: customer_id == CONTOSO)
    with pytest.raises(DeniedError) as denied:
        suspended(_of_contoso("customer_admin"), remove_person, CONTOSO)
    assert denied.value.code == "access.suspended"
    suspended(_staff("owner"), remove_person, CONTOSO)


def test_nobody_may_sign_in_by_role() -> None:
    with pytest.raises(DeniedError):
        authorise(_of_contoso("customer_admin"), sign_in, CONTOSO)
