"""Gives a customer the name people know it by; Microsoft states none."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from fairkeeper.action.operation import CommandContext, EvidenceDraft, OperationInput, Outcome, command
from fairkeeper.customers.evidence_kinds import RENAMED
from fairkeeper.customers.store import load_customer


class RenameCustomer(OperationInput):
    """Whom, and the name."""

    customer: str = Field(max_length=80, description="The customer's id or readable address.")
    name: str = Field(min_length=1, max_length=200, description="The name.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRenamed:
    """Its name; the readable address stays as it is."""

    customer_id: str
    name: str


@command(
    "customers.rename_customer",
    groups=("customers.change",),
    evidence=(RENAMED,),
    http="POST /customers/{customer}/rename",
    cli="customers rename CUSTOMER NAME",
)
def rename_customer(context: CommandContext, request: RenameCustomer) -> Outcome[CustomerRenamed]:
    """Give a customer a name; the readable address stays, so that links keep working."""
    row = load_customer(context.session, request.customer)
    result = CustomerRenamed(customer_id=row.customer_id, name=request.name)
    if row.name == request.name:
        return Outcome(result=result, entry=None)
    row.name = request.name
    entry = EvidenceDraft(
        kind=RENAMED.name,
        subject_type="customer",
        subject_id=row.customer_id,
        customer_id=row.customer_id,
        payload={"name": request.name},
    )
    return Outcome(result=result, entry=entry)
