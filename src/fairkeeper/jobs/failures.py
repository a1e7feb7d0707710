"""What is written down when background work fails: enough to find the cause, and nobody's data.

The text stays in the task's row and in the log, and a person may look at it long after the customer's data was erased.
Our own errors say what happened in words that are meant to be seen. Of everything else only its kind and its place are
told, because its message may quote what it could not read.
"""

from __future__ import annotations

import traceback
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

import fairkeeper
from fairkeeper.errors import FairkeeperError

_OURS = Path(fairkeeper.__file__).parent


def describe(error: Exception) -> str:
    """Return what went wrong, without quoting data.

    Example:
        >>> from fairkeeper.errors import UnavailableError
        >>> describe(UnavailableError("It is closed.", code="jobs.closed")), describe(KeyError("ada@contoso.example"))
        ('jobs.closed: It is closed.', 'KeyError')
    """
    if isinstance(error, FairkeeperError):
        return f"{error.code}: {error.message}"
    kind = type(error).__name__
    if isinstance(error, ValidationError):
        fields = sorted({".".join(map(str, each["loc"])) or each["type"] for each in error.errors(include_input=False)})
        kind = f"{kind} of {error.title} ({', '.join(fields)})"
    elif isinstance(error, DBAPIError):
        kind = f"{kind} ({type(error.orig).__name__})"
    return f"{kind}{_place(error)}"


def _place(error: Exception) -> str:
    """Return where in our own code it was raised, or passed through last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _OURS in Path(frame.filename).parents]
    if not frames:
        return ""
    return f" in {Path(frames[-1].filename).relative_to(_OURS)}, line {frames[-1].lineno}"
