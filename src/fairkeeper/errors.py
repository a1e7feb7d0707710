"""The error root and its kinds.

Every refusal or impossibility in Fairkeeper is an instance of `FairkeeperError`: it says what happened, with the
values, and what to do about it. Each channel holds one table from `ErrorKind` to its own language (HTTP status, exit
code, MCP error), so that no capability ever speaks HTTP. Bad *data* is no exception but a value, see
`fairkeeper.values.findings`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """What sort of refusal it is; the channels translate exactly these."""

    INVALID = "invalid"
    """The request cannot be understood or breaks a rule."""
    NOT_FOUND = "not_found"
    """There is no such thing for this principal; also the answer for another customer's thing."""
    CONFLICT = "conflict"
    """The thing is in another state than the request supposes."""
    DENIED = "denied"
    """The principal may not, or has not proved who it is."""
    UNAVAILABLE = "unavailable"
    """We cannot now; the same request may succeed later."""
    UPSTREAM = "upstream"
    """Somebody else's service answered with an error."""
    BUG = "bug"
    """A supposition of our own code did not hold."""


class FairkeeperError(Exception):
    """Root of all errors that a person or program outside may see.

    Args:
        message: What happened, with the values, one sentence.
        code: Stable name, `capability.what` (`customers.subscription_gone`); defaults to the class's own.
        remedy: What to do now; defaults to the class's own.
        resource: Key of the official resource behind the rule (`fairkeeper.values.resources`), if any.
        detail: Machine-readable values (strings, integers, booleans) that a program may need.

    Example:
        >>> error = NotFoundError("No subscription 7 here.", code="customers.subscription_not_found")
        >>> error.kind.value, error.code
        ('not_found', 'customers.subscription_not_found')
    """

    kind: ClassVar[ErrorKind] = ErrorKind.BUG
    code: str = "fairkeeper.bug"
    remedy: str = "Report this with the id shown beside it."

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        remedy: str | None = None,
        resource: str | None = None,
        detail: dict[str, str | int | bool] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.remedy = remedy or type(self).remedy
        self.resource = resource
        self.detail = detail or {}


class InvalidError(FairkeeperError):
    """The request cannot be understood or breaks a rule."""

    kind = ErrorKind.INVALID
    code = "fairkeeper.invalid"
    remedy = "Correct the request and send it again."


class NotFoundError(FairkeeperError):
    """There is no such thing for this principal."""

    kind = ErrorKind.NOT_FOUND
    code = "fairkeeper.not_found"
    remedy = "Check the id; things of another customer are not shown."


class ConflictError(FairkeeperError):
    """The thing is in another state than the request supposes."""

    kind = ErrorKind.CONFLICT
    code = "fairkeeper.conflict"
    remedy = "Read the present state and decide again."


class DeniedError(FairkeeperError):
    """The principal may not do this."""

    kind = ErrorKind.DENIED
    code = "fairkeeper.denied"
    remedy = "Ask an owner for a role that allows it."


class UnauthenticatedError(DeniedError):
    """Nobody has proved who is asking; channels with such a notion answer "sign in first"."""

    code = "fairkeeper.unauthenticated"
    remedy = "Sign in, or send a valid token."


class UnavailableError(FairkeeperError):
    """We cannot now; the same request may succeed later."""

    kind = ErrorKind.UNAVAILABLE
    code = "fairkeeper.unavailable"
    remedy = "Try again in a moment."


class UpstreamError(FairkeeperError):
    """Somebody else's service answered with an error."""

    kind = ErrorKind.UPSTREAM
    code = "fairkeeper.upstream"
    remedy = "Look at the service's own status; the work is kept and tried again."


class BugError(FairkeeperError):
    """A supposition of our own code did not hold."""
