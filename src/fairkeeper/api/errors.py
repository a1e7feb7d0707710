"""From an error to an HTTP answer: one table of statuses and one body, whatever went wrong and wherever.

Every answer that is no success has the same JSON, so a program needs one branch: `error.code` says which case it is,
`error.remedy` what to do, `error.request_id` what to tell support. Nothing of the inside (types, traces, SQL) shows.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from fairkeeper.errors import (
    BugError,
    ErrorKind,
    FairkeeperError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)
from fairkeeper.values.errors import ResourceUnknownError
from fairkeeper.values.resources import resource

_log = structlog.get_logger(__name__)

STATUSES: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 400,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.DENIED: 403,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.UPSTREAM: 502,
    ErrorKind.BUG: 500,
}
"""The one table."""

RETRY_AFTER_SECONDS = 5
_PROBLEMS_SHOWN = 20
_PROBLEM_CHARACTERS = 300


class ResourceBody(BaseModel):
    """The official document behind a rule."""

    key: str
    title: str
    address: str | None


class ErrorDetail(BaseModel):
    """What went wrong.

    Attributes:
        code: Stable name of the case.
        kind: invalid, not_found, conflict, denied, unavailable, upstream or bug.
        message: What happened, with the values.
        remedy: What to do now.
        resource: The document behind the rule, if there is one.
        detail: Values that a program may need.
        request_id: What to tell support; also in the header X-Request-Id.
    """

    code: str
    kind: str
    message: str
    remedy: str
    resource: ResourceBody | None = None
    detail: dict[str, Any] = {}
    request_id: str


class ErrorBody(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


class BodyTooLargeError(InvalidError):
    """The request is larger than this address takes."""

    code = "api.body_too_large"
    remedy = "Send less at once."


class NotHTTPError(InvalidError):
    """What came is no request of HTTP/1.1, or has a method that nobody knows."""

    code = "api.not_http"
    remedy = "Send a request as RFC 9112 has it, with a registered method."


class AddressTooLongError(InvalidError):
    """Path and query are longer than any address here."""

    code = "api.address_too_long"
    remedy = "Send long texts in the body of a request."


class HeadersTooLargeError(InvalidError):
    """The headers are more than any request here needs."""

    code = "api.headers_too_large"
    remedy = "Send fewer or shorter headers; a browser does after its cookies of this site are deleted."


class BodyNotJSONError(InvalidError):
    """The body is no JSON, or none that can be read."""

    code = "api.body_not_json"
    remedy = "Send one JSON document in UTF-8 with Content-Type: application/json."


class TooManyRequestsError(UnavailableError):
    """One address has knocked too often."""

    code = "api.too_many_requests"
    remedy = "Wait as long as Retry-After says; whoever sends less is not slowed down."


class InputInvalidError(InvalidError):
    """The input does not fit the operation; `detail` says which fields."""

    code = "api.input_invalid"
    remedy = "Correct the fields that the message names; /openapi.json describes them."


_STATUSES_OF_THE_CHANNEL: Final[Mapping[type[FairkeeperError], int]] = {
    BodyTooLargeError: 413,
    AddressTooLongError: 414,
    InputInvalidError: 422,
    TooManyRequestsError: 429,
    HeadersTooLargeError: 431,
}
"""What the channel itself refuses, and HTTP has words for."""


def status_of(error: FairkeeperError) -> int:
    """Return the HTTP status of an error.

    Example:
        >>> status_of(NotFoundError("No subscription 7 here."))
        404
        >>> status_of(UnauthenticatedError("Nobody asks."))
        401
    """
    if isinstance(error, UnauthenticatedError):
        return 401
    return _STATUSES_OF_THE_CHANNEL.get(type(error), STATUSES[error.kind])


def headers_of(error: FairkeeperError) -> dict[str, str]:
    """Return the headers that go with the status.

    Example:
        >>> headers_of(UnauthenticatedError("Nobody asks."))
        {'WWW-Authenticate': 'Bearer realm="fairkeeper"'}
    """
    status = status_of(error)
    if status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="fairkeeper"'}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return {}


def body_of(error: FairkeeperError, request_id: str) -> dict[str, Any]:
    """Return the body of an error's answer; a bug shows its id and nothing else."""
    if error.kind is ErrorKind.BUG:
        error = BugError("Something went wrong on our side; nothing was changed by this request.")
    detail = ErrorDetail(
        code=error.code,
        kind=error.kind.value,
        message=error.message,
        remedy=error.remedy,
        resource=_resource(error.resource),
        detail=dict(error.detail),
        request_id=request_id,
    )
    return ErrorBody(error=detail).model_dump(mode="json")


