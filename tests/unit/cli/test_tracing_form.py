"""How a trace reads on a terminal: every link, what stands there with id and page, and why nothing does."""

from __future__ import annotations

from typing import Any

from fairkeeper.cli.forms.tracing import traced_text


def link(name: str, state: str, *things: dict[str, Any], why: str = "", has_more: bool = False) -> dict[str, Any]:
    return {"name": name, "state": state, "things": list(things), "why": why, "has_more": has_more}


def thing(**more: Any) -> dict[str, Any]:
    plain = {"kind": "payment", "id": "P1", "label": "Payment P1", "page": "/payouts/trace?id=P1", "note": ""}
    return {**plain, "amount": None, "currency": None, **more}


def text_of(*links: dict[str, Any]) -> str:
    return traced_text({"subject": "P1", "named": "payment", "chain": list(links)}, width=100)


def test_each_link_says_what_stands_there_and_where_its_page_is() -> None:
    text = text_of(
        link("paid", "found", thing(amount="11.64", currency="USD", note="Sent")),
        link("deal", "missing", why="No deal: nothing fits."),
        link("link", "hidden", why="Only the publisher sees this."),
    )
    assert text.splitlines() == [
        "P1, the id of a payment: 1 of 3 links found.",
        "",
        "+ paid      Payment P1, 11.64 USD (Sent)",
        "              payment P1  /payouts/trace?id=P1",
        "! deal      No deal: nothing fits.",
        "- link      Only the publisher sees this.",
    ]


def test_what_is_only_a_part_is_said_after_it_and_so_is_that_there_is_more() -> None:
    text = text_of(link("metered", "found", thing(), thing(id="P2"), why="Of the whole order.", has_more=True))
    assert [line.strip() for line in text.splitlines()[-2:]] == ["Of the whole order.", "… and more"]
    assert text.count("+ metered") == 1


def test_a_name_that_would_move_the_cursor_does_not() -> None:
    assert "\x1b" not in text_of(link("paid", "found", thing(label="\x1b[2Jnothing", note="a\nb")))
