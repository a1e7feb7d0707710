"""One request on its way: who asks, from which browser, with which form; and what every page needs of that.

A handler gets a visit and returns a response. It runs operations through it, so that no route can forget who asks,
the idempotency key of the form, or the id of the request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Final

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from fairkeeper.access.authentication import WebSession, authenticate_cookie
from fairkeeper.access.credentials import form_token, is_form_token, new_cookie_value
from fairkeeper.action.operation import Operation, OperationKind
from fairkeeper.action.principal import Principal, PrincipalKind, system
from fairkeeper.action.runner import Call, Moment
from fairkeeper.errors import DeniedError, InvalidError, UnauthenticatedError
from fairkeeper.web.addresses import Address
from fairkeeper.web.pages.base import Page
from fairkeeper.web.rendering import render
from fairkeeper.web.serving.console import ConsoleParts

_COOKIE_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_KEY: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_EMPTY: Final[Mapping[str, str]] = {}


class FormRefusedError(DeniedError):
    """A form that no page of this session sent."""

    code = "web.form_refused"
    remedy = "Open the page again and send the form from there."


class AddressUnreadableError(InvalidError):
    """The address holds something of another kind than expected."""

    code = "web.address_unreadable"
    remedy = "Follow a link of the page, or correct the address."


@dataclass(slots=True, kw_only=True)
class Visit:
    """A request and what is known about it.

    Attributes:
        form: What the form sent; empty for a GET.
        session: The signed-in browser, if it is one.
        is_new_browser: Whether the browser's cookie has to be set.
    """

    parts: ConsoleParts
    request: Request
    form: Mapping[str, str] = field(default_factory=dict)
    session: WebSession | None = None
    is_new_browser: bool = False
    _browser: str = field(default="", repr=False)
    _moment: Moment | None = field(default=None, repr=False)

    def open(self) -> None:
        """Find out who asks."""
        value = self.request.cookies.get(self.parts.session_cookie.name)
        self.session = authenticate_cookie(self.parts.runner.database, self.parts.runner.clock, value)

    # -------------------- the request

    @property
    def path(self) -> str:
        """The path that was asked for."""
        return self.request.url.path

    @property
    def address(self) -> Address:
        """The path and its query."""
        return Address.of(self.path, self.request.query_params.multi_items())

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.parts.runner.clock.now()

    @property
    def request_id(self) -> str:
        """What support needs to find this request."""
        found = getattr(self.request.state, "request_id", None)
        return found if isinstance(found, str) else "unknown"

    def query(self, name: str) -> str:
        """Return a parameter of the address, or nothing."""
        return self.request.query_params.get(name, "").strip()

    def named(self, name: str) -> str:
        """Return a part of the path."""
        found: str = self.request.path_params[name]
        return found

    # -------------------- the browser

    @property
    def browser(self) -> str:
        """The value of this browser's cookie; drawn if it has none, and then sent along with the answer."""
        if not self._browser:
            value = self.request.cookies.get(self.parts.browser_cookie.name, "")
            if not _COOKIE_VALUE.fullmatch(value):
                value, self.is_new_browser = new_cookie_value(), True
            self._browser = value
        return self._browser

    @property
    def form_token(self) -> str:
        """What the forms of a page have to send back: bound to the session, or to the browser before there is one."""
        return self.session.form_token if self.session else form_token(self.browser)

    def check_site(self) -> None:
        """Refuse a form that another site sent; the browser says so beside the form, which need not be read for it.

        Raises:
            FormRefusedError: It comes from another site.
        """
        site = self.request.headers.get("sec-fetch-site")
        origin = self.request.headers.get("origin")
        if site not in (None, "same-origin"):
            raise FormRefusedError("The form was sent by another site.", code="web.form_from_elsewhere")
        # A page without a referrer policy for itself sends "null"; then only the browser's word above tells.
        if origin not in (None, self.parts.house.address) and not (origin == "null" and site == "same-origin"):
            raise FormRefusedError("The form was sent by another site.", code="web.form_from_elsewhere")

    def check_form(self) -> None:
        """Refuse a form that does not come from a page of this session.

        Raises:
            FormRefusedError: It comes from another site, or without the session's form token.
        """
        self.check_site()
        sent = self.form.get("csrf_token", "")
        cookie = self.parts.session_cookie if self.session else self.parts.browser_cookie
        value = self.request.cookies.get(cookie.name, "")
        if not value or not is_form_token(value, sent):
            raise FormRefusedError(
                "The form's token is not that of your session; you may have signed in again since the page was made.",
                code="web.form_token",
            )

    # -------------------- who asks

    @property
    def signed_in(self) -> WebSession:
        """The session.

        Raises:
            UnauthenticatedError: Nobody is signed in.
        """
        if self.session is None:
            raise UnauthenticatedError("Nobody is signed in here.", code="web.sign_in_first")
        return self.session

    @property
    def principal(self) -> Principal:
        """Who asks.

        Raises:
            UnauthenticatedError: Nobody is signed in.
        """
        return self.signed_in.principal

    @property
    def is_staff(self) -> bool:
        """Whether one of the publisher's people asks."""
        return self.session is not None and self.session.principal.kind is PrincipalKind.STAFF

    def allows(self, operation: Operation) -> bool:
        """Say whether whoever asks may run an operation; pages offer only what works."""
        return self.parts.runner.allows(operation, self.principal)

    # -------------------- operations

    def run(self, operation: Operation, **fields: Any) -> Any:
        """Run an operation for whoever asks, with the idempotency key that the form carries.

        Raises:
            ValidationError: Fields that the operation does not take.
            FairkeeperError: As the operation says.
        """
        return self._run(operation, self.principal, fields)

    def run_each(self, operation: Operation, inputs: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Run a command once for each of several inputs, each in a transaction and with an entry of its own.

        The form's idempotency key stands for the whole, and the input's place is added to it: a form that is sent
        again changes nothing, and one that was stopped in the middle goes on.
        """
        key = self._idempotency_key()
        return [
            self.parts.runner.run(
                operation,
                operation.input.model_validate(dict(fields)),
                Call(
                    principal=self.principal,
                    idempotency_key=f"{key}:{number}" if key else None,
                    request_id=self.request_id,
                ),
            )
            for number, fields in enumerate(inputs)
        ]

    def run_as_system(self, part: str, operation: Operation, **fields: Any) -> Any:
        """Run an operation as Fairkeeper itself, for somebody who was proved and is no person here (yet).

        Args:
            part: Which part of Fairkeeper acts, as evidence names it.
            operation: What it does.
            fields: The operation's input.
        """
        call = Call(principal=system(part), request_id=self.request_id)
        return self.parts.runner.run(operation, operation.input.model_validate(fields), call)

    def read(self, operation: Operation, **fields: Any) -> Any:
        """Run a query with what an address says.

        Raises:
            AddressUnreadableError: The address says something that the query does not take.
        """
        try:
            return self._run(operation, self.principal, fields)
        except ValidationError as error:
            names = ", ".join(sorted({str(problem["loc"][0]) for problem in error.errors() if problem["loc"]}))
            raise AddressUnreadableError(f"The address says something that cannot be read: {names}.") from error

    def _run(self, operation: Operation, principal: Principal, fields: Mapping[str, Any]) -> Any:
        is_command = operation.kind is OperationKind.COMMAND
        call = Call(
            principal=principal,
            idempotency_key=self._idempotency_key() if is_command and self.form else None,
            request_id=self.request_id,
            moment=self._moment,
        )
        return self.parts.runner.run(operation, operation.input.model_validate(dict(fields)), call)

    @property
    def is_of_one_moment(self) -> bool:
        """Whether all that is read now is read from one snapshot."""
        return self._moment is not None

    def read_of_one_moment(self, handler: Callable[[Visit], Response]) -> Response:
        """Let a page that only reads read all of it from one snapshot of the database."""
        with self.parts.runner.moment(self.principal) as moment:
            self._moment = moment
            try:
                return handler(self)
            finally:
                self._moment = None

    def _idempotency_key(self) -> str | None:
        key = self.form.get("idempotency_key", "")
        return key if _KEY.fullmatch(key) else None

    # -------------------- answers

    def show(self, page: Page, status: int = 200, headers: Mapping[str, str] = _EMPTY) -> Response:
        """Return a page as the answer."""
        return HTMLResponse(render(page), status_code=status, headers=dict(headers))

    def go(self, address: str, cookies: Sequence[str] = ()) -> Response:
        """Send the browser on to a page of ours (or to Microsoft's), with cookies to set."""
        response = RedirectResponse(address, status_code=303)
        for cookie in cookies:
            response.headers.append("set-cookie", cookie)
        return response


def of_one_moment(handler: Callable[[Visit], Response]) -> Callable[[Visit], Response]:
    """Make a page tell of one moment: its state and its record do not contradict each other.

    What it reads comes from one snapshot, so that it has to be a page that runs no command.
    """

    @wraps(handler)
    def show(visit: Visit) -> Response:
        return visit.read_of_one_moment(handler)

    return show