def answer(error: FairkeeperError, request_id: str) -> JSONResponse:
    """Return the whole HTTP answer of an error."""
    return JSONResponse(body_of(error, request_id), status_code=status_of(error), headers=headers_of(error))


def log_failure(error: BaseException, request_id: str) -> None:
    """Write down what must not show in an answer: the trace, without the values of local variables."""
    trace = "".join(traceback.format_exception(error))
    _log.error("http.failed", request_id=request_id, error=type(error).__name__, trace=trace)


def request_id_of(request: Request) -> str:
    """Return the id that the outermost layer gave this request."""
    found = getattr(request.state, "request_id", None)
    return found if isinstance(found, str) else "unknown"


def error_of_validation(problems: Sequence[Any]) -> InvalidError:
    """Return the error of a request that FastAPI or a model refused; values that were sent are not repeated.

    Args:
        problems: As pydantic lists them.
    """
    if any(problem.get("type") == "json_invalid" for problem in problems):
        return BodyNotJSONError("The body cannot be read as JSON.")
    shown = [_problem(problem) for problem in problems[:_PROBLEMS_SHOWN]]
    more = f" and {len(problems) - len(shown)} more" if len(problems) > len(shown) else ""
    return InputInvalidError(
        "; ".join(shown) + more + ".",
        detail={"fields": ", ".join(sorted({_place(problem) for problem in problems[:_PROBLEMS_SHOWN]}))},
    )


def install_error_handlers(app: FastAPI) -> None:
    """Make every error of an application answer with the one body."""
    app.add_exception_handler(FairkeeperError, _handle_fairkeeper)
    app.add_exception_handler(RequestValidationError, _handle_validation)
    app.add_exception_handler(HTTPException, _handle_http)


def _handle_fairkeeper(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FairkeeperError)  # noqa: S101 - Starlette's types are wider than its registration
    request_id = request_id_of(request)
    if error.kind is ErrorKind.BUG:
        log_failure(error, request_id)
    return answer(error, request_id)


def _handle_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    return answer(error_of_validation(error.errors()), request_id_of(request))


def _handle_http(request: Request, error: Exception) -> JSONResponse:
    """Answer for Starlette's own refusals: no such route, wrong method, a body that could not be read."""
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    translated = _error_of_status(request, error.status_code)
    response = JSONResponse(body_of(translated, request_id_of(request)), status_code=error.status_code)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return response


def _methods_at(request: Request) -> set[str]:
    """Return what an address takes: of several routes at one address, Starlette names the first one's methods alone."""
    router = request.app.router
    behind: Iterable[BaseRoute] = getattr(router.default, "routes", ())  # of pages
    return {
        method
        for route in _flat([*router.routes, *behind])
        if isinstance(route, Route) and route.matches(request.scope)[0] is Match.PARTIAL
        for method in route.methods or ()
    }


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Return the routes of an application and of the routers in it, whose routes have whole paths here."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from _flat(inner.routes)


def _error_of_status(request: Request, status: int) -> FairkeeperError:
    if status == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            f"There is nothing at {request.url.path[:200]!r}.",
            code="api.no_such_address",
            remedy="/openapi.json lists every address.",
        )
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return InvalidError(
            f"{request.method[:20]} is not taken at {request.url.path[:200]!r}.",
            code="api.method_not_allowed",
            remedy="Use a method that the header Allow names.",
        )
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return BodyNotJSONError("The request cannot be read.")
    return BugError("Something went wrong on our side.")


def _resource(key: str | None) -> ResourceBody | None:
    if key is None:
        return None
    try:
        found = resource(key)
    except ResourceUnknownError:
        return None  # the answer matters more than its footnote; a test compares the keys with the list
    return ResourceBody(key=key, title=found.title, address=found.address)


def _place(problem: Mapping[str, Any]) -> str:
    parts = [str(part) for part in problem.get("loc", ()) if part not in ("body", "query", "path", "header")]
    return ".".join(parts)[:100] or "input"


def _problem(problem: Mapping[str, Any]) -> str:
    return f"{_place(problem)}: {problem.get('msg', 'is wrong')}"[:_PROBLEM_CHARACTERS]
