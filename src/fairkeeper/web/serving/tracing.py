"""The way from a thing's own page to its chain; every page that shows something traced links there alike."""

from __future__ import annotations

from urllib.parse import quote

from fairkeeper.web.parts import Link


def trace_address(subject: str) -> str:
    """Return the address of an id's chain.

    Example:
        >>> trace_address("pr-1:2")
        '/trace?id=pr-1%3A2'
    """
    return f"/trace?id={quote(subject, safe='')}"


def trace_way(subject: str) -> Link:
    """Return the way from a thing's own page to its chain."""
    return Link(label="Trace", href=trace_address(subject))
