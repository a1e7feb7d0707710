"""Refusals of this room."""

from __future__ import annotations

from fairkeeper.errors import InvalidError


class NamingRefusedError(InvalidError):
    """The convention makes no id of these words."""

    code = "accounts.naming_refused"
    remedy = "Give a word for each part of the pattern, or change the pattern in the structure."


class StructureUnreadableError(InvalidError):
    """The file is no structure that could be read."""

    code = "accounts.structure_unreadable"
    remedy = "Run fairkeeper accounts check FILE and mend what it finds."
