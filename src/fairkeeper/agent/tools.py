"""Governs Python functions: ask first, call, label and redact what comes back, tell what came of it.

What this guarantees and what not: whoever calls the function through its name is asked about. Code in the same process
can reach the function beneath (`__wrapped__`), or do without it what it does. Where that matters, put the tool behind
the gateway, which alone holds its credentials.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from fairkeeper.agent.client import Answer, Came, FairkeeperClient, Question, refuse
from fairkeeper.agent.content import Seen, Treatment, treat
from fairkeeper.agent.provenance import Provenance
from fairkeeper.policy.decision.arguments import NotExactError, digest_of, exact
from fairkeeper.policy.decision.labels import Labels, join

P = ParamSpec("P")
T = TypeVar("T")
_UNKNOWN: Final = Labels(sensitivity=1, is_trusted=False)


@dataclass(slots=True, kw_only=True)
class AgentTask:
    """One task of an agent: what has reached it, and how it is named in the record."""

    task_id: str
    person: str | None = None
    use_id: str | None = None
    by_provenance: bool = False
    labels: Labels = field(default_factory=Labels)
    provenance: Provenance = field(default_factory=Provenance)
    approvals: dict[str, str] = field(default_factory=dict)

    def heard(self, text: str) -> None:
        """Note what the person said."""
        self.provenance.heard(text)


CURRENT: Final[ContextVar[AgentTask | None]] = ContextVar("fairkeeper_task", default=None)
"""The task that runs; set it where a task begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """How one function is governed.

    Attributes:
        name: As it is registered.
        carries: Arguments that carry content and steer nothing.
        computes: Arguments that a model may work out.
        trusted_fields: Members of its results that nobody outside can write.
        result: What its results carry at least.
    """

    name: str
    carries: tuple[str, ...] = ()
    computes: tuple[str, ...] = ()
    trusted_fields: tuple[str, ...] = ()
    result: Labels = _UNKNOWN
    treatment: Treatment = field(default_factory=Treatment)


async def governed_call(  # noqa: PLR0913 - what is called and how it is governed, by name
    client: FairkeeperClient, tool: Tool, arguments: Mapping[str, Any], call: Callable[[], Awaitable[Any]], *,
    seen: Seen | None = None, is_source: bool = True,
) -> Any:  # fmt: skip
    """Ask, call, treat and tell: the one path that decorator and middleware share.

    Args:
        client, tool, arguments, call: Who is asked, what is called, with what, and how.
        seen: What was seen on the way in; told with the outcome.
        is_source: Whether what comes back is new to the task; a model's answer says only what had reached it.

    Raises:
        CallRefusedError, ApprovalNeededError, DecisionUnavailableError: It was not called.
    """
    task = CURRENT.get()
    question = _question(tool, arguments, task)
    answer = await client.decide(question)
    key = f"{tool.name} {_digest(dict(arguments))}"
    if task is not None:
        _keep_approval(task, key, answer)
    refuse(answer)
    began, seen = time.monotonic(), Seen() if seen is None else seen
    source = Labels(sources=frozenset({tool.name}), sensitivity=tool.result.sensitivity,
                    is_trusted=tool.result.is_trusted) if is_source else Labels()  # fmt: skip
    try:
        result = await call()
    except BaseException as error:
        if task is not None and is_source:  # a model may be shown the error, as it is shown a result
            _reaches(task, tool, arguments, str(error), source)
        _tell(client, source, answer, "error", began=began, seen=seen, error=f"{type(error).__name__}: {error}")
        raise
    treatment = tool.treatment.with_kinds(answer.redact)
    treated = treat(result, treatment, seen)
    if task is not None and is_source:
        _reaches(task, tool, arguments, treated, source)
    measured = answer.measured(result)
    _tell(client, source, answer, "ok", began=began, seen=seen, digest=_digest(treated), measured=measured)
    return treated


def governed(client: FairkeeperClient, tool: Tool) -> Callable[[Callable[P, Any]], Callable[P, Awaitable[Any]]]:
    """Return a decorator that governs a function; what it makes is awaited, whatever the function was."""

    def decorate(function: Callable[P, Any]) -> Callable[P, Awaitable[Any]]:
        signature = inspect.signature(function)

        @wraps(function)
        async def call(*args: P.args, **named: P.kwargs) -> Any:
            bound = signature.bind(*args, **named)
            bound.apply_defaults()

            async def run() -> Any:
                result = function(*args, **named)
                return await result if inspect.isawaitable(result) else result

            given = {name: value for name, value in bound.arguments.items() if value is not None}
            return await governed_call(client, tool, given, run)

        return call

    return decorate


def _reaches(task: AgentTask, tool: Tool, arguments: Mapping[str, Any], value: Any, source: Labels) -> None:
    """Note what reached a task, with the labels of the tool that it came from."""
    task.labels = join(task.labels, source)
    task.provenance.came(value, source, tool.trusted_fields, asked=arguments, carries=tool.carries)


def _question(tool: Tool, arguments: Mapping[str, Any], task: AgentTask | None) -> Question:
    if task is None:
        return Question(tool=tool.name, arguments=arguments)
    labels = task.provenance.of_call(arguments, tool.carries, tool.computes) if task.by_provenance else task.labels
    return Question(
        tool=tool.name,
        arguments=arguments,
        task=None if task.by_provenance else task.task_id,
        session=task.task_id,
        person=task.person,
        use=task.use_id,
        labels=labels,
        approval=task.approvals.get(f"{tool.name} {_digest(dict(arguments))}"),
    )


def _keep_approval(task: AgentTask, key: str, answer: Answer) -> None:
    if answer.approval_id is not None and not answer.allowed:
        task.approvals[key] = answer.approval_id
    elif answer.allowed:
        task.approvals.pop(key, None)


def _digest(value: Any) -> str | None:
    try:
        return digest_of(exact(value))
    except NotExactError:
        return None


def _tell(  # noqa: PLR0913 - everything that is known, by name
    client: FairkeeperClient, source: Labels, answer: Answer, outcome: str, *, began: float, seen: Seen,
    digest: str | None = None, error: str = "", measured: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    if answer.decision_id is None:
        return
    client.told(
        Came(
            decision_id=answer.decision_id,
            outcome=outcome,
            result_digest=digest,
            error=error,
            took_milliseconds=int((time.monotonic() - began) * 1000),
            sources=(*sorted(source.sources), *seen.sources()),
            sensitivity=source.sensitivity,
            is_trusted=source.is_trusted,
            measured=measured or {},
        )
    )
