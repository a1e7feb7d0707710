"""A first draft from a few answers: who, which plan, how much, from when, by which pattern.

The rest of a deal is written in its text, which this makes; faults are kept in the draft and told, so that nobody has
to know every rule before there is something to look at.
"""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import Field

from fairkeeper.action.operation import CommandContext, OperationInput, Outcome, command
from fairkeeper.deals.actions.build_schedule import BuildSchedule, Pattern, charges_of_request
from fairkeeper.deals.actions.save_deal import SavedDeal, saved
from fairkeeper.deals.book.contents import slug_of
from fairkeeper.deals.book.evidence_kinds import SAVED
from fairkeeper.deals.book.store import entry_about, new_deal, plan_ids_in_use
from fairkeeper.deals.deal import (
    Agreement,
    ChannelPartner,
    Customer,
    Deal,
    DealKind,
    Eligibility,
    Plan,
    PricingKind,
    RenewalAttestation,
)
from fairkeeper.deals.files.writing import write_deal
from fairkeeper.values.currencies import currency
from fairkeeper.values.money import Money
from fairkeeper.values.period import Duration


class DraftDeal(OperationInput):
    """The answers."""

    name: str = Field(min_length=1, max_length=128, description="What the private offer is called.")
    customer: str = Field(min_length=1, max_length=200, description="Who shall accept and buy.")
    billing_account: str = Field("", max_length=120, description="The customer's billing account id, if it is known.")
    tenant: str = Field("", max_length=64, description="The customer's tenant id, if it is known.")
    country: str = Field("US", max_length=2, description="Country of the billing account, two letters.")
    agreement: Agreement | None = Field(None, description="The customer's agreement with Microsoft.")
    partner: str = Field("", max_length=200, description="The channel partner of a multiparty offer; none if empty.")
    partner_seller_id: str = Field("", max_length=20, description="The channel partner's Marketplace seller id.")
    offer: str = Field(min_length=1, max_length=50, description="Offer id, as in Partner Center.")
    plan: str = Field(min_length=1, max_length=50, description="Plan id of the public plan it starts from.")
    new_plan: str = Field("", max_length=50, description="Id of the customised plan; made of the name if empty.")
    currency: str = Field("USD", max_length=3, description="Its currency.")
    total: str = Field(max_length=40, description="Everything that is charged, in major units.")
    accept_by: date = Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), description="Last day to accept.")
    starts_on: date = Field(ge=date(2000, 1, 1), le=date(2199, 12, 31), description="First day, the first of a month.")
    term_months: int = Field(12, ge=1, le=600, description="Length of the contract in months.")
    pattern: Pattern = Field(Pattern.QUARTERLY, description="How the total is spread.")
    every_months: int = Field(12, ge=1, le=600, description="Months between equal charges.")
    free_months: int = Field(0, ge=0, le=600, description="Months at the start in which nothing is charged.")
    setup_fee: str | None = Field(None, max_length=40, description="Part of the total that is charged at the start.")
    is_renewal: bool = Field(False, description="Attest it as a qualifying renewal, for half of the agency fee.")
    renewal_evidence: str = Field("", max_length=500, description="What the attestation rests on.")
    eligible: bool = Field(
        False, description="Partner programme, publisher agreement and a published offer are all in place."
    )
    prepared_by: str = Field("", max_length=200, description="Mail address of whoever prepared it.")
    owner: str = Field("", max_length=200, description="Whose deal it is; yours if empty.")
    crm_id: str = Field("", max_length=120, description="Id of the CRM opportunity.")


@command(
    "deals.draft_deal", groups=("deals.change",), evidence=(SAVED,), http="POST /deal-drafts", cli="deals draft NAME"
)
def draft_deal(context: CommandContext, request: DraftDeal) -> Outcome[SavedDeal]:
    """Write the first draft of a deal from a few answers; the draft's page tells what is still wrong with it.

    Raises:
        PatternRefusedError: The pattern does not fit into the term, or lacks what it needs.
        AmountRefusedError, CurrencyUnknownError: An amount or the currency is none.
    """
    deal = _deal(request, plan_ids_in_use(context.session))
    row = new_deal(context.session, deal, write_deal(deal), source="written", by=context.principal.id, now=context.now)
    row.owner, row.crm_id = request.owner or context.principal.display, request.crm_id
    return Outcome(result=saved(row), entry=entry_about(SAVED, row))


def _deal(request: DraftDeal, taken: frozenset[str]) -> Deal:
    unit = currency(request.currency.upper())
    build = BuildSchedule(
        total=request.total,
        currency=unit.code,
        starts_on=request.starts_on,
        term_months=request.term_months,
        pattern=request.pattern,
        every_months=request.every_months,
        free_months=request.free_months,
        setup_fee=request.setup_fee,
    )
    plan = Plan(
        offer=request.offer,
        plan=request.plan,
        new_plan=request.new_plan or slug_of(request.name, taken)[:50],
        new_plan_name=request.name,
        term_months=request.term_months,
        agreed_total=Money.from_decimal_text(request.total, unit),
        schedule=charges_of_request(build),
    )
    known = True if request.eligible else None
    return Deal(
        name=request.name,
        kind=DealKind.MULTIPARTY if request.partner else DealKind.CUSTOMER,
        pricing=PricingKind.CUSTOMISED_PLAN,
        currency=unit,
        accept_by=request.accept_by,
        billing_starts=request.starts_on,
        ends=Duration(months=request.term_months).after(request.starts_on) - timedelta(days=1),
        plans=(plan,),
        customer=Customer(
            name=request.customer,
            billing_account=request.billing_account,
            country=request.country.upper(),
            tenant_id=request.tenant,
            agreement=request.agreement,
        ),
        partner=ChannelPartner(name=request.partner, seller_id=request.partner_seller_id) if request.partner else None,
        prepared_by=request.prepared_by,
        contacts=(request.prepared_by,) if request.prepared_by else (),
        eligibility=Eligibility(partner_program=known, publisher_agreement=known, published_offer=known),
        renewal_attestation=RenewalAttestation(qualifies=True, evidence=request.renewal_evidence)
        if request.is_renewal
        else None,
    )


OPERATIONS = (draft_deal,)
