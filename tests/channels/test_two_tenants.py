"""Another customer's id is an id that does not exist: over every route of the API, and every tool.

The routes come from the application's own description, the ids from the database, by kind. Each of Fabrikam's ids is
put where Contoso puts its own, and the answer must be the one that an id of nobody gets: the same status, code and
words. Nothing changes, and nothing of Fabrikam's is in any answer to Contoso.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import httpx
import pytest

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.api.authzen import EVALUATION_PATH, EVALUATIONS_PATH, METADATA_PATH
from fairkeeper.bootstrap.rooms import make_registry
from fairkeeper.customers.path.lifecycle import OperationState
from fairkeeper.values.ids import CustomerId
from tests.channels.governing import let_act
from tests.channels.ids import KINDS, SHORTEST_TEXT, ids_of, twin_of
from tests.channels.routes import Route, own_values, routes_of
from tests.channels.stage import CUSTOMER_ROLES, Stage, Tenant

SEVERAL = 2
"""How many ids of one kind are tried at each place; those of the ends, since the newest is the oddest."""
REFUSALS = {403, 404}
BY_PAGES_ALONE = set[str]()
"""Kinds that no operation takes from outside; the pages' own tests put them into addresses."""
HAND_MADE = ("evidence.fetch_", "payouts.upload_")
"""Routes that are described and derived from no operation: bytes go out or come in. Each has its own tests here."""


def answer_of(stage: Stage, route: Route, token: str, values: Mapping[str, Any]) -> httpx.Response:
    return stage.call(**route.request(values), token=token)


def told(answer: httpx.Response, sent: Any) -> tuple[int, str]:
    """Return status and words of an answer, without what differs by nature: the id sent, and ids drawn anew."""
    return answer.status_code, without_ids(answer.text, sent)


def without_ids(words: str, sent: Any) -> str:
    """Return words without what differs by nature."""
    for word in {json.dumps(sent)[1:-1] if isinstance(sent, str) else str(sent), str(sent).lower()}:
        words = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", "SENT", words)
    return without_new_ids(words)


def without_new_ids(words: str) -> str:
    """Return words without ids and secrets that are drawn anew for each answer."""
    words = re.sub(r"/connect/[\w-]{43}", "/connect/NEW", words)
    drawn = "lnk|req|ent|exp|job|tok|per|tsk|agt|tol|use|pmt|gra|lim|apr|pol|con|dlg|dec|sta|inv|msg|dst|era|hld|non|cla|drl"
    words = re.sub(rf"\b({drawn})_[0-9A-Za-z]{{8,}}", r"\1_NEW", words)
    return re.sub(r"fk_[\w-]{43}|whsec_[\w+/=]{44}|\b[0-9A-Z]{5}(-[0-9A-Z]{5}){4}\b", "SECRET_NEW", words)


def markers_of(stage: Stage, tenant: Tenant) -> list[str]:
    """Return every text of a customer's rows that is in no other customer's rows: what nobody else may read."""
    own: list[str] = []
    others: list[str] = []
    for kept in stage.rows.kept.values():
        for row in kept.values():
            target = own if row.get("customer_id") == tenant.customer_id else others
            if row.get("customer_id") is not None:
                target.extend(_texts(list(row.values())))
    everything = "\n".join(others)
    found = {text for text in own if len(text) >= SHORTEST_TEXT and text not in everything}
    return sorted(found, key=len)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.hex()
        yield value.decode("latin-1")
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


@cache
def _told_apart(stage: Stage, tenant: Tenant) -> tuple[str, ...]:
    """Return a customer's own texts, looked for once: it is a comparison of thousands with everything."""
    markers = markers_of(stage, tenant)
    assert {tenant.customer_id, tenant.slug, tenant.tenant_id, tenant.subscription_id} <= set(markers)
    assert {person.name for person in tenant.people} <= set(markers)
    assert {person.email for person in tenant.people} <= set(markers)
    return tuple(sorted(markers, key=len, reverse=True))


