"""Whose program an application of Microsoft Entra is: told by the agents that name it, and by the tenant it is of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.access.authentication import NamedByAgent, caller_of, customer_of_application, is_caller
from fairkeeper.access.errors import CredentialsRefusedError
from fairkeeper.values.ids import CustomerId, TenantId

CONTOSO = TenantId("11111111-aaaa-4aaa-8aaa-111111111111")
FABRIKAM = TenantId("22222222-bbbb-4bbb-8bbb-222222222222")
PUBLISHER = TenantId("33333333-cccc-4ccc-8ccc-333333333333")
APP = "44444444-dddd-4ddd-8ddd-444444444444"


def named(customer: str | None, tenant: TenantId | None) -> NamedByAgent:
    return NamedByAgent(
        agent_id="agt_1", customer_id=None if customer is None else CustomerId(customer), customer_tenant=tenant
    )


OF_CONTOSO, OF_FABRIKAM = named("cus_contoso", CONTOSO), named("cus_fabrikam", FABRIKAM)
OF_PUBLISHER = named(None, None)


@pytest.mark.parametrize(
    ("agents", "tenant", "expected"),
    [
        ([OF_CONTOSO], CONTOSO, "cus_contoso"),
        ([OF_CONTOSO, OF_CONTOSO], CONTOSO, "cus_contoso"),
        ([OF_CONTOSO, OF_FABRIKAM], CONTOSO, "cus_contoso"),
        ([OF_CONTOSO], PUBLISHER, "cus_contoso"),
        ([OF_CONTOSO, OF_FABRIKAM], PUBLISHER, None),
        ([OF_PUBLISHER], PUBLISHER, None),
    ],
)
def test_an_application_is_of_the_customer_whose_agents_name_it(
    agents: list[NamedByAgent], tenant: TenantId, expected: str | None
) -> None:
    assert customer_of_application(agents, tenant_id=tenant, publisher_tenant=PUBLISHER) == expected


@pytest.mark.parametrize(
    ("agents", "tenant", "publisher", "code"),
    [
        ([], CONTOSO, PUBLISHER, "access.application_unknown"),
        ([], PUBLISHER, PUBLISHER, "access.application_unknown"),
        ([OF_CONTOSO], FABRIKAM, PUBLISHER, "access.application_of_another_tenant"),
        ([OF_PUBLISHER], CONTOSO, PUBLISHER, "access.application_of_another_tenant"),
        ([OF_CONTOSO], PUBLISHER, None, "access.application_of_another_tenant"),
        # Two customers of one tenant: whose program it is, nobody can say.
        ([OF_CONTOSO, named("cus_other", CONTOSO)], CONTOSO, PUBLISHER, "access.application_of_another_tenant"),
    ],
)
def test_each_wrong_application_has_its_own_reason(
    agents: list[NamedByAgent], tenant: TenantId, publisher: TenantId | None, code: str
) -> None:
    with pytest.raises(CredentialsRefusedError) as refused:
        customer_of_application(agents, tenant_id=tenant, publisher_tenant=publisher)
    assert refused.value.code == code
    assert refused.value.remedy


@given(st.lists(st.sampled_from([OF_CONTOSO, OF_FABRIKAM, OF_PUBLISHER]), max_size=6))
def test_a_customers_application_is_never_anybody_elses(agents: list[NamedByAgent]) -> None:
    try:
        found = customer_of_application(agents, tenant_id=CONTOSO, publisher_tenant=PUBLISHER)
    except CredentialsRefusedError:
        assert OF_CONTOSO not in agents
    else:
        assert found == "cus_contoso"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (caller_of(CONTOSO, APP), True),
        (caller_of(CONTOSO, APP.upper()), False),
        (caller_of(CONTOSO, APP) + " ", False),
        (caller_of(CONTOSO, APP) + "\n", False),
        (f"entra:{APP}", False),
        ("tok_1", False),
    ],
)
def test_a_caller_is_named_by_two_guids_in_lower_case(text: str, expected: bool) -> None:
    assert is_caller(text) is expected
