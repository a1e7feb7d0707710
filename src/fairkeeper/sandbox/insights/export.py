"""Writes a month of the made-up market as partners' exports come: drifting headers, missing cells, odd texts.

Written from what public tools of partners say about exports, not from our importer: header names that changed within
2026, thousands commas, per cent signs, `Not Available` beside empty cells, masked negative ids, dates in three forms,
tenant ids in mixed case, and columns that are not there every month.
"""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from fairkeeper.sandbox.insights.market import SEGMENTS, SKUS, Market, MarketPlan

if TYPE_CHECKING:
    import numpy as np

_NAMESPACE: Final = uuid.UUID("5f0f3f4e-7d1c-4c76-9f0e-0d5a3c6f1b10")
_FIRST: Final = ("Contoso", "Fabrikam", "Northwind", "Adatum", "Tailspin", "Litware", "Proseware", "Wingtip")
_SECOND: Final = ("Traders", "Logistics", "Clinics", "Foods", "Energy", "Schools", "Design", "Metals", "Media", "Bank")
COUNTRIES: Final = ("Germany", "United States", "Japan", "Brazil")
FIRST_DAY: Final = MarketPlan().first_day
"""The day on which the first month's export is taken, unless the plan says another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """How worn an export is.

    Attributes:
        missing: Share of optional cells that are not there.
        drifts: Whether headers change from month to month.
        odd: Whether cells are written oddly.
    """

    missing: float = 0.04
    drifts: bool = True
    odd: bool = True


def tenant_id(number: int, seed: int) -> str:
    """Return the id of a made-up tenant."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed}/{number}"))


