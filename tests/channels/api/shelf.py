"""A tiny room with one operation of every shape, and an API over it; nothing of the real rooms.

It stands on the real runner with an in-memory list of what was done, so that these tests are about the channel alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import Field, field_validator

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    OperationInput,
    Outcome,
    QueryContext,
    ShownOnce,
    check,
    command,
    internal_command,
    query,
)
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.registry import Registry
from fairkeeper.action.runner import Runner, Wiring
from fairkeeper.action.tables import IdempotencyRow
from fairkeeper.api.app import APIParts, create_api
from fairkeeper.api.health import Probe
from fairkeeper.api.webhook import WebhookDoor
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.errors import (
    BugError,
    ConflictError,
    DeniedError,
    FairkeeperError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamError,
)
from fairkeeper.values.clock import SystemClock

BOOK_KEPT = EvidenceKind(name="shelf.book_kept/1", sentence="{title} was put on the shelf")
ERRORS: dict[str, type[FairkeeperError]] = {
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "denied": DeniedError,
    "unauthenticated": UnauthenticatedError,
    "unavailable": UnavailableError,
    "upstream": UpstreamError,
    "bug": BugError,
}


class KeepBook(OperationInput):
    """A book."""

    shelf: str = Field(max_length=20)
    title: str = Field(min_length=1, description="As on its spine.")
    pages: int = Field(default=1, ge=1)
    tags: list[str] = Field(default=[])


class FindBooks(OperationInput):
    """What is looked for."""

    words: str | None = None
    tags: list[str] = Field(default=[])
    is_long: bool = False
    limit: int = Field(default=10, ge=1, le=100)


class ShowBook(OperationInput):
    """Which one."""

    shelf: str
    title: str

    @field_validator("title")
    @classmethod
    def _is_known(cls, title: str) -> str:
        if title == "forbidden":
            raise ValueError("this book is not shown")
        return title


class Fail(OperationInput):
    """How to fail."""

    how: str


class Nothing(OperationInput):
    """Nothing to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A book that is kept."""

    shelf: str
    title: str
    pages: int
    secret: ShownOnce = None


@command("shelf.keep_book", groups=("access.self",), http="POST /shelves/{shelf}/books", evidence=(BOOK_KEPT,))
def keep_book(context: CommandContext, request: KeepBook) -> Outcome[Book]:
    """Put a book on a shelf.

    The second paragraph.
    """
    entry = EvidenceDraft(
        kind=BOOK_KEPT.name, subject_type="book", subject_id=request.title[:100], payload={"title": request.title}
    )
    book = Book(shelf=request.shelf, title=request.title, pages=request.pages, secret="once upon a time")
    return Outcome(result=book, entry=entry)


@query("shelf.find_books", groups=("access.self",), http="GET /books")
def find_books(context: QueryContext, request: FindBooks) -> list[Book]:
    """Find books."""
    return [Book(shelf=",".join(request.tags), title=request.words or "", pages=request.limit)]


@query("shelf.show_book", groups=("access.self",), http="GET /shelves/{shelf}/books/{title}")
def show_book(context: QueryContext, request: ShowBook) -> Book:
    """Show a book."""
    return Book(shelf=request.shelf, title=request.title, pages=1)


@command("shelf.burn_book", groups=("access.self",), http="DELETE /books/{how}", evidence=())
def burn_book(context: CommandContext, request: Fail) -> Outcome[None]:
    """Burn a book."""
    return Outcome(result=None, entry=None)


@command("shelf.tidy", groups=("access.self",), evidence=())
def tidy(context: CommandContext, request: Nothing) -> Outcome[int]:
    """Tidy the shelf."""
    return Outcome(result=7, entry=None)


@query("shelf.fail", groups=("access.self",))
def fail(context: QueryContext, request: Fail) -> int:
    """Fail in a chosen way."""
    if request.how in ERRORS:
        raise ERRORS[request.how](
            f"It failed: {request.how}.", code=f"shelf.{request.how}", detail={"how": request.how}
        )
    raise RuntimeError("a secret of the inside: hunter2")


@check("shelf.weigh")
def weigh(request: KeepBook) -> int:
    """Weigh a book."""
    return request.pages * 5


@internal_command("shelf.restack", evidence=())
def restack(context: CommandContext, request: Nothing) -> Outcome[None]:
    """Restack, which nobody asks for from outside."""
    return Outcome(result=None, entry=None)


OPERATIONS = (keep_book, find_books, show_book, burn_book, tidy, fail, weigh, restack)
READER = Principal(id="per_reader", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
TOKEN = {"Authorization": "Bearer reader"}


class LogOfOneTile:
    """A log whose only tile has two hashes."""

    def checkpoint(self) -> bytes:
        return b"shelf.example/log\n2\nAAAA\n"

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        return b"h" * 32 * width if (level, index) == (0, 0) and width <= 2 else None

    def bundle(self, index: int, width: int) -> bytes | None:
        return b"e" * width if index == 0 and width <= 2 else None

    def key_statements(self) -> list[str]:
        return ["statement 0"]


def authenticate(request: Request) -> Principal:
    if request.headers.get("authorization") == TOKEN["Authorization"]:
        return READER
    raise UnauthenticatedError("Nobody asks.", code="access.credentials_missing")


def refuse_notice(body: bytes, request_id: str) -> str:
    raise BugError("no notice was expected")


def shelf_api(
    folder: Path,
    *,
    recorded: list[EvidenceDraft] | None = None,
    probes: Sequence[Probe] = (),
    webhook: WebhookDoor | None = None,
    **parts: Any,
) -> FastAPI:
    """Return the API over the tiny room, on a SQLite file of its own."""
    database = Database(DatabaseAddress(url=f"sqlite:///{folder / 'shelf.db'}"))
    IdempotencyRow.metadata.create_all(database.engine, tables=[IdempotencyRow.__table__])  # type: ignore[list-item]
    kept = [] if recorded is None else recorded
    wiring = Wiring(
        authorise=lambda principal, operation, customer_id: None,
        record=lambda session, draft, circumstances: kept.append(draft),
    )
    return create_api(
        APIParts(
            runner=Runner(Registry(OPERATIONS), database, SystemClock(), wiring),
            authenticate=authenticate,
            webhook=webhook or WebhookDoor(prove=lambda token: None, keep=refuse_notice),
            log_files=LogOfOneTile(),
            probes=probes,
            **({"keep_cosignature": lambda body: "witness.example"} | parts),
        )
    )


def client_of(app: FastAPI) -> TestClient:
    """Return a client that shows what a caller on the network would see."""
    return TestClient(app, raise_server_exceptions=False, follow_redirects=False)
