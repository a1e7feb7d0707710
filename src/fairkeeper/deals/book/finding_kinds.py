"""What the book of deals puts before a person; the rules of a deal's contents have theirs beside them."""

from __future__ import annotations

from typing import Final

from fairkeeper.deals.checks.declaring import declare
from fairkeeper.values.findings import Level

ACCEPTANCE_NEAR: Final = declare(
    "acceptance_near",
    title="An offer that nobody has accepted ends soon",
    remedy="Ask whoever may accept it: an administrator of the enrolment, or an owner or contributor of the billing "
    "account. The hand-over page says who does what.",
    resource="learn-private-offers",
    example="accept_by: 2026-12-15, on 2026-12-08",
    level=Level.WARNING,
)
PARTNER_WAITING: Final = declare(
    "partner_waiting",
    title="The channel partner has not sent the offer to the customer",
    remedy="Write to the partner: Microsoft tells nobody. The partner adds its adjustment and submits it.",
    resource="learn-multiparty-private-offers",
    example="with the channel partner for seven days",
    level=Level.WARNING,
)
PURCHASE_MISSING: Final = declare(
    "purchase_missing",
    title="An accepted offer was not bought",
    remedy="Ask an owner or contributor of an Azure subscription under the same billing account to buy it: accepting "
    "alone starts nothing and is paid by nobody.",
    resource="learn-private-offers",
    example="accepted three days ago, and no subscription",
    level=Level.WARNING,
)
CHARGE_NEAR: Final = declare(
    "charge_near",
    title="A charge of a running contract comes soon",
    remedy="Nothing has to be done; tell the customer if it asked to be told.",
    resource="learn-flexible-billing",
    example="2027-01-01: 5000000.00 USD, on 2026-12-25",
    level=Level.INFO,
)
RENEWAL_NEAR: Final = declare(
    "renewal_near",
    title="A contract ends within ninety days",
    remedy="Agree on the next private offer and attest it as a renewal while it is made: it halves the agency fee for "
    "its whole term, and nobody can add it later. Say how it goes on, and this closes.",
    resource="learn-agency-fee-discount",
    example="ends: 2027-11-30, on 2027-09-01",
    level=Level.WARNING,
)
MATCH_UNCERTAIN: Final = declare(
    "match_uncertain",
    title="A purchase is matched to its deal for certain",
    remedy="Compare the plan, the tenant and the day, and say which deal it came from, or none.",
    resource="learn-private-offers",
    example="the customer's tenant bought the same offer within the days of two deals",
    level=Level.WARNING,
)
SUBMISSION_REFUSED: Final = declare(
    "submission_refused",
    title="Microsoft takes a submitted deal",
    remedy="Correct what Microsoft's words name, and submit again; the printed sheet is the other way in.",
    resource="learn-private-offers-api",
    example="Conflict: The start date should be defined",
)
READ_BACK_DIFFERS: Final = declare(
    "read_back_differs",
    title="What Microsoft holds is what was submitted",
    remedy="Compare the named places in Partner Center; withdraw a wrong offer before the customer accepts it.",
    resource="learn-private-offers-api",
    example="plans/0/schedule/2: 5000000.00 USD there, 5000000.01 USD here",
)
PAYLOAD_NOT_OF_SCHEMA: Final = declare(
    "payload_not_of_schema",
    title="A payload is of the configured schema",
    remedy="Compare the named place with Microsoft's schema; until then enter the deal by the printed sheet.",
    resource="learn-private-offers-api",
    example="resources/0/pricing: 'recurrentPrice' is a required property",
)
DEAL_ROW_UNREADABLE: Final = declare(
    "deal_row_unreadable",
    title="A row of a list of deals says what a deal needs",
    remedy="Correct the cell that is named, or map the column that holds it.",
    resource="learn-private-offers",
    example="Accept by: soon",
)
MARKET_ROW_UNREADABLE: Final = declare(
    "market_row_unreadable",
    title="A row of prices by market names a plan, a market, a line and an amount",
    remedy="Correct the row that is named; nothing was changed. Every market needs all lines of its plan.",
    resource="learn-flexible-billing",
    example="Market: DE, Line: 3, Amount: much",
)
