"""Withdrawing a file that was handed over by mistake: its rows go, and what was found in them; that it was there stays.

The bytes stay where files are kept, and the evidence of the file's coming and going stays in the log. Handed over
again, the file is read again.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import delete, select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.payouts.actions.receive_file import EVALUATE
from fairkeeper.payouts.errors import FileNotHandedOverError, FileNotWithdrawableError
from fairkeeper.payouts.evidence_kinds import FILE_WITHDRAWN
from fairkeeper.payouts.tables import PayoutTableRow, PayoutUploadRow


class WithdrawFile(OperationInput):
    """Which file, and why."""

    sha256: str = Field(min_length=64, max_length=64, description="The file's SHA-256, as the list of files shows it.")
    reason: str = Field(min_length=3, max_length=1000, description="Why it is withdrawn; recorded and shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWithdrawn:
    """The file, and how many rows no longer count."""

    sha256: str
    name: str
    rows: int


@command(
    "payouts.withdraw_file",
    groups=("payouts.change",),
    evidence=(FILE_WITHDRAWN,),
    http="POST /payouts/files/{sha256}/withdraw",
    cli="payouts withdraw SHA256",
)
def withdraw_file(context: CommandContext, request: WithdrawFile) -> Outcome[FileWithdrawn]:
    """Withdraw a file: its rows no longer count, what was found in them goes with the next comparison.

    Closed months stay closed; what changes in them is a named difference. The same file may be handed over again.

    Raises:
        FileNotHandedOverError: No file of this hash was handed over.
        FileNotWithdrawableError: It is still to be read, or was withdrawn before.
    """
    row = context.session.get(PayoutUploadRow, request.sha256, with_for_update=True)
    if row is None:
        message = f"The file {request.sha256[:12]!r} was never handed over."
        raise FileNotHandedOverError(message)
    if row.state not in ("read", "refused"):
        message = f"{row.name} is {row.state}."
        raise FileNotWithdrawableError(message)
    counted = context.session.scalars(select(PayoutTableRow.rows).where(PayoutTableRow.sha256 == row.sha256)).all()
    context.session.execute(delete(PayoutTableRow).where(PayoutTableRow.sha256 == row.sha256))
    row.state, row.findings = "withdrawn", []
    context.enqueue(EVALUATE, f"{row.sha256}-{context.now.isoformat()}")
    entry = EvidenceDraft(
        kind=FILE_WITHDRAWN.name,
        subject_type="payout_file",
        subject_id=row.sha256[:40],
        payload={"sha256": row.sha256, "name": row.name, "rows": sum(counted), "reason": request.reason},
    )
    return Outcome(result=FileWithdrawn(sha256=row.sha256, name=row.name, rows=sum(counted)), entry=entry)
