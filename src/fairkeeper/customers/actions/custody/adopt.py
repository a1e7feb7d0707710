"""Adopts what an older system knew of its subscriptions, from a file: the SaaS Accelerator's, as we document it.

Microsoft alone says which subscriptions there are, and the list was compared before; the file adds what only the older
system knows: which of them it had set up. Where the two disagree, a person has to look, and nothing is changed.

Assumption: the columns are those of the table Subscriptions of the SaaS Accelerator 8.2 (AMPSubscriptionId,
SubscriptionStatus, AMPPlanId, AMPQuantity, Name, IsActive), exported with their names in the first line; tested in
tests/unit/customers/test_adoption_file.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pydantic import Field
from sqlalchemy import select

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, TextFile, command
from fairkeeper.customers.actions.custody.noting import BASELINE_NOTE, is_observed
from fairkeeper.customers.errors import AdoptionFileError
from fairkeeper.customers.evidence_kinds import ADOPTED
from fairkeeper.customers.finding_kinds import (
    ADOPTION_DIFFERS,
    ADOPTION_MANAGED_ALREADY,
    ADOPTION_NOT_SET_UP,
    ADOPTION_ROW_UNREADABLE,
    ADOPTION_UNKNOWN_HERE,
)
from fairkeeper.customers.path.lifecycle import CommercialStatus, ProvisioningState
from fairkeeper.customers.tables import SubscriptionRow
from fairkeeper.values.csv_text import CsvUnreadableError, read_csv
from fairkeeper.values.findings import Finding, FindingKind

MOST_ROWS: Final = 20_000
SOURCE: Final = "saas_accelerator"
_GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NEEDED: Final = ("ampsubscriptionid", "subscriptionstatus")
_NOT_SET_UP: Final = frozenset({"pendingfulfillmentstart", "pendingactivation", "activationfailed", "notstarted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSubscription:
    """One line of the file.

    Attributes:
        line: Its line, the heading being the first.
        status: In the older system's own words.
    """

    line: int
    subscription_id: str
    status: str
    plan_id: str
    quantity: int | None

    @property
    def was_set_up(self) -> bool:
        """Whether the older system had set it up."""
        return self.status.lower() not in _NOT_SET_UP


def read_file(text: str) -> Iterator[OldSubscription | Finding]:
    r"""Read the lines of an export, each by itself: a bad one hides no other.

    Raises:
        AdoptionFileError: It is no such export, or has more than 20,000 lines.

    Example:
        >>> line = next(
        ...     read_file("AMPSubscriptionId,SubscriptionStatus\n0b1f0000-0000-4000-8000-000000000001,Subscribed")
        ... )
        >>> line.status, line.was_set_up
        ('Subscribed', True)
    """
    try:
        table = read_csv(text, most_rows=MOST_ROWS)
    except CsvUnreadableError as error:
        raise AdoptionFileError(f"The file cannot be read as CSV: {error}.") from error
    missing = table.lacks(*_NEEDED)
    if missing:
        raise AdoptionFileError(f"The first line names no {' and no '.join(missing)}.")
    for row in table.rows:
        yield _read_line(row.number, row.cells)


def _read_line(number: int, cells: dict[str, str]) -> OldSubscription | Finding:
    subscription_id = cells.get("ampsubscriptionid", "").lower()
    if not _GUID.fullmatch(subscription_id):
        return ADOPTION_ROW_UNREADABLE.found(f"{subscription_id[:60]!r} is no subscription's id.", row=number)
    quantity = cells.get("ampquantity", "")
    if quantity and not (quantity.isascii() and quantity.isdigit() and len(quantity) < 10):
        return ADOPTION_ROW_UNREADABLE.found(f"{quantity[:20]!r} is no number of seats.", row=number)
    return OldSubscription(
        line=number,
        subscription_id=subscription_id,
        status=cells.get("subscriptionstatus", ""),
        plan_id=cells.get("ampplanid", ""),
        quantity=int(quantity) if quantity else None,
    )


class Adopt(OperationInput):
    """The older system's export."""

    file: TextFile = Field(description="The SaaS Accelerator's subscriptions as CSV, the names of columns first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionFinding:
    """Something in the file that a person has to look at."""

    code: str
    level: str
    line: int | None
    subscription_id: str | None
    message: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What became of the file.

    Attributes:
        lines: Lines that could be read.
        adopted: Subscriptions whose standing was taken from the file.
        unchanged: Those that were known so already.
    """

    lines: int
    adopted: int
    unchanged: int
    findings: tuple[AdoptionFinding, ...]


@command(
    "customers.adopt",
    groups=("customers.configure",),
    evidence=(ADOPTED,),
    http="POST /custody/adopt",
    cli="adopt FILE",
)
def adopt(context: CommandContext, request: Adopt) -> Outcome[Adopted]:
    """Take from an older system's export which subscriptions it had set up; they stay observed until taken over.

    Compare with Microsoft's list first (`customers reconcile`): only subscriptions that Microsoft states are adopted.
    The same file again changes nothing. Raises `customers.adoption_file` for a file that is no such export.
    """
    found = list(read_file(request.file.text))
    lines = [each for each in found if isinstance(each, OldSubscription)]
    findings = [each for each in found if isinstance(each, Finding)]
    rows = _rows(context, [line.subscription_id for line in lines])
    adopted = 0
    for line in lines:
        row = rows.get(line.subscription_id)
        if row is None:
            findings.append(_found(ADOPTION_UNKNOWN_HERE, line, "Microsoft’s list did not name it."))
        elif not is_observed(row):
            findings.append(_found(ADOPTION_MANAGED_ALREADY, line, "It is managed here already; nothing was changed."))
        else:
            findings += _differences(line, row)
            adopted += _take_standing(context, line, row)
    result = Adopted(
        lines=len(lines),
        adopted=adopted,
        unchanged=sum(1 for line in lines if line.subscription_id in rows) - adopted,
        findings=tuple(_told(finding) for finding in findings),
    )
    if not adopted:
        return Outcome(result=result, entry=None)
    entry = EvidenceDraft(
        kind=ADOPTED.name,
        subject_type="adoption",
        subject_id=SOURCE,
        payload={"source": SOURCE, "subscriptions": adopted, "lines": len(lines), "findings": len(findings)},
    )
    return Outcome(result=result, entry=entry)


def _rows(context: CommandContext, ids: list[str]) -> dict[str, SubscriptionRow]:
    found: dict[str, SubscriptionRow] = {}
    for start in range(0, len(ids), 500):
        wanted = select(SubscriptionRow).where(SubscriptionRow.subscription_id.in_(ids[start : start + 500]))
        found |= {row.subscription_id: row for row in context.session.scalars(wanted.with_for_update())}
    return found


def _take_standing(context: CommandContext, line: OldSubscription, row: SubscriptionRow) -> bool:
    """Take from a line whether a subscription was set up; return whether anything changed."""
    is_living = row.status in {CommercialStatus.SUBSCRIBED, CommercialStatus.SUSPENDED}
    wanted = ProvisioningState.READY if is_living and line.was_set_up else ProvisioningState.NONE
    if row.adopted_from == SOURCE and row.provisioning == wanted:
        return False
    row.adopted_from, row.adopted_at = SOURCE, row.adopted_at or context.now
    if row.provisioning != wanted:
        row.provisioning, row.provisioning_since_at = wanted.value, context.now
        row.provisioning_note = (
            BASELINE_NOTE if wanted is ProvisioningState.READY else "Not set up by the older system."
        )
    return True


def _differences(line: OldSubscription, row: SubscriptionRow) -> Iterator[Finding]:
    if line.plan_id and line.plan_id != row.plan_id:
        yield _found(ADOPTION_DIFFERS, line, f"The plan is {line.plan_id} there and {row.plan_id} at Microsoft.")
    if line.quantity is not None and row.quantity is not None and line.quantity != row.quantity:
        yield _found(ADOPTION_DIFFERS, line, f"There are {line.quantity} seats there and {row.quantity} at Microsoft.")
    has_ended = line.status.lower() == "unsubscribed"
    if has_ended != (row.status == CommercialStatus.UNSUBSCRIBED):
        yield _found(ADOPTION_DIFFERS, line, f"It is {line.status} there and {row.status_text} at Microsoft.")
    if row.status == CommercialStatus.SUBSCRIBED and not line.was_set_up:
        yield _found(ADOPTION_NOT_SET_UP, line, f"Microsoft bills it, and it is {line.status} there.")


def _found(kind: FindingKind, line: OldSubscription, message: str) -> Finding:
    return kind.found(message, row=line.line, subject=line.subscription_id)


def _told(finding: Finding) -> AdoptionFinding:
    return AdoptionFinding(
        code=finding.code,
        level=finding.level.value,
        line=finding.row,
        subscription_id=finding.subject,
        message=finding.message,
        remedy=finding.remedy,
    )
