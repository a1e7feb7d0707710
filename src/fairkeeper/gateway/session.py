"""One client's session with one server: what is asked is decided first, what comes back is labelled, redacted, told.

It reads and writes JSON-RPC messages, not results of the SDK's own classes, so that what it does not govern (progress,
cancellation, pages, members of a later protocol) goes through untouched. A method it does not know is refused.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from mcp_types import ErrorData, JSONRPCError, JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from fairkeeper.agent.client import Answer, Came, Question
from fairkeeper.agent.content import Seen, Treatment, holds_any, treat
from fairkeeper.agent.manifests import Pin, arguments_of, pins_of, shown
from fairkeeper.agent.provenance import Provenance
from fairkeeper.gateway.asking import Asker
from fairkeeper.gateway.configuration import AgentPart, ServerPart
from fairkeeper.gateway.wire import (
    ASKED_BY_SERVER,
    FREE,
    FREE_BY_SERVER,
    GOVERNED,
    INVALID_REQUEST,
    LISTS,
    METHOD_NOT_FOUND,
    OWN,
    PERSON_SAID,
    REFUSED,
    SERVER_GONE,
    ServerGoneError,
    Waiting,
    elicitation,
    key_of,
    named,
    plain,
    pseudo_arguments,
    refusal,
    server_arguments,
    without_ours,
)
from fairkeeper.policy.decision.arguments import NotExactError, digest_of, exact
from fairkeeper.policy.decision.labels import Labels, join

Send = Callable[[JSONRPCMessage, str | int | None], Awaitable[None]]
"""Sends a message to the client; the second is the client's request that it belongs to, if any."""
SendOn = Callable[[JSONRPCMessage], Awaitable[None]]
PLANTED: Final = "The call holds a planted string that must go nowhere; nothing was called."


