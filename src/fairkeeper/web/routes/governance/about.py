"""What anybody may read about the publisher's agents before they buy, without signing in."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from fairkeeper.governance.actions.publish_description import description_path
from fairkeeper.governance.queries.descriptions import AgentDescription, DescribedTool, list_descriptions
from fairkeeper.web.pages.about import AboutAgentPage, AboutAgentsPage, AboutUse
from fairkeeper.web.parts import Fact, Link
from fairkeeper.web.routes.governance.words import effect_words
from fairkeeper.web.serving.frames import open_frame
from fairkeeper.web.serving.visit import Visit
from fairkeeper.web.serving.ways import Audience, Way, get

ABOUT_PATH: Final = "/about/agents"


def show_all(visit: Visit) -> Response:
    """Show every agent that is described."""
    found: list[AgentDescription] = visit.run_as_system("about", list_descriptions)
    page = AboutAgentsPage(
        frame=open_frame(visit),
        support=visit.parts.house.support,
        agents=tuple(
            Fact(
                label=", ".join(use.title for use in each.uses) or "No use is approved now",
                value=Link(label=each.title, href=description_path(each.name)),
                note=f"Version {each.version}, owned by {each.owner}",
            )
            for each in found
        ),
    )
    return visit.show(page)


def show_one(visit: Visit) -> Response:
    """Show one description."""
    (found,) = visit.run_as_system("about", list_descriptions, name=visit.named("name")[:80])[:1]
    return visit.show(_page(visit, found))


def _page(visit: Visit, found: AgentDescription) -> AboutAgentPage:
    return AboutAgentPage(
        frame=open_frame(visit),
        support=visit.parts.house.support,
        trail=(Link(label="Agents", href=ABOUT_PATH),),
        name=found.title,
        sentence=f"Version {found.version}. {found.acts_for}",
        uses=tuple(
            AboutUse(
                title=each.title,
                context=each.business_context,
                measure=each.value_measure,
                not_for=tuple(each.not_for),
                known_errors=tuple(each.known_errors),
            )
            for each in found.uses
        ),
        tools=tuple(_tool(each) for each in found.tools),
        duties=(
            Fact(label="The publisher answers for", value=found.publisher_duties),
            Fact(label="The customer answers for", value=found.customer_duties),
            Fact(
                label="Without a person",
                value="It may start by itself." if found.acts_alone else "It acts only for a person who asked for it.",
            ),
            Fact(label="Owner", value=found.owner),
            Fact(
                label="Additional assessment",
                value="There is one; ask the publisher for it." if found.is_assessed else "None was made.",
            ),
            Fact(label="Described since", value=found.described_at),
        ),
    )


def _tool(tool: DescribedTool) -> Fact:
    data = [f"reads {', '.join(tool.reads)}"] if tool.reads else []
    data += [f"writes {', '.join(tool.writes)}"] if tool.writes else []
    return Fact(
        label=tool.title,
        value="A person approves each call." if tool.asks else "It does this by itself, within limits.",
        note="; ".join((f"This {effect_words(tool.effect)}", *data)) + ".",
    )


WAYS: Final[tuple[Way, ...]] = (
    get(ABOUT_PATH, show_all, Audience.ANYBODY),
    get(f"{ABOUT_PATH}/{{name}}", show_one, Audience.ANYBODY),
)
