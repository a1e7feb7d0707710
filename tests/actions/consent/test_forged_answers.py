"""A forged, borrowed, replayed or late answer of an administrator's consent never changes a grant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.lifecycle import GrantState
from fairkeeper.consent.tables import GrantRow, StartRow
from fairkeeper.errors import FairkeeperError
from fairkeeper.sandbox.directory import DESK_APP_ID
from tests.actions.consent.world import OTHER_BROWSER, Started, World, staff


def grants(world: World) -> list[dict[str, Any]]:
    """Return every column of every grant."""
    return [
        {name: value for name, value in vars(row).items() if not name.startswith("_")} for row in world.own(GrantRow)
    ]


def refused(code: str = "consent.answer_refused") -> Any:
    return pytest.raises(FairkeeperError, check=lambda error: error.code == code)


@pytest.fixture
def contoso(world: World) -> str:
    world.apply()
    return world.buy("Carl Contoso")


@pytest.fixture
def started(world: World, contoso: str) -> Started:
    return world.begin(world.ask(contoso), contoso)


def yes(world: World, started: Started, company: str = "Contoso") -> dict[str, str]:
    return {"admin_consent": "True", "tenant": world.tenant(company), "scope": "all", "state": started.state}


def test_a_state_of_nobody_changes_nothing(world: World, started: Started) -> None:
    before = grants(world)
    with refused():
        world.take({**yes(world, started), "state": "made-up"})
    with refused():
        world.take({"admin_consent": "True", "tenant": world.tenant("Contoso")})
    assert grants(world) == before


def test_a_state_from_another_browser_changes_nothing_and_stays_good_for_its_own(
    world: World, started: Started
) -> None:
    before = grants(world)
    with refused():
        world.take(yes(world, started), browser=OTHER_BROWSER)
    assert grants(world) == before
    assert world.take(yes(world, started)).outcome == "claimed"


def test_another_tenant_in_the_answer_changes_nothing_and_is_recorded(world: World, started: Started) -> None:
    before = grants(world)
    assert world.take(yes(world, started, "Fabrikam")).outcome == "refused"
    assert grants(world) == before
    assert world.kinds()[-1] == "answer_refused"
    with refused():
        world.take(yes(world, started))  # the state was used up by it
    assert grants(world) == before


def test_an_answer_is_good_once(world: World, contoso: str, started: Started) -> None:
    answer = world.decide(started, "Cora Contoso", "accept")
    world.take(answer)
    world.work()
    world.control("/revocations", client_id=DESK_APP_ID, tenant_id=world.tenant("Contoso"))
    before = grants(world)
    with refused():
        world.take(answer)
    world.work()
    assert grants(world) == before


def test_true_beside_an_error_is_a_no(world: World, contoso: str, started: Started) -> None:
    answer = world.decide(started, "Cora Contoso", "decline")
    assert answer["admin_consent"] == "True"
    assert answer["error"] == "consent_required"
    assert world.take(answer).outcome == "declined"
    assert world.state(contoso) == GrantState.DECLINED


def test_true_beside_an_error_takes_nothing_from_what_is_verified(world: World, contoso: str) -> None:
    world.grant(contoso, "Cora Contoso")
    started = world.begin(world.page(contoso), contoso)
    before = grants(world)
    forged = {**yes(world, started), "error": "access_denied", "error_description": "AADSTS65004: no"}
    assert world.take(forged).outcome == "nothing"
    assert grants(world) == before
    assert world.state(contoso) == GrantState.VERIFIED


@pytest.mark.parametrize("answer", [{}, {"admin_consent": "False"}, {"admin_consent": "True", "tenant": ""}])
def test_an_answer_that_says_nothing_is_refused(world: World, started: Started, answer: dict[str, str]) -> None:
    before = grants(world)
    assert world.take({**answer, "state": started.state}).outcome == "refused"
    assert grants(world) == before


def test_an_answer_that_took_too_long_is_refused(world: World, started: Started) -> None:
    world.clock.move(timedelta(hours=1))
    before = grants(world)
    assert world.take(yes(world, started)).outcome == "refused"
    assert grants(world) == before


def test_an_answer_after_the_link_was_ended_finds_nothing(world: World, contoso: str, started: Started) -> None:
    world.run(unlink, staff(), customer=contoso, reason="The customer left.")
    assert world.own(StartRow) == []
    before = grants(world)
    with refused():
        world.take(yes(world, started))
    assert grants(world) == before


def test_a_yes_that_nobody_said_unlocks_nothing(world: World, contoso: str, started: Started) -> None:
    """Whoever began it may write any answer into their own browser; only a token would prove it."""
    assert world.take(yes(world, started)).outcome == "claimed"
    assert world.state(contoso) == GrantState.GRANTED_UNVERIFIED
    world.work()
    assert world.state(contoso) == GrantState.REQUESTED


def test_a_page_of_another_customer_begins_nothing_here(world: World, contoso: str) -> None:
    fabrikam = world.buy("Felix Fabrikam")
    world.ask(contoso)
    theirs = world.ask(fabrikam)
    with refused("consent.grant_not_found"):
        world.begin(theirs, contoso)
    assert world.own(StartRow) == []
