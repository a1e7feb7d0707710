"""The two lifecycles: what can follow what, that every state is reached, and that they are drawn from these tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import pytest

from docs_build.drawings import TABLES
from fairkeeper.consent.asking.signals import BREAKS, GONE, MEANINGS, MISSES, OURS
from fairkeeper.consent.errors import MoveRefusedError
from fairkeeper.consent.lifecycle import (
    ENDED_LINKS,
    GRANT,
    LINK,
    UNLOCKS,
    GrantEvent,
    GrantState,
    LinkEvent,
    LinkState,
    can_move_grant,
    move_grant,
    move_link,
)


def reached(table: Mapping[tuple[StrEnum, StrEnum], StrEnum], start: StrEnum) -> set[StrEnum]:
    """Return every state that some events lead to."""
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        new = {to for (at, _), to in table.items() if at is here} - found
        found |= new
        waiting += new
    return found


def test_every_state_of_a_link_is_reached_from_the_purchase() -> None:
    assert reached(LINK, LinkState.PENDING) == set(LinkState)  # type: ignore[arg-type]


def test_every_state_of_a_grant_is_reached_from_not_being_needed() -> None:
    assert reached(GRANT, GrantState.NOT_NEEDED) == set(GrantState)  # type: ignore[arg-type]


def test_every_event_moves_something() -> None:
    assert {event for _, event in LINK} == set(LinkEvent)
    assert {event for _, event in GRANT} == set(GrantEvent)


def test_nothing_leads_out_of_what_has_ended() -> None:
    assert not [event for event in GrantEvent if can_move_grant(GrantState.REVOKED, event)]
    assert not [event for state, event in LINK if state is LinkState.UNLINKED]
    assert {to for (at, _), to in LINK.items() if at in ENDED_LINKS} == {LinkState.UNLINKED}


def test_only_a_token_leads_to_what_unlocks_work() -> None:
    """An unsigned answer, a person or a plan never make a grant verified."""
    assert {GrantState.VERIFIED} == UNLOCKS
    assert {event for (_, event), to in GRANT.items() if to in UNLOCKS} == {GrantEvent.PROVE_ALL}


def test_one_failed_probe_never_revokes() -> None:
    assert {to for (_, event), to in GRANT.items() if event is GrantEvent.MISS} == {GrantState.SUSPECTED_LOST}
    assert {at for at, event in GRANT if event is GrantEvent.CONFIRM_LOSS} == {GrantState.SUSPECTED_LOST}


def test_an_answer_of_microsofts_page_moves_nothing_that_is_verified() -> None:
    for event in (GrantEvent.CLAIM, GrantEvent.DECLINE, GrantEvent.HAND_OVER):
        assert not can_move_grant(GrantState.VERIFIED, event)


def test_a_link_may_be_ended_from_wherever_it_lives() -> None:
    for state in set(LinkState) - ENDED_LINKS:
        assert move_link(state, LinkEvent.UNLINK) is LinkState.UNLINKING


def test_a_move_that_is_none_says_what_is_possible() -> None:
    with pytest.raises(MoveRefusedError) as refusal:
        move_grant(GrantState.DECLINED, GrantEvent.CLAIM)
    assert refusal.value.remedy == "From here it can only drop or request or withdraw."
    with pytest.raises(MoveRefusedError, match="no move request") as final:
        move_grant(GrantState.REVOKED, GrantEvent.REQUEST)
    assert final.value.remedy == "This state is final."


def test_the_documentation_tells_every_refusal_and_what_follows_from_the_same_table() -> None:
    drawn = TABLES["refusals"]()
    assert "| 700016 |" in drawn
    for signal, meaning in MEANINGS.items():
        (line,) = (line for line in drawn.splitlines() if meaning.words in line)
        assert ("`revoked`" in line) is (signal in MISSES)
        assert ("`broken`" in line) is (signal in BREAKS)
        assert ("the fault is ours" in line) is (signal in OURS)


def test_a_fault_of_ours_is_held_against_nobody() -> None:
    assert not OURS & (MISSES | BREAKS | GONE)


@pytest.mark.parametrize(("name", "table"), [("trust machine", LINK), ("grant machine", GRANT)])
def test_the_documentation_draws_every_move_of_these_tables(
    name: str, table: Mapping[tuple[StrEnum, StrEnum], StrEnum]
) -> None:
    drawn = TABLES[name]()
    for (at, event), to in table.items():
        (line,) = (line for line in drawn.splitlines() if line.startswith(f"| `{at.value}` |"))
        assert f"`{event.value}` → `{to.value}`" in line
