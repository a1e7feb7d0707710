"""The first-run guide: a step at a time, each checked by a look that answers in words; it remembers where one was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from fairkeeper.overview.guide.steps import STEPS
from tests.channels.stage import Stage
from tests.channels.web.browsing import SESSION, Visitor


@pytest.fixture
def owner(sqlite_stage: Stage) -> Iterator[Visitor]:
    with Visitor(sqlite_stage) as visitor:
        visitor.client.cookies.set(SESSION, sqlite_stage.owner_cookie, domain="127.0.0.1")
        yield visitor


def test_each_step_says_what_to_do_where_and_with_which_values(owner: Visitor, sqlite_stage: Stage) -> None:
    for step in STEPS:
        owner.get(f"/guide/{step.key}")
        assert step.where.value in owner.text
        assert all(point in owner.text for point in step.does)
        assert "Nobody has looked yet" in owner.text or step.key in {"owners", "subscriptions"}
    owner.get("/guide/technical-configuration")
    assert f"{sqlite_stage.url}/marketplace/landing" in owner.text
    owner.get("/guide/sign-in")
    assert f"{sqlite_stage.url}/sign-in/callback" in owner.text
    owner.get("/guide/no-such-step")
    assert owner.last.status_code == 404


def test_a_step_is_checked_by_itself_and_answers_in_words(
    owner: Visitor, sqlite_stage: Stage, failures: list[Any]
) -> None:
    stage = sqlite_stage
    owner.get("/guide/tenant")
    owner.press("/check")
    assert "Looking now" in owner.arrived()
    assert owner.last.headers["refresh"] == "2"
    stage.work()
    owner.get("/guide/tenant")
    assert "Microsoft Entra knows the tenant" in owner.text
    assert "refresh" not in owner.last.headers
    owner.get("/guide/technical-configuration")
    assert "Nobody has looked yet" in owner.text, "only one step was looked at"

    stage.http.post(f"{stage.sandbox.url}/entra/control/faults", json={"code": 7000222})
    owner.press("/check")
    stage.work()
    owner.get("/guide/technical-configuration")
    assert "the credential has expired. Make a new one" in owner.text
    owner.get("/guide/tenant")
    assert "Microsoft Entra knows the tenant" in owner.text, "what another look has shown stays"
    listed = stage.call("GET", "/api/v1/guide", stage.owner_token).json()
    assert {line["key"]: line["state"] for line in listed["steps"]}["technical-configuration"] == "to_mend"
    assert failures == []


def test_it_goes_on_where_one_was(owner: Visitor, sqlite_stage: Stage) -> None:
    owner.get("/guide")
    assert owner.last.headers["location"].endswith("/guide/tenant"), "the first step that is not finished"
    owner.get("/guide/addresses")
    owner.get("/guide")
    assert owner.last.headers["location"].endswith("/guide/addresses")
    listed = sqlite_stage.call("GET", "/api/v1/guide", sqlite_stage.owner_token).json()
    assert listed["place"] == "", "a program was nowhere"


def test_a_step_is_put_off_and_taken_up(owner: Visitor, sqlite_stage: Stage, failures: list[Any]) -> None:
    owner.get("/guide/messages")
    owner.press("/put-off")
    assert "put off" in owner.arrived().lower()
    listed = sqlite_stage.call("GET", "/api/v1/guide", sqlite_stage.owner_token).json()
    assert {line["key"]: line["state"] for line in listed["steps"]}["messages"] == "skipped"
    owner.press("/take-up")
    owner.follow()
    listed = sqlite_stage.call("GET", "/api/v1/guide", sqlite_stage.owner_token).json()
    assert {line["key"]: line["state"] for line in listed["steps"]}["messages"] == "unchecked"
    refused = sqlite_stage.call("POST", "/api/v1/guide/tenant/skip", sqlite_stage.owner_token, json={})
    assert refused.json()["error"]["code"] == "overview.guide_step_needed"
    assert failures == []
