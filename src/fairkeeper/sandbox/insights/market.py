"""A made-up market whose future is known: seats, adoption, purchases, renewals, shocks, month by month.

Declared, so that everybody can see what is claimed on it. Each tenant has hidden traits (how well it adopts, how much
it needs more, its budget, its taste for agents, its care for security) that no export shows. They move what an export
does show, with noise, and they decide with what else is hidden which tenants buy, shrink or go further. Nothing here
knows a lens: hazards speak of traits and of what truly happens in a tenant, not of columns.

The figures are ours, set so that the market looks plausible; only their kinds are taken from Microsoft's description:
monthly users are counted over 28 rolling days, so that a break shows in full only after four weeks, and figures are
about three days late.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

SKUS: Final = ("BB", "BS", "BP", "E3", "E5")
SEGMENTS: Final = ("Small", "Medium", "Corporate", "Enterprise")
HORIZON_MONTHS: Final = 3
"""How far ahead the truth is told."""
_WINDOW_DAYS: Final = 28
_LAG_DAYS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPlan:
    """What a market is made of.

    Attributes:
        drop_share: Share of the tenants with paid users that truly break in the last month; in others it is 0.6 %.
        drop_depth: Share of its users that such a tenant loses.
        first_day: On which the first month's export is taken.
    """

    tenants: int = 3000
    months: int = 13
    seed: int = 1
    drop_share: float = 0.04
    drop_depth: float = 0.35
    first_day: date = date(2025, 11, 28)


@dataclass(slots=True, kw_only=True)
class Month:
    """What is truly so in one month, one value for each tenant."""

    paid_seats: Ints
    paid_users: Ints
    chat_users: Ints
    limited_users: Ints
    requests: Ints
    agent_users: Ints
    months_to_renewal: Ints


@dataclass(slots=True, kw_only=True)
class Truth:
    """What happens after the last month, for each tenant, within the horizon.

    Attributes:
        expanded, converted, lost: Seats added by a tenant that had some, bought by one that had hardly any, given up.
        transformed: Users that go on to Agent 365.
        upgraded: Seats that go on to E7.
        dropped: Whether its paid use truly broke in the last two months.
        lost_users: How many users that break cost.
    """

    expanded: Ints
    converted: Ints
    lost: Ints
    transformed: Ints
    upgraded: Ints
    dropped: Flags
    lost_users: Ints


@dataclass(slots=True, kw_only=True)
class Market:
    """A made-up market: its tenants' fixed facts, their months, and what comes after."""

    plan: MarketPlan
    seats: Ints
    sku: Ints
    segment: Ints
    agent_taste: Floats
    security: Floats
    need: Floats
    first_month: Ints
    months: list[Month] = field(default_factory=list)
    truth: Truth = field(init=False)


def make_market(plan: MarketPlan) -> Market:
    """Return the market of a plan; the same plan gives the same market."""
    import numpy as np

    return _Making(plan, np.random.default_rng(plan.seed)).make()


def _logistic(value: Any) -> Any:
    import numpy as np

    return 1 / (1 + np.exp(-value))


