"""What a consent page asks for and who may answer it, without HTTP.

Source: Microsoft Entra, "Admin consent on the Microsoft identity platform" (address, parameters, answers; the answer
says `admin_consent=True` also when it failed), "Consent types developer guidance" (`.default`), "Manage app consent
policies", "Configure the admin consent workflow"; "Authorization error codes" (90094, 90095, 65004); read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from fairkeeper.sandbox.directory import AppRegistration, Person, Tenant
from fairkeeper.sandbox.entra.consent.agents.store import AgentStore
from fairkeeper.sandbox.entra.consent.permissions import BASIC, PERMISSIONS, may_user_consent
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import DEFAULT_SCOPE, GRAPH_APP_ID, OIDC_SCOPES, read_scopes
from fairkeeper.sandbox.entra.segments import COMMON, CONSUMERS, resolve_segment

BLANK_PAGE: Final = "https://entra.microsoft.com/TokenAuthorize"
"""Where the answer of an agent identity's consent goes: a blank page of Microsoft's.

Source: Microsoft Entra Agent ID, "Grant application permissions to an autonomous agent", read 2026-11-28.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One permission on a consent page."""

    name: str
    text: str
    is_application: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminConsentRequest:
    """An application asks a tenant's administrator.

    Args:
        tenant: Whose administrator; None while the address said `organizations`, and then it is the person's.
        delegated, application: What is asked for.
        application_wanted: Whether application permissions are asked for at all (by `.default`).
    """

    app: AppRegistration
    tenant: Tenant | None
    redirect_uri: str
    state: str | None
    scope: str
    delegated: tuple[str, ...]
    application: tuple[str, ...]
    is_default: bool

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the page lists."""
        return (*_lines(self.application, is_application=True), *_lines(self.delegated, is_application=False))

    def answer(self, fields: Mapping[str, str]) -> str:
        """Return the address of an answer; it says `admin_consent=True` whatever happened, as Microsoft's does."""
        state = {} if self.state is None else {"state": self.state}
        separator = "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{separator}{urlencode({'admin_consent': 'True', **fields, **state})}"


