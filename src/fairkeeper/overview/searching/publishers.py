"""Kinds of the publisher's own things: its deals, payouts, opportunities and account."""

from __future__ import annotations

from typing import Final

from fairkeeper.accounts.tables import (
    ProgrammeRow,
    VerificationDocumentRow,
    VerificationEventRow,
    VerificationIncidentRow,
)
from fairkeeper.accounts.verification.tracking import list_programmes
from fairkeeper.deals.book.queries import list_deals
from fairkeeper.deals.book.tables import DealChargeRow, DealImportRow, DealRow
from fairkeeper.opportunities.queries import list_cards
from fairkeeper.opportunities.tables import AlertRow, CardRow, RunRow, SnapshotRow
from fairkeeper.overview.searching.declaring import Kind, at, field_of, fixed, money_of
from fairkeeper.payouts.queries import list_findings
from fairkeeper.payouts.tables import PayoutFindingRow

KINDS: Final = (
    Kind(
        name="deal",
        prefix="dea",
        door=list_deals,
        row=DealRow,
        key=DealRow.deal_id,
        page=at("/deals/{}", "slug"),
        label=field_of("name"),
        line=lambda row: f"{row.customer_name}, {row.state}, {money_of(row, row.total_minor)}",
        exact=(DealRow.slug, DealRow.private_offer_id, DealRow.crm_id),
        names=(DealRow.name, DealRow.customer_name, DealRow.slug),
        minor=DealRow.total_minor,
    ),
    Kind(
        name="charge of a deal",
        door=list_deals,
        row=DealChargeRow,
        key=DealChargeRow.id,
        page=at("/deals/{}#money", "deal_id"),
        is_staffs=True,
        label=lambda row: f"{money_of(row, row.amount_minor)} on {row.charged_on:%d %b %Y}",
        line=field_of("deal_name"),
        minor=DealChargeRow.amount_minor,
    ),
    Kind(
        name="import of deals",
        prefix="imp",
        door=list_deals,
        row=DealImportRow,
        key=DealImportRow.import_id,
        page=fixed("/deals/all"),
        label=field_of("file_name"),
        line=lambda row: f"{row.asked_at:%d %b %Y %H:%M} UTC",
    ),
    Kind(
        name="difference in payouts",
        door=list_findings,
        row=PayoutFindingRow,
        key=PayoutFindingRow.finding_id,
        page=at("/payouts/findings/{}", "finding_id"),
        label=field_of("message"),
        line=lambda row: " ".join(filter(None, (row.amount, row.currency, row.state))),
        exact=(
            PayoutFindingRow.finding_id,
            PayoutFindingRow.purchase_record_id,
            PayoutFindingRow.line_item_id,
            PayoutFindingRow.asset_id,
            PayoutFindingRow.earning_id,
            PayoutFindingRow.payment_id,
        ),
        names=(PayoutFindingRow.customer,),
    ),
    Kind(
        name="opportunity",
        prefix="opp",
        door=list_cards,
        row=CardRow,
        key=CardRow.id,
        page=at("/opportunities/cards/{}", "id"),
        label=lambda row: f"{row.tenant_name}: {row.lens.replace('_', ' ')}",
        line=field_of("state"),
        guids=(CardRow.tenant_id,),
        names=(CardRow.tenant_name,),
    ),
    Kind(
        name="alert",
        prefix="alr",
        door=list_cards,
        row=AlertRow,
        key=AlertRow.id,
        page=fixed("/opportunities/alerts"),
        label=field_of("sentence"),
        line=field_of("tenant_name"),
        guids=(AlertRow.tenant_id,),
    ),
    Kind(
        name="snapshot of insights",
        prefix="snp",
        door=list_cards,
        row=SnapshotRow,
        key=SnapshotRow.id,
        page=fixed("/opportunities/portfolio"),
        label=field_of("file_name"),
        line=lambda row: f"as of {row.as_of:%d %b %Y}",
    ),
    Kind(
        name="ranking",
        prefix="run",
        door=list_cards,
        row=RunRow,
        key=RunRow.id,
        page=fixed("/opportunities/track-record"),
        label=field_of("connection"),
        line=lambda row: f"as of {row.as_of:%d %b %Y}",
    ),
    Kind(
        name="verification",
        prefix="ver",
        door=list_programmes,
        row=ProgrammeRow,
        key=ProgrammeRow.programme_id,
        page=at("/accounts/verification/{}", "slug"),
        label=field_of("name"),
        line=field_of("publisher_id"),
        exact=(ProgrammeRow.slug,),
        names=(ProgrammeRow.name,),
    ),
    Kind(
        name="event of a verification",
        prefix="vev",
        door=list_programmes,
        row=VerificationEventRow,
        key=VerificationEventRow.event_id,
        page=at("/accounts/verification/{}", "programme_id"),
        label=field_of("kind"),
        line=lambda row: f"{row.happened_on:%d %b %Y}",
    ),
    Kind(
        name="document of a verification",
        prefix="vdo",
        door=list_programmes,
        row=VerificationDocumentRow,
        key=VerificationDocumentRow.document_id,
        page=at("/accounts/verification/{}", "programme_id"),
        label=field_of("title"),
        line=field_of("file_name"),
        names=(VerificationDocumentRow.title,),
    ),
    Kind(
        name="lost verification",
        prefix="inc",
        door=list_programmes,
        row=VerificationIncidentRow,
        key=VerificationIncidentRow.incident_id,
        page=at("/accounts/verification/{}", "programme_id"),
        label=field_of("step"),
        line=lambda row: f"lost on {row.lost_on:%d %b %Y}",
    ),
)
