"""A pretend Entra mounted as the sandbox mounts it, and a browser and a client to talk to it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from fairkeeper.sandbox.directory import (
    LANDING_APP_ID,
    LANDING_APP_SECRET,
    Directory,
    Person,
    default_directory,
)
from fairkeeper.sandbox.entra import PretendEntra
from fairkeeper.token.authority import EntraAuthority
from fairkeeper.token.keys import SigningKeys
from fairkeeper.token.validator import EntraTokenValidator
from fairkeeper.values.clock import FixedClock, MovableClock

ORIGIN = "http://127.0.0.1:8701"
BASE = f"{ORIGIN}/entra"
CALLBACK = "http://127.0.0.1:8700/auth/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@cache
def made_state() -> dict[str, Any]:
    """Keys are made once for all tests; each desk starts with them as after a restart."""
    return PretendEntra(default_directory(), FixedClock(START), BASE).export_state()


@dataclass
class Desk:
    """One pretend Entra under test."""

    directory: Directory
    clock: MovableClock
    entra: PretendEntra
    http: TestClient

    @classmethod
    def open(cls, base: str = BASE) -> Desk:
        directory, clock = default_directory(), MovableClock(FixedClock(START))
        entra = PretendEntra(directory, clock, base, made_state())
        app = Starlette(routes=[Mount(urlsplit(base).path or "/", entra)])
        http = TestClient(app, base_url=base.removesuffix(urlsplit(base).path), follow_redirects=False)
        return cls(directory=directory, clock=clock, entra=entra, http=http)

    def person(self, first_name: str) -> Person:
        return next(person for person in self.directory.people if person.name.startswith(first_name))

    def tenant_id(self, name: str) -> str:
        return next(tenant.id for tenant in self.directory.tenants if tenant.name == name)

    # ---------------------------------------------------------------------------------------------------- the browser

    def authorize_path(self, tenant: str = "common", /, **changes: str | None) -> str:
        parameters = {
            "client_id": LANDING_APP_ID,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "openid profile email offline_access User.Read",
            "state": "state-of-this-browser",
            "nonce": "nonce-of-this-browser",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        kept = {name: value for name, value in parameters.items() if value is not None}
        return f"/entra/{tenant}/oauth2/v2.0/authorize?{urlencode(kept)}"

    def answer_of(self, location: str) -> dict[str, str]:
        parts = urlsplit(location)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CALLBACK
        return dict(parse_qsl(parts.query or parts.fragment))

    def sign_in(self, first_name: str, tenant: str = "common", /, **changes: str | None) -> dict[str, str]:
        """Choose an account by a plain POST and return what the application is sent."""
        path = self.authorize_path(tenant, **changes)
        response = self.http.post(path, data={"object_id": self.person(first_name).object_id})
        assert response.status_code == 302, response.text
        return self.answer_of(response.headers["location"])

    # ----------------------------------------------------------------------------------------------------- the client

    def token(self, tenant: str, version: int = 2, /, **form: str | None) -> Any:
        path = f"/entra/{tenant}/oauth2/{'v2.0/' if version == 2 else ''}token"
        return self.http.post(path, data={name: value for name, value in form.items() if value is not None})

    def redeem(self, code: str, tenant: str = "common", /, **changes: str | None) -> Any:
        form: dict[str, str | None] = {
            "client_id": LANDING_APP_ID,
            "client_secret": LANDING_APP_SECRET,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.token(tenant, **form)

    def validator(self) -> EntraTokenValidator:
        """The real validator, which reads metadata and keys from here."""

        def answer(request: httpx.Request) -> httpx.Response:
            response = self.http.get(request.url.raw_path.decode())
            return httpx.Response(response.status_code, content=response.content)

        keys = SigningKeys(
            EntraAuthority.parse(self.entra.base_url),
            client_factory=lambda: httpx.Client(transport=httpx.MockTransport(answer)),
            clock=self.clock,
        )
        return EntraTokenValidator(keys, clock=self.clock)


def claims_of(token: str) -> dict[str, Any]:
    """Read a token without proving it, as a debugging page does."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert isinstance(claims, dict)
    return claims


def header_of(token: str) -> dict[str, Any]:
    head = token.split(".", maxsplit=1)[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert isinstance(header, dict)
    return header


def code_of(response: Any) -> int:
    """Return the one number of an error answer, which is in the sentence too."""
    document = response.json()
    (code,) = document["error_codes"]
    assert document["error_description"].startswith(f"AADSTS{code}: ")
    assert re.search(r"Trace ID: \S+\r\nCorrelation ID: \S+\r\nTimestamp: \S+ \S+Z$", document["error_description"])
    assert isinstance(code, int)
    return code
