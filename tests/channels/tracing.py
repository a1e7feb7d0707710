"""One whole chain of Contoso's: a governed call that was metered, and the reports that carry it to the bank."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from fairkeeper.action.principal import system
from fairkeeper.customers.path.lifecycle import OperationState
from fairkeeper.governance.actions.decide import decide
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.actions.register_tool import register_tool
from fairkeeper.governance.tables import AgentRow, DataGrantRow, DecisionRow, IntendedUseRow
from fairkeeper.metering.actions.counting import count_hours
from fairkeeper.metering.actions.entering import meter_actions
from fairkeeper.metering.actions.setting import set_dimension
from fairkeeper.metering.tables import MeteredResourceRow, UsageCountRow
from fairkeeper.payouts.actions.receive_file import receive_file
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import Importer
from tests.channels.governing import OWNER, TOOL, let_act
from tests.channels.stage import Stage

DIMENSION = "answers"
RECORD = "0de40000-0001-4000-8000-000000000077"
EARNING, PAYMENT = "E0007701", "2026120010077"


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeChain:
    """The ids of everything on it."""

    subscription: str
    count: str
    decision: str
    outcome_entry: str
    permit: str
    data_grant: str
    agent: str


def make_chain(stage: Stage, folder: Path) -> WholeChain:
    """Let Contoso's assistant do something that is metered, and hand over the reports of the month."""
    contoso = stage.contoso
    before = let_act(stage, contoso.subscription_id, OperationState.ENABLED)
    with stage.installation.database.read() as session:
        own = AgentRow.customer_id == contoso.customer_id
        agent = session.scalars(select(AgentRow).where(own, AgentRow.name == "assistant")).one().agent_id
        use = session.scalars(select(IntendedUseRow).where(IntendedUseRow.agent_id == agent)).first()
        grant = session.scalars(select(DataGrantRow).where(DataGrantRow.agent_id == agent)).first()
        offer = session.get_one(MeteredResourceRow, contoso.subscription_id).offer_id
    assert use is not None
    assert grant is not None
    for plan in ("plan-of-contoso", "team"):
        known = {"title": "Answers", "unit": "answer", "included_monthly": "0"}
        stage.run(set_dimension, OWNER, offer_id=offer, plan_id=plan, dimension=DIMENSION, **known)
    tool: dict[str, Any] = {**TOOL, "name": "answer", "title": "Answer a letter", "reads": ["letters"]}
    tool["meters"] = [{"dimension": DIMENSION}]
    tool_id = stage.run(register_tool, OWNER, customer_id=contoso.customer_id, **tool).tool_id
    link = {"agent_id": agent, "use_id": use.use_id}
    permit = stage.run(permit_tool, OWNER, tool_id=tool_id, lane="automatic", **link).permit_id
    asked: dict[str, Any] = {**link, "tool": tool_id, "task_id": "letter", "arguments": {"to": "Contoso"}}
    decided = stage.run(decide, **asked)
    assert decided.allowed, decided
    stage.run(record_outcome, OWNER, decision_id=decided.decision_id, outcome="ok")
    let_act(stage, contoso.subscription_id, before)
    told = {"resource_id": contoso.subscription_id}
    stage.run(meter_actions, system("metering"), dimension=DIMENSION, **told)
    stage.clock.set_offset(stage.clock.offset + timedelta(hours=3))
    stage.run(count_hours, system("metering"), **told)
    hand_over(stage, folder, contoso.subscription_id)
    with stage.installation.database.read() as session:
        outcome = session.get_one(DecisionRow, decided.decision_id).outcome_entry_id
        counted = select(UsageCountRow.count_id).where(UsageCountRow.dimension == DIMENSION)
        count = session.scalars(counted).one()
    return WholeChain(
        subscription=contoso.subscription_id,
        count=count,
        decision=decided.decision_id,
        outcome_entry=str(outcome),
        permit=f"permit:{permit}",
        data_grant=grant.grant_id,
        agent=agent,
    )


def hand_over(stage: Stage, folder: Path, asset: str) -> None:
    """Hand over the reports of one order with one metered line, which was paid and has arrived."""
    library: Library = stage.installation.library
    importer = Importer(stage.installation.runner, library)
    for name, row in _rows(asset).items():
        path = folder / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerow(row)
        staged = library.take_file(path)
        stage.run(receive_file, OWNER, sha256=staged.sha256, name=path.name)
        importer.read(staged.sha256)


def _rows(asset: str) -> Mapping[str, Mapping[str, str]]:
    day, line = "2026-11-22", {"LineItemId": "1", "AssetId": asset}
    return {
        "orders": {
            "AssetId": asset,
            "OrderVersion": "1",
            "EventTimestamp": "2026-11-01T08:00:00Z",
            "OrderAction": "Purchase",
            "OrderStatus": "Active",
            "OrderPurchaseDate": "2026-11-01",
            "MonthStartDate": "2026-11-01",
            "purchaseRecordId": RECORD,
            "purchaseRecordLineItemId": "1",
            "BilledRevenue": "12.00",
            "Currency": "USD",
            "ReferenceId": asset,
        },
        "usage": {
            "UsageReference": f"{RECORD}:1",
            "UsageDate": day,
            "MeterDimension": DIMENSION,
            "MeteredUsage": "1",
            "UsageUnit": "answer",
            "CustomerCurrencyCC": "USD",
            "EstimatedExtendedChargeCC": "12.00",
            "ReferenceId": asset,
        },
        "revenue": {
            "PurchaseRecordId": RECORD,
            **line,
            "BillingModel": "UsageBased",
            "MonthStartDate": "2026-11-01",
            "PayoutStatus": "Sent",
            "Revenue": "12.00",
            "TransactionCurrency": "USD",
            "EstimatedRevenueUSD": "12.00",
            "CustomerCompanyName": "Contoso",
        },
        "earnings": {
            "earningId": EARNING,
            "assetId": asset,
            "OrderId": RECORD,
            "LineItemId": "1",
            "transactionDate": day,
            "transactionType": "purchase",
            "transactionAmount": "12.00",
            "transactionCurrency": "USD",
            "earningDate": day,
            "earningAmount": "11.64",
            "earningAmountUSD": "11.64",
            "paymentStatus": "Sent",
            "paymentId": PAYMENT,
        },
        "payments": {
            "paymentID": PAYMENT,
            "participantID": "41234567",
            "participantIDType": "SellerId",
            "programName": "Commercial Marketplace",
            "earned": "11.64",
            "earnedCurrencyCode": "USD",
            "earnedUSD": "11.64",
            "totalPayment": "11.64",
            "paymentCurrencyCode": "USD",
            "paymentDate": day,
            "paymentStatus": "Sent",
        },
        "bank": {"Date": day, "Amount": "11.64", "Currency": "USD", "Description": f"MICROSOFT {PAYMENT}"},
    }
