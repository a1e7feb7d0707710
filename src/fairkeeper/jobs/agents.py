"""Agent identities as background work: made once their blueprint is in the tenant, and taken away after the end.

Making is the one thing here that must not happen twice. So it is noted before Microsoft is asked; whoever finds that
note long afterwards and no answer asks no second time, and says that a person has to look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fairkeeper.action.operation import Operation
from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.consent.agents.identities import ANSWER_WITHIN, MAKEABLE, IdentityState
from fairkeeper.consent.agents.placing import MAKE_AGENT, AgentPlaced, record_agent_identity
from fairkeeper.consent.asking.signals import GONE, Signal, signal_of
from fairkeeper.consent.errors import AgentMakingUnclearError
from fairkeeper.consent.lifecycle import ENDED_LINKS, LinkState
from fairkeeper.consent.ports import AgentIdentities, AgentWish, TokenAnswer
from fairkeeper.consent.store import load_agent_identity, load_link
from fairkeeper.consent.tables import AgentIdentityRow
from fairkeeper.database.tasks import Task
from fairkeeper.errors import UnavailableError
from fairkeeper.jobs.handler import Handler, RetryRule, Work
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.values.ids import TenantId

_CONDITIONAL_ACCESS: Final = 53003
_OWN_CREDENTIAL: Final = 7000218
_PROMPT: Final = RetryRule(first_seconds=0.5, factor=2, ceiling_seconds=300, attempts=40)


class AgentIdentityWork:
    """The handlers, with whom they ask.

    Args:
        runner: Runs the operations.
        agents: Microsoft's part.
    """

    def __init__(self, runner: Runner, agents: AgentIdentities) -> None:
        self._runner = runner
        self._agents = agents

    def work(self) -> Work:
        """Return the handlers."""
        return Work(handlers=(Handler(name=MAKE_AGENT, run=self.make, retry=_PROMPT),))

    def make(self, task: Task) -> None:
        """Make an agent identity, if it is still to be made."""
        with self._runner.database.read() as session:
            row = load_agent_identity(session, str(task.payload["placed_id"]))
            link = load_link(session, row.customer_id)
        is_over = link.link_id != row.link_id or LinkState(link.state) in ENDED_LINKS
        if is_over or IdentityState(row.state) not in MAKEABLE or row.sponsor_id is None:
            return
        if IdentityState(row.state) is IdentityState.CREATING:
            if self._runner.clock.now() - row.since_at >= ANSWER_WITHIN:
                self._record(row, IdentityState.UNCLEAR, note="the answer to an earlier request was lost")
            return
        if not self._record(row, IdentityState.CREATING).has_changed:
            return  # another worker was faster
        wish = AgentWish(
            blueprint_app_id=row.blueprint_app_id,
            tenant_id=link.tenant_id,
            name=row.name,
            sponsor_kind=row.sponsor_kind or "user",
            sponsor_id=row.sponsor_id,
        )
        try:
            made = self._agents.make(wish)
        except AgentMakingUnclearError as error:
            self._record(row, IdentityState.UNCLEAR, note=error.message)
        except OwnConfigurationError as error:
            self._record(row, IdentityState.REFUSED, note=error.message)
        except (UnavailableError, ObservedOnlyError) as error:
            # Nothing was made; the note of it says when it is tried again.
            self._record(row, IdentityState.AWAITING, note=error.message)
        else:
            state = (
                IdentityState.PRESENT
                if made.identity_id
                else IdentityState.AWAITING
                if made.is_waiting
                else IdentityState.REFUSED
            )
            self._record(row, state, identity_id=made.identity_id, note=made.trouble)

    def token(self, row: AgentIdentityRow | None, tenant_id: TenantId) -> tuple[TokenAnswer, Signal | None]:
        """Ask for an identity's token; with what its refusal means where its numbers mean another thing of people."""
        if row is None or row.identity_id is None or IdentityState(row.state) is not IdentityState.PRESENT:
            return TokenAnswer(), Signal.AGENT_ABSENT
        try:
            answer = self._agents.token(row.blueprint_app_id, tenant_id, row.identity_id)
        except OwnConfigurationError:
            return TokenAnswer(numbers=(_OWN_CREDENTIAL,)), None
        return answer, Signal.TENANT_POLICY if _CONDITIONAL_ACCESS in answer.numbers else None

    def lost(self, row: AgentIdentityRow, answer: TokenAnswer) -> None:
        """Note that an identity is gone, once its loss was confirmed."""
        if signal_of(answer.numbers) is Signal.APP_ABSENT:
            whose = "its blueprint was removed" if answer.is_blueprints else "it was deleted"
            self._record(row, IdentityState.REMOVED, note=f"{whose} in the tenant")

    def gone(self, thing: Mapping[str, Any], tenant_id: TenantId) -> bool:
        """Take an identity away after the end, as its blueprint may; say whether it is gone, by that or by itself."""
        blueprint, identity_id = str(thing["blueprint"]), str(thing["app_id"])
        with self._runner.database.read() as session:
            row = load_agent_identity(session, str(thing["placed_id"]))
        try:
            is_gone = self._agents.remove(blueprint, tenant_id, identity_id)
            note = "we took it away; its tenant can restore it for 30 days"
            if not is_gone:
                is_gone = signal_of(self._agents.token(blueprint, tenant_id, identity_id).numbers) in GONE
                note = "its blueprint is gone from the tenant"
        except (OwnConfigurationError, ObservedOnlyError):
            return False
        if is_gone:
            self._record(row, IdentityState.REMOVED, note=note)
        return is_gone

    def _record(
        self, row: AgentIdentityRow, state: IdentityState, *, identity_id: str | None = None, note: str = ""
    ) -> AgentPlaced:
        placed: AgentPlaced = self._run(
            record_agent_identity, placed_id=row.placed_id, state=state, identity_id=identity_id, note=note[:400]
        )
        return placed

    def _run(self, operation: Operation, **fields: Any) -> Any:
        request = operation.input.model_validate(fields)
        return self._runner.run(operation, request, Call(principal=system("consent")))
