"""API routes made from the registry: one for each operation, so that code, route and documentation cannot drift.

`Operation.http` names the method and the path; fields that the path names come from it, the others from the query
(GET, DELETE) or from a JSON body. Endpoints are synchronous, and the runner commits inside them: when there is an
answer, what it says is durable.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from fastapi.utils import create_model_field
from pydantic import TypeAdapter, ValidationError, create_model
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.routing import BaseRoute

from fairkeeper.action.operation import Operation, OperationInput, OperationKind
from fairkeeper.action.principal import ANONYMOUS, Principal
from fairkeeper.action.runner import Call, Runner
from fairkeeper.api.errors import ErrorBody, request_id_of

API_PREFIX = "/api/v1"
IDEMPOTENCY_HEADER = "Idempotency-Key"

Authenticate = Callable[[Request], Principal]
"""Returns who asks, or raises `UnauthenticatedError`."""

_PATH_FIELD = re.compile(r"{([a-z][a-z0-9_]*)}")
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_ALWAYS = {
    400: "cannot be understood",
    414: "the address is too long",
    422: "a field is wrong",
    500: "our mistake",
    503: "not now, try again",
}
_WHEN_SIGNED_IN = {401: "no valid credentials", 403: "may not", 404: "no such thing for this principal"}
_WHEN_CHANGING = {409: "another state than the request supposes"}
_WHEN_SENDING = {413: "the body is too large"}

_ERROR = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}}
"""An error, named: given the model itself, FastAPI makes a validator for every status of every route at each start.

The webhook's route brings the model; without it the name would lead nowhere, which a test would see.
"""
_bearer = HTTPBearer(auto_error=False, description="An API token: `fairkeeper token create`.")


def add_routes(app: FastAPI, operations: Iterable[Operation], runner: Runner, authenticate: Authenticate) -> None:
    """Add a route for each operation that a channel may offer.

    They stand in the application itself: of a router that is included, FastAPI makes every route a second time.

    Args:
        app: The application.
        operations: The registry's.
        runner: Runs them.
        authenticate: Tells who asks.
    """
    app.state.runner, app.state.authenticate = runner, authenticate
    offered = (each for each in operations if not each.is_internal)
    # Words before fields, so that /people/export is not taken for the person "export".
    app.router.routes.extend(_routes(tuple(sorted(offered, key=lambda each: (each.path.count("{"), each.path)))))


@lru_cache(maxsize=4)
def _routes(operations: tuple[Operation, ...]) -> tuple[BaseRoute, ...]:
    """Return the routes of operations; a process that serves several installations makes them once."""
    # FastAPI silences this while it makes a route; our models are built when the route is first asked for something.
    warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
    router = APIRouter()
    for operation in operations:
        _add(router, operation)
    return tuple(router.routes)


def describe_results(app: FastAPI) -> None:
    """Tell the description what each operation's route answers, which a start need not wait for."""
    for route in app.routes:
        if isinstance(route, APIRoute) and isinstance(route.endpoint, _Endpoint):
            name = f"Response_{route.unique_id}"
            route.response_field = create_model_field(
                name=name, type_=route.endpoint.operation.result, mode="serialization"
            )


def _add(router: APIRouter, operation: Operation) -> None:
    is_check = operation.kind is OperationKind.CHECK
    router.add_api_route(
        f"{API_PREFIX}{operation.path}",
        _Endpoint(operation),
        methods=[operation.method],
        name=operation.name,
        operation_id=operation.name,
        summary=operation.summary,
        description=operation.documentation,
        tags=[operation.room],
        response_model=None,
        responses=_responses(operation),
        # Before the input is judged: who is nobody here is told to sign in, not what a field should be.
        dependencies=[] if is_check else [Depends(_bearer), Depends(_prove)],
    )


def _prove(request: Request) -> None:
    request.state.principal = request.app.state.authenticate(request)


class _NothingElse(OperationInput):
    """Of whatever asks for nothing in the query: one model for all of them.

    FastAPI remembers the fields of 128 models of queries; of one more, it describes a field that it cannot find again.
    """