def tenant_name(number: int) -> str:
    """Return the name of a made-up tenant; each is its own.

    Example:
        >>> tenant_name(0), tenant_name(81)
        ('Contoso Traders', 'Fabrikam Traders 2')
    """
    first, second = _FIRST[number % 8], _SECOND[number // 8 % 10]
    return f"{first} {second}" + (f" {1 + number // 80}" if number >= 80 else "")


def taken_on(month: int, first: date = FIRST_DAY) -> date:
    """Return the day on which the export of a month is taken.

    Example:
        >>> taken_on(0).isoformat(), taken_on(12).isoformat()
        ('2025-11-28', '2026-11-28')
    """
    years, place = divmod(first.month - 1 + month, 12)
    return first.replace(year=first.year + years, month=place + 1)


def export_csv(market: Market, month: int, wear: Wear | None = None) -> str:
    """Return one month's Copilot Opportunities as a CSV text."""
    wear = wear or Wear()
    columns = dict(_columns(market, month, wear))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(list(columns))
    present = market.first_month <= month
    rows = zip(*columns.values(), strict=True)
    writer.writerows(row for row, is_here in zip(rows, present, strict=True) if is_here)
    return text.getvalue()


def export_rows(market: Market, month: int) -> tuple[list[str], list[list[str]]]:
    """Return one month's headers and rows, unworn but for missing cells; for workbooks and the API."""
    columns = dict(_columns(market, month, Wear(drifts=False, odd=False)))
    present = market.first_month <= month
    rows = [list(row) for row, here in zip(zip(*columns.values(), strict=True), present, strict=True) if here]
    return list(columns), rows


class _Cells:
    """Writes columns of cells, some of them missing."""

    def __init__(self, market: Market, month: int, wear: Wear) -> None:
        import numpy as np

        self._random = np.random.default_rng((market.plan.seed, month, 77))
        self._wear, self._count = wear, market.plan.tenants

    def counts(self, values: np.ndarray[Any, Any], *, optional: bool = True) -> Sequence[str]:
        """Write whole numbers, with commas where the export is odd."""
        form = "{:,}" if self._wear.odd else "{}"
        return self._worn([form.format(value) for value in values.tolist()], optional=optional)

    def texts(self, values: Sequence[str]) -> Sequence[str]:
        """Write texts."""
        return self._worn(list(values), optional=True)

    def _worn(self, cells: list[str], *, optional: bool) -> Sequence[str]:
        if not optional or not self._wear.missing:
            return cells
        draws = self._random.random(self._count)
        for place in (draws < self._wear.missing).nonzero()[0].tolist():
            cells[place] = "Not Available" if draws[place] < self._wear.missing * 0.6 else ""
        return cells


def _columns(market: Market, month: int, wear: Wear) -> Iterator[tuple[str, Sequence[str]]]:
    import numpy as np

    now, plan = market.months[month], market.plan
    cells = _Cells(market, month, wear)
    new_names = wear.drifts and month >= plan.months // 2
    numbers = range(plan.tenants)
    ids = [tenant_id(number, plan.seed) for number in numbers]
    yield "Tenant Name", [tenant_name(number) for number in numbers]
    yield "Tenant ID", [each.upper() if wear.odd and n % 3 == 0 else each for n, each in enumerate(ids)]
    yield "Tenant Domain", [f"{tenant_name(n).lower().replace(' ', '-')}.example" for n in numbers]
    yield "Tenant Country/Region", [COUNTRIES[n % len(COUNTRIES)] for n in numbers]
    yield ("Customer Segment" if new_names else "Tenant Segment"), [SEGMENTS[s] for s in market.segment.tolist()]
    yield (
        ("TPID" if new_names else "Customer TPID"),
        [str(-(1000 + n) if wear.odd and n % 5 == 0 else 1000 + n) for n in numbers],
    )
    yield (
        "Largest Seat CSP Renewal",
        cells.texts(_renewals(now.months_to_renewal.tolist(), taken_on(month, market.plan.first_day), odd=wear.odd)),
    )
    yield "Dominant SKU Group", [SKUS[s] for s in market.sku.tolist()]
    yield "Copilot Eligible M365 Seats", cells.counts(market.seats, optional=False)
    yield "Copilot Seats Whitespace", cells.counts(market.seats - now.paid_seats)
    yield "Copilot MAU (Licensed)", _paid_users(now, cells)
    yield "Copilot PAU", cells.counts(now.paid_seats, optional=False)
    share = np.minimum(np.divide(now.paid_users, np.maximum(now.paid_seats, 1)), 1)
    yield (
        "Copilot Utilization",
        [f"{value:.0%}" if paid else "N/A" for value, paid in zip(share, now.paid_seats, strict=True)],
    )
    yield "Adoption Status", cells.texts(_statuses(market, month, share))
    yield (
        ("Free Copilot MAU (Unlicensed)" if new_names else "Free Copilot Chat MAU (Unlicensed)"),
        cells.counts(now.chat_users),
    )
    yield "All Copilot MAU", cells.counts(now.paid_users + now.chat_users)
    # The column's meaning changed during 2026: first a difference, then the number of free users itself.
    yield "Free to Paid Whitespace", cells.counts(now.chat_users if new_names else now.chat_users - now.paid_seats)
    yield "All Agents MAU", cells.counts(now.agent_users)
    yield "Copilot Opportunity", _motions(market, now)
    yield "Data Security Maturity", cells.texts(_maturity(market))
    if new_names:
        yield "Users Experiencing Usage Limits", cells.counts(now.limited_users)
        yield "Cumulative License Request", cells.counts(now.requests)
        yield "Agent Intensity", ["High" if value > 1 else "Low" for value in _blurred(market, market.agent_taste, 0.9)]
        yield (
            "E7 Opportunity",
            [
                "Yes" if sku == 4 and s > 0 else "No"
                for sku, s in zip(market.sku.tolist(), market.security, strict=True)
            ],
        )
        yield "Connector Agents MAU", cells.counts((now.agent_users * 0.3).astype(np.int64))
        yield (
            "Custom Engine Agents MAU",
            cells.counts((now.agent_users * np.clip(0.1 + 0.1 * market.agent_taste, 0, 0.5)).astype(np.int64)),
        )
        yield (
            "Frontier Enabled",
            cells.texts(["Enabled" if t > 0.8 else "Disabled" for t in _blurred(market, market.agent_taste, 0.7)]),
        )
        yield "Expansion Ready Propensity", cells.texts(_levels(_blurred(market, share + 0.3 * market.need, 0.6)))
        yield "Admin Settings Recommendations", ["Allow web search" if n % 9 == 0 else "" for n in numbers]


def _paid_users(now: Any, cells: _Cells) -> Sequence[str]:
    """A tenant without seats has no licensed users: the export says Not Available, and not 0."""
    written = list(cells.counts(now.paid_users))
    return [text if paid else "Not Available" for text, paid in zip(written, now.paid_seats.tolist(), strict=True)]


def _renewals(months_ahead: Sequence[int], today: date, *, odd: bool) -> list[str]:
    days = [today + timedelta(days=30 * ahead + 12) for ahead in months_ahead]
    if not odd:
        return [day.isoformat() for day in days]
    forms = ("%Y-%m-%d", "%m/%d/%Y", "%m/%Y")
    return [day.strftime(forms[number % 3]) for number, day in enumerate(days)]


def _blurred(market: Market, values: np.ndarray[Any, Any], noise: float) -> np.ndarray[Any, Any]:
    import numpy as np

    random = np.random.default_rng((market.plan.seed, 5))
    return np.asarray(values + random.normal(0, noise, market.plan.tenants))


def _levels(values: np.ndarray[Any, Any]) -> list[str]:
    import numpy as np

    low, high = np.quantile(values, (0.5, 0.85))
    return ["High" if value > high else "Medium" if value > low else "Low" for value in values]


def _maturity(market: Market) -> list[str]:
    words = ("Minimal", "Limited-Unhealthy", "Limited-Healthy", "Advanced-Healthy")
    return [words[sum(value > bound for bound in (-0.7, 0.2, 1.0))] for value in _blurred(market, market.security, 0.6)]


def _motions(market: Market, now: Any) -> list[str]:
    import numpy as np

    paid = now.paid_seats / market.seats
    free = now.chat_users / market.seats
    return np.where(paid > 0.12, "Grow", np.where(free > 0.18, "Monetize", "Acquire")).tolist()  # type: ignore[no-any-return]


def _statuses(market: Market, month: int, share: np.ndarray[Any, Any]) -> list[str]:
    """Microsoft's own label of paid use, roughly: a percentage rule, as its drops are not tested for size."""
    import numpy as np

    now, before = market.months[month], market.months[max(month - 1, 0)]
    earlier = np.minimum(np.divide(before.paid_users, np.maximum(before.paid_seats, 1)), 1)
    fell = share < earlier * 0.8
    label = np.select(
        [now.paid_seats == 0, share < 0.1, fell & (share > 0.5), fell, share < 0.35, share > 0.6],
        [
            "Starting",
            "Failure to Start",
            "Healthy but Last Month Drop",
            "Failure to Adopt",
            "Failure to Adopt",
            "Healthy",
        ],
        default="Healthy but Negative Slope",
    )
    return label.tolist()  # type: ignore[no-any-return]
