"""What Microsoft's documents leave open, in one table: how Fairkeeper reads it, why, and what happens without it.

Separate from the rules, so that a deal desk that knows better from its own Partner Center switches a reading off in one
place, and so that nobody mistakes one for a documented rule. A finding that rests on an assumption carries its key in
`detail`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from fairkeeper.errors import InvalidError


class AssumptionUnknownError(InvalidError):
    """No assumption has this key."""

    code = "deals.assumption_unknown"
    remedy = "`fairkeeper deals assumptions` lists the keys."


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """One reading of ours.

    Args:
        key: Its stable name.
        label: What is assumed, one sentence.
        otherwise: What is done when it is switched off.
        source: What the documents say, and where they stop.
    """

    key: str
    label: str
    otherwise: str
    source: str


CEILING_CONVERTS: Final = Assumption(
    key="ceiling_converts",
    label="The ceiling of 100,000,000 USD holds in other currencies for what is worth as much.",
    otherwise="Only deals in USD are held to the ceiling.",
    source="The Marketplace blog on flexible billing names the ceiling in USD and every Marketplace currency.",
)
CEILING_PER_DEAL: Final = Assumption(
    key="ceiling_per_deal",
    label="The ceiling holds for all plans of a private offer together.",
    otherwise="Each plan is held to the ceiling alone.",
    source="Announcements speak of deals up to the ceiling; no page defines a deal of several plans.",
)
MONTH_BOUNDARIES: Final = Assumption(
    key="month_boundaries",
    label="A fixed start is the first day of a month and an end the last day of one, as the API's schema says.",
    otherwise="Any day may start or end an offer.",
    source="Private offers API, schema 2023-07-15; pages on flexible billing do not repeat or lift it.",
)
MINIMUM_ONE_YEAR: Final = Assumption(
    key="minimum_one_year",
    label="A flexible schedule needs a contract of twelve months or more.",
    otherwise="Any contract longer than one month may have one.",
    source="The announcement speaks of one year or more; the page on flexible billing excludes only one month.",
)
LONGEST_FIVE_YEARS: Final = Assumption(
    key="longest_five_years",
    label="No contract is longer than sixty months.",
    otherwise="The length is not limited.",
    source="Terms of four and five years came in 2025; custom durations appeared in 2026 without a stated maximum.",
)
CHARGE_ABOVE_ZERO: Final = Assumption(
    key="charge_above_zero",
    label="Only the charge at the start may be zero.",
    otherwise="Any installment may be zero.",
    source="The page on flexible billing allows zero at the start; a minimum for dated charges was not found.",
)
CHARGE_AFTER_START: Final = Assumption(
    key="charge_after_start",
    label="A dated charge lies after the first day of the contract, whose own charge is the one at the start.",
    otherwise="A dated charge may fall on the first day too.",
    source="The page on flexible billing has the first line charged at purchase; equal dates are not mentioned.",
)
LATEST_ACCEPTANCE: Final = Assumption(
    key="latest_acceptance",
    label="A dated charge lies after the last day to accept, since an offer may be accepted as late as that.",
    otherwise="Dated charges are only held against the contract's first day.",
    source="What happens to a charge dated before the purchase is not described.",
)
LAST_DAY_INCLUDED: Final = Assumption(
    key="last_day_included",
    label="A charge may fall on the contract's last day.",
    otherwise="A charge lies before the contract's last day.",
    source="The page on flexible billing asks for dates before the end; its exact wording was not seen.",
)
START_NOT_PAST: Final = Assumption(
    key="start_not_past",
    label="A fixed start lies after the day of the check.",
    otherwise="A start in the past is not reported.",
    source="Job failures of the API name start dates; whether a past one is refused was not found.",
)
MULTIPARTY_COUNTRIES: Final = Assumption(
    key="multiparty_countries",
    label="Multiparty offers and professional services are sold to customers in US, GB and CA.",
    otherwise="The customer's country is not checked.",
    source="Pages of 2025 name these three; the current list is not public in what was readable.",
)
PARTNER_COUNTRIES: Final = Assumption(
    key="partner_countries",
    label="The channel partner of a multiparty offer is paid in US or GB.",
    otherwise="The channel partner's country is not checked.",
    source="Pages of 2025 ask for a tax profile of the United States or the United Kingdom; the list may have grown.",
)
MULTIPARTY_NO_SERVICES: Final = Assumption(
    key="multiparty_no_services",
    label="Professional services are not sold in multiparty offers.",
    otherwise="They may be.",
    source="The multiparty pages list SaaS, virtual machines and Azure applications, later containers.",
)
BILLING_PAIRS: Final = Assumption(
    key="billing_pairs",
    label="Regular billing of a year or more is once or monthly, from two years also yearly; four and five as three.",
    otherwise="Any frequency may go with any term.",
    source="Pages on prices list the pairs up to three years (2023); those of four and five years were not seen.",
)
CURRENCY_LIST: Final = Assumption(
    key="currency_list",
    label="Software offers are sold in the sixteen currencies of May 2023.",
    otherwise="Any currency may be used.",
    source="Microsoft Learn, geographic availability and currency support, May 2023.",
)

ASSUMPTIONS: Final[tuple[Assumption, ...]] = (
    CEILING_CONVERTS,
    CEILING_PER_DEAL,
    MONTH_BOUNDARIES,
    MINIMUM_ONE_YEAR,
    LONGEST_FIVE_YEARS,
    CHARGE_ABOVE_ZERO,
    CHARGE_AFTER_START,
    LATEST_ACCEPTANCE,
    LAST_DAY_INCLUDED,
    START_NOT_PAST,
    MULTIPARTY_COUNTRIES,
    PARTNER_COUNTRIES,
    MULTIPARTY_NO_SERVICES,
    BILLING_PAIRS,
    CURRENCY_LIST,
)
"""The one table."""

MULTIPARTY_COUNTRY_CODES: Final = frozenset({"US", "GB", "CA"})
"""The countries of `multiparty_countries`, as seen on 2026-11-22."""
PARTNER_COUNTRY_CODES: Final = frozenset({"US", "GB"})
"""The countries of `partner_countries`, as seen on 2026-11-22."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Which assumptions hold; all of them unless some are switched off.

    Example:
        >>> Assumptions.without(["ceiling_converts"]).holds(CEILING_CONVERTS)
        False
    """

    off: frozenset[str] = frozenset()

    @classmethod
    def without(cls, keys: Iterable[str]) -> Self:
        """Return all but some.

        Raises:
            AssumptionUnknownError: The table has none of such a key.
        """
        off = frozenset(keys)
        if unknown := sorted(off - {assumption.key for assumption in ASSUMPTIONS}):
            message = f"No assumption is called {', '.join(unknown)}."
            raise AssumptionUnknownError(message)
        return cls(off)

    def holds(self, assumption: Assumption) -> bool:
        """Say whether a reading is in force."""
        return assumption.key not in self.off

    def __iter__(self) -> Iterator[tuple[Assumption, bool]]:
        """Go through the table with what holds."""
        return iter([(assumption, self.holds(assumption)) for assumption in ASSUMPTIONS])