class _Making:
    """Lives through the months of a market."""

    def __init__(self, plan: MarketPlan, random: np.random.Generator) -> None:
        import numpy as np

        count = plan.tenants
        self.plan, self.random, self.count = plan, random, count
        self.seats = np.clip(random.lognormal(4.9, 1.15, count), 25, 30_000).astype(np.int64)
        large = np.digitize(self.seats, (100, 300, 1500))
        self.segment = large.astype(np.int64)
        sku_odds = np.array([[3, 4, 3, 1, 0.3], [1, 3, 4, 2, 0.7], [0.2, 1, 2, 4, 2], [0, 0.2, 0.5, 4, 4]])
        bounds = np.cumsum(sku_odds / sku_odds.sum(axis=1, keepdims=True), axis=1)
        self.sku = (random.random((count, 1)) > bounds[self.segment]).sum(axis=1).astype(np.int64)
        self.skill, self.need, self.budget, self.taste, self.security = random.normal(size=(5, count))
        self.mood = random.normal(0, 0.4, count)
        self.chat_trend = random.normal(0.03, 0.03, count) + 0.035 * self.need
        has_seats = random.random(count) < 0.55
        share = random.beta(1.2, 4, count)
        self.paid = np.where(has_seats, np.maximum(1, (share * self.seats).astype(np.int64)), 0)
        self.used = np.where(self.paid > 0, 1 - np.exp(-random.integers(1, 18, count) / 3), 0.0)
        """Share of the paid seats whose people have had the time to begin."""
        self.to_renewal = random.integers(0, 12, count)
        self.broken = np.zeros(count)
        self.requests = np.zeros(count, dtype=np.int64)
        late = random.random(count) < 0.04
        self.first_month = np.where(late, random.integers(1, plan.months, count), 0)

    def make(self) -> Market:
        import numpy as np

        months: list[Month] = []
        dropped = np.zeros(self.count, dtype=bool)
        lost_users = np.zeros(self.count, dtype=np.int64)
        for number in range(self.plan.months):
            is_last = number == self.plan.months - 1
            month, broke, cost = self._month(number, self.plan.drop_share if is_last else 0.006)
            # A break shows in full only when 28 days have passed, so that one of the month before still shows now.
            if number >= self.plan.months - 2:
                dropped, lost_users = dropped | broke, np.maximum(lost_users, cost)
            months.append(month)
            if not is_last:
                self._decide()
        market = Market(
            plan=self.plan,
            seats=self.seats,
            sku=self.sku,
            segment=self.segment,
            agent_taste=self.taste,
            security=self.security,
            need=self.need,
            first_month=self.first_month,
            months=months,
        )
        market.truth = self._future(dropped, lost_users)
        return market

    # -------------------- one month

    def _month(self, number: int, drop_share: float) -> tuple[Month, Flags, Ints]:
        import numpy as np

        random = self.random
        self.mood = 0.9 * self.mood + random.normal(0, 0.1, self.count)
        self.used = self.used + (1 - self.used) * 0.3
        level = _logistic(0.9 + 0.9 * self.skill + self.mood - self.broken)
        rate = np.clip(level * self.used, 0.01, 0.99)
        before = self._users(self.paid, rate)
        breaks = (self.paid >= 3) & (random.random(self.count) < drop_share)
        self.broken = np.where(breaks, self.broken - np.log1p(-self.plan.drop_depth) * 1.9, self.broken * 0.97)
        after = self._users(self.paid, rate * (1 - self.plan.drop_depth))
        # A break on some day of the window: those active before it are still counted, and figures are days late.
        days = random.integers(_LAG_DAYS, _WINDOW_DAYS + _LAG_DAYS + 1, self.count)
        seen = np.clip((days - _LAG_DAYS) / (_WINDOW_DAYS - 6), 0, 1)
        observed = np.where(breaks, np.rint(before + (after - before) * seen), before).astype(np.int64)
        self.chat_rate = _logistic(-2.0 + 0.7 * self.need + 0.3 * self.skill + self.chat_trend * number)
        unlicensed = np.maximum(self.seats - self.paid, 0)
        chat = np.minimum(self._counts(unlicensed * self.chat_rate, 0.03), unlicensed)
        pressure = np.clip(_logistic(-3.0 + 0.9 * self.need), 0, 0.5)
        limited = random.binomial(chat, pressure)
        asks = random.poisson(np.clip(0.004 * self.seats * np.exp(0.8 * self.need) * self.chat_rate * 4, 0, 400))
        self.requests = self.requests + asks
        active = observed + chat
        agents = np.minimum(self._counts(active * _logistic(-2.2 + 0.9 * self.taste + 0.05 * number), 0.05), active)
        month = Month(
            paid_seats=self.paid.copy(),
            paid_users=observed,
            chat_users=chat,
            limited_users=limited,
            requests=self.requests.copy(),
            agent_users=agents,
            months_to_renewal=self.to_renewal.copy(),
        )
        self.rate, self.chat = rate, chat
        return month, breaks, np.where(breaks, np.maximum(before - after, 0), 0)

    def _users(self, seats: Ints, rate: Floats) -> Ints:
        """Draw users among seats, over-dispersed: people in one company start and stop together."""
        import numpy as np

        steadiness = 300.0
        drawn = self.random.beta(rate * steadiness, (1 - rate) * steadiness)
        return np.asarray(self.random.binomial(seats, drawn))

    def _counts(self, mean: Floats, spread: float) -> Ints:
        import numpy as np

        shape = 1 / spread
        return np.asarray(self.random.poisson(self.random.gamma(shape, np.maximum(mean, 0.02) / shape)))

    # -------------------- what tenants decide

    def _decide(self) -> tuple[Ints, Ints, Ints]:
        """Let a month of decisions pass; return seats added, bought and given up."""
        import numpy as np

        random, paid, seats = self.random, self.paid, self.seats
        room = np.maximum(seats - paid, 0)
        renews = self.to_renewal == 0
        near = self.to_renewal <= 3
        wanted = np.minimum(self.chat / np.maximum(room, 1), 1)
        few = paid < np.maximum(2, 0.02 * seats)
        luck = random.normal(0, 0.5, self.count)
        grows = (
            (~few)
            & (room > 0)
            & (
                random.random(self.count)
                < _logistic(
                    -6.9 + 4.2 * self.rate + 2.2 * wanted + 0.7 * self.need + 0.5 * self.budget + 0.9 * near + luck
                )
            )
        )
        starts = (
            few
            & (room > 0)
            & (
                random.random(self.count)
                < _logistic(-5.3 + 4.0 * wanted + 0.7 * self.need + 0.6 * self.budget + 9 * self.chat_trend + luck)
            )
        )
        leaves = (
            (paid > 0)
            & renews
            & (random.random(self.count) < _logistic(2.0 - 7.0 * self.rate - 0.4 * self.budget + luck))
        )
        added = np.where(grows, np.maximum(1, np.rint(room * random.beta(1.3, 6, self.count))), 0).astype(np.int64)
        bought = np.where(
            starts, np.maximum(1, np.rint(np.maximum(self.chat, 2) * random.beta(2, 3, self.count))), 0
        ).astype(np.int64)
        given_up = np.where(leaves, np.maximum(1, np.rint(paid * random.beta(3, 2, self.count))), 0).astype(np.int64)
        given_up = np.minimum(given_up, paid)
        bought, added = np.minimum(bought, room), np.minimum(added, room)
        new = added + bought
        self.used = np.where(new > 0, self.used * paid / np.maximum(paid + new, 1), self.used)
        self.paid = paid + added + bought - given_up
        self.to_renewal = np.where(renews, 11, self.to_renewal - 1)
        return added, bought, given_up

    def _future(self, dropped: Flags, lost_users: Ints) -> Truth:
        import numpy as np

        totals = [np.zeros(self.count, dtype=np.int64) for _ in range(3)]
        active = self.chat + np.minimum(self.paid, np.rint(self.paid * self.rate).astype(np.int64))
        depth = _logistic(-2.2 + 0.9 * self.taste + 0.05 * self.plan.months)
        luck = self.random.normal(0, 0.5, self.count)
        care = 0.6 * self.security
        goes = self.random.random(self.count) < _logistic(-4.9 + 5.5 * depth + 0.5 * self.taste + care + luck)
        is_e5 = self.sku == SKUS.index("E5")
        rises = is_e5 & (
            self.random.random(self.count)
            < _logistic(-4.9 + 2.2 * self.rate + 3.5 * depth + care + 0.5 * self.budget + luck)
        )
        for ahead in range(HORIZON_MONTHS):
            totals = [total + some for total, some in zip(totals, self._decide(), strict=True)]
            self._month(self.plan.months + ahead, 0.006)
        return Truth(
            expanded=totals[0],
            converted=totals[1],
            lost=totals[2],
            transformed=np.where(goes, np.maximum(1, np.rint(active * depth)), 0).astype(np.int64),
            upgraded=np.where(rises, np.maximum(1, np.rint(self.seats * 0.3)), 0).astype(np.int64),
            dropped=dropped,
            lost_users=lost_users,
        )
