"""The sheet to enter by hand has everything, in the order of the wizard."""

from __future__ import annotations

import pytest
from hypothesis import given

from fairkeeper.deals.deal import Deal, DealKind, LocalPrice, PricingKind, RenewalAttestation, Side, TermsDocument
from fairkeeper.deals.errors import NoChannelPartnerError
from fairkeeper.deals.files.reading import read_deal
from fairkeeper.deals.prices.percentage import Percentage
from fairkeeper.deals.submission.sheet import Sheet, make_sheet
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from tests.unit.deals.builders import EXAMPLES, a_deal, a_multiparty_deal, a_plan, deals


def values(sheet: Sheet) -> dict[str, str]:
    return {field.field: field.value for page in sheet.pages for field in page.fields}


def test_the_first_worked_deal_can_be_typed_from_its_sheet() -> None:
    deal = read_deal((EXAMPLES / "three-years.yaml").read_text("utf-8")).deal
    assert deal is not None
    sheet = make_sheet(deal)
    entered = values(sheet)
    assert entered["Private offer name"] == "Contoso three years"
    assert (entered["Start date"], entered["End date"], entered["Accept by"]) == (
        "2024-12-01",
        "2027-11-30",
        "2024-11-30",
    )
    assert entered["Contract duration"] == "3 years (36 months)"
    (page,) = [page for page in sheet.pages if page.lines]
    assert page.path[-3:] == ("Configure pricing", "Billing frequency", "Flexible schedule")
    assert "Customize SaaS plans and Professional Services" in page.path
    assert [(line.date, line.amount, line.note) for line in page.lines][:2] == [
        ("Billing starts", "2,000,000.00 USD", "Setup fee – 1st month"),
        ("2025-01-01", "5,000,000.00 USD", "Year 1 installment #2"),
    ]
    assert page.total == "80,000,000.00 USD"


@pytest.mark.parametrize(
    ("pricing", "words"),
    [
        (PricingKind.VM_RESERVATION, "Customize VM software reservations"),
        (PricingKind.PROFESSIONAL_SERVICE, "Customize SaaS plans and Professional Services"),
    ],
)
def test_the_way_depends_on_the_pricing(pricing: PricingKind, words: str) -> None:
    assert any(words in page.path for page in make_sheet(a_deal(pricing=pricing)).pages)


def test_each_market_has_its_page() -> None:
    eur = currency("EUR")
    price = LocalPrice(
        currency=eur, markets=("FR", "BE"), amounts=tuple(Money(100 * line, eur) for line in range(1, 5))
    )
    sheet = make_sheet(a_deal(a_plan(local_prices=(price,))))
    local = sheet.pages[-2]
    assert local.path[-2:] == ("Edit prices by market", "EUR: FR, BE")
    assert [line.amount for line in local.lines] == ["1.00 EUR", "2.00 EUR", "3.00 EUR", "4.00 EUR"]
    assert local.total == "10.00 EUR"


def test_the_attestation_is_asked_while_there_is_time() -> None:
    deal = a_deal(renewal_attestation=RenewalAttestation(qualifies=True, evidence="Contract 17"))
    assert values(make_sheet(deal))["Renewal (agency fee discount; cannot be changed later)"] == "Yes, it qualifies"


def test_a_channel_partner_sees_the_customers_prices_and_its_own_documents() -> None:
    terms = (TermsDocument(file="ours.pdf"), TermsDocument(file="theirs.pdf", added_by=Side.CHANNEL_PARTNER))
    deal = a_multiparty_deal(a_plan(adjustment=Percentage.parse("10"), note="With support"), terms=terms)
    sheet = make_sheet(deal, Side.CHANNEL_PARTNER)
    entered = values(sheet)
    assert (entered["Customer adjustment"], entered["Note"]) == ("10 %", "With support")
    assert entered["Terms and conditions"] == "theirs.pdf"
    assert sheet.pages[-1].total == "1,100,000.00 USD"
    assert values(make_sheet(deal))["Terms and conditions"] == "ours.pdf"


def test_only_a_multiparty_offer_has_a_channel_partners_sheet() -> None:
    with pytest.raises(NoChannelPartnerError):
        make_sheet(a_deal(), Side.CHANNEL_PARTNER)


@given(deals())
def test_every_deal_has_a_sheet_without_empty_fields(deal: Deal) -> None:
    for side in Side if deal.kind is DealKind.MULTIPARTY else [Side.ORIGINATOR]:
        sheet = make_sheet(deal, side)
        assert all(field.value for page in sheet.pages for field in page.fields)
        assert all(page.path[:2] == ("Marketplace offers", "Private offers") for page in sheet.pages)
        assert len({page.path for page in sheet.pages}) == len(sheet.pages) or len(deal.plans[0].local_prices) > 0