class Silence:
    """Looks for another customer's things in an answer."""

    def __init__(self, stage: Stage, tenant: Tenant) -> None:
        self._markers = _told_apart(stage, tenant)

    def found_in(self, words: str) -> set[str]:
        """Return what of the customer's stands in words; of a text and a part of it at the same place, the text.

        One search for each text is twenty times faster than one for any of them, which an answer hardly ever holds.
        """
        told = [marker for marker in self._markers if marker in words]
        return set(re.findall("|".join(map(re.escape, told)), words)) if told else set()

    def check(self, answer: httpx.Response, sent: Any = "") -> None:
        """Fail when an answer says something of the customer's that was not sent along."""
        words = answer.text + "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        found = {match for match in self.found_in(words) if match.lower() not in str(sent).lower()}
        assert not found, f"{answer.request.method} {answer.request.url} tells {sorted(found)[:5]}"


@pytest.fixture
def silence(stage: Stage) -> Silence:
    return Silence(stage, stage.fabrikam)


def attacks_on(stage: Stage, route: Route) -> Iterator[tuple[str, Any]]:
    """Return a parameter and one of Fabrikam's ids, for every parameter that could take one."""
    for name in route.places:
        for kind in route.filling(name).kinds:
            values = ids_of(stage, stage.fabrikam, kind)
            for value in dict.fromkeys([*values[: SEVERAL - 1], values[-1]]):
                yield name, value


def test_whatever_a_customer_is_told_apart_by_is_heard_amid_other_letters(stage: Stage, silence: Silence) -> None:
    for marker in markers_of(stage, stage.fabrikam):
        assert silence.found_in(f'{{"a":"0A{marker}Z9"}}'), marker
    assert not silence.found_in('{"a": "cus_01M8HXFXJHSNB3WQ81HSMM0739"}')


def test_every_table_of_customers_has_rows_of_both(stage: Stage) -> None:
    for name, kept in stage.rows.kept.items():
        owners = {row["customer_id"] for row in kept.values() if "customer_id" in row}
        is_owned = "customer_id" in _columns(stage, name)
        assert not is_owned or {stage.contoso.customer_id, stage.fabrikam.customer_id} <= owners, (
            f"nobody has a row in {name}: let customers come to one in tests/channels/stage.py"
        )


def _columns(stage: Stage, name: str) -> set[str]:
    from fairkeeper.bootstrap.rooms import all_tables

    return set(all_tables().tables[name].c.keys())


def test_an_id_of_another_customer_is_an_id_of_nobody(stage: Stage, silence: Silence, failures: list[Any]) -> None:
    token = stage.contoso.tokens["every"]
    tried = 0
    for route in routes_of(stage.app):
        if route.is_public:
            continue
        twins: dict[tuple[str, Any], tuple[int, Any]] = {}
        own = own_values(stage, stage.contoso, route)
        denied: set[str] = set()
        for name, value in attacks_on(stage, route):
            if name in denied:
                continue  # whoever may not at all is told so before any id is looked at; one says that it is so
            twin, filling = twin_of(value), route.filling(name)
            if (name, twin) not in twins:
                twins[name, twin] = told(_attack(stage, route, token, {**own, name: filling.sent(twin)}), twin)
            answer = _attack(stage, route, token, {**own, name: filling.sent(value)})
            assert told(answer, value) == twins[name, twin], f"{route.name}: {name}={value!r}"
            silence.check(answer, sent=value)
            tried += 1
            if answer.status_code == 403:
                denied.add(name)
        assert [str(change) for change in stage.rows.changes()] == [], route.name
    assert failures == []
    assert tried > 100


def _attack(stage: Stage, route: Route, token: str, values: Mapping[str, Any]) -> httpx.Response:
    """Send a request; what it could change is Contoso's own, and is taken back."""
    answer = answer_of(stage, route, token, values)
    if answer.is_success and route.method != "GET":
        changes = stage.rows.changes()
        owners = {owner for change in changes for owner in change.owners}
        assert owners <= {stage.contoso.customer_id}, f"{route.name} changed rows of {owners}"
        stage.rows.restore(changes)
    return answer


