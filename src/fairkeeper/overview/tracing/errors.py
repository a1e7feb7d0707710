"""Refusals of the trace."""

from __future__ import annotations

from fairkeeper.errors import NotFoundError


class NothingNamedError(NotFoundError):
    """Nothing on the chain has this id, as far as whoever asked may see."""

    code = "overview.nothing_traced"
    remedy = "Check the id; a part of it is not enough. `fairkeeper search` finds things by a part of their name."
