"""What a trace answers: the links of the chain in their order, each with what stands there or why nothing does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

CHAIN: Final = (
    "bank",
    "paid",
    "earned",
    "billed",
    "usage",
    "order",
    "deal",
    "metered",
    "action",
    "decision",
    "policy",
    "grant",
    "link",
)
"""The links, from the money to the trust it rests on; those down to the order are the reports'."""
MOST: Final = 20
"""Things of one link that are named; more are counted by nobody, and said to be there."""


class LinkState(StrEnum):
    """Whether a link of the chain is there."""

    FOUND = "found"
    MISSING = "missing"
    """Nothing stands there; `why` says what is not named by what."""
    HIDDEN = "hidden"
    """It is not for whoever asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """One thing on the chain.

    Attributes:
        kind: What it is (`payment`, `subscription`, `deal`, `charge`, `hour`, `decision`, `permit`, …).
        id: By which it is traced itself.
        page: The address of its page in the console.
        note: What tells it from others, or what it says of itself.
    """

    kind: str
    id: str
    label: str
    page: str
    at: datetime | None = None
    on: date | None = None
    amount: str | None = None
    currency: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """One link of the chain.

    Attributes:
        name: One of `CHAIN`.
        why: Where it is missing, hidden, or only a part: what names nothing, or who sees it.
        has_more: Whether more stands there than is named.
    """

    name: str
    state: LinkState
    things: tuple[Traced, ...] = ()
    why: str = ""
    has_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTrace:
    """One chain, from the bank to the tenant.

    Attributes:
        subject: The id that was asked for.
        named: What it is the id of.
        missing: Which links are missing, and why, as one sentence each.
    """

    subject: str
    named: str
    chain: tuple[ChainLink, ...]
    missing: tuple[str, ...]


def found(name: str, things: Sequence[Traced], *, missing: str = "", part: str = "") -> ChainLink:
    """Return a link with what stands there, each thing once.

    Args:
        name: The link's.
        things: What stands there; nothing makes it missing.
        missing: Why it is missing, if it is.
        part: What is to be known of what stands there, if anything does.
    """
    once = tuple({(each.kind, each.id): each for each in things}.values())
    if not once:
        return ChainLink(name=name, state=LinkState.MISSING, why=missing)
    return ChainLink(name=name, state=LinkState.FOUND, things=once[:MOST], why=part, has_more=len(once) > MOST)
