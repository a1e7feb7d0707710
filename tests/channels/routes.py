"""Every operation of the API, as the application's own description tells it, and the requests it takes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI

from tests.channels.parameters import FILLINGS, Filling, filling_of, fixed
from tests.channels.stage import Stage, Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation of the API, as its description tells it.

    Attributes:
        places: Where each parameter stands: path, query, header or body.
        choices: A value of each parameter that has only these and can hold no id.
    """

    name: str
    method: str
    path: str
    places: Mapping[str, str]
    choices: Mapping[str, Any]
    is_public: bool

    def filling(self, name: str) -> Filling:
        """Return how one of its parameters is filled."""
        said = FILLINGS.get(f"{self.name}:{name}") or FILLINGS.get(name)
        return said or (fixed(self.choices[name]) if name in self.choices else filling_of(self.name, name))

    def request(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request with these values, as the client takes it."""
        path = self.path
        for name in re.findall(r"{([a-z][a-z0-9_]*)}", path):
            path = path.replace(f"{{{name}}}", _quoted(values[name]))
        at: dict[str, dict[str, Any]] = {"query": {}, "header": {}, "body": {}, "path": {}}
        for name, place in self.places.items():
            if name in values:
                at[place][name] = values[name]
        sent: dict[str, Any] = {"method": self.method, "path": path}
        if at["query"]:
            sent["params"] = at["query"]
        if at["header"]:
            sent["headers"] = at["header"]
        if self.method in {"POST", "PUT", "PATCH"}:
            sent["json"] = at["body"]
        return sent


def _quoted(value: Any) -> str:
    return quote(str(value), safe="/.")


@cache
def routes_of(app: FastAPI) -> tuple[Route, ...]:
    """Return every operation that the application's description names."""
    return tuple(_routes(app))


def _routes(app: FastAPI) -> Iterator[Route]:
    schema = app.openapi()
    for path, methods in schema["paths"].items():
        for method, told in methods.items():
            places = {parameter["name"]: parameter["in"] for parameter in told.get("parameters", ())}
            types = {parameter["name"]: parameter["schema"] for parameter in told.get("parameters", ())}
            body = _body_fields(schema, told)
            types |= body
            yield Route(
                name=told["operationId"],
                method=method.upper(),
                path=path,
                places=places | dict.fromkeys(body, "body"),
                choices=choices_of(types, schema["components"]["schemas"]),
                is_public="security" not in told,
            )


def choices_of(types: Mapping[str, Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for each parameter that takes only a few: a flag, or one of a list of words."""
    found = {}
    for name, declared in types.items():
        parts = [_resolved(part, named) for part in declared.get("anyOf", [declared])]
        values = [part["enum"][0] for part in parts if "enum" in part]
        values += [False for part in parts if part.get("type") == "boolean"]
        if values:
            found[name] = values[0]
    return found


def _resolved(declared: Mapping[str, Any], named: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = declared.get("$ref")
    return declared if reference is None else named[reference.rpartition("/")[2]]


def _body_fields(schema: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    content = told.get("requestBody", {}).get("content", {})
    declared = content.get("application/json", {}).get("schema", {})
    named = schema["components"]["schemas"]
    while "anyOf" in declared or "allOf" in declared:
        declared = _resolved((declared.get("anyOf") or declared["allOf"])[0], named)
    return dict(_resolved(declared, named).get("properties", {}))


def own_values(stage: Stage, tenant: Tenant, route: Route) -> dict[str, Any]:
    """Return what a customer who means well sends."""
    wanted = [name for name, place in route.places.items() if place != "header"]
    return {name: route.filling(name).own(stage, tenant) for name in wanted}
