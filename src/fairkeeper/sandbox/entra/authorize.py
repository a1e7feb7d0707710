"""Signing in: reading the request, choosing an account, sending a code back.

There are no passwords: whoever reaches the page chooses an account. Signing in makes the application present in the
tenant, as the first consent does; what a person has to consent to before is decided beside this (`consent`), and for
sign-in alone no page asks. The sandbox insists on PKCE, which Microsoft recommends for every application.

Source: Microsoft Entra, "Microsoft identity platform and OAuth 2.0 authorization code flow", sections "Request an
authorization code" and "Error response"; "Microsoft Entra authentication and authorization error codes"; read
2026-11-22.
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import urlencode, urlsplit

from fairkeeper.sandbox.directory import AppRegistration, Person
from fairkeeper.sandbox.entra.consent.deciding import Missing, missing_for
from fairkeeper.sandbox.entra.consent.store import ConsentStore
from fairkeeper.sandbox.entra.errors import StsError
from fairkeeper.sandbox.entra.faults import Endpoint, Faults
from fairkeeper.sandbox.entra.grants import Codes, CodeTicket, Grant
from fairkeeper.sandbox.entra.mint import TokenMint
from fairkeeper.sandbox.entra.resources import GRAPH_APP_ID, read_scopes
from fairkeeper.sandbox.entra.segments import Segment, check_app, check_person, resolve_segment

_RESPONSE_MODES = frozenset({"query", "fragment", "form_post"})
_PROMPTS = frozenset({"", "login", "none", "consent", "select_account"})
_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer for the application, and the way it travels."""

    redirect_uri: str
    mode: str
    fields: Mapping[str, str]

    @property
    def location(self) -> str:
        """The address with the answer in its query or fragment."""
        separator = "#" if self.mode == "fragment" else "&" if urlsplit(self.redirect_uri).query else "?"
        return f"{self.redirect_uri}{separator}{urlencode(self.fields)}"


class RefusedReply(Exception):  # noqa: N818 - an answer, raised because it ends the reading
    """The application is told of an error at its own address."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.fields["error"])
        self.reply = reply


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """A request of an application that may be answered."""

    segment: Segment
    app: AppRegistration
    redirect_uri: str
    mode: str
    scope: str
    state: str | None
    nonce: str | None
    login_hint: str
    code_challenge: str
    code_challenge_method: str
    has_client_info: bool

    def reply(self, fields: Mapping[str, str]) -> Reply:
        """Return an answer; it carries `state` back."""
        state = {} if self.state is None else {"state": self.state}
        return Reply(redirect_uri=self.redirect_uri, mode=self.mode, fields={**fields, **state})

    def refusal(self, refused: StsError) -> Reply:
        """Return the answer that tells of an error."""
        return self.reply({"error": refused.error, "error_description": refused.text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """One tenant's people on the page."""

    name: str
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPicker:
    """The page on which a person chooses an account."""

    app_name: str
    hinted: Person | None
    welcome: tuple[Company, ...]
    unwelcome: tuple[Company, ...]
    action: str
    fields: Mapping[str, str]


