"""The addresses of the Graph subset that shows and takes back consent: filters, pages, one thing, changes.

Source: Microsoft Graph, "Use query parameters to customize responses" (`$filter`, `$top`), "Paging Microsoft Graph data
in your app" (`@odata.nextLink` is followed as it is), "Microsoft Graph error responses", read 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fairkeeper.sandbox.entra.consent.graph import ConsentGraph
from fairkeeper.sandbox.entra.graph import GraphError

_CLAUSE = re.compile(r"(?P<name>[A-Za-z]+) eq '(?P<value>[^']*)'")
_MOST = 999
_NO_STORE = {"Cache-Control": "no-store"}


def graph_routes(
    graph: ConsentGraph, *, guarded: Callable[[Callable[[Request], Awaitable[Response]]], Any]
) -> list[Route]:
    """Return the routes."""

    def read(path: str, answer: Callable[[Request], dict[str, Any]]) -> Route:
        async def handler(request: Request) -> Response:
            return JSONResponse(_paged(request, answer(request)), headers=_NO_STORE)

        return Route(f"/graph/v1.0{path}", guarded(handler), methods=["GET"])

    def remove(path: str, act: Callable[[Request], None]) -> Route:
        async def handler(request: Request) -> Response:
            act(request)
            return Response(status_code=204)

        return Route(f"/graph/v1.0{path}", guarded(handler), methods=["DELETE"])

    async def change(request: Request) -> Response:
        graph.change_service_principal(_token(request), request.path_params["id"], await _document(request))
        return Response(status_code=204)

    async def create_agent(request: Request) -> Response:
        made = graph.create_agent(_token(request), await _document(request))
        return JSONResponse(made, status_code=201, headers=_NO_STORE)

    def delta(kind: str) -> Route:
        return read(
            f"/{kind}/delta",
            lambda request: graph.delta(_token(request), kind, request.query_params.get("$deltatoken", "")),
        )

    return [
        delta("servicePrincipals"),
        delta("oauth2PermissionGrants"),
        read("/servicePrincipals", lambda r: _chosen(r, graph.service_principals(_token(r)), _PRINCIPAL_FILTERS)),
        read("/servicePrincipals/microsoft.graph.agentIdentity", lambda r: graph.agent_identities(_token(r))),
        Route("/graph/v1.0/servicePrincipals/microsoft.graph.agentIdentity", guarded(create_agent), methods=["POST"]),
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
        read("/oauth2PermissionGrants", lambda r: _chosen(r, graph.grants(_token(r)), _GRANT_FILTERS)),
        remove("/oauth2PermissionGrants/{id}", lambda request: graph.delete_grant(_token(request), _id(request))),
    ]


async def _document(request: Request) -> dict[str, Any]:
    """Return the body.

    Raises:
        GraphError: It is no JSON object.
    """
    try:
        document = await request.json()
    except ValueError as error:
        raise GraphError(400, "BadRequest", "The body is no JSON.") from error
    if not isinstance(document, dict):
        raise GraphError(400, "BadRequest", "The body is no object.")
    return document


def _token(request: Request) -> str:
    return request.headers.get("authorization", "")


def _id(request: Request) -> str:
    return str(request.path_params["id"])


_PRINCIPAL_FILTERS = frozenset({"appId", "displayName", "servicePrincipalType"})
_GRANT_FILTERS = frozenset({"clientId", "consentType", "principalId", "resourceId"})


def _chosen(request: Request, collection: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    """Return what `$filter` leaves: equalities of these properties, joined by `and`.

    Raises:
        GraphError: The filter is another one.
    """
    wanted = request.query_params.get("$filter", "").strip()
    if not wanted:
        return collection
    clauses = [_CLAUSE.fullmatch(each.strip()) for each in wanted.split(" and ")]
    if not all(each is not None and each["name"] in names for each in clauses):
        raise GraphError(400, "Request_UnsupportedQuery", f"Unsupported query: {wanted}.")
    asked = [(each["name"], each["value"].lower()) for each in clauses if each is not None]
    left = [row for row in collection["value"] if all(str(row[name] or "").lower() == value for name, value in asked)]
    return {**collection, "value": left}


def _paged(request: Request, document: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a collection, with the address of the next; a single thing as it is.

    Raises:
        GraphError: `$top` or `$skiptoken` is no number, or out of range.
    """
    rows = document.get("value")
    if not isinstance(rows, list):
        return document
    top, skip = _number(request, "$top", _MOST), _number(request, "$skiptoken", 0)
    if not 1 <= top <= _MOST:
        raise GraphError(
            400, "Request_UnsupportedQuery", f"Invalid page size specified: '{top}'. Must be 1 to {_MOST}."
        )
    page: dict[str, Any] = {**document, "value": rows[skip : skip + top]}
    if skip + top < len(rows):
        # A delta's own link stands on its last page alone.
        page.pop("@odata.deltaLink", None)
        page["@odata.nextLink"] = str(request.url.include_query_params(**{"$skiptoken": skip + top}))
    return page


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return otherwise
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise GraphError(400, "Request_BadRequest", f"The query option {name} is no number.")
    return int(text)
