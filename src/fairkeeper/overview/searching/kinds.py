"""Every kind of thing that has an id here; a test takes every id that is made anywhere and asks for its kind.

A thing without a page of its own is shown where it stands.
"""

from __future__ import annotations

from typing import Final

from fairkeeper.overview.searching import agents, customers, publishers

KINDS: Final = (*customers.KINDS, *publishers.KINDS, *agents.KINDS)
"""Every kind, those first that people look for most."""

WITHOUT_PAGE: Final = {
    "era": "an erasure is found by its entry",
    "key": "the key of a form lives as long as its page",
    "req": "the id of a request stands in logs, for support",
    "tsk": "the key of background work; the work itself is found by its number",
    "wsh": "a wish is found by its deal",
}
"""Beginnings of our ids that are not looked for, and why."""
