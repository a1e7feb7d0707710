"""What observing proposes, and that the policies say it."""

from __future__ import annotations

import asyncio

from fairkeeper.agent.client import Question
from fairkeeper.agent.manifests import closed, pins_of
from fairkeeper.gateway.observing import Observation, policies_of, proposal_of
from fairkeeper.policy.decision.arguments import ArgumentSchema
from fairkeeper.policy.decision.slices import agents_schema_text
from fairkeeper.policy.engine import validate


def observed(*paths: str) -> Observation:
    made = Observation(server="files")
    listed = [{"name": "read", "inputSchema": {"type": "object", "properties": {"path": {"type": "string"}}}}]
    made.pins = {pin.name: pin for pin in pins_of(listed, "files").values()}
    for path in paths:
        asyncio.run(made.decide(Question(tool="files/read", arguments={"path": path})))
    return made


def test_the_narrowest_folder_that_was_seen_bounds_the_paths() -> None:
    text = policies_of(observed("/data/a/x.txt", "/data/a/b/y.txt", "/data/a"))
    assert 'like "/data/a/*"' in text
    assert 'like "*..*"' in text
    assert not validate(text, agents_schema_text())


def test_the_proposal_names_what_a_person_has_to_fill_in() -> None:
    proposal = proposal_of(observed("/data/x"), agent="clerk", environment="dev")
    assert proposal["agent"]["owner"].startswith("To be filled in")
    assert [tool["effect"] for tool in proposal["tools"]] == ["read"]


def test_a_schema_of_anybody_becomes_one_that_arguments_can_be_held_to() -> None:
    schema = {
        "$schema": "x", "type": "object", "additionalProperties": True, "required": ["b"],
        "properties": {
            "a": {"anyOf": [{"type": "null"}, {"type": "integer", "multipleOf": 2}]},
            "b": {"type": "array", "items": {"type": "object", "properties": {"c": {}}}},
            "d": {"type": "string", "pattern": "(a+)+$"},
        },
    }  # fmt: skip
    made = closed(schema)
    assert ArgumentSchema(made).problems({"a": 1, "b": [{"c": "x"}], "d": "y"}) == ()
    assert ArgumentSchema(made).problems({"b": [], "e": 1}) == ("e is not declared",)