class AdminConsent:
    """The endpoint `/v2.0/adminconsent`."""

    def __init__(self, mint: TokenMint, store: ConsentStore, agents: AgentStore) -> None:
        self._mint = mint
        self._store = store
        self._agents = agents

    def read(self, segment_text: str, parameters: Mapping[str, str]) -> AdminConsentRequest:
        """Read a request.

        Raises:
            StsError: To be shown on a page: tenant, application, address or scope is wrong.
        """
        if segment_text.lower() in {COMMON, CONSUMERS}:
            raise StsError(90002, tenant=segment_text)
        segment = resolve_segment(self._mint.directory, segment_text)
        for name in ("client_id", "redirect_uri"):
            if not parameters.get(name):
                raise StsError(900144, name=name)
        if not parameters.get("scope") and not parameters.get("role"):
            raise StsError(900144, name="scope")
        if self._agents.is_known(parameters["client_id"]):
            return self._read_agent(segment.tenant, parameters)
        app = self._mint.directory.app(parameters["client_id"])
        if app is None:
            raise StsError(700016, client=parameters["client_id"], tenant=segment.name)
        is_registered = app.may_redirect_to(parameters["redirect_uri"])
        if not (self._is_blank_page(parameters["redirect_uri"]) if app.is_blueprint else is_registered):
            raise StsError(50011, uri=parameters["redirect_uri"], client=app.client_id)
        delegated, application, is_default = self._wanted(app, parameters["scope"], segment.name)
        return AdminConsentRequest(
            app=app,
            tenant=segment.tenant,
            redirect_uri=parameters["redirect_uri"],
            state=parameters.get("state"),
            scope=parameters["scope"],
            delegated=delegated,
            application=application,
            is_default=is_default,
        )

    def _is_blank_page(self, uri: str) -> bool:
        return uri in {BLANK_PAGE, f"{self._mint.base_url}/TokenAuthorize"}

    def _read_agent(self, tenant: Tenant | None, parameters: Mapping[str, str]) -> AdminConsentRequest:
        """Read a request of an agent identity: application permissions are its `role`, delegated ones its `scope`."""
        identity = None if tenant is None else self._agents.find(parameters["client_id"], tenant.id)
        if tenant is None or identity is None:
            raise StsError(700016, client=parameters["client_id"], tenant="" if tenant is None else tenant.id)
        if not self._is_blank_page(parameters["redirect_uri"]):
            raise StsError(50011, uri=parameters["redirect_uri"], client=identity.id)
        roles, scope = tuple(parameters.get("role", "").split()), parameters.get("scope", "")
        delegated = tuple(name.rpartition("/")[2] for name in scope.split())
        for name in (*roles, *delegated):
            if name not in PERMISSIONS:
                raise StsError(70011, scope=name)
        return AdminConsentRequest(
            app=AppRegistration(client_id=identity.id, tenant_id=tenant.id, name=identity.name, is_blueprint=False),
            tenant=tenant,
            redirect_uri=parameters["redirect_uri"],
            state=parameters.get("state"),
            scope=scope,
            delegated=delegated,
            application=roles,
            is_default=True,
        )

    def _wanted(self, app: AppRegistration, scope: str, tenant: str) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
        wanted = read_scopes(self._mint.directory, scope, tenant=tenant, is_one_resource=True)
        if DEFAULT_SCOPE in wanted.permissions:
            return app.delegated, app.application, True
        for name in wanted.permissions:
            if name not in PERMISSIONS or PERMISSIONS[name].delegated_id is None:
                raise StsError(70011, scope=name)
        return wanted.permissions, (), False

    def may_answer(self, request: AdminConsentRequest, person: Person) -> bool:
        """Say whether a person is an administrator of the tenant that is asked."""
        is_theirs = request.tenant is None or request.tenant.id == person.tenant_id
        return person.is_tenant_admin and is_theirs

    def approve(self, request: AdminConsentRequest, person: Person) -> str:
        """Grant what is asked for and return the answer's address.

        Raises:
            StsError: 90094, the person is no administrator of that tenant.
        """
        if not self.may_answer(request, person):
            raise StsError(90094, client=request.app.client_id, tenant=person.tenant_id)
        directory, tenant_id = self._mint.directory, person.tenant_id
        if not self._agents.is_known(request.app.client_id):
            directory.add_service_principal(request.app.client_id, tenant_id)
        self._store.grant_for_all(
            request.app.client_id,
            tenant_id,
            delegated=[name for name in request.delegated if name not in OIDC_SCOPES],
            application=request.application if request.is_default else None,
        )
        granted = " ".join(f"https://graph.microsoft.com/{line.name}" for line in request.lines)
        return request.answer({"tenant": tenant_id, "scope": granted})

    def deny(self, request: AdminConsentRequest, person: Person | None) -> str:
        """Return the address of a refusal."""
        tenant = {} if person is None else {"tenant": person.tenant_id}
        refused = StsError(65004)
        return request.answer({"error": "consent_required", "error_description": refused.text, **tenant})


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a person has not granted yet, and whether they may."""

    lines: tuple[Line, ...]
    needs_admin: tuple[str, ...]
    has_workflow: bool


def missing_for(
    store: ConsentStore, app: AppRegistration, person: Person, permissions: tuple[str, ...], *, is_graph: bool
) -> Missing | None:
    """Return what has to be consented to before a person's token is given; None if nothing.

    Raises:
        StsError: 70011, a permission that Graph does not have.
    """
    if not is_graph:
        return None
    wanted = app.delegated if DEFAULT_SCOPE in permissions else permissions
    for name in wanted:
        if name not in PERMISSIONS and name not in BASIC:
            raise StsError(70011, scope=name)
    held = store.given(app.client_id, person.tenant_id).delegated_for(person.object_id)
    new = tuple(name for name in wanted if name not in held)
    if not new:
        return None
    policy = store.policy(person.tenant_id)
    needing = tuple(
        name
        for name in new
        if not person.is_tenant_admin
        and not may_user_consent(policy, name, is_publisher_verified=app.is_publisher_verified)
    )
    return Missing(
        lines=_lines(new, is_application=False),
        needs_admin=needing,
        has_workflow=store.has_workflow(person.tenant_id),
    )


def check_granted(
    store: ConsentStore, app: AppRegistration, person: Person, permissions: tuple[str, ...], resource_app_id: str
) -> tuple[str, ...]:
    """Return the permissions that a person's token carries.

    Raises:
        StsError: 65001, something that is asked for was never granted, or was taken back.
    """
    if resource_app_id != GRAPH_APP_ID:
        return permissions
    held = store.given(app.client_id, person.tenant_id).delegated_for(person.object_id)
    if DEFAULT_SCOPE in permissions:
        return tuple(sorted(held - OIDC_SCOPES))
    if any(name not in held for name in permissions):
        raise StsError(65001, client=app.client_id)
    return permissions


def _lines(names: tuple[str, ...], *, is_application: bool) -> tuple[Line, ...]:
    return tuple(
        Line(
            name=name,
            text=PERMISSIONS[name].text if name in PERMISSIONS else "Sign you in",
            is_application=is_application,
        )
        for name in names
    )
