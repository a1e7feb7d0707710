"""The whole chain of one id: each link with what stands there and the way to its page, or why nothing does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from fairkeeper.web.format import StateWord
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Identifier, Link


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedThing:
    """One thing on the chain: its page, its id, and the chain from there."""

    kind: str
    link: Link
    identifier: Identifier
    trace: Link
    at: date | None = None
    amount: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlace:
    """One link of the chain.

    Args:
        name: In words.
        state: Whether it is there.
        why: What is missing and why, or what is only a part.
        things: What stands there.
        more: Said where more stands there than is shown.
    """

    name: str
    state: StateWord
    why: str = ""
    things: Sequence[TracedThing] = ()
    more: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTracePage(Page):
    """A chain from the bank to the tenant; without an id only the question for one."""

    template: ClassVar[str] = "pages/trace.html"
    subject: str
    sentence: str
    places: Sequence[ChainPlace] = ()

    @property
    def title(self) -> str:
        """What is traced."""
        return "Trace"
