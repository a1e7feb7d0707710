"""The addresses of the Graph subset that shows and takes back consent."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.sandbox.entra.consent.graph import ConsentGraph
from fairkeeper.sandbox.entra.graph import GraphError

_FILTER = re.compile(r"appId eq '([0-9a-fA-F-]{36})'")
_NO_STORE = {"Cache-Control": "no-store"}


def graph_routes(
    graph: ConsentGraph, *, guarded: Callable[[Callable[[Request], Awaitable[Response]]], Any]
) -> list[Route]:
    """Return the routes."""

    def read(path: str, answer: Callable[[Request], dict[str, Any]]) -> Route:
        async def handler(request: Request) -> Response:
            return JSONResponse(answer(request), headers=_NO_STORE)

        return Route(f"/graph/v1.0{path}", guarded(handler), methods=["GET"])

    def remove(path: str, act: Callable[[Request], None]) -> Route:
        async def handler(request: Request) -> Response:
            act(request)
            return Response(status_code=204)

        return Route(f"/graph/v1.0{path}", guarded(handler), methods=["DELETE"])

    async def change(request: Request) -> Response:
        try:
            document = await request.json()
        except ValueError as error:
            raise GraphError(400, "BadRequest", "The body is no JSON.") from error
        if not isinstance(document, dict):
            raise GraphError(400, "BadRequest", "The body is no object.")
        graph.change_service_principal(_token(request), request.path_params["id"], document)
        return Response(status_code=204)

    def delta(kind: str) -> Route:
        return read(
            f"/{kind}/delta",
            lambda request: graph.delta(_token(request), kind, request.query_params.get("$deltatoken", "")),
        )

    return [
        delta("servicePrincipals"),
        delta("oauth2PermissionGrants"),
        read("/servicePrincipals", lambda request: graph.service_principals(_token(request), _app_id(request))),
        read("/servicePrincipals/{id}", lambda request: graph.service_principal(_token(request), _id(request))),
        Route("/graph/v1.0/servicePrincipals/{id}", guarded(change), methods=["PATCH"]),
        remove(
            "/servicePrincipals/{id}", lambda request: graph.delete_service_principal(_token(request), _id(request))
        ),
        read("/servicePrincipals/{id}/oauth2PermissionGrants", lambda r: graph.grants(_token(r), _id(r))),
        read("/servicePrincipals/{id}/appRoleAssignments", lambda r: graph.assignments(_token(r), _id(r))),
        remove(
            "/servicePrincipals/{resource}/appRoleAssignedTo/{id}",
            lambda request: graph.delete_assignment(_token(request), _id(request)),
        ),
        read("/oauth2PermissionGrants", lambda request: graph.grants(_token(request))),
        remove("/oauth2PermissionGrants/{id}", lambda request: graph.delete_grant(_token(request), _id(request))),
    ]


def _token(request: Request) -> str:
    return request.headers.get("authorization", "")


def _id(request: Request) -> str:
    return str(request.path_params["id"])


def _app_id(request: Request) -> str:
    """Return the application id that a filter names.

    Raises:
        GraphError: The filter is another one.
    """
    wanted = request.query_params.get("$filter", "")
    found = _FILTER.fullmatch(wanted)
    if wanted and found is None:
        raise GraphError(400, "BadRequest", "Only the filter appId eq '…' is answered here.")
    return found[1].lower() if found else ""
