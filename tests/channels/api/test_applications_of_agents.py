"""An agent asks with its own token of Microsoft Entra: it speaks for the agents that name it, and for nobody else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from fairkeeper.access.authentication import AgentAccess, authenticate_bearer, caller_of
from fairkeeper.action.principal import Principal
from fairkeeper.api.authzen import AuthZENParts, authzen_routes
from fairkeeper.api.limits import RequestLimits
from fairkeeper.bootstrap.connectors import EntraAccessTokens
from fairkeeper.bootstrap.wiring.governance import ApplicationsNamed, RememberedCallers
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.register_agent import change_agent
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.token.expectations import ApiTokenExpectation
from fairkeeper.values.clock import MovableClock
from fairkeeper.values.ids import TenantId
from tests.actions.governance.world import Agent, World, make_world
from tests.unit.token.issuer import CLERK, CONTOSO, FULFILLMENT_APP, PUBLISHER, START, agent_claims, sign, validator
from tests.unit.token.issuer import clock as issuer_clock

OTHER_APP = "88888888-bbbb-4bbb-8bbb-888888888888"
OTHER_TENANT = TenantId("99999999-cccc-4ccc-8ccc-999999999999")


@pytest.fixture
def world(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("applications") / "fairkeeper.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(DatabaseAddress(url=f"sqlite:///{path}"))
    world = make_world(database)
    for name, tenant in (("contoso", CONTOSO), ("fabrikam", OTHER_TENANT)):
        customer_id = world.customer(name)
        with database.write() as session:
            row = session.get(CustomerRow, customer_id)
            assert row is not None
            row.tenant_id = TenantId(tenant)
    yield world
    database.dispose()


@pytest.fixture
def clerk(world: World) -> Agent:
    return world.agent("cus_contoso", world.tool("pay"))


@pytest.fixture
def time() -> MovableClock:
    """Return the clock by which tokens are judged and remembered."""
    return issuer_clock()


@pytest.fixture
def proved() -> list[str]:
    """Collect whose credentials were looked at, and not only remembered."""
    return []


@pytest.fixture
def client(world: World, time: MovableClock, proved: list[str]) -> Iterator[TestClient]:
    point = DecisionPoint(world.database.address, world.clock, world.questions)
    people = ApiTokenExpectation(audience=FULFILLMENT_APP, is_app_only=False, permissions=frozenset({"Fairkeeper.Use"}))
    tokens = EntraAccessTokens(validator(time=time), people)
    agents = AgentAccess(applications=ApplicationsNamed(), publisher_tenant=PUBLISHER)

    def authenticate(request: Request) -> Principal:
        header = request.headers.get("authorization")
        found = authenticate_bearer(world.database, time, header, access_tokens=tokens, agents=agents)
        proved.append(found.id)
        return found

    parts = AuthZENParts(
        address="https://pdp.fairmile.example", authenticate=RememberedCallers(authenticate, time), decide=point.decide
    )
    app = Starlette(routes=authzen_routes(parts))
    app.add_middleware(RequestLimits)
    with TestClient(app) as client:
        yield client
    point.close()


class Asking(NamedTuple):
    """A client, the agent that asks, and whom the server proved."""

    client: TestClient
    clerk: Agent
    proved: list[str]


@pytest.fixture
def asking(client: TestClient, clerk: Agent, proved: list[str]) -> Asking:
    return Asking(client, clerk, proved)


def names(world: World, agent: Agent, *callers: str) -> None:
    world.run(change_agent, agent_id=agent.id, callers=list(callers))


def ask(client: TestClient, agent: Agent, token: str) -> Any:
    evaluation = {
        "subject": {"type": "agent", "id": agent.id},
        "action": {"name": "call", "properties": {"arguments": {"amount": 5, "to": "Fabrikam"}}},
        "resource": {"type": "tool", "id": "pay"},
    }
    return client.post("/access/v1/evaluation", json=evaluation, headers={"authorization": f"Bearer {token}"})


def reason(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.json()["context"]["reason"])


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_agent_is_let_in_by_its_own_token_and_recorded_by_its_own_name(
    client: TestClient, world: World, clerk: Agent, version: str
) -> None:
    names(world, clerk, caller_of(CONTOSO, CLERK))
    answer = ask(client, clerk, sign(agent_claims(version)))
    assert reason(answer) == "permitted"
    (row,) = world.rows(EntryRow, EntryRow.entry_id == answer.json()["context"]["evidence_id"])
    assert json.loads(row.payload)["inputs"]["caller"]["id"] == f"entra:{CONTOSO}/{CLERK}"


@pytest.mark.parametrize(
    ("caller", "claims", "refusal"),
    [
        ("tok_contoso", {}, (401, "No agent here names this application")),
        (caller_of(CONTOSO, OTHER_APP), {}, (401, "No agent here names this application")),
        (caller_of(OTHER_TENANT, CLERK), {}, (401, "No agent here names this application")),
        (caller_of(CONTOSO, CLERK), {"aud": OTHER_APP}, (401, "not for this application alone")),
        (caller_of(CONTOSO, CLERK), {"xms_sub_fct": None}, (401, "of kind application")),
        (caller_of(CONTOSO, CLERK), {"scp": "Mail.Read"}, (403, "lacks Fairkeeper.Use")),
    ],
)
def test_each_wrong_token_is_refused_for_its_own_reason(
    world: World, asking: Asking, caller: str, claims: dict[str, Any], refusal: tuple[int, str]
) -> None:
    names(world, asking.clerk, caller)
    answer = ask(asking.client, asking.clerk, sign(agent_claims(**claims)))
    assert (answer.status_code, refusal[1] in answer.text) == (refusal[0], True), answer.text


def test_an_application_of_a_tenant_that_has_nothing_to_do_with_the_agent_is_refused(
    client: TestClient, world: World, clerk: Agent
) -> None:
    names(world, clerk, caller_of(OTHER_TENANT, CLERK))
    issuer = agent_claims()["iss"].replace(CONTOSO, OTHER_TENANT)
    answer = ask(client, clerk, sign(agent_claims(tid=OTHER_TENANT, iss=issuer)))
    assert (answer.status_code, "neither that of the agent's customer" in answer.text) == (401, True), answer.text


def test_it_speaks_neither_for_an_agent_that_names_nobody_nor_for_another_customers(
    client: TestClient, world: World, clerk: Agent
) -> None:
    names(world, clerk, caller_of(CONTOSO, CLERK))
    silent = world.agent("cus_contoso", clerk.tool_id, name="silent")
    theirs = world.agent("cus_fabrikam", clerk.tool_id)
    names(world, theirs, caller_of(CONTOSO, CLERK))
    token = sign(agent_claims())
    assert reason(ask(client, silent, token)) == "caller_is_not_the_agent"
    assert reason(ask(client, theirs, token)) == "agent_unknown"


def test_an_application_of_the_publishers_serves_the_customers_whose_agents_name_it(
    client: TestClient, world: World, clerk: Agent
) -> None:
    theirs = world.agent("cus_fabrikam", clerk.tool_id)
    for agent in (clerk, theirs):
        names(world, agent, caller_of(PUBLISHER, CLERK))
    issuer = agent_claims()["iss"].replace(CONTOSO, PUBLISHER)
    token = sign(agent_claims(tid=PUBLISHER, iss=issuer))
    assert [reason(ask(client, agent, token)) for agent in (clerk, theirs)] == ["permitted", "permitted"]


def test_an_agent_that_names_it_no_more_is_refused_at_the_next_call(
    client: TestClient, world: World, clerk: Agent
) -> None:
    names(world, clerk, caller_of(CONTOSO, CLERK))
    token = sign(agent_claims())
    assert reason(ask(client, clerk, token)) == "permitted"
    names(world, clerk, "tok_contoso")
    assert reason(ask(client, clerk, token)) == "caller_is_not_the_agent"


@pytest.mark.parametrize(("seconds_left", "looks"), [(3600, 1), (-30, 2)])
def test_a_token_is_remembered_for_as_long_as_it_holds_and_no_longer(
    asking: Asking, world: World, time: MovableClock, seconds_left: int, looks: int
) -> None:
    names(world, asking.clerk, caller_of(CONTOSO, CLERK))
    token = sign(agent_claims(exp=int(START.timestamp()) + seconds_left))  # clocks may differ by a minute
    before = len(asking.proved)
    assert [reason(ask(asking.client, asking.clerk, token)) for _ in range(2)] == ["permitted", "permitted"]
    assert len(asking.proved) == before + looks
    time.move(timedelta(seconds=3700 if looks == 2 else 0))
    assert ask(asking.client, asking.clerk, token).status_code == (401 if looks == 2 else 200)


@pytest.mark.parametrize("caller", ["entra:contoso/clerk", caller_of(CONTOSO, CLERK).upper(), "entra:"])
def test_a_caller_that_is_no_application_is_not_registered(world: World, clerk: Agent, caller: str) -> None:
    if caller.startswith("ENTRA"):
        caller = caller.replace("ENTRA", "entra")
    with pytest.raises(ValueError, match="two GUIDs in lower case"):
        names(world, clerk, caller)
