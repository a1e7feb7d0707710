"""Wires governance: whom the hot path asks inside its transaction, where the answer lies in another room's tables.

The statements stand here, and not in the rooms that own the tables, because only the hot path reads without the ORM.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from fairkeeper.access.authentication import NamedByAgent
from fairkeeper.access.credentials import digest, is_token
from fairkeeper.access.roles import may
from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.api.routes import Authenticate
from fairkeeper.bootstrap.wiring.standing import RecordedStanding
from fairkeeper.customers.path.receipts import ErasedThing, StoppedThing
from fairkeeper.customers.ports import DataToErase
from fairkeeper.customers.tables import CustomerRow
from fairkeeper.governance.actions.leave import forget_people, revoke_agents
from fairkeeper.governance.approvals.asking import DurableApprovals
from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.policies.in_force import BundlesInForce
from fairkeeper.governance.ports import Approvals, Policies, Shadow
from fairkeeper.governance.tables import AgentRow
from fairkeeper.governance.transaction import Transaction, from_database, marks
from fairkeeper.policy.decision.facts import APPLICATION_PREFIX, Caller
from fairkeeper.values.clock import Clock
from fairkeeper.values.ids import CustomerId

DECIDE: Final = "governance.decide"
DECIDE_GROUPS: Final = ("governance.report",)
"""Who may ask for decisions: whoever may report for agents."""

_TOKENS: Final = "SELECT id, roles, customer_id, expires_at, revoked_at FROM api_token WHERE id IN ({marks})"


class TokensAsCallers:
    """`Credentials` from the API tokens, read in the transaction of the decision.

    What a row says is kept with the row, because most decisions find it unchanged.
    """

    MOST_KEPT: Final = 10_000

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[Any, ...], datetime | None, Caller]] = {}

    def callers(
        self, transaction: Transaction, caller_ids: Sequence[str], *, now: datetime
    ) -> Mapping[str, Caller | None]:
        """Return each token's standing now; nothing for one that is in no row."""
        found: dict[str, Caller | None] = {}
        for row in transaction.rows(_TOKENS.format(marks=marks(len(caller_ids))), caller_ids):
            kept = self._kept.get(row[0])
            if kept is None or kept[0] != row:
                if len(self._kept) >= self.MOST_KEPT:
                    self._kept.clear()
                kept = self._kept[row[0]] = (row, from_database(row[3]), _caller(row))
            _, ends_at, caller = kept
            found[row[0]] = caller if row[4] is None and (ends_at is None or now < ends_at) else None
        return found


def _caller(row: tuple[Any, ...]) -> Caller:
    token_id, roles, customer_id, _, _ = row
    principal = Principal(
        id=token_id,
        kind=PrincipalKind.SERVICE,
        roles=frozenset(json.loads(roles) if isinstance(roles, str) else roles),
        customer_id=customer_id,
    )
    return caller_of(principal)


def caller_of(principal: Principal) -> Caller:
    """Return a proved principal as the one who asks for a decision.

    A suspended customer's program may ask; that its agents may not act is the decision's to say.
    """
    own = CustomerId(principal.customer_id) if principal.customer_id else None
    decision = may(principal, DECIDE, DECIDE_GROUPS, own)
    return Caller(
        id=principal.id, customer_id=principal.customer_id, may_report=decision.allowed, kind=principal.kind.value
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Who answers instead of the rooms' own tables; tests leave most of it out."""

    policies: Policies | None = None
    approvals: Approvals | None = None
    shadow: Shadow | None = None


def make_questions(rooms: Rooms | None = None) -> Questions:
    """Return whom the hot path asks."""
    rooms = rooms or Rooms()
    return Questions(
        policies=rooms.policies or BundlesInForce(),
        approvals=rooms.approvals or DurableApprovals(),
        standing=RecordedStanding(),
        credentials=TokensAsCallers(),
        shadow=rooms.shadow,
    )


class ApplicationsNamed:
    """`ApplicationsOfAgents` from the register of agents."""

    def naming(self, session: Session, caller_id: str) -> tuple[NamedByAgent, ...]:
        """Return the agents that name this caller."""
        statement = (
            select(AgentRow.agent_id, AgentRow.customer_id, CustomerRow.tenant_id, AgentRow.callers)
            .outerjoin(CustomerRow, CustomerRow.customer_id == AgentRow.customer_id)
            .where(cast(AgentRow.callers, Text).contains(caller_id, autoescape=True))
            .order_by(AgentRow.agent_id)
        )
        return tuple(
            NamedByAgent(agent_id=agent_id, customer_id=customer_id, customer_tenant=tenant_id)
            for agent_id, customer_id, tenant_id, callers in session.execute(statement)
            if caller_id in callers
        )


class RememberedCallers:
    """Tells who asks for decisions; an API token is looked up fully once a minute, and in each decision's transaction.

    So that a decision need not wait for a thread and a session, and a revoked token is refused all the same: the hot
    path reads every token's standing where it records (`TokensAsCallers`). A token of an application of Microsoft Entra
    is proved as seldom, and its agent is read in each decision's transaction with whom it names.
    """

    MOST: Final = 10_000
    SECONDS: Final = 60.0

    def __init__(self, authenticate: Authenticate, clock: Clock) -> None:
        self._authenticate = authenticate
        self._clock = clock
        self._known: dict[bytes, tuple[Caller, float]] = {}

    async def __call__(self, request: Request) -> Caller:
        """Return who asks.

        Raises:
            CredentialsRefusedError, TokenRefusedError, SigningKeysUnavailableError: by `authenticate`.
        """
        scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return caller_of(await run_in_threadpool(self._authenticate, request))
        token = token.strip()
        key, now = digest(token), time.monotonic()
        known = self._known.get(key)
        if known is not None and now < known[1]:
            return known[0]
        caller = caller_of(await run_in_threadpool(self._authenticate, request))
        seconds = self._seconds(caller, token)
        if seconds > 0:
            if len(self._known) >= self.MOST:
                self._known.clear()
            self._known[key] = (caller, now + seconds)
        return caller

    def _seconds(self, caller: Caller, token: str) -> float:
        """Return for how long a caller may be remembered, now that its token was proved: never longer than it holds."""
        if is_token(token):
            return self.SECONDS
        if not caller.id.startswith(APPLICATION_PREFIX):
            return 0  # a person, whose roles may change
        payload = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return min(self.SECONDS, float(claims["exp"]) - self._clock.now().timestamp())


class AgentsToStop:
    """`SystemsToStop` for a customer's agents: each is revoked."""

    def stop(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[StoppedThing, ...]:
        """Revoke them in the caller's transaction; name them by their ids, since a receipt stays for ever."""
        revoked = revoke_agents(session, customer_id, by="system:revocation", now=now)
        return tuple(StoppedThing(kind="agent", name=each.agent_id, stopped_at=each.since_at) for each in revoked)


class DecisionsToErase:
    """`DataToErase` for what decisions, delegations and reviews say of people, with whatever else is erased.

    Args:
        others: What else is erased.
    """

    def __init__(self, others: DataToErase) -> None:
        self._others = others

    def erase(self, session: Session, customer_id: CustomerId, *, now: datetime) -> tuple[ErasedThing, ...]:
        """Erase it in the caller's transaction."""
        count = forget_people(session, customer_id)
        erased = self._others.erase(session, customer_id, now=now)
        return (*erased, ErasedThing(kind="decision_words", count=count, erased_by="fairkeeper"))
