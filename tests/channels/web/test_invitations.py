"""Inviting somebody in the console, and coming in by the link: once, in time, with an account of the right company."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from fairkeeper.sandbox.directory import Person
from tests.channels.stage import Stage
from tests.channels.web.browsing import Visitor, person


def invite(owner: Visitor, **typed: str) -> str:
    """Make an invitation in the console, and return its address."""
    owner.get("/settings/people")
    owner.press("/settings/invitations", name="Ines Invited", roles="platform", **typed)
    found = re.search(r"http://[^\s<\"]+/invitation\?token=fk_[\w-]+", owner.last.text)
    assert found is not None, owner.text
    return found[0]


def come(stage: Stage, link: str, who: Person) -> tuple[int, str]:
    """Open an invitation's link, sign in, and return what the last page answers."""
    with Visitor(stage) as visitor:
        visitor.get(link)
        ways = [a.attributes["href"] for a in visitor.page.all("a") if "authorize" in a.attributes["href"]]
        chosen = visitor.client.post(ways[0], data={"object_id": who.object_id})
        visitor.get(chosen.headers["location"])
        status = visitor.last.status_code
        return (status, visitor.arrived()) if status == 303 else (status, visitor.text)


def test_an_invited_colleague_comes_in_with_the_role_and_the_link_is_good_once(
    owner: Visitor, sqlite_stage: Stage
) -> None:
    link = invite(owner)
    status, told = come(sqlite_stage, link, person("Ines Invited"))
    assert status == 303
    assert "Platform" in told
    assert come(sqlite_stage, link, person("Ines Invited"))[0] == 403
    owner.get("/settings/people")
    assert "fk_" not in owner.last.text, "the secret is shown once"


@pytest.mark.parametrize("name", ["Cora Contoso", "Olivia Owner", "Petra Personal"])
def test_another_companys_account_and_somebody_known_are_not_let_in(
    owner: Visitor, sqlite_stage: Stage, name: str
) -> None:
    status, told = come(sqlite_stage, invite(owner), person(name))
    assert status == 403, told


def test_an_invitation_ends_by_itself_and_by_withdrawal(owner: Visitor, sqlite_stage: Stage) -> None:
    link = invite(owner)
    owner.get("/settings/people")
    ways = [a.attributes.get("href", "") for a in owner.page.all("a")]
    withdraw = next(href for href in ways if href.endswith("/withdraw"))
    owner.get(withdraw)
    owner.press("/withdraw")
    assert come(sqlite_stage, link, person("Ines Invited"))[0] == 403
    later = invite(owner)
    before = sqlite_stage.clock.offset
    sqlite_stage.clock.move(timedelta(days=7, seconds=1))
    try:
        assert come(sqlite_stage, later, person("Ines Invited"))[0] == 403
    finally:
        sqlite_stage.clock.set_offset(before)
