"""One operation of every shape, and a house that runs them on the real runner and remembers what was typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    EvidenceKind,
    Operation,
    OperationInput,
    Outcome,
    check,
    command,
    internal_command,
)
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.errors import (
    BugError,
    ConflictError,
    DeniedError,
    FairkeeperError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
    UpstreamError,
)

ERRORS: dict[str, type[FairkeeperError]] = {
    "invalid": InvalidError,
    "not_found": NotFoundError,
    "conflict": ConflictError,
    "denied": DeniedError,
    "unauthenticated": UnauthenticatedError,
    "unavailable": UnavailableError,
    "upstream": UpstreamError,
    "bug": BugError,
}
FILED = EvidenceKind(name="evidence.filed/1", sentence="Filed")


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Stop(BaseModel):
    place: str
    minutes: int


class Everything(OperationInput):
    """One field of every kind."""

    name: str = Field(description="A text.")
    count: int = Field(3, ge=1, description="A number.")
    is_quick: bool = Field(False, description="A switch.")
    colour: Colour | None = Field(None, description="One of two.")
    size: Literal["small", "large"] = Field("small", description="One of two texts.")
    tags: list[str] = Field([], description="Texts.")
    stops: tuple[Stop, ...] = Field((), description="Objects.")
    due_at: datetime | None = Field(None, description="An instant.")
    url: str | None = Field(None, description="Named like an option of every command.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    given: dict[str, Any]


@check("evidence.echo", cli="evidence echo NAME")
def echo(request: Everything) -> Echo:
    """Return what was given. It computes only."""
    return Echo(given=request.model_dump(mode="json"))


class Findings(OperationInput):
    level: str = "error"


@check("evidence.look", cli="evidence look")
def look(request: Findings) -> dict[str, Any]:
    """Look, and find something."""
    return {"findings": [{"level": request.level, "message": "A gap."}]}


class Fail(OperationInput):
    kind: str


@check("evidence.fail", cli="evidence fail KIND")
def fail(request: Fail) -> str:
    """Fail in the way that was asked for."""
    raise ERRORS[request.kind]("It failed.", code=f"desk.{request.kind}", detail={"times": 1})


class File(OperationInput):
    customer_id: str
    text: str = "x"


@command("evidence.file", groups=("evidence.manage_keys",), evidence=(FILED,), cli="evidence file CUSTOMER_ID")
def file(context: CommandContext, request: File) -> Outcome[str]:
    """File a text."""
    entry = EvidenceDraft(kind=FILED.name, subject_type="text", subject_id="1", payload={"text": request.text})
    return Outcome(result=context.principal.id, entry=entry)


@internal_command("evidence.secretly", evidence=(FILED,))
def secretly(context: CommandContext, request: File) -> Outcome[str]:
    """Do what only Fairkeeper itself does."""
    return file.function(context, request)  # type: ignore[no-any-return]


OPERATIONS: tuple[Operation, ...] = (echo, look, fail, file, secretly)


class Checks:
    """Runs checks; what the house would run elsewhere is remembered."""

    def __init__(self) -> None:
        self.keys: list[str | None] = []
        self.is_closed = False

    def run(self, operation: Operation, given: Mapping[str, Any], *, key: str | None = None) -> Any:
        self.keys.append(key)
        request = operation.input.model_validate(dict(given))
        if operation is file:
            return "filed"
        return TypeAdapter(operation.result).dump_python(operation.function(request), mode="json")

    def export(self, customer_id: str | None, *, whole_log: bool = False) -> Iterator[bytes]:
        yield b"line\n"
        if customer_id == "cus_broken":
            raise UnavailableError("The line broke.")

    def receipt(self, entry_id: str) -> bytes:
        return b"{}\n"

    def import_files(self, files: Sequence[Path], given: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"name": path.name, "state": "read", "is_new": True, **given} for path in files]

    def close(self) -> None:
        self.is_closed = True


class Desk(Installed):
    """The installed programs, with these operations instead of the rooms'."""

    def __init__(self) -> None:
        self.executor = Checks()

    def operations(self) -> tuple[Operation, ...]:
        return OPERATIONS

    def open_local(self) -> Checks:
        return self.executor

    def public_address(self) -> str:
        return str(Path("unused"))