def test_an_id_in_the_path_is_not_found_or_not_permitted(stage: Stage, failures: list[Any]) -> None:
    """What the matrix only compares is said here: 404, and 403 only where no id would be answered otherwise."""
    token = stage.contoso.tokens["every"]
    answers = {}
    for route in routes_of(stage.app):
        fields = [name for name, place in route.places.items() if place == "path"]
        if route.is_public or not fields or not route.filling(fields[0]).kinds:
            continue
        own = own_values(stage, stage.contoso, route)
        kinds = route.filling(fields[0]).kinds
        value = ids_of(stage, stage.fabrikam, kinds[0])[0]
        answers[route.name] = _attack(stage, route, token, {**own, fields[0]: value})
    codes = {name: answer.json()["error"]["code"] for name, answer in answers.items()}
    assert {name for name, answer in answers.items() if answer.status_code not in REFUSALS} == set()
    assert {code for name, code in codes.items() if answers[name].status_code == 403} == {"access.not_permitted"}
    assert len([name for name, answer in answers.items() if answer.status_code == 404]) >= 12
    assert failures == []


def test_another_customer_named_in_a_query_or_a_body_is_not_found(stage: Stage, failures: list[Any]) -> None:
    """Not an empty list, which would say that there is one."""
    token = stage.contoso.tokens["every"]
    named = [route for route in routes_of(stage.app) if "customer_id" in route.places and not route.is_public]
    for route in named:
        values = {**own_values(stage, stage.contoso, route), "customer_id": stage.fabrikam.customer_id}
        answer = answer_of(stage, route, token, values)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "customers.customer_not_found"), route.name
    assert len(named) >= 6
    assert stage.rows.changes() == []
    assert failures == []


@pytest.mark.parametrize("role", CUSTOMER_ROLES)
def test_whatever_a_customers_role_allows_can_be_done(
    stage: Stage, silence: Silence, failures: list[Any], role: str
) -> None:
    """Nothing that is permitted fails by the tenant guard or by row security, and nothing else is permitted."""
    registry = make_registry()
    principal = _principal(stage.contoso, role)
    done = 0
    for route in routes_of(stage.app):
        if route.is_public or route.name.startswith(HAND_MADE):
            continue
        answer = _attack(stage, route, stage.contoso.tokens[role], own_values(stage, stage.contoso, route))
        is_allowed = stage.installation.runner.allows(registry.get(route.name), principal)
        assert answer.is_success if is_allowed else answer.status_code == 403, f"{route.name}: {answer.text}"
        silence.check(answer)
        done += is_allowed
    assert failures == []
    assert done >= (2 if role == "service" else 8)


def _principal(tenant: Tenant, role: str) -> Principal:
    return Principal(
        id="tok_asking",
        kind=PrincipalKind.SERVICE,
        roles=frozenset({role}),
        customer_id=CustomerId(tenant.customer_id),
    )


def test_files_of_evidence_are_fetched_by_their_owner_alone(stage: Stage, silence: Silence) -> None:
    ours, theirs = stage.contoso, stage.fabrikam
    for route in routes_of(stage.app):
        if not route.name.startswith("evidence.fetch_"):
            continue
        own = answer_of(stage, route, ours.tokens["customer_auditor"], own_values(stage, ours, route))
        assert own.status_code == 200, own.text
        silence.check(own)
        other = answer_of(stage, route, ours.tokens["customer_auditor"], own_values(stage, theirs, route))
        assert other.status_code == 404
        silence.check(other, sent=list(own_values(stage, theirs, route).values()))
        unread = answer_of(stage, route, ours.tokens["customer_user"], own_values(stage, ours, route))
        assert unread.status_code == 403


@pytest.mark.parametrize("role", CUSTOMER_ROLES)
def test_reports_of_payouts_are_handed_over_by_nobody_of_a_customers(stage: Stage, role: str) -> None:
    (route,) = (route for route in routes_of(stage.app) if route.name.startswith("payouts.upload_"))
    answer = answer_of(stage, route, stage.contoso.tokens[role], own_values(stage, stage.contoso, route))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "access.not_permitted")
    assert stage.rows.changes() == []


