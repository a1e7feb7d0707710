"""What an operation is, and how a room declares one.

A room writes a function and puts `@command`, `@query` or `@check` on it; the input model and the result type are read
from its annotations, its documentation from its docstring. Everything a channel needs (route, command line, evidence
kinds, Cedar action groups) stands in that one place.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    StringConstraints,
    field_validator,
    model_validator,
)
from sqlalchemy.orm import Session

from fairkeeper.action.principal import Principal
from fairkeeper.database.tasks import NewTask, enqueue
from fairkeeper.errors import BugError, FairkeeperError
from fairkeeper.values.ids import CustomerId, EntryId, new_id

R = TypeVar("R")
P = TypeVar("P")

Canonical = str | int | bool | None | list["Canonical"] | dict[str, "Canonical"]
"""What evidence can hold: canonical JSON has no floats."""


SYSTEM_ONLY = ("system",)
"""The groups of an operation that only Fairkeeper's own parts run: no role permits it, no channel derives it."""

LARGEST_INTEGER = 2**53 - 1
"""What canonical JSON and every column hold exactly."""
MOST_FIELDS = 100
"""More than any operation's input has."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")

REMEMBERING = {"remembering": True}
"""The serialisation context in which a result is kept for a repeated request."""


def _forget_when_remembering(value: str | None, info: SerializationInfo) -> str | None:
    return None if info.context == REMEMBERING else value


ShownOnce = Annotated[str | None, PlainSerializer(_forget_when_remembering)]
"""A secret in a result: the first answer shows it, and what is kept for a repeated request does not."""


class OperationInput(BaseModel):
    """Base of every input model: unknown fields are refused, values are immutable, texts are trimmed.

    A NUL, which PostgreSQL has no text for, and an integer that no column holds are refused here for all channels.
    """

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, str_max_length=20_000, defer_build=True
    )

    @model_validator(mode="before")
    @classmethod
    def _refuse_what_no_column_holds(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and len(data) > MOST_FIELDS:
            # Pydantic would say of each that nobody knows it: 0.6 seconds for 20,000 of them (measured 2026-11-22).
            raise ValueError(f"there are {len(data)} fields, above {MOST_FIELDS}")
        _refuse_unstorable(data)
        return data

    @model_validator(mode="after")
    def _refuse_what_was_read_from_text(self) -> Self:
        """Look again: in a query an integer arrives as text."""
        _refuse_unstorable([value for value in self.__dict__.values() if isinstance(value, int)])
        return self

    @field_validator("customer_id", check_fields=False)
    @classmethod
    def _refuse_what_is_no_customers_id(cls, value: Any) -> Any:
        """Refuse what could not stand in a header of evidence, whoever's it may be."""
        if value is not None and not _ID.fullmatch(value):
            raise ValueError("is no customer's id")
        return value


