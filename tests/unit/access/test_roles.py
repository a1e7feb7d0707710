"""Every role may do what the table says, on whose things it says, and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairkeeper
from fairkeeper.access import roles
from fairkeeper.access.roles import (
    CUSTOMER_ROLES,
    SERVICE_ROLES,
    STAFF_ROLES,
    action_groups,
    authoriser,
    may,
    refusal,
)
from fairkeeper.action.operation import Operation, OperationInput, OperationKind
from fairkeeper.action.principal import ANONYMOUS, Principal, PrincipalKind, system
from fairkeeper.errors import BugError, DeniedError, NotFoundError, UnauthenticatedError
from fairkeeper.policy.engine import Decision, Reason
from fairkeeper.values.ids import CustomerId

CONTOSO, FABRIKAM = CustomerId("cus_contoso"), CustomerId("cus_fabrikam")
ALL_STAFF = "owner operations deal_desk platform support security finance seller leader auditor"
ALL_CUSTOMER = "customer_admin customer_approver customer_user customer_auditor"
READERS = "customer_admin customer_approver customer_auditor"

# group: staff roles | customer roles | a token of the publisher's product; each line is a decision, not a derivation.
MATRIX = """
read                    owner auditor | |
change                  owner | |
access.read             owner operations platform support security auditor | customer_admin customer_auditor |
access.manage           owner | customer_admin |
access.self             {staff} | {customer} | service
messages.own            {staff} | {customer} |
accounts.read           owner operations deal_desk platform security finance leader auditor | |
accounts.inspect        owner operations auditor | |
accounts.change         owner operations | |
deals.read              owner operations deal_desk platform finance seller leader auditor | |
deals.change            owner deal_desk | |
deals.approve           owner leader finance | |
customers.read          {staff} | {customer} | service
customers.inspect       owner operations platform support security auditor | |
customers.read_notices  owner operations platform support security auditor | |
customers.read_rules    owner operations platform support security auditor | |
customers.change        owner platform support | |
customers.activate      owner platform support | customer_admin customer_user |
customers.administer    owner platform support | customer_admin |
customers.pause         owner platform support security | customer_admin |
customers.block         owner platform security | |
customers.cancel        owner platform | customer_admin |
customers.configure     owner platform | |
customers.revoke        owner platform security | customer_admin |
customers.report        owner platform | | service
consent.read            owner operations platform support security auditor | {customer} | service
consent.inspect         owner platform security auditor | |
consent.change          owner platform | |
consent.administer      owner platform | customer_admin |
consent.share           owner platform | customer_admin customer_user |
consent.serve           owner platform | | service
metering.read           owner operations deal_desk platform support security finance leader auditor | customer_admin customer_auditor | service
metering.inspect        owner platform finance auditor | |
metering.change         owner platform | |
metering.decide         owner platform finance | |
metering.report         owner platform | | service
governance.read         owner operations platform support security auditor | {customer} | service
governance.inspect      owner platform security auditor | |
governance.change       owner security | |
governance.administer   owner security | customer_admin |
governance.approve      owner security | customer_admin customer_approver |
governance.report       owner platform | | service
evidence.read           owner operations platform support security finance auditor | {readers} |
evidence.inspect        owner platform security auditor | |
evidence.read_log       {staff} | {readers} |
evidence.export         owner security auditor | customer_admin customer_auditor |
evidence.change         owner | |
evidence.erase          owner security | |
evidence.manage_keys    owner security | |
assurance.read          owner operations platform support security leader auditor | customer_admin customer_auditor |
assurance.inspect       owner operations platform security auditor | |
assurance.change        owner operations security | |
assurance.administer    owner | customer_admin |
payouts.read            owner operations finance leader auditor | |
payouts.change          owner finance | |
opportunities.read      owner deal_desk seller leader auditor | |
opportunities.change    owner seller | |
overview.read           {staff} | {customer} |
overview.inspect        owner operations platform security leader auditor | |
overview.change         owner operations platform | |
settings.read           owner operations platform security auditor | |
settings.change         owner platform | |
manage_people           owner | customer_admin |
manage_keys             owner security | |
integrate               owner platform | | service
system                  | |
"""


def permitted_roles() -> dict[str, set[str]]:
    table: dict[str, set[str]] = {}
    for line in MATRIX.format(staff=ALL_STAFF, customer=ALL_CUSTOMER, readers=READERS).strip().splitlines():
        group, _, rest = line.partition(" ")
        table[group] = set(rest.replace("|", " ").split())
    return table


PERMITTED = permitted_roles()


def staff(*names: str) -> Principal:
    return Principal(id="per_staff", kind=PrincipalKind.STAFF, roles=frozenset(names))


def person(*names: str, of: CustomerId | None = CONTOSO) -> Principal:
    return Principal(id="per_customer", kind=PrincipalKind.CUSTOMER, roles=frozenset(names), customer_id=of)


def token(*names: str, of: CustomerId | None = None) -> Principal:
    return Principal(id="tok_1", kind=PrincipalKind.SERVICE, roles=frozenset(names), customer_id=of)


def allowed(principal: Principal, group: str, customer_id: CustomerId | None, *, suspended: bool = False) -> bool:
    decision = may(principal, "any.operation", [group], customer_id, is_customer_suspended=suspended)
    assert decision.reason not in {Reason.POLICY_ERROR, Reason.NO_DECISION, Reason.ENGINE_FAILED}, decision
    return decision.allowed


def test_table_decides_about_every_group_and_names_known_roles() -> None:
    assert set(PERMITTED) == action_groups()
    assert set().union(*PERMITTED.values()) == STAFF_ROLES | CUSTOMER_ROLES | SERVICE_ROLES


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_staff_role_may_what_the_table_says(group: str) -> None:
    for customer_id in (None, CONTOSO):
        may_run = {role for role in STAFF_ROLES if allowed(staff(role), group, customer_id)}
        assert may_run == PERMITTED[group] & STAFF_ROLES


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_customer_role_may_what_the_table_says_on_its_own_things_alone(group: str) -> None:
    may_run = {role for role in CUSTOMER_ROLES if allowed(person(role), group, CONTOSO)}
    assert may_run == PERMITTED[group] & CUSTOMER_ROLES
    for role in CUSTOMER_ROLES:
        assert not allowed(person(role), group, FABRIKAM), role
        assert not allowed(person(role), group, None), role


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_token_may_what_its_roles_may_but_never_approves(group: str) -> None:
    for role in STAFF_ROLES | SERVICE_ROLES:
        expected = (role in PERMITTED[group]) and group not in {"governance.approve", "deals.approve", "messages.own"}
        # The overview and the head of the log are every staff member's, not every program's.
        if group in {"overview.read", "evidence.read_log"} and role not in {"owner", "auditor"}:
            expected = False
        assert allowed(token(role), group, CONTOSO) is expected, role
    for role in CUSTOMER_ROLES | SERVICE_ROLES:
        expected = (role in PERMITTED[group]) and group not in {"governance.approve", "deals.approve", "messages.own"}
        assert allowed(token(role, of=CONTOSO), group, CONTOSO) is expected, role
        assert not allowed(token(role, of=CONTOSO), group, FABRIKAM)
        assert not allowed(token(role, of=CONTOSO), group, None)


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_fairkeeper_itself_may_all_but_approve(group: str) -> None:
    expected = group not in {"governance.approve", "deals.approve", "access.self", "messages.own"}
    assert allowed(system("reconciliation"), group, CONTOSO) is expected
    assert allowed(system("reconciliation"), group, None) is expected


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_nobody_without_a_role_may_anything_but_mind_itself(group: str) -> None:
    assert not allowed(ANONYMOUS, group, None)
    assert not allowed(ANONYMOUS, group, CONTOSO)
    assert allowed(token(), group, None) is (group == "access.self")
    assert allowed(staff(), group, None) is (
        group in {"access.self", "messages.own", "overview.read", "evidence.read_log"}
    )
    assert allowed(person(), group, CONTOSO) is (group in {"access.self", "messages.own"})


@pytest.mark.parametrize("group", sorted(PERMITTED))
def test_suspended_customer_still_reads_exports_and_leaves(group: str) -> None:
    still = group.endswith((".read", ".read_log", ".export")) or group in {
        "access.self",
        "messages.own",
        "customers.cancel",
        "customers.revoke",
    }
    for role in CUSTOMER_ROLES:
        expected = still and role in PERMITTED[group]
        assert allowed(person(role), group, CONTOSO, suspended=True) is expected
        assert not allowed(person(role), group, FABRIKAM, suspended=True)
    for role in STAFF_ROLES:
        assert allowed(staff(role), group, CONTOSO, suspended=True) is (role in PERMITTED[group])


@given(st.sets(st.sampled_from(sorted(STAFF_ROLES))), st.sampled_from(sorted(PERMITTED)))
def test_an_auditor_changes_nothing_whatever_else_it_is(names: set[str], group: str) -> None:
    auditor = staff("auditor", *names)
    reads = allowed(staff("auditor"), group, CONTOSO)
    assert allowed(auditor, group, CONTOSO) is reads


@given(
    st.sets(st.sampled_from(sorted(STAFF_ROLES - {"auditor"})), min_size=1),
    st.sets(st.sampled_from(sorted(PERMITTED)), min_size=1, max_size=4),
)
def test_roles_and_groups_add_up(names: set[str], groups: set[str]) -> None:
    expected = any(name in PERMITTED[group] for name in names for group in groups - {"system"})
    decision = may(staff(*names), "any.operation", sorted(groups), None)
    assert decision.allowed is (expected and "system" not in groups)


@pytest.mark.parametrize(
    "principal",
    [
        staff("ownr"),
        staff("customer_admin"),
        staff("owner", "service"),
        staff("owner", "customer_admin"),
        person("owner"),
        person("customer_admin", "owner"),
        person("service"),
        person("customer_admin", of=None),
        token("customer_admin"),
        token("owner", of=CONTOSO),
        token("customer_admin", "finance", of=CONTOSO),
        Principal(id="per_1", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}), customer_id=CONTOSO),
        Principal(id="system:x", kind=PrincipalKind.SYSTEM, roles=frozenset({"owner"})),
        Principal(id="system:x", kind=PrincipalKind.SYSTEM, customer_id=CONTOSO),
        Principal(id='x" || true', kind=PrincipalKind.STAFF, roles=frozenset({'owner"'})),
    ],
    ids=lambda principal: f"{principal.kind}-{'-'.join(sorted(principal.roles))}",
)
def test_principal_whose_parts_do_not_fit_together_is_denied(principal: Principal) -> None:
    decision = may(principal, "customers.show", ["customers.read"], CONTOSO)
    assert (decision.allowed, decision.reason) == (False, Reason.NO_DECISION)


def test_decision_names_the_policies_it_rests_on() -> None:
    assert may(staff("finance"), "payouts.match", ["payouts.change"], None).policies == ("finance-changes",)
    assert may(staff("auditor"), "payouts.match", ["payouts.change"], None).policies == ("never-changed-by-an-auditor",)
    assert may(person("customer_admin"), "customers.show", ["customers.read"], FABRIKAM).policies == (
        "never-another-customer",
    )


@pytest.mark.parametrize("name", ["", "nodot", "Rooms.do", 'a.b"; x', "a.b.c"])
def test_malformed_operation_name_is_a_mistake_of_ours(name: str) -> None:
    with pytest.raises(BugError):
        may(staff("owner"), name, ["read"], None)


@pytest.mark.parametrize(("name", "group"), [("customers.show", "customers.raed"), ("customers.change", "read")])
def test_undeclared_group_and_operation_named_like_a_group_are_mistakes_of_ours(name: str, group: str) -> None:
    with pytest.raises(BugError) as caught:
        may(staff("owner"), name, [group], None)
    assert caught.value.code == "access.group_undeclared"


def test_operation_without_a_group_is_a_mistake_of_ours() -> None:
    with pytest.raises(BugError):
        may(staff("owner"), "rooms.forgotten", [], None)


class Nothing(OperationInput):
    """Nothing to say."""


def operation(name: str, *groups: str) -> Operation:
    return Operation(
        name=name,
        kind=OperationKind.QUERY,
        input=Nothing,
        result=str,
        function=lambda: "",
        documentation="Do something.",
        groups=groups,
        http="GET /something",
        cli="something",
    )


SHOW, ACTIVATE = operation("customers.show", "customers.read"), operation("customers.start", "customers.activate")


def test_permitted_operation_passes() -> None:
    authorise = authoriser(lambda _: False)
    authorise(staff("support"), SHOW, CONTOSO)
    authorise(person("customer_user"), ACTIVATE, CONTOSO)


def test_refused_operation_says_which_roles_were_looked_at() -> None:
    with pytest.raises(DeniedError, match=r"None of your roles \(seller\)") as caught:
        authoriser(lambda _: False)(staff("seller"), ACTIVATE, CONTOSO)
    assert caught.value.code == "access.not_permitted"


def test_another_customers_thing_does_not_exist() -> None:
    with pytest.raises(NotFoundError):
        authoriser(lambda _: False)(person("customer_admin"), SHOW, FABRIKAM)


def test_nobody_is_asked_to_sign_in() -> None:
    with pytest.raises(UnauthenticatedError):
        authoriser(lambda _: False)(ANONYMOUS, SHOW, None)


def test_suspension_is_asked_of_the_bound_customer_alone_and_where_it_decides() -> None:
    asked: list[CustomerId] = []

    def is_suspended(customer_id: CustomerId) -> bool:
        asked.append(customer_id)
        return True

    authorise = authoriser(is_suspended)
    authorise(staff("support"), ACTIVATE, CONTOSO)
    assert asked == []
    authorise(person("customer_user"), SHOW, CONTOSO)
    assert asked == []
    with pytest.raises(DeniedError) as caught:
        authorise(person("customer_user"), ACTIVATE, CONTOSO)
    assert caught.value.code == "access.suspended"
    assert asked == [CONTOSO]


@pytest.mark.parametrize("is_suspended", [False, True])
@pytest.mark.parametrize("group", sorted(action_groups()))
def test_whoever_does_not_ask_whether_a_customer_is_suspended_decides_as_if_it_had(
    group: str, is_suspended: bool
) -> None:
    asking, looked_at = [person(role) for role in sorted(CUSTOMER_ROLES)], operation("customers.try", group)
    for principal in [*asking, staff("support")]:
        bound = principal.customer_id is not None
        decision = may(principal, looked_at.name, [group], CONTOSO, is_customer_suspended=is_suspended and bound)
        if decision.allowed:
            authoriser(lambda _: is_suspended)(principal, looked_at, CONTOSO)
            continue
        with pytest.raises(DeniedError) as caught:
            authoriser(lambda _: is_suspended)(principal, looked_at, CONTOSO)
        assert str(caught.value) == str(refusal(principal, looked_at.name, decision))


def test_what_could_not_be_decided_is_not_told_to_whoever_asked() -> None:
    decision = Decision(allowed=False, reason=Reason.POLICY_ERROR, errors=("secret of the policy",))
    error = refusal(staff("owner"), "customers.show", decision)
    assert error.code == "access.undecided"
    assert "secret" not in f"{error.message}{error.remedy}{error.detail}"


def test_what_could_not_be_decided_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object) -> None:
        raise OSError("the engine is out of memory")

    asking = Principal(id="per_asked_anew", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
    with monkeypatch.context() as patch:
        patch.setattr(cedarpy, "is_authorized", fail)
        assert roles.may(asking, "customers.show_customer", ["read"], None).reason is Reason.ENGINE_FAILED
    assert roles.may(asking, "customers.show_customer", ["read"], None).allowed


def test_a_decision_is_remembered_for_the_same_question_alone() -> None:
    for _ in range(2):
        assert allowed(staff("owner"), "customers.administer", None)
        assert not allowed(staff("auditor"), "customers.administer", None)
        assert allowed(person("customer_admin"), "customers.administer", CONTOSO)
        assert not allowed(person("customer_admin"), "customers.administer", CONTOSO, suspended=True)
        assert not allowed(person("customer_admin"), "customers.administer", FABRIKAM)


def test_every_declared_policy_file_is_used() -> None:
    folder = Path(roles.__file__).parent / "policies"
    assert {path.name for path in folder.glob("*.cedar")} == set(roles._FILES)  # noqa: SLF001 - what it loads


def declared_operations() -> list[Operation]:
    found: list[Operation] = []
    for room in pkgutil.iter_modules(fairkeeper.__path__):
        if Path(fairkeeper.__path__[0], room.name, "operations.py").exists():
            found.extend(importlib.import_module(f"fairkeeper.{room.name}.operations").OPERATIONS)
    return found


def test_every_operation_names_declared_groups_and_somebody_may_run_it() -> None:
    operations = [item for item in declared_operations() if item.kind is not OperationKind.CHECK]
    assert operations
    everybody = [*map(staff, STAFF_ROLES), *map(person, CUSTOMER_ROLES), *map(token, SERVICE_ROLES), system("x")]
    for item in operations:
        assert any(may(somebody, item.name, item.groups, CONTOSO).allowed for somebody in everybody), item.name


def test_principal_kinds_are_all_known_here() -> None:
    for kind in PrincipalKind:
        principal = Principal(id="x", kind=kind, customer_id=CONTOSO if kind is PrincipalKind.CUSTOMER else None)
        assert may(principal, "customers.show", ["customers.read"], CONTOSO).reason is not Reason.NO_DECISION
