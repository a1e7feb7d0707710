"""OpenID AuthZEN Authorization API 1.0, section by section, over the application's own routes and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from fairkeeper.access.authentication import authenticate_bearer
from fairkeeper.access.credentials import digest
from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.action.principal import Principal
from fairkeeper.api.authzen import AuthZENParts, authzen_routes
from fairkeeper.api.limits import RequestLimits
from fairkeeper.bootstrap.wiring.governance import RememberedCallers
from fairkeeper.database.session import Database
from fairkeeper.governance.actions.delegate import delegate
from fairkeeper.governance.deciding.point import DecisionPoint
from fairkeeper.governance.tables import DecisionRow
from tests.actions.governance.world import Agent, World, make_world, program_of

SECRETS = {name: f"fk_{name}".ljust(46, "x") for name in ("tok_contoso", "tok_fabrikam", "tok_reader")}


@pytest.fixture(scope="module")
def world(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    import shutil

    from fairkeeper.database.engine import DatabaseAddress

    path = tmp_path_factory.mktemp("authzen") / "fairkeeper.db"
    shutil.copyfile(sqlite_template, path)
    database = Database(DatabaseAddress(url=f"sqlite:///{path}"))
    world = make_world(database)
    for name in ("contoso", "fabrikam"):
        world.customer(name)
    from tests.actions.governance.world import token

    with database.write() as session:
        session.add(token("tok_reader", None, roles=["support"]))
        session.flush()
        for name, secret in SECRETS.items():
            session.execute(update(ApiTokenRow).where(ApiTokenRow.id == name).values(digest=digest(secret)))
    yield world
    database.dispose()


@pytest.fixture(scope="module")
def clerk(world: World) -> Agent:
    return world.agent("cus_contoso", world.tool("pay"))


@pytest.fixture(scope="module")
def theirs(world: World, clerk: Agent) -> Agent:
    return world.agent("cus_fabrikam", clerk.tool_id)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient]:
    point = DecisionPoint(world.database.address, world.clock, world.questions)

    def authenticate(request: Request) -> Principal:
        return authenticate_bearer(world.database, world.clock, request.headers.get("authorization"))

    parts = AuthZENParts(
        address="https://pdp.fairmile.example",
        authenticate=RememberedCallers(authenticate, world.clock),
        decide=point.decide,
        take=point.take,
    )
    app = Starlette(routes=authzen_routes(parts))
    app.add_middleware(RequestLimits)
    with TestClient(app, headers={"authorization": f"Bearer {SECRETS['tok_contoso']}"}) as client:
        yield client
    point.close()


def evaluation(agent: Agent, **changes: Any) -> dict[str, Any]:
    """Return an evaluation that is permitted."""
    base: dict[str, Any] = {
        "subject": {"type": "agent", "id": agent.id},
        "action": {"name": "call", "properties": {"arguments": {"amount": 5, "to": "Fabrikam"}}},
        "resource": {"type": "tool", "id": "pay"},
    }
    return {name: value for name, value in (base | changes).items() if value is not None}


BAD_ARGUMENTS = {"name": "call", "properties": {"arguments": {"force": True}}}
ONE, ALL = "/access/v1/evaluation", "/access/v1/evaluations"


# --- section 6: Access Evaluation


def test_section_6_a_permitted_evaluation_is_a_decision_that_is_true(client: TestClient, clerk: Agent) -> None:
    """Sections 6.1, 6.2, 5.5 and 10.1: 200, application/json, a boolean `decision`."""
    answer = client.post(ONE, json=evaluation(clerk))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json()["decision"] is True


def test_section_10_1_1_a_denial_is_200_with_its_reason(client: TestClient, clerk: Agent, world: World) -> None:
    answer = client.post(ONE, json=evaluation(clerk, action=BAD_ARGUMENTS))
    assert answer.status_code == 200
    document = answer.json()
    assert document["decision"] is False
    assert document["context"]["reason"] == "arguments_refused"
    (row,) = world.rows(DecisionRow, DecisionRow.decision_id == document["context"]["decision_id"])
    assert (row.allowed, row.entry_id) == (False, document["context"]["evidence_id"])


@pytest.mark.parametrize("missing", ["subject", "action", "resource"])
def test_section_6_1_each_required_entity_that_is_missing_is_400(
    client: TestClient, clerk: Agent, missing: str
) -> None:
    answer = client.post(ONE, json=evaluation(clerk, **{missing: None}))
    assert answer.status_code == 400
    assert missing in answer.text


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": {"id": "agt_1"}},
        {"subject": {"type": "agent"}},
        {"subject": {"type": "agent", "id": 7}},
        {"subject": {"type": "agent", "id": ""}},
        {"subject": "agt_1"},
        {"subject": {"type": "agent", "id": "agt_1", "properties": []}},
        {"action": {}},
        {"action": {"name": "call", "properties": "x"}},
        {"resource": {"type": "tool"}},
        {"resource": {"id": "pay"}},
        {"resource": []},
        {"context": "now"},
        {"context": {"labels": {"sensitivity": 9}}},
        {"context": {"arguments": {"amount": 5}}},
        {"context": {"task": "x" * 81}},
    ],
)
def test_section_5_malformed_members_are_400(client: TestClient, clerk: Agent, changes: dict[str, Any]) -> None:
    """Sections 5.1 to 5.4: `type`, `id` and `name` are strings, `properties` and `context` are objects."""
    answer = client.post(ONE, json=evaluation(clerk, **changes))
    assert answer.status_code == 400, answer.text
    assert answer.text


def test_unknown_members_are_ignored_everywhere(client: TestClient, clerk: Agent) -> None:
    document = evaluation(clerk, context={"time": "1985-10-26T01:22-07:00", "whatever": [1]}, more={"x": 1})
    document["subject"]["properties"] = {"department": "Sales"}
    document["resource"]["owner"] = "x"
    assert client.post(ONE, json=document).json()["decision"] is True


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"null", b'{"subject":NaN}', b'{"subject":1,"subject":2}', b"\xff", b"[" * 100_000],
)
def test_section_10_1_a_body_that_is_no_json_object_is_400(client: TestClient, body: bytes) -> None:
    assert client.post(ONE, content=body, headers={"content-type": "application/json"}).status_code == 400


def test_section_10_1_another_content_type_is_400(client: TestClient, clerk: Agent) -> None:
    body = json.dumps(evaluation(clerk))
    assert client.post(ONE, content=body, headers={"content-type": "text/plain"}).status_code == 400
    accepted = client.post(ONE, content=body, headers={"content-type": "Application/JSON; charset=utf-8"})
    assert accepted.status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer fk_unknown".ljust(53, "x"), "Basic eDp5", "Bearer"])
def test_section_10_1_1_a_caller_that_is_nobody_is_401(client: TestClient, clerk: Agent, header: str | None) -> None:
    client_headers = {} if header is None else {"authorization": header}
    anonymous = TestClient(client.app, headers=client_headers)
    answer = anonymous.post(ONE, json=evaluation(clerk))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.text


def test_section_10_1_1_a_caller_that_may_not_ask_is_403(client: TestClient, clerk: Agent) -> None:
    answer = client.post(ONE, json=evaluation(clerk), headers={"authorization": f"Bearer {SECRETS['tok_reader']}"})
    assert answer.status_code == 403
    assert answer.text


def test_only_post_is_taken(client: TestClient) -> None:
    """Section 10.1: all requests are POST."""
    assert client.get(ONE).status_code == 405


# --- section 10.1.2: request identification


@pytest.mark.parametrize("identifier", ["bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "any string {at} all", "x" * 200])
def test_section_10_1_3_the_request_identifier_comes_back_as_it_was(
    client: TestClient, clerk: Agent, identifier: str
) -> None:
    for document in (evaluation(clerk), {}):
        answer = client.post(ONE, json=document, headers={"X-Request-ID": identifier})
        assert answer.headers["x-request-id"] == identifier


# --- section 7: Access Evaluations


def test_section_7_1_without_evaluations_it_is_a_single_one(client: TestClient, clerk: Agent) -> None:
    for document in (evaluation(clerk), evaluation(clerk) | {"evaluations": []}):
        answer = client.post(ALL, json=document)
        assert answer.status_code == 200
        assert answer.json()["decision"] is True
        assert "evaluations" not in answer.json()


def decisions(answer: Any) -> list[bool]:
    assert answer.status_code == 200, answer.text
    assert "decision" not in answer.json()  # section 7.2: recommended to be left out
    return [each["decision"] for each in answer.json()["evaluations"]]


def test_section_7_1_1_defaults_are_overridden_by_each_evaluation(client: TestClient, clerk: Agent) -> None:
    document = evaluation(clerk) | {
        "context": {"task": "default"},
        "evaluations": [{}, {"action": BAD_ARGUMENTS}, {"resource": {"type": "tool", "id": "nothing"}}],
    }
    answer = client.post(ALL, json=document)
    assert decisions(answer) == [True, False, False]
    reasons = [each["context"]["reason"] for each in answer.json()["evaluations"]]
    assert reasons == ["permitted", "arguments_refused", "tool_unknown"]


def test_section_7_1_1_a_context_replaces_the_default_and_is_not_merged(client: TestClient, clerk: Agent) -> None:
    document = evaluation(clerk) | {
        "context": {"customer": "cus_fabrikam"},
        "evaluations": [{}, {"context": {"task": "own"}}],
    }
    assert decisions(client.post(ALL, json=document)) == [False, True]


SEVERAL = [{}, {"action": BAD_ARGUMENTS}, {}, {"action": BAD_ARGUMENTS}]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True, False]),
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_section_7_1_2_1_the_three_semantics(
    client: TestClient, clerk: Agent, semantic: str | None, expected: list[bool]
) -> None:
    options = {} if semantic is None else {"options": {"evaluations_semantic": semantic, "another_option": "value"}}
    answer = client.post(ALL, json=evaluation(clerk) | {"evaluations": SEVERAL} | options)
    assert decisions(answer) == expected


def test_section_7_1_2_1_semantics_that_never_stop_answer_all(client: TestClient, clerk: Agent) -> None:
    document = evaluation(clerk) | {"evaluations": [{}, {}]}
    deny = document | {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    assert decisions(client.post(ALL, json=deny)) == [True, True]
    refused = evaluation(clerk, action=BAD_ARGUMENTS) | {"evaluations": [{}, {}]}
    permit = refused | {"options": {"evaluations_semantic": "permit_on_first_permit"}}
    assert decisions(client.post(ALL, json=permit)) == [False, False]


def test_what_was_short_circuited_was_not_decided(client: TestClient, clerk: Agent, world: World) -> None:
    before = len(world.rows(DecisionRow))
    options = {"options": {"evaluations_semantic": "deny_on_first_deny"}}
    client.post(ALL, json=evaluation(clerk) | {"evaluations": SEVERAL} | options)
    assert len(world.rows(DecisionRow)) - before == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"evaluations": {}},
        {"evaluations": "x"},
        {"evaluations": [{}] * 101},
        {"evaluations": [{}], "options": []},
        {"evaluations": [{}], "options": {"evaluations_semantic": "any"}},
    ],
)
def test_section_7_2_1_errors_of_the_whole_are_400(client: TestClient, clerk: Agent, changes: dict[str, Any]) -> None:
    assert client.post(ALL, json=evaluation(clerk) | changes).status_code == 400


def test_section_7_2_1_an_error_of_one_evaluation_is_a_denial_of_that_one(client: TestClient, clerk: Agent) -> None:
    whole = evaluation(clerk)
    document = {"evaluations": [whole, {"subject": whole["subject"]}, 7, whole]}
    answer = client.post(ALL, json=document)
    assert decisions(answer) == [True, False, False, True]
    error = answer.json()["evaluations"][1]["context"]["error"]
    assert error["status"] == 400
    assert "action" in error["message"]


# --- section 9: metadata


def test_section_9_metadata_names_what_is_offered_and_nothing_else(client: TestClient) -> None:
    """Sections 9.1.1 and 9.2.2: the identifier it was asked under, absolute addresses, no search."""
    answer = TestClient(client.app).get("/.well-known/authzen-configuration")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "policy_decision_point": "https://pdp.fairmile.example",
        "access_evaluation_endpoint": "https://pdp.fairmile.example/access/v1/evaluation",
        "access_evaluations_endpoint": "https://pdp.fairmile.example/access/v1/evaluations",
    }


# --- ours: tenants, delegation, MCP's names


def test_another_customers_agent_does_not_exist(client: TestClient, theirs: Agent) -> None:
    answer = client.post(ONE, json=evaluation(theirs)).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "agent_unknown")


def test_a_person_stands_as_the_subject_and_the_agent_as_its_actor(
    client: TestClient, clerk: Agent, world: World
) -> None:
    from datetime import timedelta

    given = world.run(
        delegate, program_of("cus_contoso"), agent_id=clerk.id, task_id="t1", person_id="ada",
        person_issuer="https://login.contoso.example", ends_at=world.clock.now() + timedelta(hours=1),
    )  # fmt: skip
    subject = {
        "type": "user",
        "id": "ada",
        "properties": {"iss": "https://login.contoso.example", "act": {"sub": clerk.id, "sub_profile": "ai_agent"}},
    }
    without = client.post(ONE, json=evaluation(clerk, subject=subject)).json()
    assert without["context"]["reason"] == "delegation_missing"
    context = {"task": "t1", "delegation": given.delegation_id}
    assert client.post(ONE, json=evaluation(clerk, subject=subject, context=context)).json()["decision"] is True
    mallory = subject | {"id": "mallory"}
    found = client.post(ONE, json=evaluation(clerk, subject=mallory, context=context)).json()
    assert found["context"]["reason"] == "delegation_of_another_task"


def test_an_agent_named_in_another_script_is_a_recorded_no(client: TestClient, clerk: Agent) -> None:
    named = evaluation(clerk, subject={"type": "agent", "id": "агент"})
    context = client.post(ONE, json=named).json()["context"]
    assert context["reason"] == "agent_unknown"
    assert context["evidence_id"]


def test_mcps_names_for_a_call_are_understood(client: TestClient, clerk: Agent) -> None:
    action = {"name": "tools/call", "properties": {"arguments": {"amount": 5, "to": "x"}}}
    assert client.post(ONE, json=evaluation(clerk, action=action)).json()["decision"] is True
    other = client.post(ONE, json=evaluation(clerk, action={"name": "delete"})).json()
    assert other["context"]["reason"] == "action_unknown"


def test_a_number_that_overflows_is_a_denial(client: TestClient, clerk: Agent) -> None:
    body = json.dumps(evaluation(clerk)).replace('"amount": 5', '"amount": 1e400')
    answer = client.post(ONE, content=body, headers={"content-type": "application/json"})
    assert answer.json()["context"]["reason"] == "arguments_not_exact"


def test_a_token_that_is_revoked_while_it_is_remembered_is_401(client: TestClient, world: World, theirs: Agent) -> None:
    headers = {"authorization": f"Bearer {SECRETS['tok_fabrikam']}"}
    assert client.post(ONE, json=evaluation(theirs), headers=headers).json()["decision"] is True
    revoke(world, world.clock.now())
    try:
        assert client.post(ONE, json=evaluation(theirs), headers=headers).status_code == 401
        assert client.post(ALL, json=evaluation(theirs) | {"evaluations": [{}]}, headers=headers).status_code == 401
    finally:
        revoke(world, None)  # the other tests use it


def revoke(world: World, at: datetime | None) -> None:
    with world.database.write() as session:
        session.execute(update(ApiTokenRow).where(ApiTokenRow.id == "tok_fabrikam").values(revoked_at=at))


# --- beside the standard: what became of calls


def test_outcomes_are_told_many_at_once_and_each_is_answered(client: TestClient, clerk: Agent, theirs: Agent) -> None:
    decisions = [client.post("/access/v1/evaluation", json=evaluation(clerk)).json() for _ in range(2)]
    first, second = (each["context"]["decision_id"] for each in decisions)
    secret = {"authorization": f"Bearer {SECRETS['tok_fabrikam']}"}
    other = client.post("/access/v1/evaluation", json=evaluation(theirs), headers=secret).json()
    told = [
        {"decision_id": first, "outcome": "ok", "result_digest": "a" * 64, "sources": ["mail"]},
        {"decision_id": second, "outcome": "perhaps"},
        {"decision_id": second, "outcome": "error", "error": "half a \ud800 character"},
        {"decision_id": other["context"]["decision_id"], "outcome": "ok"},
        {"decision_id": second, "outcome": "not_executed", "unknown": 1},
    ]
    headers = {"content-type": "application/json"}
    answer = client.post("/access/v1/outcomes", content=json.dumps({"outcomes": told}), headers=headers)
    assert answer.status_code == 200
    expected = ["recorded", "malformed", "malformed", "not_found", "recorded"]
    assert answer.json() == {"outcomes": expected}


@pytest.mark.parametrize("document", [{}, {"outcomes": {}}, {"outcomes": [{}] * 51}])
def test_a_list_of_outcomes_that_is_none_is_refused(client: TestClient, document: dict[str, Any]) -> None:
    answer = client.post("/access/v1/outcomes", json=document)
    assert (answer.status_code, "outcomes" in answer.text) == (400, True)


def test_outcomes_of_whoever_may_not_tell_are_refused(client: TestClient) -> None:
    headers = {"authorization": f"Bearer {SECRETS['tok_reader']}"}
    assert client.post("/access/v1/outcomes", json={"outcomes": []}, headers=headers).status_code == 403
