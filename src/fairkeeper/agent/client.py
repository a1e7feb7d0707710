"""Asks Fairkeeper before each call and tells it what came of it: one client for SDK and gateway.

Fails closed: whatever is not a clear yes within the stated time is a no. Outcomes are kept on disk until the server has
them, where a journal is given, because they are told after the answer has gone to the agent.

The seam for decisions in the agent's own process, from signed bundles, is `Decides`: whatever answers a question so can
stand in for the server.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import httpx

from fairkeeper.agent.connections import Connections, NoAnswerError, may_ask_directly
from fairkeeper.agent.content import safe_line
from fairkeeper.agent.errors import ApprovalNeededError, CallRefusedError, DecisionUnavailableError
from fairkeeper.agent.journal import Journal
from fairkeeper.agent.recognisers import KINDS
from fairkeeper.policy.decision.facts import APPLICATION_PREFIX
from fairkeeper.policy.decision.labels import NO_LABELS, Labels
from fairkeeper.policy.decision.measuring import sum_at

PATIENCE_SECONDS: Final = 3.0
"""How long an answer is waited for; then it is no."""
_RETRY_SECONDS: Final = (0.2, 1.0, 5.0, 30.0)
MOST_TOLD: Final = 50
"""Outcomes in one request, as the server takes them."""
REDACT: Final = "redact"
_APPROVAL_NEEDED: Final = "approval_needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this agent call this tool with these arguments."""

    tool: str
    arguments: Mapping[str, Any]
    manifest: str | None = None
    task: str | None = None
    session: str | None = None
    person: str | None = None
    use: str | None = None
    purpose_resources: tuple[Mapping[str, str], ...] = ()
    approval: str | None = None
    labels: Labels = NO_LABELS
    delegation: str | None = None
    environment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The server's answer.

    Attributes:
        allowed: The only thing to act on.
        redact: Kinds of sensitive data that the result must not hold, by obligation.
        measures: Fields of the result whose sums are billed, to be told with the outcome.
    """

    allowed: bool
    reason: str
    sentence: str
    decision_id: str | None = None
    approval_id: str | None = None
    lane: str | None = None
    redact: frozenset[str] = frozenset()
    measures: tuple[str, ...] = ()

    def measured(self, result: Any) -> dict[str, str]:
        """Return the sums of the billed fields of a result; a field that is not there, or no number, is left out."""
        found = {path: sum_at(result, path) for path in self.measures}
        return {path: format(value, "f") for path, value in found.items() if value is not None}


class Decides(Protocol):
    """Whatever answers questions: the server, or later a bundle in this process."""

    async def decide(self, question: Question) -> Answer:
        """Return the answer; never raises, and never says yes without a record."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came of an allowed call."""

    decision_id: str
    outcome: str
    result_digest: str | None = None
    error: str = ""
    took_milliseconds: int = 0
    sources: tuple[str, ...] = ()
    sensitivity: int = 0
    is_trusted: bool = True
    measured: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the server takes it."""
        document: dict[str, Any] = {
            "decision_id": self.decision_id,
            "outcome": self.outcome,
            "result_digest": self.result_digest,
            "error": safe_line(self.error),
            "took_milliseconds": min(self.took_milliseconds, 86_400_000),
            "sources": [each[:120] for each in self.sources[:50]],
            "sensitivity": self.sensitivity,
            "is_trusted": self.is_trusted,
        }
        if self.measured:
            document["measured"] = dict(self.measured)
        return document


def document_of(agent_id: str, question: Question, instance: str) -> dict[str, Any]:
    """Return a question as AuthZEN writes it."""
    context: dict[str, Any] = {"instance": instance}
    for name in ("manifest", "task", "session", "use", "approval", "delegation", "environment"):
        value = getattr(question, name)
        if value is not None:
            context[name] = value
    if question.purpose_resources:
        context["resources"] = [dict(each) for each in question.purpose_resources]
    labels = question.labels
    if labels != NO_LABELS:
        context["labels"] = {
            "sources": sorted(labels.sources),
            "sensitivity": labels.sensitivity,
            "trusted": labels.is_trusted,
        }
    subject: dict[str, Any] = {"type": "agent", "id": agent_id}
    if question.person is not None:
        subject = {"type": "user", "id": question.person, "properties": {"act": {"sub": agent_id}}}
    return {
        "subject": subject,
        "action": {"name": "call", "properties": {"arguments": dict(question.arguments)}},
        "resource": {"type": "tool", "id": question.tool},
        "context": context,
    }


def answer_of(document: Any) -> Answer:
    """Return an answer as it was read; what is malformed, or obliges to what cannot be done here, is a no.

    Source: AuthZEN obligations profile, draft: an enforcement point that cannot fulfil one treats it as a denial.
    """
    if not isinstance(document, dict) or not isinstance(document.get("decision"), bool):
        return Answer(allowed=False, reason="malformed", sentence="The answer cannot be read, so it is no.")
    context = document.get("context")
    told: dict[str, Any] = context if isinstance(context, dict) else {}
    sentence = told.get("reason_user", {}).get("en") or str(told.get("reason", "refused"))
    redact: set[str] = set()
    allowed = document["decision"]
    for obligation in told.get("obligations", []):
        kinds = obligation.get("properties", {}).get("kinds", []) if isinstance(obligation, dict) else []
        if not isinstance(obligation, dict) or obligation.get("type") != REDACT or set(kinds) - KINDS:
            allowed, sentence = False, "The answer obliges to something that cannot be done here, so it is no."
        redact.update(kinds)
    return Answer(
        allowed=allowed,
        reason=str(told.get("reason", "")),
        sentence=f"{sentence} ({told['detail']})" if told.get("detail") and not allowed else sentence,
        decision_id=told.get("decision_id"),
        approval_id=told.get("approval_id"),
        lane=told.get("lane"),
        redact=frozenset(redact),
        measures=tuple(str(each) for each in told.get("measures", ()) if isinstance(each, str)),
    )


def refuse(answer: Answer) -> None:
    """Raise what a denial is.

    Raises:
        ApprovalNeededError: A person has to approve the call.
        DecisionUnavailableError: Nobody could be asked.
        CallRefusedError: It is not allowed.
    """
    if answer.allowed:
        return
    if answer.reason == "unreachable":
        raise DecisionUnavailableError(answer.sentence)
    if answer.reason == _APPROVAL_NEEDED:
        detail: dict[str, str | int | bool] = {} if answer.approval_id is None else {"approval_id": answer.approval_id}
        raise ApprovalNeededError(answer.sentence, detail=detail)
    raise CallRefusedError(answer.sentence, detail={"reason": answer.reason})


@dataclass(slots=True, kw_only=True)
class FairkeeperClient:
    """Speaks to one server for one agent.

    Args:
        url: The server's address.
        token: The agent's token.
        agent_id: Which agent asks.
        patience_seconds: How long an answer is waited for.
        journal: Where outcomes wait until the server has them; without, they are lost with this process.
        gathers_seconds: How long outcomes are gathered before they are told together. While they are, the server does
            not know what has reached a task; so only for whoever states the labels with each question.
        http: A client to share; its own if left out.
    """

    url: str
    token: str
    agent_id: str
    patience_seconds: float = PATIENCE_SECONDS
    journal: Journal | None = None
    instance: str = "sdk"
    http: httpx.AsyncClient | None = None
    gathers_seconds: float = 0.0
    _connections: Connections | None = None
    _is_shared: bool = field(init=False)
    _untold: dict[str, dict[str, Any]] = field(default_factory=dict)
    _teller: asyncio.Task[None] | None = None
    _is_hurried: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._is_shared = self.http is not None

    def _client(self) -> httpx.AsyncClient:
        if self.http is None:
            limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
            self.http = httpx.AsyncClient(timeout=self.patience_seconds, limits=limits, follow_redirects=False)
        return self.http

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}", "accept": "application/json"}

    async def decide(self, question: Question) -> Answer:
        """Return the server's answer; a no where there is none in time."""
        document = document_of(self.agent_id, question, self.instance)
        try:
            body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
            async with asyncio.timeout(self.patience_seconds):
                status, answer = await self._ask(body)
        except (httpx.HTTPError, NoAnswerError, OSError, ValueError) as error:  # a timeout is an OSError
            return _unreachable(type(error).__name__)
        if status in {401, 403}:
            return Answer(allowed=False, reason="unauthenticated", sentence="The agent's credentials are refused.")
        if status == 400:
            return Answer(allowed=False, reason="malformed", sentence=safe_line(answer.decode(errors="replace")))
        if status != 200:
            return _unreachable(f"status {status}")
        try:
            return answer_of(json.loads(answer))
        except ValueError:
            return _unreachable("no JSON")

    async def _ask(self, body: bytes) -> tuple[int, bytes]:
        """Send a question; over a connection of our own, unless a client was given or a proxy stands between."""
        address = f"{self.url}/access/v1/evaluation"
        if self._connections is None and not self._is_shared and may_ask_directly(address):
            self._connections = Connections(address, self._headers())
        if self._connections is not None:
            return await self._connections.post(body)
        headers = self._headers() | {"content-type": "application/json"}
        response = await self._client().post(address, content=body, headers=headers)
        return response.status_code, response.content

    def told(self, came: Came) -> None:
        """Tell what came of a call, in the background; with a journal it is on disk when this returns."""
        document = came.document()
        if self.journal is not None:
            self.journal.keep(came.decision_id, self.agent_id, document)
        self._untold[came.decision_id] = document
        if self._teller is None or self._teller.done():
            self._teller = asyncio.get_running_loop().create_task(self._tell())

    async def tell_kept(self) -> int:
        """Tell what the journal still holds of this agent from before; return how many were taken."""
        if self.journal is None:
            return 0
        kept, count = dict(self.journal.kept(self.agent_id)), 0
        while kept:
            count += await self._tell_once(_first(kept))
        return count

    async def _tell(self) -> None:
        """Tell what is untold, until there is nothing; what the server does not take stays in the journal."""
        failed = 0
        while self._untold:
            if len(self._untold) < MOST_TOLD:
                await self._gather()
            batch = dict(list(self._untold.items())[:MOST_TOLD])
            taken = await self._tell_once(batch)
            if not taken and failed < len(_RETRY_SECONDS):
                await asyncio.sleep(_RETRY_SECONDS[failed])
                failed += 1
                continue
            failed = 0
            for decision_id in batch:
                self._untold.pop(decision_id, None)

    async def _gather(self) -> None:
        if self.gathers_seconds > 0 and not self._is_hurried.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self.gathers_seconds):
                    await self._is_hurried.wait()

    async def _tell_once(self, batch: Mapping[str, dict[str, Any]]) -> int:
        """Tell outcomes by their decisions; return how many the server has taken, all or none."""
        told = {"outcomes": [document | {"decision_id": decision_id} for decision_id, document in batch.items()]}
        try:
            response = await self._client().post(
                f"{self.url}/access/v1/outcomes", json=told, headers=self._headers(), timeout=30
            )
        except (httpx.HTTPError, ValueError):
            return 0
        if response.status_code >= 500 or response.status_code in _NOT_TAKEN:
            return 0
        if self.journal is not None:
            self.journal.forget(batch)
        return len(batch)

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return what the server's API answers.

        Raises:
            DecisionUnavailableError: It does not answer, or not with what was asked for.
        """
        try:
            response = await self._client().get(
                f"{self.url}/api/v1{path}", params=params, headers=self._headers(), timeout=30
            )
            response.raise_for_status()
            return response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DecisionUnavailableError(f"Fairkeeper does not answer {path} ({type(error).__name__}).") from error

    async def speaks(self) -> str:
        """Return as whom the server knows this token, if it may speak for this agent.

        Raises:
            CallRefusedError: It is refused, or may not; `detail` has the server's own code.
            DecisionUnavailableError: The server does not say.
        """
        try:
            asked = [
                await self._client().get(f"{self.url}/api/v1{path}", headers=self._headers(), timeout=30)
                for path in ("/access/me", f"/agents/{self.agent_id}")
            ]
            for response in asked:
                if response.status_code in _REFUSED:
                    raise _refused(response.json())
                response.raise_for_status()
            me, callers = asked[0].json()["id"], asked[1].json()["callers"]
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise DecisionUnavailableError(f"Fairkeeper does not say who this is ({type(error).__name__}).") from error
        if me not in callers and (callers or me.startswith(APPLICATION_PREFIX)):
            detail: dict[str, str | int | bool] = {"reason": "caller_is_not_the_agent"}
            raise CallRefusedError("Whoever has this token does not speak for this agent.", detail=detail)
        return str(me)

    def renew(self, token: str) -> None:
        """Go on with a newer token of the same caller."""
        if token == self.token:
            return
        self.token = token
        if self._connections is not None:
            self._connections.close()
            self._connections = None

    async def post(self, path: str, document: Mapping[str, Any]) -> bool:
        """Send something to the server's API; return whether it took it."""
        try:
            response = await self._client().post(
                f"{self.url}/api/v1{path}", json=dict(document), headers=self._headers(), timeout=30
            )
        except (httpx.HTTPError, ValueError):
            return False
        return response.is_success

    async def close(self, patience_seconds: float = 2.0) -> None:
        """Let outcomes go out, then the connections."""
        self._is_hurried.set()
        if self._teller is not None:
            await asyncio.wait([self._teller], timeout=patience_seconds)
            self._teller.cancel()
        if self._connections is not None:
            self._connections.close()
        if self.http is not None:
            await self.http.aclose()


_NOT_TAKEN: Final = frozenset({401, 403, 404, 405, 408, 429})
"""Statuses that say nothing of the outcomes themselves, so that they are told again."""


_REFUSED: Final = frozenset({401, 403, 404})


def _refused(document: Any) -> CallRefusedError:
    """Return a refusal in the server's own words."""
    error = document.get("error", document) if isinstance(document, dict) else {}
    detail: dict[str, str | int | bool] = {"reason": str(error.get("code", "refused"))[:80]}
    return CallRefusedError(safe_line(str(error.get("message", "The token is refused."))), detail=detail)


def _first(kept: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Take the first outcomes out, as many as go into one request."""
    return {decision_id: kept.pop(decision_id) for decision_id in list(kept)[:MOST_TOLD]}


def _unreachable(why: str) -> Answer:
    sentence = f"Fairkeeper could not be asked ({why}), so the answer is no; nothing was called."
    return Answer(allowed=False, reason="unreachable", sentence=sentence)