@pytest.mark.parametrize("path", [EVALUATION_PATH, EVALUATIONS_PATH])
def test_a_decision_knows_no_id_of_another_customer(
    stage: Stage, silence: Silence, failures: list[Any], path: str
) -> None:
    """The decision point, whose routes follow AuthZEN's description and not ours."""
    let_act(stage, stage.contoso.subscription_id, OperationState.ENABLED)
    own, token = _evaluation(stage, stage.contoso), stage.contoso.tokens["every"]
    permitted = stage.call("POST", path, token, json=own)
    assert permitted.json()["decision"] is True, permitted.text
    silence.check(permitted)
    for place, kind in EVALUATED.items():
        told_of = {}
        for value in (ids_of(stage, stage.fabrikam, kind)[-1], twin_of(ids_of(stage, stage.fabrikam, kind)[-1])):
            answer = stage.call("POST", path, token, json=_put(own, place, value))
            assert answer.status_code == 200, f"{place}={value}: {answer.text}"
            told_of[value] = told(answer, value)
            silence.check(answer, sent=value)
            assert answer.json()["decision"] is False, f"{place}={value}"
        assert len(set(told_of.values())) == 1, f"{place}: {told_of}"
    owners = {owner for change in stage.rows.changes() for owner in change.owners}
    assert owners <= {stage.contoso.customer_id}
    assert failures == []


EVALUATED: Mapping[tuple[str, ...], str] = {
    ("subject", "id"): "agent",
    ("resource", "id"): "tool",
    ("context", "customer"): "customer",
    ("context", "use"): "use",
    ("context", "delegation"): "delegation",
    ("context", "approval"): "approval",
    ("context", "resources", "customer"): "customer",
}
"""Where an evaluation names something, and what."""


def _evaluation(stage: Stage, tenant: Tenant) -> dict[str, Any]:
    """Return what is permitted to a customer's agent."""
    (use,) = (row for row in stage.rows.kept["intended_use"].values() if row["customer_id"] == tenant.customer_id)
    return {
        "subject": {"type": "agent", "id": use["agent_id"]},
        "action": {"name": "call", "properties": {"arguments": {"to": "somebody"}}},
        "resource": {"type": "tool", "id": "write"},
        "context": {"use": use["use_id"], "task": "t2"},
    }


def _put(document: Mapping[str, Any], place: tuple[str, ...], value: str) -> dict[str, Any]:
    if place[-1] == "approval":  # only what people are asked for is held against an approval
        document = {**document, "resource": {"type": "tool", "id": "send"}}
    if place[-2:-1] == ("resources",):
        resource = {"type": "letters", "id": "l1", "customer": value}
        return {**document, "context": {**document["context"], "resources": [resource]}}
    return {**document, place[0]: {**document[place[0]], place[1]: value}}


def test_what_nobody_signs_in_for_names_nobody(stage: Stage) -> None:
    for tenant in (stage.contoso, stage.fabrikam):
        silence = Silence(stage, tenant)
        for route in routes_of(stage.app):
            if route.is_public:
                silence.check(stage.call(**route.request(own_values(stage, tenant, route))))
        silence.check(stage.call("GET", "/openapi.json"))
        silence.check(stage.call("GET", METADATA_PATH))


def test_an_idempotency_key_of_another_customer_is_free(stage: Stage, silence: Silence) -> None:
    """The key alone would answer with what the other customer was told."""
    key = next(key for key in ids_of(stage, stage.fabrikam, "idempotency") if key.endswith("exports"))
    token = stage.contoso.tokens["every"]
    answer = stage.call("POST", "/api/v1/evidence/exports", token, json={}, headers={"idempotency-key": key})
    assert answer.status_code == 200
    assert answer.json()["customer_id"] == stage.contoso.customer_id
    silence.check(answer)


def test_every_kind_of_id_is_tried_somewhere(stage: Stage) -> None:
    tried = {kind for route in routes_of(stage.app) for name in route.places for kind in route.filling(name).kinds}
    assert tried | BY_PAGES_ALONE == set(KINDS)
