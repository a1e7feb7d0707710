"""Deployments as background work: Azure is asked what a notice, the clock or a person made worth asking.

One handler looks at a deployment and at all access to it, however it came to be called, so that a notice, a daily look
and a repeated task end alike.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from fairkeeper.action.operation import Operation
from fairkeeper.action.outside import ObservedOnlyError
from fairkeeper.action.principal import system
from fairkeeper.action.runner import Call, Runner
from fairkeeper.consent.actions.follow_customer import Followed, follow_customer
from fairkeeper.consent.actions.probe import record_probe
from fairkeeper.consent.asking.signals import Signal
from fairkeeper.consent.deployments.calling import record_silence
from fairkeeper.consent.deployments.elevating import ASK_ELEVATION, END_ELEVATION, record_elevation, request_name
from fairkeeper.consent.deployments.reading import Answer, ApplicationReading, DeploymentState
from fairkeeper.consent.deployments.receiving import READ_DEPLOYMENT
from fairkeeper.consent.deployments.recording import DeploymentRecorded, open_access, record_deployment
from fairkeeper.consent.lifecycle import GrantState
from fairkeeper.consent.plan.control import CONTROL_OF, TrustProof
from fairkeeper.consent.plan.plan import AccessWay, OfferType
from fairkeeper.consent.ports import ElevationWish, ResourceManager
from fairkeeper.consent.store import access_grants, load_deployment, load_grant
from fairkeeper.consent.tables import DeploymentRow, GrantRow
from fairkeeper.database.tasks import NewTask, Task, enqueue
from fairkeeper.jobs.handler import Handler, RetryRule, Work
from fairkeeper.values.clock import format_instant

_MOST_STEPS: Final = 12
_PROMPT: Final = RetryRule(first_seconds=0.5, factor=2, ceiling_seconds=300, attempts=40)


class DeploymentWork:
    """The handlers, with whom they ask.

    Args:
        runner: Runs the operations.
        azure: Azure Resource Manager.
    """

    def __init__(self, runner: Runner, azure: ResourceManager) -> None:
        self._runner = runner
        self._azure = azure

    def work(self) -> Work:
        """Return the handlers."""
        return Work(
            handlers=(
                Handler(name=READ_DEPLOYMENT, run=self.read_deployment, retry=_PROMPT),
                Handler(name=ASK_ELEVATION, run=self.ask_elevation, retry=_PROMPT),
                Handler(name=END_ELEVATION, run=self.end_elevation, retry=_PROMPT),
            )
        )

    def read_deployment(self, task: Task) -> None:
        """Look at a deployment."""
        self.look(str(task.payload["deployment_id"]))

    def look(self, deployment_id: str) -> None:
        """Look at a deployment, let its customer's link follow, and prove or miss every access to it."""
        with self._runner.database.read() as session:
            row = load_deployment(session, deployment_id)
        proof = CONTROL_OF[OfferType(row.offer_type)].proof
        reading = None if proof is TrustProof.CALL_HOME else self._azure.read_application(row.resource_id)
        recorded = self._recorded(row, reading)
        if recorded.customer_id is None:
            return
        self._follow(recorded, proof)
        self._run(open_access, deployment_id=deployment_id)
        with self._runner.database.read() as session:
            grants = access_grants(session, deployment_id)
        for grant in grants:
            if GrantState(grant.state) not in {GrantState.REVOKED, GrantState.DECLINED, GrantState.NOT_NEEDED}:
                self._look_at_access(row, grant, reading, recorded.state)

    def _recorded(self, row: DeploymentRow, reading: ApplicationReading | None) -> DeploymentRecorded:
        recorded: DeploymentRecorded
        if reading is None:
            recorded = self._run(record_silence, deployment_id=row.deployment_id)
            return recorded
        recorded = self._run(
            record_deployment,
            deployment_id=row.deployment_id,
            answer=reading.answer,
            tenant_id=reading.tenant_id,
            publisher_tenant_id=reading.publisher_tenant_id,
            offer_id=reading.offer_id,
            plan_id=reading.plan_id,
            provisioning=reading.provisioning,
            roles=sorted(reading.roles),
            is_managed=reading.is_managed,
            may_elevate=reading.may_elevate,
            usage_id=reading.usage_id,
        )
        return recorded

    def _follow(self, recorded: DeploymentRecorded, proof: TrustProof) -> None:
        """Let the customer's link follow; what was just read, or heard, is what proves the tenant."""
        is_proved = recorded.state in {DeploymentState.RUNNING, DeploymentState.DEPLOYING}
        for step in range(_MOST_STEPS):
            followed: Followed = self._run(
                follow_customer,
                customer_id=recorded.customer_id,
                proved_tenant_id=recorded.tenant_id if is_proved else None,
                proved_by=proof,
                # Calling home is a purchase of its own only through its code, which was looked at when it was used.
                may_reopen=step == 0 and (recorded.is_new or proof is TrustProof.CALL_HOME),
            )
            if not followed.has_changed:
                return

    def _look_at_access(
        self, row: DeploymentRow, grant: GrantRow, reading: ApplicationReading | None, state: DeploymentState
    ) -> None:
        if grant.tier == AccessWay.ELEVATED.value:
            self._look_at_elevation(row, grant)
            return
        is_there = state in {DeploymentState.RUNNING, DeploymentState.DEPLOYING, DeploymentState.FAILED}
        carried = frozenset[str]() if reading is None else reading.roles_of(grant.app_id)
        if state is DeploymentState.MISSED and GrantState(grant.state) is GrantState.SUSPECTED_LOST:
            return  # It is the deployment whose end is waited for, and with it this ends.
        has_some = is_there and (grant.tier == AccessWay.OWN_IDENTITY.value or bool(carried))
        self._run(
            record_probe,
            grant_id=grant.grant_id,
            has_token=has_some,
            carried=sorted(carried) if has_some else (),
            signal=None if has_some else Signal.ACCESS_GONE,
        )

    def ask_elevation(self, task: Task) -> None:
        """Ask the customer for just-in-time access, and look what came of it."""
        with self._runner.database.read() as session:
            grant = load_grant(session, str(task.payload["grant_id"]))
            row = load_deployment(session, str(grant.deployment_id))
        if GrantState(grant.state) is GrantState.REQUESTED:
            wish = ElevationWish(
                name=request_name(grant.grant_id),
                principal_id=grant.app_id,
                roles=tuple(grant.application),
                hours=grant.hours or 1,
                starts_at=self._runner.clock.now(),
            )
            try:
                self._azure.ask_elevation(row.resource_id, wish)
            except ObservedOnlyError:
                self._run(record_elevation, grant_id=grant.grant_id, state="Canceled")
                return
        self._look_at_elevation(row, grant)

    def end_elevation(self, task: Task) -> None:
        """Take a request for just-in-time access back."""
        with self._runner.database.read() as session:
            grant = load_grant(session, str(task.payload["grant_id"]))
            row = load_deployment(session, str(grant.deployment_id))
        with suppress(ObservedOnlyError):
            self._azure.end_elevation(row.resource_id, request_name(grant.grant_id))

    def _look_at_elevation(self, row: DeploymentRow, grant: GrantRow) -> None:
        reading = self._azure.read_elevation(row.resource_id, request_name(grant.grant_id))
        self._run(
            record_elevation,
            grant_id=grant.grant_id,
            state=reading.state,
            until_at=reading.until_at,
            roles=sorted(reading.roles),
        )

    def gone(self, deployment_id: str) -> bool:
        """Say whether nothing of ours is left on a deployment: it is gone, or closed to us."""
        with self._runner.database.read() as session:
            row = load_deployment(session, deployment_id)
        return self._azure.read_application(row.resource_id).answer is not Answer.FOUND

    def sweep(self) -> None:
        """Plant looks that were lost."""
        now = self._runner.clock.now()
        with self._runner.database.write() as session:
            for row in session.scalars(select(DeploymentRow).where(DeploymentRow.look_at <= now - timedelta(hours=1))):
                task = NewTask(
                    name=READ_DEPLOYMENT,
                    key=f"{row.deployment_id}:sweep:{format_instant(now)}",
                    due_at=now,
                    payload={"deployment_id": row.deployment_id},
                    customer_id=row.customer_id,
                )
                enqueue(session, task, now=now)

    def _run(self, operation: Operation, **fields: Any) -> Any:
        request = operation.input.model_validate(fields)
        return self._runner.run(operation, request, Call(principal=system("consent")))
