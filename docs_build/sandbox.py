"""Writes the reference of the sandbox's control API from the running code: its calls, fields, faults and people."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from docs_build.markdown import code, table
from fairkeeper.sandbox.app import create_sandbox
from fairkeeper.sandbox.config import SandboxConfig
from fairkeeper.sandbox.control import control_app
from fairkeeper.sandbox.directory import default_directory
from fairkeeper.sandbox.entra.consent.agents.store import AgentStore
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.control import (
    Control,
    WantedAgent,
    WantedConsent,
    WantedFault,
    WantedMetadata,
    WantedPolicy,
    WantedPrincipal,
    WantedRedirectUri,
    WantedRevocation,
    WantedRotation,
    WantedSlowness,
)
from fairkeeper.sandbox.entra.faults import Faults as EntraFaults
from fairkeeper.sandbox.entra.signing import SigningRing
from fairkeeper.sandbox.storefront.wording import QUIRK_WORDS

ENTRA_CALLS: Final[dict[tuple[str, str], tuple[str, type[BaseModel] | None]]] = {
    ("GET", "/control"): ("What is switched on, which applications and tenants exist; secrets are not shown.", None),
    ("GET", "/control/people"): ("Who exists.", None),
    ("POST", "/control/rotate-keys"): ("Sign with new keys.", WantedRotation),
    ("POST", "/control/faults"): ("Let the next calls fail with a number.", WantedFault),
    ("DELETE", "/control/faults"): ("Switch everything off.", None),
    ("POST", "/control/metadata"): ("Take metadata and keys away, or bring them back.", WantedMetadata),
    ("POST", "/control/slow"): ("Let every answer wait.", WantedSlowness),
    ("GET", "/control/consents"): ("What every application holds in every tenant, and who waits.", None),
    ("POST", "/control/consents"): ("Grant for everybody, as an administrator's automation does.", WantedConsent),
    ("POST", "/control/revocations"): ("Take permissions back.", WantedRevocation),
    ("POST", "/control/service-principals"): ("Disable, enable or delete an enterprise application.", WantedPrincipal),
    ("GET", "/control/agent-identities"): ("Every agent identity, those in the bin too.", None),
    ("POST", "/control/agent-identities"): ("Disable, enable, delete or restore an agent identity.", WantedAgent),
    ("POST", "/control/agent-cascade"): (
        "Do at once what follows about a day after a blueprint's principal was deleted: its identities go too.",
        None,
    ),
    ("POST", "/control/consent-policies"): ("Choose what users of a tenant may consent to.", WantedPolicy),
    ("POST", "/control/apps/{client_id}/redirect-uris"): (
        "Register one more address for an application's answers.",
        WantedRedirectUri,
    ),
}
"""What each call of the pretend Entra does; a test compares the calls with the routes."""


@cache
def control_document() -> dict[str, Any]:
    """Return the OpenAPI document of the control API."""
    app = create_sandbox(SandboxConfig(base_url="http://127.0.0.1:8701"))
    return control_app(app.state.controls).openapi()


def entra_calls() -> set[tuple[str, str]]:
    """Return method and path of the pretend Entra's control routes."""
    control = Control(
        directory=default_directory(),
        ring=SigningRing(),
        faults=EntraFaults(),
        consents=ConsentStore(),
        agents=AgentStore(),
    )
    return {(method, route.path) for route in control.routes() for method in (route.methods or ()) if method != "HEAD"}


def sandbox_page() -> str:
    """Write the whole page."""
    intro = (
        "The sandbox listens on port 8701 unless told otherwise. Its control API does what Microsoft and the customer "
        "do; `GET /sandbox/openapi.json` describes it to programs. Nobody signs in: never let the sandbox be reached "
        "from outside your machine. Unknown fields are refused, and every refusal is JSON with `code`, `message` and "
        "`remedy`."
    )
    calls = [
        [code(f"{method.upper()} /sandbox{path}"), operation.get("description", ""), _fields(operation)]
        for path, methods in control_document()["paths"].items()
        for method, operation in methods.items()
    ]
    entra = [
        [code(f"{method} /entra{path}"), sentence, ", ".join(map(code, model.model_fields if model else ()))]
        for (method, path), (sentence, model) in ENTRA_CALLS.items()
    ]
    quirks = [[code(quirk.value), words] for quirk, words in QUIRK_WORDS.items()]
    people = [
        [person.name, code(person.email), _tenant(person.tenant_id), "administrator" if person.is_tenant_admin else ""]
        for person in default_directory().people
    ]
    return "\n\n".join(
        (
            "# The sandbox's control API",
            intro,
            "## Calls",
            table(["call", "does", "fields"], calls),
            "`{verb}` is one of `suspend`, `renew`, `cancel` and `expire`.",
            *(_schema(name) for name in _schemas()),
            "## Ways of the live service",
            (
                "What other publishers report the live service to do although its document says otherwise. Name them "
                "in `quirks` of `PUT /sandbox/faults`; `all` switches on every one."
            ),
            table(["quirk", "what it does"], quirks),
            "## The pretend Entra",
            "Under the same address. `code` is the number behind `AADSTS`.",
            table(["call", "does", "fields"], entra),
            "## Who exists",
            "There are no passwords: whoever signs in chooses an account.",
            table(["name", "address", "tenant", ""], people),
        )
    )


def _fields(operation: dict[str, Any]) -> str:
    named = [parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "query"]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    reference = content.get("schema", {}).get("$ref", "")
    model = reference.rpartition("/")[2]
    told = [f"[{model}](#{model.lower()})"] if model else []
    return ", ".join([*told, *map(code, named)])


def _schemas() -> list[str]:
    """Return the bodies that calls take."""
    told = "".join(
        _fields(operation) for methods in control_document()["paths"].values() for operation in methods.values()
    )
    return [name for name in control_document()["components"]["schemas"] if f"(#{name.lower()})" in told]


def _schema(name: str) -> str:
    found = control_document()["components"]["schemas"][name]
    required = found.get("required", [])
    rows = [
        [code(field), _kind(value), "required" if field in required else _default(value), value.get("description", "")]
        for field, value in found["properties"].items()
    ]
    return f"### {name}\n\n{found.get('description', '')}\n\n" + table(["field", "type", "default", "meaning"], rows)


def _kind(value: dict[str, Any]) -> str:
    """Name a field's type.

    Example:
        >>> _kind({"type": "integer", "minimum": 0, "maximum": 9}), _kind({"anyOf": [{"type": "string"}, {}]})
        ('integer, 0 to 9', 'string')
    """
    if "$ref" in value:
        return _kind(control_document()["components"]["schemas"][value["$ref"].rpartition("/")[2]])
    if "anyOf" in value:
        return _kind(value["anyOf"][0])
    if "enum" in value:
        return ", ".join(code(str(each)) for each in value["enum"])
    if value.get("type") == "array":
        return "list of quirks" if value.get("uniqueItems") else "list"
    span = f", {value['minimum']:g} to {value['maximum']:g}" if {"minimum", "maximum"} <= value.keys() else ""
    return f"{value.get('type', 'any')}{span}"


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    if default is None or default == []:
        return ""
    return str(default).lower() if isinstance(default, bool) else str(default)


def _tenant(tenant_id: str) -> str:
    return next((tenant.name for tenant in default_directory().tenants if tenant.id == tenant_id), tenant_id)
