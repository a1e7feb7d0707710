"""From a request to a handler and back: who may come here, one boundary for errors, the headers of every page.

Handlers are synchronous and run in a thread, because operations are; only the form's body is awaited.
"""

from __future__ import annotations

import base64
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl, quote

import structlog
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fairkeeper.errors import (
    BugError,
    ErrorKind,
    FairkeeperError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
)
from fairkeeper.web.assets import CONTENT_SECURITY_POLICY
from fairkeeper.web.pages.answers import error_page
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.console import ConsoleParts
from fairkeeper.web.serving.frames import frame, open_frame
from fairkeeper.web.serving.visit import FormRefusedError, Visit

_log = structlog.get_logger(__name__)

Handler = Callable[[Visit], Response]

STATUSES: Final[Mapping[ErrorKind, int]] = {
    ErrorKind.INVALID: 400,
    ErrorKind.NOT_FOUND: 404,
    ErrorKind.CONFLICT: 409,
    ErrorKind.DENIED: 403,
    ErrorKind.UNAVAILABLE: 503,
    ErrorKind.UPSTREAM: 502,
    ErrorKind.BUG: 500,
}
"""The one table from a kind of error to a page's status; forms answer 422 where a field is wrong."""

_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_FILE_FORM_TYPE: Final = "multipart/form-data"
_MOST_FIELDS: Final = 200
_LARGEST: Final = 1_000_000
"""Bytes of a form with a file in it; larger files have a way of their own."""


class FormUnreadableError(InvalidError):
    """The body is no form of ours."""

    code = "web.form_unreadable"
    remedy = "Open the page again and send the form from there."


class MethodNotTakenError(InvalidError):
    """A page that takes no such request."""

    code = "web.method_not_taken"
    remedy = "Open the page, and use the forms that stand on it."


class Audience(StrEnum):
    """Whom a page is for."""

    ANYBODY = "anybody"
    PERSON = "person"
    """Whoever is signed in."""
    STAFF = "staff"
    """The publisher's people; for others the page does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One route of the console."""

    method: str
    path: str
    handler: Handler
    audience: Audience


def get(path: str, handler: Handler, audience: Audience = Audience.PERSON) -> Way:
    """Return the way to a page."""
    return Way(method="GET", path=path, handler=handler, audience=audience)


def post(path: str, handler: Handler, audience: Audience = Audience.PERSON) -> Way:
    """Return the way of a form."""
    return Way(method="POST", path=path, handler=handler, audience=audience)


def route_of(way: Way, parts: ConsoleParts) -> Route:
    """Return the route that serves a way."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(parts=parts, request=request)
        trouble: FairkeeperError | None = None
        if way.method == "POST":
            try:
                visit.form = await _read_form(request)
            except FairkeeperError as error:
                trouble = error
        return await run_in_threadpool(answer, visit, way, trouble)

    return Route(way.path, endpoint, methods=[way.method], name=f"web:{way.method} {way.path}")


def answer(visit: Visit, way: Way, trouble: FairkeeperError | None = None) -> Response:
    """Let a handler answer, or show the page that says why it cannot.

    Args:
        visit: The request.
        way: Where it goes.
        trouble: What went wrong before, if anything did.
    """
    try:
        visit.open()
        if way.method == "POST":
            visit.check_site()
        if way.audience is not Audience.ANYBODY and visit.session is None:
            return _finished(visit, _to_sign_in(visit))
        if trouble is not None:
            raise trouble
        if way.method == "POST":
            visit.check_form()
        if way.audience is Audience.STAFF and not visit.is_staff:
            raise NotFoundError("There is no such page for you.", code="web.no_such_page")
        response = way.handler(visit)
    except UnauthenticatedError as error:
        response = trouble_page(visit, error, 401)
    except FairkeeperError as error:
        response = trouble_page(visit, error)
    except ValidationError as error:
        response = trouble_page(visit, FormUnreadableError(_told(error)))
    except Exception as error:  # noqa: BLE001 - the console's boundary: logged, answered with an id and nothing of the inside
        _log.error(
            "console.failed",
            request_id=visit.request_id,
            error=type(error).__name__,
            trace="".join(traceback.format_exception(error)),
        )
        response = trouble_page(visit, BugError("unexpected"))
    return _finished(visit, response)


def trouble_page(visit: Visit, error: FairkeeperError, status: int | None = None) -> Response:
    """Return the page of an error; where not even its frame can be made, a plain one."""
    status = status or (405 if isinstance(error, MethodNotTakenError) else STATUSES[error.kind])
    if error.kind is ErrorKind.BUG:
        _log.error("console.bug", request_id=visit.request_id, code=error.code, error=error.message)
    try:
        around = frame(visit)
    except FairkeeperError:
        around = open_frame(visit)
    page = error_page(around, status, support_id=visit.request_id, error=error)
    if isinstance(error, FormRefusedError):
        page = replace(page, heading="This form was not taken")
    if status == 401:
        page = replace(page, actions=(Link(label="Sign in", href=sign_in_address(visit)),))
    elif visit.session is not None and not visit.is_staff:
        page = replace(page, actions=(Link(label="Go to your page", href="/"),))
    return visit.show(page, status, {"Retry-After": "5"} if status == 503 else {})


def sign_in_address(visit: Visit) -> str:
    """Return the way to sign in and come back to what was asked for."""
    wanted = str(visit.address) if visit.request.method == "GET" else visit.path
    return "/sign-in" if wanted == "/" else f"/sign-in?return_to={quote(wanted, safe='/')}"


def _to_sign_in(visit: Visit) -> Response:
    return visit.go(sign_in_address(visit))


def _finished(visit: Visit, response: Response) -> Response:
    """Add what every page has."""
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if response.headers.get("content-type", "").startswith("text/html"):
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    if visit.is_new_browser:
        response.headers.append("set-cookie", visit.parts.browser_cookie.set_header(visit.browser))
    return response


async def _read_form(request: Request) -> dict[str, str]:
    """Read what a form sent; several values of one name (boxes that were ticked) stand together with spaces.

    Raises:
        FormUnreadableError: It is no form as browsers send them.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == _FILE_FORM_TYPE:
        return await _read_file_form(request)
    body = await request.body()
    if kind != _FORM_TYPE:
        raise FormUnreadableError("The body is not a form.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise FormUnreadableError("The form cannot be read.") from error
    form: dict[str, str] = {}
    for name, value in pairs:
        form[name] = f"{form[name]} {value}" if name in form else value
    return form


async def _read_file_form(request: Request) -> dict[str, str]:
    """Read a form with one small file in it, whose bytes stand under its name in base64.

    Raises:
        FormUnreadableError: It is too large, or no form as browsers send them.
    """
    if not request.headers.get("content-length", "").isdigit() or int(request.headers["content-length"]) > _LARGEST:
        raise FormUnreadableError(f"The form with its file has more than {_LARGEST // 1_000} kB.")
    form: dict[str, str] = {}
    try:
        async with request.form(max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LARGEST) as sent:
            for name, value in sent.multi_items():
                if isinstance(value, str):
                    form[name] = value
                elif value.filename:
                    form[name] = base64.b64encode(await value.read()).decode("ascii")
    except (HTTPException, ValueError) as error:
        raise FormUnreadableError("The form cannot be read.") from error
    return form


def _told(error: ValidationError) -> str:
    names = sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]})
    return f"These values cannot be accepted: {', '.join(names) or 'the form'}."
