"""How a command ends: its exit code, and what stands on stderr when it failed.

One table from error kinds to exit codes. The JSON form of an error is the API's, so that a script needs one branch
whether it calls the server or the command line.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

from fairkeeper.errors import ErrorKind, FairkeeperError
from fairkeeper.values.errors import ResourceUnknownError
from fairkeeper.values.resources import resource


class ExitCode(IntEnum):
    """What a script can tell by the exit code alone."""

    FINE = 0
    FINDINGS = 1
    """It ran, and found at least one thing of level error."""
    USAGE = 2
    """The command or its input cannot be understood."""
    REFUSED = 3
    """Not permitted, not there, or in another state."""
    UNAVAILABLE = 4
    """Not now, or somebody else's service failed."""
    BUG = 70
    """Our mistake."""


EXIT_CODES: Final[Mapping[ErrorKind, ExitCode]] = {
    ErrorKind.INVALID: ExitCode.USAGE,
    ErrorKind.NOT_FOUND: ExitCode.REFUSED,
    ErrorKind.CONFLICT: ExitCode.REFUSED,
    ErrorKind.DENIED: ExitCode.REFUSED,
    ErrorKind.UNAVAILABLE: ExitCode.UNAVAILABLE,
    ErrorKind.UPSTREAM: ExitCode.UNAVAILABLE,
    ErrorKind.BUG: ExitCode.BUG,
}
"""The one table."""


class RemoteError(FairkeeperError):
    """What a server answered instead of a result.

    Args:
        body: The server's error, as the API's documentation describes it.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        super().__init__(
            str(body.get("message", "The server answered with an error.")),
            code=str(body.get("code", "cli.remote")),
            remedy=str(body.get("remedy", "Look at the server's log.")),
        )
        self.body = dict(body)

    @property
    def remote_kind(self) -> ErrorKind:
        """The kind that the server named."""
        try:
            return ErrorKind(self.body.get("kind", ""))
        except ValueError:
            return ErrorKind.UPSTREAM


def exit_code_of(error: FairkeeperError) -> ExitCode:
    """Return the exit code of an error.

    Example:
        >>> from fairkeeper.errors import ConflictError
        >>> exit_code_of(ConflictError("It has ended.")).name
        'REFUSED'
    """
    return EXIT_CODES[error.remote_kind if isinstance(error, RemoteError) else error.kind]


def body_of(error: FairkeeperError) -> dict[str, Any]:
    """Return the JSON form of an error, as the API would answer it."""
    if isinstance(error, RemoteError):
        return {"error": error.body}
    return {
        "error": {
            "code": error.code,
            "kind": error.kind.value,
            "message": error.message,
            "remedy": error.remedy,
            "resource": _resource(error.resource),
            "detail": dict(error.detail),
            "request_id": None,
        }
    }


def error_text(error: FairkeeperError, *, as_json: bool) -> str:
    """Return what stands on stderr.

    Example:
        >>> from fairkeeper.errors import NotFoundError
        >>> print(error_text(NotFoundError("No customer 'x' here.", code="x.y", remedy="Check."), as_json=False))
        No customer 'x' here.
        Check. (x.y)
    """
    if as_json:
        return json.dumps(body_of(error), ensure_ascii=False)
    return f"{error.message}\n{error.remedy} ({error.code})"


def has_error_findings(result: Any) -> bool:
    """Say whether a result lists a finding of level error.

    Example:
        >>> has_error_findings({"findings": [{"level": "warning"}, {"level": "error"}]}), has_error_findings([1])
        (True, False)
    """
    findings = result.get("findings") if isinstance(result, dict) else None
    return isinstance(findings, list) and any(
        isinstance(finding, dict) and finding.get("level") == "error" for finding in findings
    )


def _resource(key: str | None) -> dict[str, Any] | None:
    if key is None:
        return None
    try:
        found = resource(key)
    except ResourceUnknownError:
        return None  # the error matters more than its footnote; a test compares the keys with the list
    return {"key": key, "title": found.title, "address": found.address}
