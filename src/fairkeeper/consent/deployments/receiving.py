"""Keeps a notice about a managed application as it came, and plants the look at Azure; it moves nothing by itself.

Azure drops a notice after ten hours, and after any answer that is neither a success nor a fault of the server; so
whatever comes with the address's secret is kept and answered, also what nobody can read.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, cast

from pydantic import Base64Bytes, Field
from sqlalchemy import Table, bindparam, select, update

from fairkeeper.action.operation import (
    CommandContext,
    EvidenceDraft,
    Operation,
    OperationInput,
    Outcome,
    internal_command,
)
from fairkeeper.consent.deployments.notices import ApplicationNotice, digest_of_resource, read_notice
from fairkeeper.consent.deployments.reading import DeploymentState
from fairkeeper.consent.evidence_kinds import NOTICE_KEPT
from fairkeeper.consent.plan.plan import OfferType
from fairkeeper.consent.tables import DeploymentNoticeRow, DeploymentRow
from fairkeeper.database.insertion import insert_unless_there
from fairkeeper.values.ids import new_id

READ_DEPLOYMENT: Final = "consent.read_deployment"
LONGEST_NOTICE_BYTES: Final = 64 * 1024
"""Notices in the documentation are below 1 kB."""

_NOTICES: Final = cast("Table", DeploymentNoticeRow.__table__)
_COUNT_UP: Final = (
    update(_NOTICES)
    .where(_NOTICES.c.digest == bindparam("same"))
    .values(deliveries=_NOTICES.c.deliveries + 1, last_received_at=bindparam("now"))
)


class ReceiveNotice(OperationInput):
    """The notice as it came."""

    body: Base64Bytes = Field(max_length=90_000, description="The request's body, base64.")


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReceived:
    """The notice is kept.

    Attributes:
        deployment_id: What it is about; None where it names no managed application.
        is_new: Whether it had not come before.
    """

    deployment_id: str | None
    is_new: bool


@internal_command("consent.receive_notice", evidence=(NOTICE_KEPT,))
def receive_notice(context: CommandContext, request: ReceiveNotice) -> Outcome[NoticeReceived]:
    """Keep a notice about a managed application, and plant the look at Azure; the same one again is counted."""
    notice, digest = read_notice(request.body), hashlib.sha256(request.body).hexdigest()
    row = None if notice.resource_id is None else _deployment(context, notice, notice.resource_id)
    deployment_id = None if row is None else row.deployment_id
    values = {
        "digest": digest,
        "deployment_id": deployment_id,
        "customer_id": None if row is None else row.customer_id,
        "event": notice.event,
        "provisioning": notice.provisioning,
        "trouble": notice.trouble or None,
        "body": request.body,
        "received_at": context.now,
        "last_received_at": context.now,
        "deliveries": 1,
    }
    number = insert_unless_there(context.session, DeploymentNoticeRow, values, key=("digest",))
    result = NoticeReceived(deployment_id=deployment_id, is_new=number is not None)
    if number is None:
        context.session.connection().execute(_COUNT_UP, {"same": digest, "now": context.now})
        return Outcome(result=result, entry=None)
    if row is not None:
        row.says_gone = notice.says_gone
        plan_look(context, row, digest[:16])
    entry = EvidenceDraft(
        kind=NOTICE_KEPT.name,
        subject_type="deployment" if row is not None else "deployment_notice",
        subject_id=deployment_id or str(number),
        customer_id=None if row is None else row.customer_id,
        payload={
            "what": notice.trouble or f"{notice.event or 'no event'} {notice.provisioning}".strip(),
            "resource": notice.resource_id,
            "body_sha256": digest,
        },
    )
    return Outcome(result=result, entry=entry)


def _deployment(context: CommandContext, notice: ApplicationNotice, resource_id: str) -> DeploymentRow:
    """Return the deployment that a notice names, locked; made where it was never heard of."""
    digest = digest_of_resource(resource_id)
    values = {
        "deployment_id": new_id("dep"),
        "offer_type": OfferType.MANAGED_APPLICATION.value,
        "resource_id": resource_id,
        "resource_digest": digest,
        "state": DeploymentState.HEARD.value,
        "since_at": context.now,
        "may_elevate": False,
        "roles": [],
        "says_gone": notice.says_gone,
        "created_at": context.now,
    }
    insert_unless_there(context.session, DeploymentRow, values, key=("resource_digest",))
    statement = select(DeploymentRow).where(DeploymentRow.resource_digest == digest).with_for_update()
    return context.session.scalars(statement).one()


def plan_look(context: CommandContext, row: DeploymentRow, why: str) -> bool:
    """Plant a look at a deployment, now."""
    return context.enqueue(
        READ_DEPLOYMENT,
        f"{row.deployment_id}:{why}",
        {"deployment_id": row.deployment_id},
        customer_id=row.customer_id,
    )


OPERATIONS: tuple[Operation, ...] = (receive_notice,)
