"""Every kind of finding of this room: what may be wrong with a file, and what may be wrong between order and bank."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds


def _file(name: str, level: Level, title: str, remedy: str, example: str) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(
            code=f"payouts.{name}", level=level, title=title, remedy=remedy, resource="blog-reporting", example=example
        )
    )


FILE_UNREADABLE: Final = _file(
    "file_unreadable",
    Level.ERROR,
    "A file is whole and of a known form",
    "Download the report again and hand it over as it came: csv, tsv, zip, xlsx, or for a bank OFX or camt.053.",
    "earnings.zip whose end is missing",
)
FILE_TOO_LARGE: Final = _file(
    "file_too_large",
    Level.ERROR,
    "A file unpacks to a size that a report can have",
    "Do not open it. Download the report again; split an export of more than a few years by month.",
    "a zip of 40 kB that unpacks to 4 GB",
)
REPORT_UNKNOWN: Final = _file(
    "report_unknown",
    Level.ERROR,
    "The columns of a file are those of a report",
    "Hand over orders, usage, customers, revenue, earnings, payments or bank lines; for a bank's csv save a mapping.",
    "a csv with the columns name, colour",
)
SUMMARY_REFUSED: Final = _file(
    "summary_refused",
    Level.ERROR,
    "Earnings come with their ids",
    "Export the earnings again and choose the detailed report: a summarised one merges rows, so nothing is traceable.",
    "an earnings export without the column earningId",
)
COLUMN_MISSING: Final = _file(
    "column_missing",
    Level.ERROR,
    "A report has every column that its rows mean nothing without",
    "Export the report again with this column.",
    "revenue without PayoutStatus",
)
COLUMNS_ABSENT: Final = _file(
    "columns_absent",
    Level.INFO,
    "A report has every column that is read here",
    "Nothing has to be done; what these columns would tell is unknown.",
    "earnings without storeFee",
)
COLUMNS_UNKNOWN: Final = _file(
    "columns_unknown",
    Level.INFO,
    "Every column of a report is known here",
    "Nothing has to be done; they are kept in the file and not read.",
    "orders with a new column GreenOffset",
)
COLUMN_REPEATED: Final = _file(
    "column_repeated",
    Level.WARNING,
    "A column stands in a file once",
    "Export the report again; the first of the two was read.",
    "earningAmount, earningAmount",
)
VALUE_UNREADABLE: Final = _file(
    "value_unreadable",
    Level.WARNING,
    "Every value can be read as what its column holds",
    "Compare the cell with the report in Partner Center; the row is kept and not counted where it needs the value.",
    "earningAmount: n/a",
)
ROW_UNREADABLE: Final = _file(
    "row_unreadable",
    Level.WARNING,
    "Every row has as many fields as the header",
    "Compare the row with the report in Partner Center; it is kept in the file and not counted.",
    "a row with 12 fields under 60 columns",
)
ENCODING_GUESSED: Final = _file(
    "encoding_guessed",
    Level.INFO,
    "A file is in UTF-8",
    "Check names with accents; amounts and ids are not touched by it.",
    "a csv that a spreadsheet saved as Windows-1252",
)
FORMULA_KEPT: Final = _file(
    "formula_kept",
    Level.WARNING,
    "No cell holds a formula",
    "Nothing was computed. Look where the file comes from: reports of Microsoft have no formulas.",
    '=HYPERLINK("http://attacker.example")',
)


def _chain(  # noqa: PLR0913, PLR0917 - a kind has these parts
    name: str, level: Level, title: str, remedy: str, example: str, resource: str = "learn-payout"
) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(code=f"payouts.{name}", level=level, title=title, remedy=remedy, resource=resource, example=example)
    )


USAGE_NOT_REPORTED: Final = _chain(
    "usage_not_reported",
    Level.ERROR,
    "What Microsoft accepted as metered stands in its usage report",
    "Open a support request with the text below: events were accepted and are not in the usage report.",
    "40 units accepted on 3 May, 25 in the report of May",
)
CHARGE_NOT_BILLED: Final = _chain(
    "charge_not_billed",
    Level.ERROR,
    "A charge that a deal schedules is billed",
    "Compare the schedule in Partner Center with the deal; otherwise open a support request with the text below.",
    "the charge of 1 March of a flexible schedule without a revenue line of March or April",
)
USAGE_NOT_BILLED: Final = _chain(
    "usage_not_billed",
    Level.ERROR,
    "Closed usage is billed by day 7 of the next month",
    "Look for an anomaly that was corrected; otherwise open a support request with the text below.",
    "usage of May without a revenue line by 10 June",
)
REVENUE_UNCOLLECTED: Final = _chain(
    "revenue_uncollected",
    Level.WARNING,
    "Customers pay what they are billed",
    "Talk to the customer; under an enterprise agreement Microsoft may take back what it paid in advance.",
    "a revenue line with the status Uncollected",
)
REVENUE_UNRECONCILED: Final = _chain(
    "revenue_unreconciled",
    Level.ERROR,
    "Microsoft matches billed revenue with earnings within a month",
    "Open a support request with the text below; it names both ids.",
    "a revenue line of May that is Unreconciled in July",
)
EARNING_MISSING: Final = _chain(
    "earning_missing",
    Level.ERROR,
    "Revenue that is owed has an earning",
    "Open a support request with the text below.",
    "revenue with the status Sent and no row in the earnings",
)
EARNING_WITHOUT_REVENUE: Final = _chain(
    "earning_without_revenue",
    Level.WARNING,
    "An earning has a revenue line",
    "Wait for the revenue of the next month; if it does not come, ask support which order it belongs to.",
    "an earning whose order is in no revenue report",
)
FEE_MISMATCH: Final = _chain(
    "fee_mismatch",
    Level.ERROR,
    "The agency fee is 3%, or 1.5% where a renewal was attested",
    "Open a support request with the text below and the evidence of the attestation, if there was one.",
    "95.00 earned of 100.00",
    "learn-agency-fee-discount",
)
PAYMENT_SUM_MISMATCH: Final = _chain(
    "payment_sum_mismatch",
    Level.ERROR,
    "The earnings of a payment add up to it",
    "Export the earnings again; if the difference stays for 72 hours, open a support request.",
    "earnings of 970.00 in a payment of 1,000.00",
)
PAYMENT_FORMULA_MISMATCH: Final = _chain(
    "payment_formula_mismatch",
    Level.ERROR,
    "A payment is what was earned less withheld tax and tax on the fee",
    "Compare with the tax profile and the payment's statement; ask support what was recouped.",
    "1,000.00 earned, 300.00 withheld, 650.00 paid",
)
PAYMENT_OVERDUE: Final = _chain(
    "payment_overdue",
    Level.WARNING,
    "What is eligible is paid in the month that was estimated",
    "Check payout profile, tax profile, a hold on payments and the threshold; then open a support request.",
    "estimated for May, and still Unprocessed in July",
)
BANK_LINE_MISSING: Final = _chain(
    "bank_line_missing",
    Level.ERROR,
    "A payment that was sent arrives within the days of its method",
    "Ask Microsoft for a trace of the payment with the text below, and the bank with its reference.",
    "an ACH payment of 14 May that no bank line shows by 21 May",
)
BANK_AMOUNT_DIFFERS: Final = _chain(
    "bank_amount_differs",
    Level.WARNING,
    "What arrives is what was sent",
    "Look for a fee or a conversion by the bank.",
    "980.00 arrived of 1,000.00 sent",
)
EARNING_NEGATIVE: Final = _chain(
    "earning_negative",
    Level.WARNING,
    "Earnings are not taken back",
    "Read the reason; the earning that is taken back stands beside it.",
    "a refund of 97.00",
)
RESTATED: Final = _chain(
    "restated",
    Level.WARNING,
    "A row that was reported keeps its amount",
    "Nothing has to be done; both versions are kept, and the newer one counts.",
    "earning E-7 of 97.00, later 48.50",
)
BELOW_THRESHOLD: Final = _chain(
    "below_threshold",
    Level.INFO,
    "A balance reaches the 50 USD that are paid out",
    "Nothing has to be done; the balance rolls on to the next month.",
    "31.00 USD matured in May",
)
UNKNOWN_STATUS: Final = _chain(
    "unknown_status",
    Level.WARNING,
    "Every status is one that Microsoft documents",
    "Look it up in Partner Center; the rows are shown as unknown, and nothing is concluded from them.",
    "Collection in progress",
)
STATUS_NEEDS_ACTION: Final = _chain(
    "status_needs_action",
    Level.WARNING,
    "No earning waits for somebody",
    "Do what the status asks for: a tax invoice, the bank profile, or a support request.",
    "an earning with the status Pending tax invoice",
)

CHAIN_KINDS: Final = (
    CHARGE_NOT_BILLED,
    USAGE_NOT_REPORTED,
    USAGE_NOT_BILLED,
    REVENUE_UNCOLLECTED,
    REVENUE_UNRECONCILED,
    EARNING_MISSING,
    EARNING_WITHOUT_REVENUE,
    FEE_MISMATCH,
    PAYMENT_SUM_MISMATCH,
    PAYMENT_FORMULA_MISMATCH,
    PAYMENT_OVERDUE,
    BANK_LINE_MISSING,
    BANK_AMOUNT_DIFFERS,
    EARNING_NEGATIVE,
    RESTATED,
    BELOW_THRESHOLD,
    UNKNOWN_STATUS,
    STATUS_NEEDS_ACTION,
)
"""What may be found between order and bank."""
