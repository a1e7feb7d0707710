"""What anybody may read about an agent before they buy: of the publisher's live agents, once somebody publishes it."""

from __future__ import annotations

import pytest

from fairkeeper.action.principal import system
from fairkeeper.database.session import Database
from fairkeeper.governance.actions.decide_use import withdraw_use
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.publish_description import publish_description
from fairkeeper.governance.errors import AgentNotFoundError, NotDescribedError
from fairkeeper.governance.queries.descriptions import list_descriptions
from tests.actions.governance.world import World, make_world

ANYBODY = system("about")


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def test_a_description_says_who_answers_for_what_and_what_it_may_do(world: World) -> None:
    desk = world.agent(None, world.tool("read", effect="read", reads=["tickets"]), name="desk")
    refund = world.tool("refund", effect="irreversible")
    world.run(permit_tool, agent_id=desk.id, tool_id=refund, use_id=desk.use_id, lane="approval")
    assert world.run(list_descriptions, ANYBODY) == []
    with world.one_entry("description_published"):
        assert world.run(publish_description, agent_id=desk.id).path == "/about/agents/desk"
    (found,) = world.run(list_descriptions, ANYBODY, name="desk")
    assert (found.publisher_duties, found.customer_duties) == ("Runs it and keeps it safe.", "Says what it may do.")
    assert [(each.title, each.asks, each.reads) for each in found.tools] == [
        ("Read", False, ["tickets"]),
        ("Refund", True, []),
    ]
    world.run(withdraw_use, use_id=desk.use_id, reason="Not any more.")
    (found,) = world.run(list_descriptions, ANYBODY)
    assert (found.uses, found.tools) == ([], [])
    with world.one_entry("description_hidden"):
        world.run(publish_description, agent_id=desk.id, is_public=False)
    with pytest.raises(AgentNotFoundError):
        world.run(list_descriptions, ANYBODY, name="desk")


def test_a_customers_agent_and_one_that_is_not_live_are_described_to_nobody(world: World) -> None:
    theirs = world.agent(world.customer("contoso"), world.tool("pay"))
    tried = world.agent(None, world.tool("pay", environment="test"), environment="test")
    for agent in (theirs, tried):
        with pytest.raises(NotDescribedError):
            world.run(publish_description, agent_id=agent.id)