class TextFile(BaseModel):
    """A file that somebody hands over: the command line reads it, every other channel takes its text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(max_length=300)] = Field("", description="Its name, for findings.")
    text: Annotated[str, StringConstraints(max_length=900_000)] = Field(description="What is in it.")


class LargeTextFile(TextFile):
    """A file that is larger than others, where one is expected."""

    text: Annotated[str, StringConstraints(max_length=6_000_000)] = Field(description="What is in it.")


def _refuse_unstorable(data: Any) -> None:
    if isinstance(data, str):
        if "\x00" in data:
            raise ValueError("a text holds the character NUL")
    elif isinstance(data, int):
        if abs(data) > LARGEST_INTEGER:
            raise ValueError(f"an integer is beyond {LARGEST_INTEGER}")
    elif isinstance(data, Mapping):
        for key, value in data.items():
            _refuse_unstorable(key)
            _refuse_unstorable(value)
    elif isinstance(data, list | tuple):
        for value in data:
            _refuse_unstorable(value)


class OperationKind(StrEnum):
    """The three kinds of operation."""

    COMMAND = "command"
    QUERY = "query"
    CHECK = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceKind:
    """A kind of evidence entry, as the timeline and the reference tell it.

    Attributes:
        name: Past tense with a version, `customers.subscription_activated/1`.
        sentence: What a person reads; `{field}` stands for a field of the payload.
    """

    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDraft:
    """What a command wants recorded; the runner adds who, when and which operation.

    Attributes:
        kind: Name of a declared `EvidenceKind`.
        subject_type: What the entry is about (`subscription`, `person`, …) and its id.
        customer_id: Whose log it belongs to; None is the publisher's own.
        payload: Canonical JSON; erasable later.
        on_behalf_of: Our id of the person or system for whom the principal acted, if another.
        cause: The entry that led to this one, if any.
        entry_id: Its id; a command that must name its own entry elsewhere reads it here.
    """

    kind: str
    subject_type: str
    subject_id: str
    payload: Mapping[str, Canonical]
    customer_id: CustomerId | None = None
    on_behalf_of: str | None = None
    cause: EntryId | None = None
    entry_id: EntryId = field(default_factory=lambda: EntryId(new_id("ent")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who, when and by which operation; the same for all entries of one act.

    Attributes:
        request_id: Correlation id of the request, if it had one.
    """

    operation: str
    principal: Principal
    at: datetime
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[R]):
    """What a command answers: its result, and the entry to record. No entry means that nothing changed.

    Attributes:
        refusal: Raised after the commit: the command is refused, and what led to that stays recorded.
    """

    result: R
    entry: EvidenceDraft | None
    refusal: FairkeeperError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Implementations of the questions a lower room asks of higher ones, by Protocol class."""

    by_protocol: Mapping[type, object] = field(default_factory=dict)

    def of(self, protocol: type[P]) -> P:
        """Return the implementation of a Protocol.

        Raises:
            BugError: Bootstrap passed none.
        """
        try:
            return self.by_protocol[protocol]  # type: ignore[return-value]
        except KeyError:
            msg = f"No implementation of {protocol.__name__} was passed in."
            raise BugError(msg) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """What a command's function may use: one write session, the time, who asks, and the outbox.

    Attributes:
        is_agents: Whether an assistant runs it for the principal; then it is no person's own click.
    """

    session: Session
    now: datetime
    principal: Principal
    request_id: str | None
    ports: Ports
    is_agents: bool = False

    def enqueue(
        self,
        name: str,
        key: str,
        payload: Mapping[str, Canonical] | None = None,
        *,
        due_at: datetime | None = None,
        customer_id: CustomerId | None = None,
    ) -> bool:
        """Add background work in this transaction, once per (name, key); return whether it is new."""
        task = NewTask(
            name=name, key=key, payload=dict(payload or {}), due_at=due_at or self.now, customer_id=customer_id
        )
        return enqueue(self.session, task, now=self.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryContext:
    """What a query's function may use: one read session on one snapshot, the time and who asks."""

    session: Session
    now: datetime
    principal: Principal
    ports: Ports


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing Fairkeeper can do.

    Attributes:
        name: `room.verb_noun`; also its Cedar action.
        groups: Cedar action groups that role policies speak of (`customers.change`).
        http: `METHOD /path` under `/api/v1`; `{field}` names a field of the input.
        cli: Words after `fairkeeper`, and positionals in capitals (`customers show CUSTOMER_ID`).
        evidence: The kinds of entry a command may record.
        mcp: Whether it is offered as an MCP tool (reads are unless they say no).
    """

    name: str
    kind: OperationKind
    input: type[OperationInput]
    result: Any
    function: Callable[..., Any]
    documentation: str
    http: str
    cli: str
    groups: tuple[str, ...] = ()
    evidence: tuple[EvidenceKind, ...] = ()
    mcp: bool = False

    @property
    def room(self) -> str:
        """The room it belongs to."""
        return self.name.partition(".")[0]

    @property
    def is_internal(self) -> bool:
        """Whether only Fairkeeper's own parts run it; channels derive neither route nor command line."""
        return self.groups == SYSTEM_ONLY

    @property
    def summary(self) -> str:
        """The first line of its documentation."""
        return self.documentation.splitlines()[0]

    @property
    def method(self) -> str:
        """Its HTTP method."""
        return self.http.partition(" ")[0]

    @property
    def path(self) -> str:
        """Its path under `/api/v1`."""
        return self.http.partition(" ")[2]


Function = TypeVar("Function", bound=Callable[..., Any])


def command(
    name: str, *, groups: tuple[str, ...], evidence: tuple[EvidenceKind, ...], http: str = "", cli: str = ""
) -> Callable[[Callable[..., Outcome[Any]]], Operation]:
    """Declare a command: `function(context: CommandContext, request: Input) -> Outcome[Result]`."""

    def declare(function: Callable[..., Outcome[Any]]) -> Operation:
        declared = _declare(function, OperationKind.COMMAND, name, http=http, cli=cli)
        return replace(declared, groups=groups, evidence=evidence)

    return declare


def internal_command(
    name: str, *, evidence: tuple[EvidenceKind, ...]
) -> Callable[[Callable[..., Outcome[Any]]], Operation]:
    """Declare a command that only Fairkeeper itself runs: background work, a webhook, a sign-in."""

    def declare(function: Callable[..., Outcome[Any]]) -> Operation:
        declared = _declare(function, OperationKind.COMMAND, name, http="", cli="")
        return replace(declared, groups=SYSTEM_ONLY, evidence=evidence)

    return declare


def query(
    name: str, *, groups: tuple[str, ...], http: str = "", cli: str = "", mcp: bool = True
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare a query: `function(context: QueryContext, request: Input) -> Result`."""

    def declare(function: Callable[..., Any]) -> Operation:
        declared = _declare(function, OperationKind.QUERY, name, http=http, cli=cli)
        return replace(declared, groups=groups, mcp=mcp)

    return declare


def check(name: str, *, http: str = "", cli: str = "", mcp: bool = True) -> Callable[[Callable[..., Any]], Operation]:
    """Declare a check: `function(request: Input) -> Result`, without database and sign-in."""

    def declare(function: Callable[..., Any]) -> Operation:
        declared = _declare(function, OperationKind.CHECK, name, http=http, cli=cli)
        return replace(declared, mcp=mcp)

    return declare


def _declare(function: Callable[..., Any], kind: OperationKind, name: str, *, http: str, cli: str) -> Operation:
    hints = typing.get_type_hints(function)
    result = hints.pop("return")
    if kind is OperationKind.COMMAND:
        (result,) = typing.get_args(result)
    models = [hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, OperationInput)]
    documentation = inspect.getdoc(function)
    if len(models) != 1 or not documentation:
        msg = f"{name} needs exactly one OperationInput parameter and a docstring"
        raise BugError(msg)
    room, _, verb = name.partition(".")
    words = verb.replace("_", "-")
    return Operation(
        name=name,
        kind=kind,
        input=models[0],
        result=result,
        function=function,
        documentation=documentation,
        http=http or f"{'GET' if kind is OperationKind.QUERY else 'POST'} /{room}/{words}",
        cli=cli or f"{room} {words}",
    )
