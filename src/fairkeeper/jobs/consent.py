"""The room of consent as background work: links follow purchases, grants are probed, remains are looked for.

Each handler asks Microsoft first and then runs one operation. A handler that is repeated asks again, and what it
records is what was seen last.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select

from fairkeeper.action.operation import Operation
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.consent.actions.apply_plan import FOLLOW_PLAN
from fairkeeper.consent.actions.follow_customer import Followed, follow_customer
from fairkeeper.consent.actions.probe import PROBE, PROBE_LINK, Probed, record_probe
from fairkeeper.consent.actions.probe_link import record_link_probe
from fairkeeper.consent.actions.unlink import LOOK_FOR_REMAINS, record_remains
from fairkeeper.consent.asking.signals import Signal
from fairkeeper.consent.lifecycle import ENDED_LINKS, PROBED_LINKS, GrantState, LinkState
from fairkeeper.consent.plan.control import TrustProof
from fairkeeper.consent.plan.plan import Tier
from fairkeeper.consent.ports import TenantTokens, TokenAnswer
from fairkeeper.consent.store import agent_identity_of, load_grant, load_link
from fairkeeper.consent.tables import GrantRow, LinkRow, StartRow
from fairkeeper.database.secrets import Secret, SecretStore
from fairkeeper.database.tasks import NewTask, Task, enqueue
from fairkeeper.jobs.agents import AgentIdentityWork
from fairkeeper.jobs.deployments import DeploymentWork
from fairkeeper.jobs.handler import Handler, RetryRule, Schedule, Work
from fairkeeper.microsoft.errors import OwnConfigurationError
from fairkeeper.values.clock import format_instant
from fairkeeper.values.ids import CustomerId, TenantId

FOLLOW_CUSTOMER: Final = "consent.follow_customer"
SWEEP: Final = "consent.sweep"
_MOST_STEPS: Final = 12
_OWN_CREDENTIAL: Final = 7000218
"""What Microsoft would answer if it were asked without a credential."""
_PROMPT: Final = RetryRule(first_seconds=0.5, factor=2, ceiling_seconds=300, attempts=40)


class ConsentWork:
    """The handlers, with whom they ask.

    Args:
        runner: Runs the operations.
        tokens: Microsoft Entra.
        secrets: Seals tokens.
        deployments: Looks at managed applications and instances, and at the access to them.
        agents: Makes agent identities, and gets tokens for them.
        sign_in_app_id: The application that customers' people sign in to; None where there is none.
    """

    def __init__(  # noqa: PLR0913 - whom it asks
        self,
        runner: Runner,
        tokens: TenantTokens,
        secrets: SecretStore,
        *,
        deployments: DeploymentWork,
        agents: AgentIdentityWork,
        sign_in_app_id: str | None,
    ) -> None:
        self._runner = runner
        self._deployments = deployments
        self._agents = agents
        self._tokens = tokens
        self._secrets = secrets
        self._sign_in_app_id = sign_in_app_id

    def work(self) -> Work:
        """Return the handlers and schedules of this room."""
        return Work(
            handlers=(
                *self._deployments.work().handlers,
                *self._agents.work().handlers,
                Handler(name=FOLLOW_CUSTOMER, run=self.follow_customer, retry=_PROMPT),
                Handler(name=FOLLOW_PLAN, run=self.follow_plan),
                Handler(name=PROBE, run=self.probe, retry=_PROMPT),
                Handler(name=PROBE_LINK, run=self.probe_link, retry=_PROMPT),
                Handler(name=LOOK_FOR_REMAINS, run=self.look_for_remains, retry=_PROMPT),
                Handler(name=SWEEP, run=self.sweep),
            ),
            schedules=(Schedule(name=SWEEP, every=timedelta(hours=1)),),
        )

    def follow_customer(self, task: Task) -> None:
        """Let a customer's link follow what it bought and who signed in, step by step."""
        for _ in range(_MOST_STEPS):
            followed: Followed = self._run(follow_customer, **task.payload)
            if not followed.has_changed:
                return

    def follow_plan(self, _task: Task) -> None:
        """Let every living link follow a new plan."""
        living = [state.value for state in LinkState if state not in ENDED_LINKS]
        with self._runner.database.read() as session:
            customer_ids = session.scalars(select(LinkRow.customer_id).where(LinkRow.state.in_(living))).all()
        for customer_id in customer_ids:
            for _ in range(_MOST_STEPS):
                followed: Followed = self._run(follow_customer, customer_id=customer_id)
                if not followed.has_changed:
                    break

    def probe(self, task: Task) -> None:
        """Ask for a token, and record what it proves."""
        with self._runner.database.read() as session:
            row = load_grant(session, str(task.payload["grant_id"]))
            link = load_link(session, row.customer_id)
        is_over = link.link_id != row.link_id or LinkState(link.state) in ENDED_LINKS
        if is_over or row.replaced_by is not None or GrantState(row.state) is GrantState.REVOKED:
            return
        if row.deployment_id is not None:
            self._deployments.look(row.deployment_id)
            return
        if row.tier == Tier.AGENT.value:
            self._probe_agent(row, link)
            return
        answer = self._asked(row.app_id, link.tenant_id)
        is_presence = row.tier == Tier.OPERATIONAL_DELEGATED.value
        self._recorded(row, answer, is_presence=is_presence)

    def _probe_agent(self, row: GrantRow, link: LinkRow) -> None:
        """Ask for the agent identity's own token, and record what it proves."""
        with self._runner.database.read() as session:
            identity = agent_identity_of(session, link, row.registration)
        answer, signal = self._agents.token(identity, link.tenant_id)
        probed = self._recorded(row, answer, signal=signal)
        if probed.state is GrantState.REVOKED and identity is not None:
            self._agents.lost(identity, answer)

    def _recorded(
        self, row: GrantRow, answer: TokenAnswer, *, is_presence: bool = False, signal: Signal | None = None
    ) -> Probed:
        is_kept = answer.token is not None and not is_presence
        probed: Probed = self._run(
            record_probe,
            grant_id=row.grant_id,
            has_token=answer.token is not None,
            carried=sorted(answer.carried),
            numbers=answer.numbers,
            sealed=self._secrets.seal(Secret((answer.token or "").encode())).decode() if is_kept else "",
            expires_at=answer.expires_at,
            is_presence=is_presence,
            signal=signal,
        )
        return probed

    def probe_link(self, task: Task) -> None:
        """Look whether our sign-in application is still present in the tenant; its token is not kept."""
        customer_id = CustomerId(task.payload["customer_id"])
        with self._runner.database.read() as session:
            link = load_link(session, customer_id)
        is_over = link.link_id != task.payload["link_id"] or LinkState(link.state) not in PROBED_LINKS
        if is_over or self._sign_in_app_id is None:
            return
        answer = self._asked(self._sign_in_app_id, link.tenant_id)
        self._run(
            record_link_probe,
            customer_id=customer_id,
            link_id=link.link_id,
            is_present=answer.token is not None,
            numbers=answer.numbers,
        )
        for _ in range(_MOST_STEPS):
            followed: Followed = self._run(follow_customer, customer_id=customer_id)
            if not followed.has_changed:
                return

    def look_for_remains(self, task: Task) -> None:
        """Ask for a token of each application that may be left; none is kept."""
        customer_id = CustomerId(task.payload["customer_id"])
        with self._runner.database.read() as session:
            link = load_link(session, customer_id)
        if link.link_id != task.payload["link_id"] or LinkState(link.state) is not LinkState.UNLINKING:
            return
        left = [each for each in link.remaining if each["gone_at"] is None]
        deployed = [each["app_id"] for each in left if each.get("is_deployment")]
        agents = [each for each in left if each.get("blueprint")]
        open_apps = [each["app_id"] for each in left if not each.get("is_deployment") and not each.get("blueprint")]
        # Identities first: their blueprint takes them away only while it is in the tenant itself.
        gone = [each["app_id"] for each in agents if self._agents.gone(each, link.tenant_id)]
        seen = {app_id: self._asked(app_id, link.tenant_id).numbers for app_id in open_apps}
        gone += [each for each in deployed if self._deployments.gone(each)]
        self._run(record_remains, customer_id=customer_id, link_id=link.link_id, seen=seen, gone=gone)

    def sweep(self, _task: Task) -> None:
        """Forget consents that nobody finished, plant probes that were lost, and looks for our sign-in that are due."""
        now = self._runner.clock.now()
        with self._runner.database.write() as session:
            session.execute(delete(StartRow).where(StartRow.expires_at <= now))
            late = session.scalars(select(GrantRow).where(GrantRow.probe_at <= now - timedelta(hours=1)))
            for row in late:
                key = f"{row.grant_id}:sweep:{format_instant(now)}"
                payload = {"grant_id": row.grant_id}
                task = NewTask(name=PROBE, key=key, due_at=now, payload=payload, customer_id=row.customer_id)
                enqueue(session, task, now=now)
            due = or_(LinkRow.probe_at.is_(None), LinkRow.probe_at <= now)
            probed = LinkRow.state.in_([state.value for state in PROBED_LINKS])
            signed_in = LinkRow.proved_by == TrustProof.SIGN_IN.value
            for link in session.scalars(select(LinkRow).where(probed, signed_in, due)):
                payload = {"customer_id": link.customer_id, "link_id": link.link_id}
                key = f"{link.link_id}:due:{format_instant(now)}"
                task = NewTask(name=PROBE_LINK, key=key, due_at=now, payload=payload, customer_id=link.customer_id)
                enqueue(session, task, now=now)
        self._deployments.sweep()

    def _asked(self, app_id: str, tenant_id: TenantId) -> TokenAnswer:
        try:
            return self._tokens.app_token(app_id, tenant_id)
        except OwnConfigurationError:
            return TokenAnswer(numbers=(_OWN_CREDENTIAL,))

    def _run(self, operation: Operation, **fields: Any) -> Any:
        request = operation.input.model_validate(fields)
        return self._runner.run(operation, request, Call(principal=system("consent")))
