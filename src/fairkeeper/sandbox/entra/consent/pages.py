"""The pages on which people consent, and the pretend admin center in which an administrator takes it back.

Separate from what they decide. The admin center is a page of ours, not Microsoft's: only what its buttons do is theirs.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fairkeeper.sandbox.directory import Person, Tenant
from fairkeeper.sandbox.entra.authorize import AccountPicker, Company, Reply, SignIn, SignInRequest
from fairkeeper.sandbox.entra.consent.agents.store import AgentStore
from fairkeeper.sandbox.entra.consent.deciding import AdminConsent, AdminConsentRequest, Line
from fairkeeper.sandbox.entra.consent.store import ConsentRequest, ConsentStore
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.mint import TokenMint

Form = Mapping[str, str]
_DECISIONS = frozenset({"object_id", "cancel", "accept", "decline", "request_approval", "give_up"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentPage:
    """What a person is asked on Microsoft's page.

    Args:
        needs_admin: What they may not approve themselves; empty where they may approve all of it.
        is_for_all: Whether an administrator consents for everybody.
    """

    app_name: str
    publisher: str
    person: Person
    company: str
    lines: tuple[Line, ...]
    needs_admin: tuple[str, ...]
    has_workflow: bool
    is_for_all: bool
    action: str
    fields: Mapping[str, str]


class ConsentPages:
    """Decides which page comes next, and what an answer leads to."""

    def __init__(
        self, mint: TokenMint, store: ConsentStore, agents: AgentStore, sign_in: SignIn, admin: AdminConsent
    ) -> None:
        self._mint = mint
        self._store = store
        self._agents = agents
        self._sign_in = sign_in
        self._admin = admin

    # -------------------- a user

    def user_answers(self, asked: SignInRequest, posted: Form, parameters: Form) -> Reply | ConsentPage:
        """Return what follows when somebody has chosen an account, and perhaps answered a consent page."""
        person = self._sign_in.person_of(asked, posted["object_id"])
        missing = self._sign_in.missing(asked, person)
        if missing is None:
            return self._sign_in.choose(asked, person.object_id)
        if "decline" in posted:
            return asked.refusal(StsError(65004))
        names = {"client": asked.app.client_id, "tenant": person.tenant_id}
        if missing.needs_admin and "request_approval" in posted and missing.has_workflow:
            wanted = ConsentRequest(
                client_id=asked.app.client_id,
                tenant_id=person.tenant_id,
                object_id=person.object_id,
                scope=asked.scope,
            )
            self._store.request(wanted)
            return asked.refusal(StsError(90095, **names))
        if missing.needs_admin and "give_up" in posted:
            return asked.refusal(StsError(90094, **names))
        if missing.needs_admin or "accept" not in posted:
            action = f"{self._mint.base_url}/{asked.segment.text}/oauth2/v2.0/authorize"
            return self._page(
                asked.app.name,
                person,
                missing.lines,
                needs_admin=missing.needs_admin,
                has_workflow=missing.has_workflow,
                is_for_all=False,
                action=action,
                fields={**_kept(parameters), "object_id": person.object_id},
            )
        granted = (line.name for line in missing.lines)
        self._store.grant_for_person(asked.app.client_id, person.tenant_id, person.object_id, granted)
        return self._sign_in.choose(asked, person.object_id)

    # -------------------- an administrator

    def admin_picker(self, asked: AdminConsentRequest, parameters: Form) -> AccountPicker:
        """Return the page on which an administrator chooses an account."""
        people = [
            person
            for person in self._mint.directory.people
            if asked.tenant is None or person.tenant_id == asked.tenant.id
        ]
        tenants = {person.tenant_id: self._mint.directory.tenant(person.tenant_id) for person in people}
        companies = tuple(
            Company(name=tenant.name, people=tuple(person for person in people if person.tenant_id == tenant.id))
            for tenant in tenants.values()
            if tenant is not None and not tenant.is_personal
        )
        return AccountPicker(
            app_name=asked.app.name,
            hinted=None,
            welcome=companies,
            unwelcome=(),
            action=self._admin_action(asked),
            fields=_kept(parameters),
        )

    def admin_answers(self, asked: AdminConsentRequest, posted: Form, parameters: Form) -> str | ConsentPage:
        """Return the answer's address, or the page that comes next.

        Raises:
            StsError: 50034, nobody of that id; 90094, an approval by somebody who is no administrator.
        """
        person = self._mint.directory.person(posted.get("object_id", ""))
        if person is None and "cancel" not in posted:
            raise StsError(50034, tenant="" if asked.tenant is None else asked.tenant.id)
        if person is None or "decline" in posted or "give_up" in posted:
            return self._admin.deny(asked, person)
        if "accept" in posted:
            return self._admin.approve(asked, person)
        is_admin = self._admin.may_answer(asked, person)
        return self._page(
            asked.app.name,
            person,
            asked.lines,
            needs_admin=() if is_admin else tuple(line.name for line in asked.lines),
            has_workflow=False,
            is_for_all=True,
            action=self._admin_action(asked),
            fields={**_kept(parameters), "object_id": person.object_id},
        )

    def _admin_action(self, asked: AdminConsentRequest) -> str:
        segment = "organizations" if asked.tenant is None else asked.tenant.id
        return f"{self._mint.base_url}/{segment}/v2.0/adminconsent"

    def _page(self, app_name: str, person: Person, lines: tuple[Line, ...], **rest: Any) -> ConsentPage:
        tenant = self._mint.directory.tenant(person.tenant_id)
        publisher = self._mint.directory.tenants[0].name
        return ConsentPage(
            app_name=app_name,
            publisher=publisher,
            person=person,
            company="" if tenant is None else tenant.name,
            lines=lines,
            **rest,
        )

    # -------------------- the admin center

    def center(self) -> list[dict[str, Any]]:
        """Return every tenant's enterprise applications with what they hold."""
        directory = self._mint.directory
        return [
            {"tenant": tenant, "apps": self._apps_of(tenant)}
            for tenant in directory.tenants
            if not tenant.is_personal and self._apps_of(tenant)
        ]

    def _apps_of(self, tenant: Tenant) -> list[dict[str, Any]]:
        directory, found = self._mint.directory, []
        for principal in directory.service_principals:
            app = directory.app(principal.client_id)
            if app is None or principal.tenant_id != tenant.id or app.tenant_id == tenant.id:
                continue
            given = self._store.given(principal.client_id, tenant.id)
            by_users = sorted({name for names in given.by_user.values() for name in names})
            found.append(
                {
                    "name": app.name,
                    "client_id": app.client_id,
                    "is_enabled": given.is_enabled,
                    "application": sorted(given.application),
                    "delegated": sorted(given.for_all | set(by_users)),
                }
            )
        for agent in self._agents.of_tenant(tenant.id):
            held = self._store.given(agent.id, tenant.id)
            found.append(
                {
                    "name": f"{agent.name} (agent identity)",
                    "client_id": agent.id,
                    "is_enabled": agent.is_enabled,
                    "application": sorted(held.application),
                    "delegated": sorted(held.for_all),
                }
            )
        return found

    def change(self, form: Form) -> None:
        """Do what an administrator does in the admin center.

        Raises:
            StsError: 90002 or 700016, no such tenant or application there.
        """
        client_id, tenant_id = form.get("client_id", ""), form.get("tenant_id", "")
        if self._mint.directory.tenant(tenant_id) is None:
            raise StsError(90002, tenant=tenant_id)
        verb, agent = form.get("verb", ""), self._agents.find(client_id, tenant_id)
        if agent is not None and verb in {"disable", "enable"}:
            self._agents.set_enabled(agent, is_enabled=verb == "enable")
            return
        if agent is not None and verb == "delete":
            self._agents.set_deleted(agent.id, is_deleted=True)
            self._store.forget(client_id, tenant_id)
            return
        if agent is None and self._mint.directory.service_principal(client_id, tenant_id) is None:
            raise StsError(700016, client=client_id, tenant=tenant_id)
        if verb == "revoke":
            self._store.revoke(client_id, tenant_id, [form["name"]] if form.get("name") else [])
        elif verb in {"disable", "enable"}:
            self._store.set_enabled(client_id, tenant_id, is_enabled=verb == "enable")
        elif verb == "delete":
            self._mint.directory.remove_service_principal(client_id, tenant_id)
            self._store.forget(client_id, tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """How the pretend Entra reads, refuses and renders, for routes that stand beside its own."""

    guarded: Callable[[Callable[[Request], Awaitable[Response]]], Any]
    read_form: Callable[[Request], Awaitable[dict[str, str]]]
    render: Callable[..., Response]
    trouble: Callable[[Request, StsError], Response]
    base_url: str


def consent_routes(pages: ConsentPages, admin: AdminConsent, around: Surroundings) -> list[Route]:
    """Return the routes of an administrator's consent and of the admin center."""

    async def admin_consent(request: Request) -> Response:
        try:
            posted = await around.read_form(request) if request.method == "POST" else {}
            parameters = {**dict(request.query_params), **posted}
            asked = admin.read(request.path_params["tenant"], parameters)
            if not posted.keys() & _DECISIONS:
                return around.render("accounts.html", page=pages.admin_picker(asked, parameters))
            answered = pages.admin_answers(asked, posted, parameters)
        except StsError as refused:
            return around.trouble(request, refused)
        if isinstance(answered, ConsentPage):
            return around.render("consent.html", page=answered)
        return RedirectResponse(answered, status_code=302, headers={"Cache-Control": "no-store"})

    async def center(request: Request) -> Response:
        if request.method == "POST":
            origin = request.headers.get("origin", "")
            own = {urlsplit(around.base_url).netloc, request.headers.get("host")}
            # These pages send no referrer, and then a browser says "null"; what it says beside that still tells.
            is_own = origin == "null" and request.headers.get("sec-fetch-site") == "same-origin"
            if origin and not is_own and urlsplit(origin).netloc not in own:
                return around.render("message.html", title="Refused", message="Another site sent this form.", code="")
            try:
                pages.change(await around.read_form(request))
            except StsError as refused:
                return around.trouble(request, refused)
            return RedirectResponse(f"{around.base_url}/admin-center", status_code=303)
        return around.render("admin_center.html", tenants=pages.center(), action=f"{around.base_url}/admin-center")

    return [
        Route("/admin-center", around.guarded(center), methods=["GET", "POST"]),
        Route("/{tenant}/v2.0/adminconsent", around.guarded(admin_consent), methods=["GET", "POST"]),
    ]


def _kept(parameters: Form) -> dict[str, str]:
    return {name: value for name, value in parameters.items() if name not in _DECISIONS}
