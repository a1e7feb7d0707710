"""What deals say counts beside the reports: a scheduled charge that is not billed, an attested renewal at the full fee."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.session import Database
from fairkeeper.deals.book.lifecycle import DealState
from fairkeeper.deals.book.store import deal_in, new_deal
from fairkeeper.deals.book.tables import DealChargeRow, DealPurchaseRow
from fairkeeper.payouts.actions.receive_file import receive_file
from fairkeeper.payouts.files.library import Library
from fairkeeper.payouts.importing import Importer
from fairkeeper.payouts.operations import OPERATIONS
from fairkeeper.payouts.queries import list_findings
from fairkeeper.values.ids import CustomerId, SubscriptionId
from tests.actions.house import House

FINANCE = Principal(id="per_finance", kind=PrincipalKind.STAFF, roles=frozenset({"finance"}), display="Fay")
EXAMPLE = Path(__file__).parents[3] / "examples" / "deals" / "one-year-by-quarter.yaml"
ASSET = "5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a02"
REVENUE = "PurchaseRecordId,LineItemId,AssetId,BillingModel,MonthStartDate,PayoutStatus,Revenue,TransactionCurrency\n"
EARNINGS = (
    "earningId,assetId,OrderId,LineItemId,transactionType,transactionDate,transactionAmount,transactionCurrency,"
    "earningAmount,earningRate,earningDate,calculationDate,paymentStatus\n"
)


@pytest.fixture
def house(sqlite_template: Path, tmp_path: Path) -> Iterator[House]:
    shutil.copyfile(sqlite_template, tmp_path / "fairkeeper.db")
    database = Database(DatabaseAddress(url=f"sqlite:///{tmp_path / 'fairkeeper.db'}"))
    yield House(database, OPERATIONS, {Library: Library(tmp_path / "library")})
    database.dispose()


def _keep_deal(house: House) -> None:
    """Keep the example as an attested renewal that one subscription came from, with its four charges."""
    text = EXAMPLE.read_text("utf-8").replace(
        "  plans:", "  renewal_attestation: {qualifies: true, evidence: contract 2024}\n  plans:"
    )
    with house.database.write() as session:
        deal = deal_in(text)
        made_at = datetime(2025, 2, 20, tzinfo=UTC)
        row = new_deal(session, deal, text, by="per_dana", now=made_at, source="typed", state=DealState.ACCEPTED)
        subscription, customer = SubscriptionId(ASSET), CustomerId("cus_fabrikam")
        session.add(
            DealPurchaseRow(
                customer_id=customer,
                subscription_id=subscription,
                deal_id=row.deal_id,
                candidates=[],
                offer_id="fairmile-agent",
                plan_id="fabrikam-enterprise-1y",
                bought_on=date(2025, 3, 1),
                matched_by="plan",
                reason="",
                needs_person=False,
                matched_at=made_at,
            )
        )
        days = (date(2025, 3, 1), date(2025, 6, 1), date(2025, 9, 1), date(2025, 12, 1))
        for number, (on, millions) in enumerate(zip(days, (2, 3, 2, 3), strict=True), 1):
            session.add(
                DealChargeRow(
                    customer_id=customer,
                    subscription_id=subscription,
                    deal_id=row.deal_id,
                    deal_name=deal.name,
                    plan="fabrikam-enterprise-1y",
                    number=number,
                    charged_on=on,
                    amount_minor=millions * 100_000_000,
                    currency="USD",
                    note="",
                )
            )


def _found(house: House, tmp_path: Path, asset: str) -> dict[str, tuple[str | None, str]]:
    library = Library(tmp_path / "library")
    importer = Importer(house.runner, library)
    months = ("2025-03", "2025-10", "2025-12")  # the charge of September is billed in October
    texts = {
        "revenue.csv": REVENUE
        + "".join(f"R{month},1,{asset},SubscriptionBased,{month}-01,Sent,2000000,USD\n" for month in months),
        "earnings.csv": EARNINGS
        + "".join(
            f"E{month},{asset},R{month},1,purchase,{month}-01,2000000,USD,1940000,0.97,{month}-03,{month}-03,Sent\n"
            for month in months
        ),
    }
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        staged = library.take_file(path)
        given = {"sha256": staged.sha256, "name": name, "covers_from": "2025-03-01", "covers_to": "2026-11-20"}
        house.run(receive_file, FINANCE, **given)
        importer.read(staged.sha256)
    importer.evaluate()
    page = house.run(list_findings, FINANCE, limit=100)
    return {f"{each.code} {each.since_on}": (each.amount, each.message) for each in page.findings}


def test_a_scheduled_charge_that_is_not_billed_and_an_attestation_without_its_fee_are_found(
    house: House, tmp_path: Path
) -> None:
    _keep_deal(house)
    found = _found(house, tmp_path, ASSET)
    charges = {key: value for key, value in found.items() if "charge_not_billed" in key}
    assert list(charges) == ["payouts.charge_not_billed 2025-06-01"]
    assert charges["payouts.charge_not_billed 2025-06-01"][0] == "3000000.00"
    fees = [value for key, value in found.items() if "fee_mismatch" in key]
    assert [amount for amount, _ in fees] == ["30000.00"] * 3
    assert all("not 1.5%" in message for _, message in fees)


def test_a_subscription_that_no_report_names_is_left_alone(house: House, tmp_path: Path) -> None:
    _keep_deal(house)
    found = _found(house, tmp_path, "another-asset")
    assert [key for key in found if "charge_not_billed" in key or "fee_mismatch" in key] == []
