"""The pretend Entra over HTTP: one ASGI app to be mounted where the authority's address says.

What it decides is in the modules beside it; this one reads requests, writes answers and renders two pages.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import random
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from fairkeeper.errors import InvalidError
from fairkeeper.sandbox.directory import Directory
from fairkeeper.sandbox.entra.authorize import RefusedReply, Reply, SignIn
from fairkeeper.sandbox.entra.consent.agents.exchange import AgentExchange
from fairkeeper.sandbox.entra.consent.agents.graph import AgentGraph
from fairkeeper.sandbox.entra.consent.agents.store import AgentStore
from fairkeeper.sandbox.entra.consent.deciding import AdminConsent
from fairkeeper.sandbox.entra.consent.graph import ConsentGraph
from fairkeeper.sandbox.entra.consent.graph_routes import graph_routes
from fairkeeper.sandbox.entra.consent.pages import ConsentPage, ConsentPages, Surroundings, consent_routes
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.control import Control, read_body
from fairkeeper.sandbox.entra.errors import CATALOGUE, StsError
from fairkeeper.sandbox.entra.faults import Faults
from fairkeeper.sandbox.entra.grants import Codes
from fairkeeper.sandbox.entra.graph import GraphError, read_me
from fairkeeper.sandbox.entra.metadata import metadata
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import Resource, find_resource
from fairkeeper.sandbox.entra.segments import resolve_segment
from fairkeeper.sandbox.entra.signing import SigningRing
from fairkeeper.sandbox.entra.token_endpoint import TokenEndpoint
from fairkeeper.values.clock import Clock

_MAX_FORM_BYTES = 65_536
_NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'"

Handler = Callable[[Request], Awaitable[Response]]


class PretendEntra:
    """The pretend Microsoft Entra ID, and the slice of Graph that goes with it; an ASGI app.

    Args:
        directory: Who exists.
        clock: The sandbox's time.
        base_url: Where it is mounted, without a slash at the end; it is the authority, and issuers begin with it.
        state: What `export_state` gave before; None makes new keys.
        on_change: Called when the state has changed and should be kept.
    """

    def __init__(
        self,
        directory: Directory,
        clock: Clock,
        base_url: str,
        state: Mapping[str, Any] | None = None,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self.directory = directory
        self.base_url = base_url.rstrip("/")
        self.faults = Faults()
        self.ring = SigningRing((state or {}).get("keys"), on_change)
        self.consents = ConsentStore((state or {}).get("consents"), on_change)
        self.agents = AgentStore((state or {}).get("agents"), on_change)
        for client_id, tenant_id in (state or {}).get("service_principals", []):
            if directory.tenant(tenant_id) is not None:
                directory.add_service_principal(client_id, tenant_id)
        self._clock = clock
        self._mint = TokenMint(
            directory, clock=clock, base_url=self.base_url, ring=self.ring, chance=random.SystemRandom()
        )
        codes = Codes()
        self._sign_in = SignIn(self._mint, codes, self.faults, self.consents, on_change)
        exchange = AgentExchange(mint=self._mint, consents=self.consents, agents=self.agents)
        self._tokens = TokenEndpoint(codes, self.faults, exchange)
        self._admin = AdminConsent(self._mint, self.consents, self.agents)
        self._pages = ConsentPages(self._mint, self.consents, self.agents, self._sign_in, self._admin)
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
        )
        control = Control(
            directory=directory, ring=self.ring, faults=self.faults, consents=self.consents, agents=self.agents
        )
        self._app = Starlette(routes=[*control.routes(), *self._routes()])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        await self._app(scope, receive, send)

    def export_state(self) -> dict[str, Any]:
        """Return what has to survive a restart, as JSON values; it holds private keys."""
        principals = [[each.client_id, each.tenant_id] for each in self.directory.service_principals]
        return {
            "keys": self.ring.export_state(),
            "service_principals": principals,
            "consents": self.consents.export_state(),
            "agents": self.agents.export_state(),
        }

    def issue_app_token(
        self,
        *,
        tenant_id: str,
        audience: str,
        client_id: str,
        version: int = 1,
        lifetime: timedelta = timedelta(hours=1),
    ) -> str:
        """Return a token with which one application calls another; so the marketplace signs its webhooks."""
        resource = Resource(app_id=audience, audience=audience, token_version=version)
        return self._mint.access_token_for_app(
            tenant_id=tenant_id,
            client_id=client_id,
            resource=resource,
            lifetime=lifetime,
            credential="2",
        ).token

    def issue_identity_token(
        self, tenant_id: str, *, named: str, client_id: str, object_id: str, resource_id: str
    ) -> tuple[str, int]:
        """Return a managed identity's token for an API, and how many seconds it is good for.

        The API's enterprise application has to be present in the tenant, and the API to ask for `idtyp`.

        Raises:
            StsError: 500011, it is not.
        """
        resource = find_resource(self.directory, named, tenant=tenant_id)
        if self.directory.service_principal(resource.app_id, tenant_id) is None:
            raise StsError(500011, resource=named, tenant=tenant_id)
        more = {"oid": object_id, "sub": object_id, "idtyp": "app", "xms_mirid": resource_id}
        issued = self._mint.access_token_for_app(
            tenant_id=tenant_id, client_id=client_id, resource=resource, credential="2", more=more
        )
        return issued.token, issued.expires_in_seconds

    def verify_app_token(self, token: str) -> Mapping[str, Any] | None:
        """Return the claims of a genuine token of an application that is good now; None for any other text."""
        claims = self.ring.verify(token)
        if claims is None or "scp" in claims or not ("appid" in claims or "azp" in claims):
            return None
        now = self._clock.now().timestamp()
        return claims if claims["nbf"] <= now < claims["exp"] else None

    # ------------------------------------------------------------------------------------------------------- routes

    def _routes(self) -> list[Route]:
        well_known = ".well-known/openid-configuration"
        return [
            Route("/graph/v1.0/me", self._guarded(self._me), methods=["GET"]),
            *graph_routes(self._graph(), guarded=self._guarded),
            *consent_routes(self._pages, self._admin, self._surroundings()),
            Route("/common/discovery/instance", self._guarded(self._instance), methods=["GET"]),
            Route("/TokenAuthorize", self._guarded(self._blank), methods=["GET"]),
            Route("/error", self._guarded(self._error_lookup), methods=["GET"]),
            Route(f"/{{tenant}}/v2.0/{well_known}", self._guarded(self._metadata(2)), methods=["GET"]),
            Route(f"/{{tenant}}/{well_known}", self._guarded(self._metadata(1)), methods=["GET"]),
            Route("/{tenant}/discovery/v2.0/keys", self._guarded(self._keys(2)), methods=["GET"]),
            Route("/{tenant}/discovery/keys", self._guarded(self._keys(1)), methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/authorize", self._guarded(self._authorize), methods=["GET", "POST"]),
            Route("/{tenant}/oauth2/v2.0/logout", self._guarded(self._logout), methods=["GET"]),
            Route("/{tenant}/oauth2/v2.0/token", self._guarded(self._token(2)), methods=["GET", "POST"]),
            Route("/{tenant}/oauth2/token", self._guarded(self._token(1)), methods=["GET", "POST"]),
        ]

    def _graph(self) -> ConsentGraph:
        agents = AgentGraph(mint=self._mint, consents=self.consents, agents=self.agents)
        return ConsentGraph(mint=self._mint, store=self.consents, agents=agents)

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            guarded=self._guarded,
            read_form=_form,
            render=self._page,
            trouble=self._trouble,
            base_url=self.base_url,
        )

    def _guarded(self, handler: Handler) -> Handler:
        """Wait as long as is switched on, and turn refusals into the documented answers."""

        async def endpoint(request: Request) -> Response:
            if self.faults.slow_seconds:
                await asyncio.sleep(self.faults.slow_seconds)
            try:
                return await handler(request)
            except StsError as refused:
                correlation_id = _correlation_id(request)
                body = refused.body(now=self._clock.now(), correlation_id=correlation_id, base_url=self.base_url)
                headers = {**_NO_STORE, "x-ms-request-id": body["trace_id"], "client-request-id": correlation_id}
                return JSONResponse(body, status_code=refused.status, headers=headers)
            except GraphError as refused:
                return JSONResponse(refused.body(self._clock.now()), status_code=refused.status, headers=_NO_STORE)

        return endpoint

    def _metadata(self, version: int) -> Handler:
        async def handler(request: Request) -> Response:
            self._fail_when_down()
            segment = resolve_segment(self.directory, request.path_params["tenant"])
            return JSONResponse(metadata(self._mint, segment, version), headers={"Cache-Control": "max-age=86400"})

        return handler

    def _keys(self, version: int) -> Handler:
        async def handler(request: Request) -> Response:
            self._fail_when_down()
            resolve_segment(self.directory, request.path_params["tenant"])
            documents = self.ring.documents(version, self.base_url)
            return JSONResponse({"keys": documents}, headers={"Cache-Control": "max-age=86400"})

        return handler

    async def _instance(self, _request: Request) -> Response:
        """Tell Microsoft's libraries, which ask before they trust an authority, that this one stands for itself."""
        host = urlsplit(self.base_url).netloc
        document = {
            "tenant_discovery_endpoint": f"{self.base_url}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
        return JSONResponse(document)

    def _fail_when_down(self) -> None:
        if self.faults.is_metadata_down:
            raise StsError(90033)

    def _token(self, version: int) -> Handler:
        async def handler(request: Request) -> Response:
            if request.method != "POST":
                raise StsError(900561, method=request.method)
            form = {**await _form(request), **_basic_credentials(request)}
            answer = self._tokens.answer(request.path_params["tenant"], form, version)
            return JSONResponse(answer, headers={**_NO_STORE, "client-request-id": _correlation_id(request)})

        return handler

    async def _me(self, request: Request) -> Response:
        select = request.query_params.get("$select", "")
        return JSONResponse(read_me(self._mint, request.headers.get("authorization", ""), select), headers=_NO_STORE)

    # --------------------------------------------------------------------------------------------------------- pages

    async def _authorize(self, request: Request) -> Response:
        try:
            posted = await _form(request) if request.method == "POST" else {}
            parameters = {**dict(request.query_params), **posted}
            asked = self._sign_in.read(request.path_params["tenant"], parameters)
            if "cancel" in posted:
                return self._reply(self._sign_in.cancelled(asked))
            if "object_id" in posted:
                answered = self._pages.user_answers(asked, posted, parameters)
                if isinstance(answered, ConsentPage):
                    return self._page("consent.html", page=answered)
                return self._reply(answered)
            return self._page("accounts.html", page=self._sign_in.picker(asked, parameters))
        except RefusedReply as refused:
            return self._reply(refused.reply)
        except StsError as refused:
            return self._trouble(request, refused)

    async def _logout(self, request: Request) -> Response:
        """Sign out: nobody is kept signed in here, so there is only the way back."""
        back = request.query_params.get("post_logout_redirect_uri", "")
        if back and any(app.may_redirect_to(back) for app in self.directory.apps):
            return RedirectResponse(back, status_code=302, headers=_NO_STORE)
        return self._page("message.html", title="You signed out", message="You can close this window.", code="")

    async def _blank(self, request: Request) -> Response:
        """Stand for the page on which an agent's consent ends; Microsoft's is blank, this one says what it is."""
        said = "declined" if request.query_params.get("error") else "given"
        message = f"Consent was {said}. The page that asked is not told; go back to it, and close this window."
        return self._page("message.html", title="Done", message=message, code="")

    async def _error_lookup(self, request: Request) -> Response:
        """Say what a number means, as Microsoft's page of this address does."""
        code = request.query_params.get("code", "")
        known = CATALOGUE.get(int(code)) if code.isascii() and code.isdigit() and len(code) < 10 else None
        message = known.text if known is not None else "The sandbox itself never answers with this number."
        return self._page("message.html", title="What a number means", message=message, code=f"AADSTS{code[:9]}")

    def _reply(self, reply: Reply) -> Response:
        """Send an answer to the application: in the address, or as a form that submits itself."""
        if reply.mode != "form_post":
            return RedirectResponse(reply.location, status_code=302, headers=_NO_STORE)
        token = secrets.token_urlsafe(16)
        return self._page("form_post.html", script_token=token, reply=reply)

    def _trouble(self, request: Request, refused: StsError) -> Response:
        """Show an error that the application must not be told of."""
        body = refused.body(now=self._clock.now(), correlation_id=_correlation_id(request), base_url=self.base_url)
        page = self._page(
            "message.html",
            title="Sorry, but we’re having trouble signing you in.",
            message=refused.text,
            code=f"Correlation ID: {body['correlation_id']}. Time: {body['timestamp']}",
        )
        page.status_code = refused.status
        return page

    def _page(self, template: str, *, script_token: str | None = None, **content: Any) -> Response:
        policy = _PAGE_POLICY if script_token is None else f"{_PAGE_POLICY}; script-src 'nonce-{script_token}'"
        headers = {
            **_NO_STORE,
            "Content-Security-Policy": policy,
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        text = self._templates.get_template(template).render(script_token=script_token, **content)
        return HTMLResponse(text, headers=headers)


def _correlation_id(request: Request) -> str:
    """Return the caller's own id of the request, if it is a GUID, else a new one."""
    try:
        return str(uuid.UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid.uuid4())


async def _form(request: Request) -> dict[str, str]:
    """Read an urlencoded form.

    Raises:
        StsError: 9002313, it is none.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = await read_body(request, _MAX_FORM_BYTES)
        if body and kind != "application/x-www-form-urlencoded":
            raise StsError(9002313, error="invalid_request")
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=100))
    except (InvalidError, ValueError) as error:
        raise StsError(9002313, error="invalid_request") from error


def _basic_credentials(request: Request) -> dict[str, str]:
    """Read client id and secret of a Basic header, each form-encoded as RFC 6749, section 2.3.1 has it."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return {}
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise StsError(9002313, error="invalid_request") from error
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)} if colon else {}
