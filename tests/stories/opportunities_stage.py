"""A book of accounts behind real HTTP: the console, MCP, background work, and a double of Dynamics 365 to push to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from fairkeeper.access.actions.people import add_person
from fairkeeper.access.actions.tokens import create_token
from fairkeeper.access.credentials import digest, session_ends_at
from fairkeeper.access.tables import WebSessionRow
from fairkeeper.bootstrap.application import create_app
from fairkeeper.bootstrap.server import bind
from fairkeeper.opportunities.actions.accounts import set_accounts
from fairkeeper.opportunities.queries import list_cards
from fairkeeper.sandbox.crm.double import Asked
from fairkeeper.sandbox.crm.dynamics import DynamicsDouble
from tests.actions.opportunities.book import MONTHS, Book, open_book

HOST = "127.0.0.1"
TENANT = "0b01c0de-0000-4000-8000-000000000001"
SELLER = "0b01c0de-0000-4000-8000-000000000002"
COOKIE = "s" * 43
ACCOUNT = "0f1e2d3c-0000-4000-8000-{:012}"


@dataclass(slots=True, kw_only=True)
class Served:
    """What runs."""

    book: Book
    url: str
    token: str
    crm: DynamicsDouble


@contextmanager
def served_book(folder: Path) -> Iterator[Served]:
    """Serve a book with a seller who is signed in, accounts that are matched, and a CRM."""
    crm = DynamicsDouble()
    with _running(_crm_app(crm)) as crm_url:
        bound = bind(HOST, 0)
        book = open_book(
            folder,
            host=HOST,
            port=bound.getsockname()[1],
            entra_tenant_id=TENANT,
            crm_kind="dynamics",
            crm_url=crm_url,
            crm_token="token",
        )
        book.take(*range(MONTHS))
        _match_all(book, crm)
        sign_in(book, COOKIE, SELLER, "Sam Seller", "owner")
        token = str(book.run(create_token, name="an assistant", roles=["owner"]).secret)
        with _running(create_app(book.installation), bound) as url:
            yield Served(book=book, url=url, token=token, crm=crm)


def sign_in(book: Book, cookie: str, object_id: str, name: str, role: str) -> None:
    """Add a person with a role and a session under this cookie."""
    person = book.run(add_person, tenant_id=TENANT, object_id=object_id, name=name, roles=[role])
    now = book.clock.now()
    with book.installation.database.write() as session:
        session.add(
            WebSessionRow(
                cookie_digest=digest(cookie),
                person_id=person.id,
                created_at=now,
                last_seen_at=now,
                expires_at=session_ends_at(now, now),
            )
        )


def _match_all(book: Book, crm: DynamicsDouble) -> None:
    cards = {card.tenant_id: card for card in book.run(list_cards, limit=500).cards}
    lines = ["crm_account,name,domain,tenant_id,owner"]
    for number, card in enumerate(cards.values()):
        crm.accounts.add(ACCOUNT.format(number))
        lines.append(f"{ACCOUNT.format(number)},{card.account},,{card.tenant_id},sam@publisher.example")
    book.run(set_accounts, file={"name": "accounts.csv", "text": "\n".join(lines)})


def _crm_app(crm: DynamicsDouble) -> Starlette:
    async def handle(request: Request) -> Response:
        asked = Asked.of(request.method, str(request.url), dict(request.headers), await request.body())
        answered = crm.handle(asked)
        assert answered is not None
        return Response(answered.content, status_code=answered.status, headers=dict(answered.headers))

    return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "PATCH"])])


@contextmanager
def _running(app: ASGIApp, bound: object = None) -> Iterator[str]:
    listener = bound or bind(HOST, 0)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    limit = time.monotonic() + 30
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        assert time.monotonic() < limit, "the server took too long to start"
        time.sleep(0.02)
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"  # type: ignore[attr-defined]
    finally:
        server.should_exit = True
        thread.join(15)
