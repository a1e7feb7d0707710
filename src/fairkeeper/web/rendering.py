"""Turns a page into HTML. One environment, everything escaped, an unknown name is an error and never an empty place.

Separate, so that routes know pages and no templates, and templates know values and no requests.
"""

from __future__ import annotations

from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from fairkeeper.errors import BugError
from fairkeeper.values.money import Money
from fairkeeper.web.assets import address_of
from fairkeeper.web.format import (
    StateWord,
    amount,
    clock_time,
    count,
    day,
    due,
    relative,
    short_id,
    state,
    urgency,
    when,
    when_text,
)
from fairkeeper.web.pages.base import Page
from fairkeeper.web.parts import Deadline, Finding, Identifier, Link

_KINDS: tuple[tuple[type, str], ...] = (
    (str, "text"),
    (int, "number"),
    (Money, "amount"),
    (date, "time"),
    (Identifier, "identifier"),
    (StateWord, "state"),
    (Link, "link"),
    (Deadline, "deadline"),
    (Finding, "finding"),
)


def render(page: Page) -> str:
    """Return the page as HTML.

    Raises:
        jinja2.UndefinedError: The template names something that the page does not have.
    """
    return environment().get_template(page.template).render(page=page, frame=page.frame)


def part(template: str, macro: str, *values: object) -> str:
    """Return one part as HTML, for what is sent after its page."""
    return str(getattr(environment().get_template(template).module, macro)(*values))


@cache
def environment() -> Environment:
    """Return the one environment: autoescape on, undefined names refused, our filters under their own names."""
    made = Environment(
        loader=PackageLoader("fairkeeper.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        amount=amount,
        clock_time=clock_time,
        count=count,
        day=day,
        due=due,
        kind=kind_of,
        relative=relative,
        short_id=short_id,
        state=state,
        urgency=urgency,
        when=when,
        when_text=when_text,
    )
    made.globals.update(static=address_of)
    return made


def kind_of(value: object) -> str:
    """Return which branch of a macro draws a value.

    Raises:
        BugError: No macro draws such a value (a boolean is a word, not a number).

    Example:
        >>> kind_of("Contoso"), kind_of(None), kind_of(Link(label="Today", href="/"))
        ('text', 'nothing', 'link')
    """
    if value is None:
        return "nothing"
    for type_, kind in _KINDS:
        if isinstance(value, type_) and not isinstance(value, bool):
            return kind
    raise BugError(f"No part of a page shows a {type(value).__name__}.", code="web.value_not_shown")