class Session:
    """Governs one session.

    Args:
        server, agent: Who talks to whom.
        asker: Who answers.
        to_client, to_server: Send messages on.
        session_id: Names the task that all calls of this session belong to.
        canaries: Planted strings.
        console: Where a person approves; an approval's id is put behind it.
    """

    def __init__(  # noqa: PLR0913 - one place joins all of them, by name
        self,
        *,
        server: ServerPart,
        agent: AgentPart,
        asker: Asker,
        to_client: Send,
        to_server: SendOn,
        session_id: str,
        canaries: tuple[str, ...] = (),
        console: str = "",
    ) -> None:
        self._server, self._agent, self._asker = server, agent, asker
        self._to_client, self._to_server = to_client, to_server
        self._session_id, self._console = session_id, console
        self._treatment: Treatment = server.treatment(canaries)
        self._waiting: dict[str | int, Waiting] = {}
        self._asked_by_server: dict[str | int, tuple[str, Answer, float]] = {}
        self._deciding: dict[str | int, asyncio.Task[None]] = {}
        self._pins: dict[str, Pin] | None = None
        self._own: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._provenance, self._labels = Provenance(), Labels()
        self._approvals: dict[str, str] = {}
        self._own_count, self._takes_urls = 0, False

    # --- from the client

    async def from_client(self, message: JSONRPCMessage) -> None:
        """Take a message of the client."""
        try:
            if isinstance(message, JSONRPCRequest):
                await self._request(message)
            elif isinstance(message, JSONRPCNotification):
                await self._notification(message)
            else:
                await self._client_answered(message)
        except ServerGoneError as gone:
            if isinstance(message, JSONRPCRequest):
                await self._error(message.id, SERVER_GONE, str(gone))

    async def _request(self, message: JSONRPCRequest) -> None:
        method, params = message.method, message.params or {}
        if str(message.id).startswith(OWN) or message.id in self._waiting or message.id in self._deciding:
            await self._error(message.id, INVALID_REQUEST, "This id is in use.")
        elif method == "tools/call" or method in GOVERNED:
            # In a task of its own, so that one decision does not hold up what comes after it.
            task = asyncio.get_running_loop().create_task(self._govern(message, params))
            self._deciding[message.id] = task
            task.add_done_callback(lambda _: self._deciding.pop(message.id, None))
        elif method in LISTS or method in FREE:
            if method == "initialize":
                elicitation = params.get("capabilities", {}).get("elicitation")
                self._takes_urls = isinstance(elicitation, dict) and "url" in elicitation
            await self._hand_on(message, Waiting(method=method))
        else:
            await self._error(message.id, METHOD_NOT_FOUND, f"The gateway lets no {method[:80]!r} through.")

    async def _notification(self, message: JSONRPCNotification) -> None:
        if message.method == "notifications/cancelled":
            request_id = (message.params or {}).get("requestId", "")
            task = self._deciding.get(request_id)
            if task is not None:
                task.cancel()
                return
            if (waiting := self._settle(request_id)) is not None:
                self._end(waiting, "The client cancelled the call; whether it took effect is not known.")
        await self._to_server(message)

    async def _client_answered(self, message: JSONRPCResponse | JSONRPCError) -> None:
        """Hand on what the client answered to a server's request, treated and told like a result."""
        asked = None if message.id is None else self._asked_by_server.pop(message.id, None)
        if asked is None:
            await self._to_server(message)
            return
        name, answer, began = asked
        seen = Seen()
        if isinstance(message, JSONRPCResponse):
            message = message.model_copy(update={"result": treat(message.result, self._treatment, seen)})
        outcome = "ok" if isinstance(message, JSONRPCResponse) else "error"
        self._tell(name, answer, outcome, took=time.monotonic() - began, seen=seen)
        await self._to_server(message)

    # --- a governed call

    async def _govern(self, message: JSONRPCRequest, params: dict[str, Any]) -> None:
        try:
            name, question, problem = await self._question(message.method, params)
        except ServerGoneError as gone:
            await self._error(message.id, SERVER_GONE, str(gone))
            return
        if question is None:
            await self._refuse(message, problem)
            return
        planted = holds_any(params, self._treatment.canaries)
        if planted:
            question = replace(question, arguments=treat(question.arguments, self._treatment, Seen()))
        try:
            answer = await self._asker.decide(question)
        except asyncio.CancelledError:
            # It may have been decided and was not handed on; whoever looks finds a decision without an outcome.
            return
        self._remember_approval(question, answer)
        if not answer.allowed:
            await self._refused(message, answer)
            return
        if planted:
            self._tell(name, answer, "not_executed", error=PLANTED)
            await self._refuse(message, PLANTED)
            return
        try:
            waiting = Waiting(method=message.method, name=name, answer=answer, asked=question.arguments)
            await self._hand_on(message, waiting)
        except ServerGoneError as gone:
            self._tell(name, answer, "not_executed", error=str(gone))
            await self._error(message.id, SERVER_GONE, str(gone))
        except asyncio.CancelledError:
            self._tell(name, answer, "error", error="The call was given up while it was handed on.")

    async def _question(self, method: str, params: dict[str, Any]) -> tuple[str, Question | None, str]:
        """Return under which name a request is asked about, and the question, or what is wrong."""
        manifest = None
        if method == "tools/call":
            tool = str(params.get("name", ""))
            pins = await self._pinned()
            if tool not in pins:
                return tool, None, f"{self._server.name} has no tool {tool[:80]!r}."
            name, manifest = pins[tool].name, pins[tool].digest
            given = params.get("arguments") or {}
            if not isinstance(given, dict):
                return tool, None, "The arguments are no object."
            arguments, carries = arguments_of(given), self._server.carries.get(tool, ())
            computes = self._server.computes.get(tool, ())
        else:
            tool = GOVERNED[method]
            name, carries, computes = f"{self._server.name}/{tool}", (), ()
            arguments = pseudo_arguments(method, params)
        said = (params.get("_meta") or {}).get(PERSON_SAID)
        if isinstance(said, str):
            self._provenance.heard(said)
        by_provenance = self._agent.labels == "provenance"
        labels = self._provenance.of_call(arguments, carries, computes) if by_provenance else self._labels
        question = Question(
            tool=name, arguments=arguments, manifest=manifest, task=None if by_provenance else self._session_id,
            session=self._session_id, use=self._agent.use_id, labels=labels,
            approval=self._approvals.get(key_of(name, arguments)),
        )  # fmt: skip
        return name, question, ""

    def _remember_approval(self, question: Question, answer: Answer) -> None:
        key = key_of(question.tool, question.arguments)
        if answer.approval_id is not None and not answer.allowed:
            self._approvals[key] = answer.approval_id
        elif answer.allowed or (answer.reason.startswith("approval_") and answer.reason != "approval_pending"):
            self._approvals.pop(key, None)

    async def _refused(self, message: JSONRPCRequest, answer: Answer) -> None:
        if answer.approval_id is None or answer.reason != "approval_needed":
            await self._refuse(message, answer.sentence, answer)
            return
        address = f"{self._console}{answer.approval_id}"
        sentence = f"{answer.sentence} It waits at {address}; make the same call again once it is approved."
        if self._takes_urls and self._console:
            await self._to_client(elicitation(message, sentence, address, answer.approval_id), None)
            return
        await self._refuse(message, sentence, answer)

    async def _refuse(self, message: JSONRPCRequest, sentence: str, answer: Answer | None = None) -> None:
        """Answer no: to a call as a result that a model can read, to all else as an error."""
        await self._to_client(refusal(message, sentence, answer), None)

    async def _error(self, request_id: str | int, code: int, sentence: str) -> None:
        error = ErrorData(code=code, message=sentence)
        await self._to_client(JSONRPCError(jsonrpc="2.0", id=request_id, error=error), None)

    async def _hand_on(self, message: JSONRPCRequest, waiting: Waiting) -> None:
        waiting.progress = ((message.params or {}).get("_meta") or {}).get("progressToken")
        loop = asyncio.get_running_loop()
        if waiting.answer is not None:
            waiting.timer = loop.call_later(self._server.timeout_seconds, self._too_late, message.id)
        self._waiting[message.id] = waiting
        try:
            await self._to_server(without_ours(message))
        except BaseException:
            self._settle(message.id)
            raise

    def _settle(self, request_id: str | int) -> Waiting | None:
        waiting = self._waiting.pop(request_id, None)
        if waiting is not None and waiting.timer is not None:
            waiting.timer.cancel()
        return waiting

    def _too_late(self, request_id: str | int) -> None:
        waiting = self._settle(request_id)
        if waiting is None:
            return
        sentence = (
            f"{self._server.name} did not answer within {self._server.timeout_seconds:g} s; whether the call took "
            "effect is not known, and it was not made again."
        )
        self._end(waiting, sentence)
        cancelled = JSONRPCNotification(
            jsonrpc="2.0", method="notifications/cancelled", params={"requestId": request_id, "reason": "timeout"}
        )
        self._soon(self._error(request_id, SERVER_GONE, sentence))
        self._soon(self._to_server(cancelled))

    def _soon(self, coroutine: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await coroutine
            except ServerGoneError:
                return

        task = asyncio.get_running_loop().create_task(run())
        self._deciding[f"{OWN}soon-{id(task)}"] = task
        task.add_done_callback(lambda done: self._deciding.pop(f"{OWN}soon-{id(done)}", None))

    # --- from the server

    async def from_server(self, message: JSONRPCMessage) -> None:
        """Take a message of the server."""
        if isinstance(message, JSONRPCRequest):
            return await self._server_asks(message)
        if isinstance(message, JSONRPCNotification):
            return await self._server_notes(message)
        return await self._server_answered(message)

    async def _server_answered(self, message: JSONRPCResponse | JSONRPCError) -> None:
        if message.id is None:
            return
        own = self._own.pop(str(message.id), None)
        if own is not None:
            if not own.done():
                own.set_result(message.result if isinstance(message, JSONRPCResponse) else {})
            return
        waiting = self._settle(message.id)
        if waiting is None:
            return  # came after its time; it was answered already
        if waiting.answer is not None:
            message = self._result(waiting, waiting.answer, message)
        elif waiting.method in LISTS and isinstance(message, JSONRPCResponse):
            message = await self._listed(waiting.method, message)
        elif isinstance(message, JSONRPCResponse):
            message = message.model_copy(update={"result": treat(message.result, self._treatment, Seen())})
        await self._to_client(message, None)

    def _result(
        self, waiting: Waiting, answer: Answer, message: JSONRPCResponse | JSONRPCError
    ) -> JSONRPCResponse | JSONRPCError:
        """Return a result treated; what came of the call is in the journal before anybody has its answer."""
        seen, took = Seen(), waiting.took
        treatment = self._treatment.with_kinds(answer.redact)
        if isinstance(message, JSONRPCError):
            error = message.error.model_copy(update={"message": treat(message.error.message, treatment, seen)})
            if error.data is not None:
                error = error.model_copy(update={"data": treat(error.data, treatment, seen)})
            # A model reads errors as it reads results, so what stands in one reaches the session just so.
            self._came(waiting, [error.message, error.data])
            self._tell(waiting.name, answer, "error", took=took, seen=seen, error=error.message)
            return message.model_copy(update={"error": error})
        result = treat(message.result, treatment, seen)
        is_error = bool(result.get("isError"))
        self._came(waiting, plain(result))
        self._tell(
            waiting.name, answer, "error" if is_error else "ok", took=took, seen=seen, result=result,
            error="The tool answered with an error." if is_error else "",
            measured=answer.measured(plain(message.result)) if answer.measures and not is_error else {},
        )  # fmt: skip
        return message.model_copy(update={"result": result})

    def _came(self, waiting: Waiting, value: Any) -> None:
        """Note what reached the session, with the labels of the tool that it came from."""
        labels = named(self._asker.result_labels(waiting.name), waiting.name)
        self._labels = join(self._labels, labels)
        if self._agent.labels == "provenance":
            tool = waiting.name.partition("/")[2]
            fields, carries = self._server.trusted_fields.get(tool, ()), self._server.carries.get(tool, ())
            self._provenance.came(value, labels, fields, asked=waiting.asked, carries=carries)

    def _tell(  # noqa: PLR0913 - everything that is known, by name
        self,
        name: str,
        answer: Answer,
        outcome: str,
        *,
        took: float = 0.0,
        seen: Seen | None = None,
        result: Any = None,
        error: str = "",
        measured: Mapping[str, str] | None = None,
    ) -> None:
        if answer.decision_id is None:
            return
        try:
            digest = None if result is None else digest_of(exact(result))
        except NotExactError:
            digest = None
        labels = self._asker.result_labels(name)
        self._asker.told(
            Came(
                decision_id=answer.decision_id,
                outcome=outcome,
                result_digest=digest,
                error=error,
                took_milliseconds=int(took * 1000),
                sources=(name, *([] if seen is None else seen.sources())) if outcome != "not_executed" else (),
                sensitivity=labels.sensitivity,
                is_trusted=labels.is_trusted,
                measured=measured or {},
            )
        )

    async def _server_asks(self, message: JSONRPCRequest) -> None:
        """Let a server ask the client for something only where a policy says so."""
        if message.method in FREE_BY_SERVER:
            await self._to_client(message, None)
            return
        tool = ASKED_BY_SERVER.get(message.method)
        if tool is None:
            error = ErrorData(code=METHOD_NOT_FOUND, message="The gateway lets no such request through.")
            await self._to_server(JSONRPCError(jsonrpc="2.0", id=message.id, error=error))
            return
        self._soon(self._govern_server(message, tool))

    async def _govern_server(self, message: JSONRPCRequest, tool: str) -> None:
        name, seen = f"{self._server.name}/{tool}", Seen()
        params = treat(message.params or {}, self._treatment, seen)
        question = Question(
            tool=name, arguments=server_arguments(tool, params), task=self._session_id, session=self._session_id,
            use=self._agent.use_id,
            labels=join(self._labels, named(Labels(sensitivity=0, is_trusted=False), self._server.name)),
        )  # fmt: skip
        answer = await self._asker.decide(question)
        if not answer.allowed:
            error = ErrorData(code=REFUSED, message=answer.sentence)
            await self._to_server(JSONRPCError(jsonrpc="2.0", id=message.id, error=error))
            return
        self._asked_by_server[message.id] = (name, answer, time.monotonic())
        treated = treat(params, self._treatment.with_kinds(answer.redact), seen)
        await self._to_client(message.model_copy(update={"params": treated}), None)

    async def _server_notes(self, message: JSONRPCNotification) -> None:
        params, related = message.params or {}, None
        if message.method == "notifications/tools/list_changed":
            self._pins = None
        if message.method == "notifications/progress":
            token = params.get("progressToken")
            related = next((key for key, each in self._waiting.items() if each.progress == token), None)
        treated = treat(params, self._treatment, Seen()) if message.params is not None else None
        await self._to_client(message.model_copy(update={"params": treated}), related)

    # --- lists and pins

    async def _listed(self, method: str, message: JSONRPCResponse) -> JSONRPCResponse:
        """Leave in a list what the agent may use; a list of tools is also compared with what was approved."""
        member, pseudo = LISTS[method]
        items = message.result.get(member, [])
        if pseudo is not None:
            kept = items if await self._asker.permits(f"{self._server.name}/{pseudo}") else []
        else:
            pins = pins_of(items, self._server.name)
            registered = await self._asker.shows(pins)
            kept = items if registered is None else shown(items, pins, registered)
        result = treat({**message.result, member: kept}, self._treatment, Seen())
        return message.model_copy(update={"result": result})

    async def _pinned(self) -> dict[str, Pin]:
        """Return pins of all tools, as the server tells them, or raise `ServerGoneError` where it tells nothing."""
        if self._pins is None:
            tools: list[dict[str, Any]] = []
            cursor: str | None = None
            for _ in range(100):
                page = await self._ask_server("tools/list", {} if cursor is None else {"cursor": cursor})
                tools += page.get("tools", [])
                if not (cursor := page.get("nextCursor")):
                    break
            pins = pins_of(tools, self._server.name)
            await self._asker.shows(pins)
            self._pins = pins
        return self._pins

    async def _ask_server(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._own_count += 1
        request_id = f"{OWN}{self._own_count}"
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._own[request_id] = answer
        try:
            await self._to_server(JSONRPCRequest(jsonrpc="2.0", id=request_id, method=method, params=params))
            async with asyncio.timeout(min(30.0, self._server.timeout_seconds)):
                return await answer
        except TimeoutError as error:
            raise ServerGoneError(f"{self._server.name} does not say what it has; nothing was called.") from error
        finally:
            self._own.pop(request_id, None)

    # --- ends

    async def server_gone(self, why: str) -> None:
        """Answer everything that waits: whether it took effect is not known, and nothing is made again."""
        self._pins = None
        for own in self._own.values():
            if not own.done():
                own.set_exception(ServerGoneError(f"{self._server.name} ended ({why}); nothing was called."))
        for request_id in list(self._waiting):
            if (waiting := self._settle(request_id)) is None:
                continue
            sentence = f"{self._server.name} ended before it answered ({why}); whether it took effect is not known."
            self._end(waiting, sentence)
            await self._error(request_id, SERVER_GONE, sentence)

    def client_gone(self) -> None:
        """Tell of everything that waits that nobody waits for it any more."""
        for task in list(self._deciding.values()):
            task.cancel()
        for request_id in list(self._waiting):
            if (waiting := self._settle(request_id)) is not None:
                self._end(waiting, "The client left before the answer came.")

    def _end(self, waiting: Waiting, sentence: str) -> None:
        if waiting.answer is not None:
            self._tell(waiting.name, waiting.answer, "error", took=waiting.took, error=sentence)