class _Endpoint:
    """Runs one operation, by the runner of whichever application was asked, with what FastAPI read from a request."""

    def __init__(self, operation: Operation) -> None:
        path_fields = tuple(_PATH_FIELD.findall(operation.path))
        rest = _rest_model(operation, path_fields)
        self.operation = operation
        self.__signature__ = inspect.Signature(_parameters(operation, path_fields, rest))
        self.__name__ = operation.name.replace(".", "_")

    @cached_property
    def _result(self) -> TypeAdapter[Any]:
        """How the result is written; made when it is first asked for."""
        return TypeAdapter(self.operation.result)

    def __call__(self, request: Request, **values: Any) -> Response:
        """Answer one request; FastAPI fills the values by the signature."""
        operation = self.operation
        call = Call(
            principal=ANONYMOUS if operation.kind is OperationKind.CHECK else request.state.principal,
            idempotency_key=values.pop("idempotency_key", None),
            request_id=request_id_of(request),
        )
        given: OperationInput = values.pop("rest")
        runner: Runner = request.app.state.runner
        result = runner.run(operation, _whole_input(operation, given, values), call)
        return Response(self._result.dump_json(result), media_type="application/json")


def _parameters(
    operation: Operation, path_fields: tuple[str, ...], rest: type[OperationInput]
) -> list[inspect.Parameter]:
    """Return what FastAPI has to read from a request, as a signature says it."""
    annotated: dict[str, Any] = {"request": Request}
    for name in path_fields:
        field = operation.input.model_fields[name]
        annotated[name] = Annotated[field.annotation, Path(description=field.description)]
    defaults: dict[str, Any] = {}
    has_body = operation.method in _BODY_METHODS
    annotated["rest"] = Annotated[rest, Body() if has_body else Query()]
    if has_body and not any(field.is_required() for field in rest.model_fields.values()):
        defaults["rest"] = rest()
    if operation.kind is OperationKind.COMMAND:
        annotated["idempotency_key"] = Annotated[
            str | None,
            Header(
                alias=IDEMPOTENCY_HEADER,
                min_length=1,
                max_length=200,
                pattern=r"^[\x21-\x7e]+$",
                description="The same key with the same request answers as the first time and changes nothing.",
            ),
        ]
        defaults["idempotency_key"] = None
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=annotation,
            default=defaults.get(name, inspect.Parameter.empty),
        )
        for name, annotation in annotated.items()
    ]


def _rest_model(operation: Operation, path_fields: tuple[str, ...]) -> type[OperationInput]:
    """Return the model of what does not come from the path; fields that it does not know are refused."""
    is_query = operation.method not in _BODY_METHODS
    if is_query and set(operation.input.model_fields) <= set(path_fields):
        return _NothingElse
    if not path_fields:
        return operation.input
    left: dict[str, Any] = {
        name: (field.annotation, field)
        for name, field in operation.input.model_fields.items()
        if name not in path_fields
    }
    return create_model(
        operation.input.__name__,
        __base__=OperationInput,
        __module__=operation.input.__module__,
        __doc__=operation.input.__doc__,
        **left,
    )


def _whole_input(operation: Operation, given: OperationInput, from_path: dict[str, Any]) -> OperationInput:
    if isinstance(given, operation.input):
        return given
    sent = {name: getattr(given, name) for name in given.model_fields_set}
    try:
        return operation.input.model_validate({**sent, **from_path})
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_url=False, include_context=False)) from error


def _responses(operation: Operation) -> dict[int | str, dict[str, Any]]:
    known = dict(_ALWAYS)
    if operation.kind is not OperationKind.CHECK:
        known |= _WHEN_SIGNED_IN
    if operation.kind is OperationKind.COMMAND:
        known |= _WHEN_CHANGING
    if operation.method in _BODY_METHODS:
        known |= _WHEN_SENDING
    return {status: {**_ERROR, "description": text.capitalize()} for status, text in sorted(known.items())}