class SignIn:
    """The authorize endpoint, without HTTP."""

    def __init__(
        self,
        mint: TokenMint,
        codes: Codes,
        faults: Faults,
        consents: ConsentStore,
        on_change: Callable[[], None] | None = None,
    ) -> None:
        self._mint = mint
        self._consents = consents
        self._codes = codes
        self._faults = faults
        self._on_change = on_change

    def read(self, segment_text: str, parameters: Mapping[str, str]) -> SignInRequest:
        """Read an application's request.

        Raises:
            StsError: To be shown on a page: tenant, application or address is wrong, so nobody else may be told.
            RefusedReply: The application is told.
        """
        directory = self._mint.directory
        segment = resolve_segment(directory, segment_text)
        client_id = parameters.get("client_id", "")
        if not client_id:
            raise StsError(900144, name="client_id")
        app = check_app(directory, segment, client_id)
        redirect_uri = parameters.get("redirect_uri", "")
        if not redirect_uri:
            raise StsError(900971)
        if not app.may_redirect_to(redirect_uri):
            raise StsError(50011, uri=redirect_uri, client=app.client_id)
        mode = parameters.get("response_mode", "query")
        request = SignInRequest(
            segment=segment,
            app=app,
            redirect_uri=redirect_uri,
            mode=mode if mode in _RESPONSE_MODES else "query",
            scope=parameters.get("scope", ""),
            state=parameters.get("state"),
            nonce=parameters.get("nonce"),
            login_hint=parameters.get("login_hint", ""),
            code_challenge=parameters.get("code_challenge", ""),
            code_challenge_method=parameters.get("code_challenge_method", "plain"),
            has_client_info=parameters.get("client_info") == "1",
        )
        self._check(request, parameters)
        return request

    def picker(self, request: SignInRequest, parameters: Mapping[str, str]) -> AccountPicker:
        """Return the page's content: who may sign in here, and apart from them who will be refused."""
        welcome: dict[str, list[Person]] = {}
        unwelcome: dict[str, list[Person]] = {}
        for person in self._mint.directory.people:
            try:
                check_person(request.segment, request.app, person)
                welcome.setdefault(person.tenant_id, []).append(person)
            except StsError:
                unwelcome.setdefault(person.tenant_id, []).append(person)
        hint = request.login_hint.lower()
        return AccountPicker(
            app_name=request.app.name,
            hinted=next((each for people in welcome.values() for each in people if each.email.lower() == hint), None),
            welcome=self._companies(welcome),
            unwelcome=self._companies(unwelcome),
            action=f"{self._mint.base_url}/{request.segment.text}/oauth2/v2.0/authorize",
            fields={name: value for name, value in parameters.items() if name not in {"object_id", "cancel"}},
        )

    def choose(self, request: SignInRequest, object_id: str) -> Reply:
        """Sign a person in and return the answer with a code.

        Raises:
            StsError: To be shown on a page: 50020 or 500208, this account may not sign in here; 50034 nobody.
        """
        person = self.person_of(request, object_id)
        fault = self._faults.take(Endpoint.AUTHORIZE, client_id=request.app.client_id, tenant_id=person.tenant_id)
        if fault is not None:
            return request.refusal(StsError(fault, client=request.app.client_id, tenant=person.tenant_id))
        return self.granted(request, person)

    def person_of(self, request: SignInRequest, object_id: str) -> Person:
        """Return who was chosen.

        Raises:
            StsError: To be shown on a page: 50020 or 500208, this account may not sign in here; 50034 nobody.
        """
        person = self._mint.directory.person(object_id)
        if person is None:
            raise StsError(50034, tenant=request.segment.name)
        check_person(request.segment, request.app, person)
        return person

    def missing(self, request: SignInRequest, person: Person) -> Missing | None:
        """Return what has to be consented to first; None if nothing."""
        wanted = read_scopes(self._mint.directory, request.scope, tenant=request.segment.name, is_one_resource=False)
        is_graph = wanted.resource.app_id == GRAPH_APP_ID
        return missing_for(self._consents, request.app, person, wanted.permissions, is_graph=is_graph)

    def granted(self, request: SignInRequest, person: Person) -> Reply:
        """Return the answer of a person who has signed in and agreed."""
        self._make_present(request.app, person.tenant_id)
        now = self._mint.clock.now()
        grant = Grant(
            client_id=request.app.client_id,
            object_id=person.object_id,
            tenant_id=person.tenant_id,
            scope=request.scope,
            signed_in_at=now,
            nonce=request.nonce,
        )
        code = self._codes.issue(
            CodeTicket(
                grant=grant,
                segment=request.segment.name,
                redirect_uri=request.redirect_uri,
                code_challenge=request.code_challenge,
                code_challenge_method=request.code_challenge_method,
                issued_at=now,
            )
        )
        fields = {"code": code, "session_state": str(uuid.uuid4())}
        if request.has_client_info:
            fields["client_info"] = client_info(person)
        return request.reply(fields)

    def _make_present(self, app: AppRegistration, tenant_id: str) -> None:
        """Create the enterprise application in the person's tenant, as the first consent there does."""
        directory = self._mint.directory
        if directory.service_principal(app.client_id, tenant_id) is None:
            directory.add_service_principal(app.client_id, tenant_id)
            if self._on_change is not None:
                self._on_change()

    @staticmethod
    def cancelled(request: SignInRequest) -> Reply:
        """Return the answer of a person who does not want to sign in."""
        return request.reply({"error": "access_denied", "error_description": "the user canceled the authentication"})

    def _check(self, request: SignInRequest, parameters: Mapping[str, str]) -> None:
        """Refuse what the application has to know of."""
        mode = parameters.get("response_mode", "query")
        if mode not in _RESPONSE_MODES:
            _tell(request, StsError(70007, value=mode))
        response_type = parameters.get("response_type", "")
        if not response_type:
            _tell(request, StsError(900144, name="response_type"))
        if response_type != "code":
            code = 700054 if "id_token" in response_type.split() else 70005
            _tell(request, StsError(code, value=response_type))
        if not request.scope.strip():
            _tell(request, StsError(900144, name="scope"))
        if _CHALLENGE.fullmatch(request.code_challenge) is None:
            _tell(request, StsError(50147))
        if request.code_challenge_method not in {"S256", "plain"}:
            _tell(request, StsError(90100, name="code_challenge_method"))
        prompt = parameters.get("prompt", "")
        if prompt not in _PROMPTS:
            _tell(request, StsError(90100, name="prompt"))
        if prompt == "none":
            _tell(request, StsError(50058))
        try:
            read_scopes(self._mint.directory, request.scope, tenant=request.segment.name, is_one_resource=False)
        except StsError as refused:
            raise RefusedReply(request.refusal(refused)) from refused

    def _companies(self, people: Mapping[str, list[Person]]) -> tuple[Company, ...]:
        return tuple(
            Company(name=tenant.name, people=tuple(people[tenant.id]))
            for tenant in self._mint.directory.tenants
            if tenant.id in people
        )


def client_info(person: Person) -> str:
    """Return what Microsoft's libraries ask for to name an account: `uid` and `utid`, base64url."""
    document = json.dumps({"uid": person.object_id, "utid": person.tenant_id})
    return base64.urlsafe_b64encode(document.encode()).rstrip(b"=").decode()


def _tell(request: SignInRequest, refused: StsError) -> NoReturn:
    raise RefusedReply(request.refusal(refused))
