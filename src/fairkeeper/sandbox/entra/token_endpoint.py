"""The token endpoint in both versions, without HTTP: a form goes in, a document comes out or an `StsError`.

Source: Microsoft Entra, "Microsoft identity platform and OAuth 2.0 authorization code flow", "OAuth 2.0 client
credentials flow", "Microsoft Entra authentication and authorization error codes"; Microsoft Marketplace, "Register a
SaaS application" (version 1.0 request and answer, numbers as texts); read 2026-11-22.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fairkeeper.sandbox.directory import AppRegistration, Person
from fairkeeper.sandbox.entra.authorize import client_info
from fairkeeper.sandbox.entra.consent.agents.exchange import CREATE_AS_MANAGER, AgentExchange
from fairkeeper.sandbox.entra.consent.deciding import check_granted
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.faults import Endpoint, Faults
from fairkeeper.sandbox.entra.grants import Codes, Grant, read_refresh_token, write_refresh_token
from fairkeeper.sandbox.entra.mint import IssuedToken
from fairkeeper.sandbox.entra.resources import (
    DEFAULT_SCOPE,
    EXCHANGE_APP_ID,
    GRAPH_APP_ID,
    Resource,
    find_resource,
    read_scopes,
)
from fairkeeper.sandbox.entra.segments import (
    COMMON,
    CONSUMERS,
    Segment,
    check_app,
    check_person,
    resolve_segment,
)

Form = Mapping[str, str]


class TokenEndpoint:
    """Gives tokens for codes, refresh tokens and secrets."""

    def __init__(self, codes: Codes, faults: Faults, exchange: AgentExchange) -> None:
        self._mint = exchange.mint
        self._consents = exchange.consents
        self._exchange = exchange
        self._codes = codes
        self._faults = faults

    def answer(self, segment_text: str, form: Form, version: int) -> dict[str, Any]:
        """Return the documented answer to a token request.

        Args:
            segment_text: The tenant of the address.
            form: The fields of the body; client credentials of a Basic header are among them.
            version: Of the address, 1 or 2.

        Raises:
            StsError: The request is refused.
        """
        segment = resolve_segment(self._mint.directory, segment_text)
        grant_type, client_id = _needed(form, "grant_type"), _needed(form, "client_id")
        self._fail_on_request(client_id, segment, form)
        if self._exchange.agents.is_known(client_id):
            return self._for_agent(client_id, grant_type, segment, form)
        app = self._authenticated(client_id, segment, form)
        if grant_type == "client_credentials":
            return self._for_app(app, segment, form, version)
        if grant_type == "authorization_code" and version == 2:
            return self._for_code(app, segment, form)
        if grant_type == "refresh_token" and version == 2:
            return self._for_refresh_token(app, segment, form)
        raise StsError(70003, value=grant_type)

    def _fail_on_request(self, client_id: str, segment: Segment, form: Form) -> None:
        """Give the call the error that was switched on for it."""
        tenant_id = self._tenant_id(client_id, segment, form)
        fault = self._faults.take(Endpoint.TOKEN, client_id=client_id, tenant_id=tenant_id)
        if fault is not None:
            raise StsError(fault, client=client_id, tenant=segment.name)

    def _tenant_id(self, client_id: str, segment: Segment, form: Form) -> str | None:
        """Return whose call it is: through a word the code or the refresh token knows, if it is good."""
        if segment.tenant is not None:
            return segment.tenant.id
        now = self._mint.clock.now()
        try:
            if "code" in form:
                return self._codes.find(form["code"], now).grant.tenant_id
            token = form.get("refresh_token", "")
            return read_refresh_token(self._mint.ring, token, client_id=client_id, now=now).tenant_id
        except StsError:
            return None

    def _authenticated(self, client_id: str, segment: Segment, form: Form) -> AppRegistration:
        """Return the application that proved itself with its secret."""
        app = self._mint.directory.app(client_id)
        if app is None:
            raise StsError(700016, client=client_id, tenant=segment.name)
        secret = form.get("client_secret", "")
        if not secret:
            raise StsError(7000218)
        if not any(hmac.compare_digest(secret.encode(), good.encode()) for good in app.secrets):
            raise StsError(7000215, client=client_id)
        return app

    # ----------------------------------------------------------------------------------------- an application by itself

    def _for_app(self, app: AppRegistration, segment: Segment, form: Form, version: int) -> dict[str, Any]:
        if segment.text in {COMMON, CONSUMERS}:
            raise StsError(9001023)
        if segment.tenant is None:
            raise StsError(50059)
        tenant_id = segment.tenant.id
        if self._mint.directory.service_principal(app.client_id, tenant_id) is None:
            raise StsError(700016, client=app.client_id, tenant=tenant_id)
        given = self._consents.given(app.client_id, tenant_id)
        if not given.is_enabled:
            raise StsError(7000112, client=app.client_id)
        resource = self._wanted_v1(form, tenant_id) if version == 1 else self._wanted_v2(form, tenant_id)
        if resource.app_id == EXCHANGE_APP_ID:
            return _answer(self._exchange.for_blueprint(app, tenant_id, resource, form))
        roles = given.application if resource.app_id == GRAPH_APP_ID else frozenset[str]()
        if app.is_blueprint and resource.app_id == GRAPH_APP_ID:
            roles |= {CREATE_AS_MANAGER}
        issued = self._mint.access_token_for_app(
            tenant_id=tenant_id, client_id=app.client_id, resource=resource, roles=roles
        )
        if version == 2:
            return _answer(issued)
        return {
            "token_type": "Bearer",
            "expires_in": str(issued.expires_in_seconds),
            "ext_expires_in": str(issued.expires_in_seconds),
            "expires_on": str(int(issued.expires_at.timestamp())),
            "not_before": str(int(issued.starts_at.timestamp())),
            "resource": form["resource"],
            "access_token": issued.token,
        }

    def _for_agent(self, identity_id: str, grant_type: str, segment: Segment, form: Form) -> dict[str, Any]:
        """Return an agent identity's own token: nobody signs in to one, and it has no secret."""
        if grant_type != "client_credentials":
            raise StsError(70003, value=grant_type)
        if segment.tenant is None:
            raise StsError(9001023)
        tenant_id = segment.tenant.id
        return _answer(self._exchange.for_identity(identity_id, tenant_id, self._wanted_v2(form, tenant_id), form))

    def _wanted_v1(self, form: Form, tenant_id: str) -> Resource:
        return find_resource(self._mint.directory, _needed(form, "resource"), tenant=tenant_id)

    def _wanted_v2(self, form: Form, tenant_id: str) -> Resource:
        if "resource" in form:
            raise StsError(901002)
        scope = _needed(form, "scope")
        wanted = read_scopes(self._mint.directory, scope, tenant=tenant_id, is_one_resource=True)
        if wanted.permissions != (DEFAULT_SCOPE,) or wanted.oidc:
            raise StsError(70011, scope=scope)
        return wanted.resource

    # -------------------------------------------------------------------------------------------------- for a person

    def _for_code(self, app: AppRegistration, segment: Segment, form: Form) -> dict[str, Any]:
        code, now = _needed(form, "code"), self._mint.clock.now()
        ticket = self._codes.find(code, now)
        ticket.check(
            client_id=app.client_id,
            segment=segment.name,
            redirect_uri=_needed(form, "redirect_uri"),
            code_verifier=form.get("code_verifier", ""),
        )
        answer = self._for_person(ticket.grant, segment, form)
        self._codes.spend(code)
        return answer

    def _for_refresh_token(self, app: AppRegistration, segment: Segment, form: Form) -> dict[str, Any]:
        token, now = _needed(form, "refresh_token"), self._mint.clock.now()
        grant = read_refresh_token(self._mint.ring, token, client_id=app.client_id, now=now)
        return self._for_person(grant, segment, form)

    def _for_person(self, grant: Grant, segment: Segment, form: Form) -> dict[str, Any]:
        """Return what a person's grant gives; the ID token, the refresh token only when their scopes were asked for."""
        app, person = self._still_there(grant)
        check_app(self._mint.directory, segment, app.client_id)
        check_person(segment, app, person)
        directory, scope = self._mint.directory, form.get("scope") or grant.scope
        wanted = read_scopes(directory, scope, tenant=grant.tenant_id, is_one_resource="scope" in form)
        permissions = check_granted(self._consents, app, person, wanted.permissions, wanted.resource.app_id)
        issued = self._mint.access_token_for_person(grant, person, replace(wanted, permissions=permissions))
        answer: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": scope,
            "expires_in": issued.expires_in_seconds,
            "ext_expires_in": issued.expires_in_seconds,
            "access_token": issued.token,
        }
        granted = grant.scope.split()
        if "offline_access" in granted:
            answer["refresh_token"] = write_refresh_token(self._mint.ring, grant, self._mint.clock.now())
        if "openid" in granted:
            answer["id_token"] = self._mint.id_token(grant, person)
        if form.get("client_info") == "1":
            answer["client_info"] = client_info(person)
        return answer

    def _still_there(self, grant: Grant) -> tuple[AppRegistration, Person]:
        """Return application and person of a grant, if neither was deleted since."""
        directory = self._mint.directory
        app, person = directory.app(grant.client_id), directory.person(grant.object_id)
        is_present = directory.service_principal(grant.client_id, grant.tenant_id) is not None
        if app is None or not is_present:
            raise StsError(700016, client=grant.client_id, tenant=grant.tenant_id)
        if not self._consents.given(grant.client_id, grant.tenant_id).is_enabled:
            raise StsError(7000112, client=grant.client_id)
        if person is None:
            raise StsError(50034, tenant=grant.tenant_id)
        return app, person


def _answer(issued: IssuedToken) -> dict[str, Any]:
    seconds = issued.expires_in_seconds
    return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": issued.token}


def _needed(form: Form, name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise StsError(900144, name=name)
    return value
