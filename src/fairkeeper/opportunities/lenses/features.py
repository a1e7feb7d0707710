"""What a lens can speak of: figures computed for every tenant from the newest snapshot and its past.

All ratios are recomputed from base counts; Microsoft's own are never used, because their meaning has changed. NaN is
unknown. Each feature's description is part of the reference, and a lens that names another feature is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from fairkeeper.opportunities.insights.portfolio import Portfolio, Words
from fairkeeper.opportunities.statistics.shrinkage import fit_prior, lower_bound, members_of, overdispersion, shrink
from fairkeeper.opportunities.statistics.tails import beta_binomial_low, negative_binomial_high

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

DESCRIPTIONS: Final[Mapping[str, str]] = {
    "eligible_seats": "Seats of Microsoft 365 that may have Copilot",
    "paid_seats": "Paid seats of Copilot",
    "paid_users": "Licensed users in 28 days",
    "whitespace": "Eligible seats without a paid one",
    "penetration": "Paid seats as a share of the eligible ones",
    "utilization": "Licensed users by paid seats, at most 1, drawn towards its kind's",
    "utilization_low": "What the utilization is at least, with nine chances in ten",
    "utilization_gap": "Utilization against the middle of the same SKU and size",
    "unused_seats": "Paid seats without a user",
    "users_growth": "Change of licensed users against three months before (a logarithm)",
    "drop_surprise": "How surprising the fall of licensed users is (in powers of ten)",
    "chat_users": "Unlicensed users of Copilot Chat in 28 days",
    "chat_share": "Unlicensed users as a share of the seats without a licence, drawn towards its kind's",
    "chat_growth": "Change of unlicensed users against three months before (a logarithm)",
    "chat_surprise": "How surprising the rise of unlicensed users is (in powers of ten)",
    "free_to_paid": "Unlicensed users by unlicensed users and paid seats together",
    "limited_share": "Users at their usage limits as a share of the unlicensed ones",
    "requests": "Licence requests of the last three months, for each hundred eligible seats",
    "agent_depth": "Users of agents as a share of all active users, drawn towards its kind's",
    "agent_users": "Users of agents in 28 days",
    "built_agents": "Users of connector, plugin and custom-engine agents as a share of the agents' users",
    "cowork_share": "Users of Cowork as a share of the licensed users",
    "frontier": "Frontier (1 enabled, 0.5 partially, 0 not)",
    "security": "Data security maturity: 0 minimal, 1 limited and unhealthy, 2 limited and healthy, 3 advanced",
    "workloads": "Users by paid units over the security workloads",
    "is_e5": "E5 as the dominant SKU (1 if so)",
    "e7_flag": "Microsoft's E7 opportunity (1 if seen)",
    "renewal_days": "Days to the nearest known renewal",
    "has_promo": "A CSP promotion (1 if available)",
    "vendor_expansion": "Microsoft's expansion propensity: 1 high, 0 medium, -1 low",
    "vendor_adoption": "Microsoft's adoption propensity: 1 high, 0 medium, -1 low",
    "vendor_grow": "Microsoft's motion Grow (1 if so)",
    "vendor_monetize": "Microsoft's motion Monetize (1 if so)",
    "vendor_health": "Microsoft's adoption status: 1 healthy, 0 between, -1 failing",
    "vendor_intensity": "Microsoft's agent intensity: 1 high, 0 medium, -1 low",
    "vendor_cluster": "CloudAscent's cluster: 3 act now, 2 evaluate, 1 nurture, 0 educate",
    "history_months": "Snapshots of the past that this tenant is in",
    "active_users": "Licensed and unlicensed users together",
}
"""Every feature in words."""

_EPOCH: Final = date(1970, 1, 1)
_LEVELS: Final = {"high": 1.0, "medium": 0.0, "low": -1.0}
_SECURITY: Final = {"minimal": 0.0, "limited-unhealthy": 1.0, "limited-healthy": 2.0, "advanced-healthy": 3.0}
_HEALTH: Final = {
    "healthy": 1.0,
    "healthy but negative slope": 0.3,
    "healthy but last month drop": 0.0,
    "starting": 0.0,
    "big gain & big drop": 0.0,
    "failure to adopt but last month gain": -0.5,
    "failure to adopt": -1.0,
    "failure to thrive": -1.0,
    "failure to thrive/adopt": -1.0,
    "failure to start": -1.0,
}
_CLUSTERS: Final = {"act now": 3.0, "evaluate": 2.0, "nurture": 1.0, "educate": 0.0}
_FRONTIER: Final = {"enabled": 1.0, "partially enabled": 0.5, "disabled": 0.0}
_YES: Final = {
    "yes": 1.0,
    "true": 1.0,
    "high": 1.0,
    "available": 1.0,
    "no": 0.0,
    "false": 0.0,
    "low": 0.0,
    "not available": 0.0,
}
_FEWEST_SEATS: Final = 3
_FURTHEST: Final = 12.0
"""A chance below 10^-12 says no more than one of 10^-12."""


@dataclass(slots=True, kw_only=True)
class Features:
    """The features of a portfolio, and the chances that alerts rest on."""

    values: Mapping[str, Floats]
    drop_chance: Floats
    drop_baseline: Floats
    spike_chance: Floats
    spike_baseline: Floats

    def __getitem__(self, name: str) -> Floats:
        """Return one feature's column."""
        return self.values[name]


def compute(portfolio: Portfolio) -> Features:
    """Compute every feature of every tenant."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return _Computing(portfolio).compute()


@dataclass(slots=True, kw_only=True)
class _Against:
    """A snapshot of licensed users against its own past."""

    users: Floats
    seats: Floats
    rate: Floats
    trials: Floats
    months: Floats


class _Computing:
    """Computes with the columns of one portfolio."""

    def __init__(self, portfolio: Portfolio) -> None:
        self.portfolio = portfolio
        self.numbers, self.words, self.past = portfolio.numbers, portfolio.words, portfolio.past
        self.group = _groups(portfolio)

    def compute(self) -> Features:
        import numpy as np

        n = self.numbers
        eligible, paid, users, chat, agents = (
            n[name] for name in ("eligible_seats", "paid_seats", "paid_mau", "chat_mau", "agents_mau")
        )
        paid = np.where(np.isnan(paid), np.nan, paid)
        users = np.where(paid == 0, 0.0, users)  # without a seat nobody is licensed, whatever the cell says
        unlicensed = np.maximum(eligible - paid, 0)
        active = np.where(np.isnan(users), 0, users) + np.where(np.isnan(chat), 0, chat)
        active = np.where(np.isnan(users) & np.isnan(chat), np.nan, active)
        use_prior = fit_prior(users, paid, self.group)
        use = np.where(paid > 0, shrink(users, paid, use_prior), np.nan)
        use = np.where(np.isnan(users), np.nan, use)
        drop, drop_base = self._drop(use_prior.mean, use_prior.strength)
        spike, spike_base = self._spike()
        requests = self._recent_requests(eligible)
        values: dict[str, Floats] = {
            "eligible_seats": eligible,
            "paid_seats": paid,
            "paid_users": users,
            "whitespace": unlicensed,
            "penetration": paid / eligible,
            "utilization": use,
            "utilization_low": lower_bound(users, paid, use_prior),
            "utilization_gap": use - _middle(use, self.group),
            "unused_seats": np.maximum(paid - users, 0),
            "users_growth": self._growth("paid_mau", 5.0),
            "drop_surprise": np.where(np.isnan(drop_base), np.nan, _surprise(drop)),
            "chat_users": chat,
            "chat_share": np.where(
                np.isnan(chat), np.nan, shrink(chat, unlicensed, fit_prior(chat, unlicensed, self.group))
            ),
            "chat_growth": self._growth("chat_mau", 4.0),
            "chat_surprise": np.where(np.isnan(spike_base), np.nan, _surprise(spike)),
            "free_to_paid": chat / (chat + paid),
            "limited_share": n["limited_users"] / np.maximum(chat, 1),
            "requests": requests,
            "agent_depth": np.where(
                np.isnan(agents), np.nan, shrink(agents, active, fit_prior(agents, active, self.group))
            ),
            "agent_users": agents,
            "built_agents": self._built(agents),
            "cowork_share": n["cowork_mau"] / np.maximum(users, 1),
            "frontier": _coded(self.words["frontier"], _FRONTIER),
            "security": _coded(self.words["data_security"], _SECURITY),
            "workloads": self.portfolio.workload_utilization,
            "is_e5": _has_word(self.words["sku_group"], "E5"),
            "e7_flag": _coded(self.words["e7_opportunity"], _YES),
            "renewal_days": self._renewal(),
            "has_promo": _promo(self.words["csp_promos"]),
            "vendor_expansion": _coded(self.words["expansion_propensity"], _LEVELS),
            "vendor_adoption": _coded(self.words["adoption_propensity"], _LEVELS),
            "vendor_grow": _is(self.words["vendor_motion"], "grow"),
            "vendor_monetize": _is(self.words["vendor_motion"], "monetize"),
            "vendor_health": _coded(self.words["adoption_status"], _HEALTH),
            "vendor_intensity": _coded(self.words["agent_intensity"], _LEVELS),
            "vendor_cluster": _coded(self.portfolio.cluster, _CLUSTERS),
            "history_months": self.portfolio.seen,
            "active_users": active,
        }
        return Features(
            values=values, drop_chance=drop, drop_baseline=drop_base, spike_chance=spike, spike_baseline=spike_base
        )

    def _drop(self, mean: Floats, strength: Floats) -> tuple[Floats, Floats]:
        """Return how likely so few licensed users are, given the tenant's own past, and the users expected.

        Seats bought since do not count, since a new seat without a user is no loss; with one snapshot nothing is
        claimed. How much a tenant's users vary by themselves is pooled over its segment and then its own.
        """
        import numpy as np

        seats = self.past["paid_seats"]
        if seats.shape[1] < 2:
            return np.ones(len(seats)), np.full(len(seats), np.nan)
        now = self._against_past(0, mean, strength)
        rho = overdispersion(now.users, now.seats, now.rate, self.words["segment"].numbered())
        rho = np.minimum(rho * self._own_variation(rho, mean, strength), 0.3)
        # The pooled variation was seen against three months; against fewer, what is expected is less certain.
        spread = rho * (0.85 + 0.45 / np.maximum(now.months, 1)) + 1 / (np.maximum(now.trials, 1) * 8 + 12)
        firmness = np.maximum(1 / np.minimum(spread, 0.5) - 1, 0.5)
        tested = (now.months > 0) & (now.seats >= _FEWEST_SEATS) & np.isfinite(now.users)
        chance = np.ones(len(seats))
        chance[tested] = beta_binomial_low(
            now.users[tested],
            now.seats[tested],
            (now.rate * firmness)[tested],
            ((1 - now.rate) * firmness)[tested],
        )
        return chance, np.where(tested, now.rate * now.seats, np.nan)

    def _against_past(self, column: int, mean: Floats, strength: Floats) -> _Against:
        """Return a snapshot's users among the seats that were there before, and the rate that its past expects."""
        import numpy as np

        seats, users = self.past["paid_seats"], self.past["paid_mau"]
        earlier = slice(column + 1, column + 4)
        weights = np.array([1.0, 0.6, 0.36])[: seats[:, earlier].shape[1]]
        known = np.isfinite(seats[:, earlier]) & np.isfinite(users[:, earlier]) & (seats[:, earlier] > 0)
        weight = np.where(known, weights, 0.0)
        trials = (np.where(known, seats[:, earlier], 0) * weight).sum(axis=1)
        counts = (np.where(known, np.minimum(users[:, earlier], seats[:, earlier]), 0) * weight).sum(axis=1)
        light = np.minimum(strength, 4.0)
        base = np.minimum(seats[:, column], _last_known(seats[:, column + 1 :]))
        return _Against(
            users=np.minimum(users[:, column], base),
            seats=base,
            rate=(counts + mean * light) / (trials + light),
            trials=trials,
            months=known.sum(axis=1),
        )

    def _own_variation(self, rho: Floats, mean: Floats, strength: Floats) -> Floats:
        """Return how many times as much as its segment a tenant's users varied in its own past."""
        import numpy as np

        squares, count = np.full(len(rho), 4.0), np.full(len(rho), 4.0)
        for column in range(1, min(9, self.past["paid_seats"].shape[1] - 1)):
            then = self._against_past(column, mean, strength)
            variance = then.seats * then.rate * (1 - then.rate) * (1 + np.maximum(then.seats - 1, 0) * rho)
            usable = (then.months > 0) & (then.seats >= 8) & np.isfinite(then.users) & (variance > 0.5)
            square = np.where(usable, (then.users - then.seats * then.rate) ** 2 / np.maximum(variance, 0.5), 0)
            squares += np.minimum(square, 9.0)
            count += usable
        return np.asarray(np.clip(squares / count, 0.3, 4.0))

    def _spike(self) -> tuple[Floats, Floats]:
        """Return how likely so many unlicensed users are, given their own past, and how many were expected."""
        import numpy as np

        chat = self.past["chat_mau"]
        if chat.shape[1] < 2:
            return np.ones(len(chat)), np.full(len(chat), np.nan)
        before = chat[:, 1:4]
        known = np.isfinite(before)
        months = known.sum(axis=1)
        expected = np.where(known, before, 0).sum(axis=1) / np.maximum(months, 1)
        tested = (months > 0) & np.isfinite(chat[:, 0])
        residual = (chat[:, 0] - expected) ** 2 / np.maximum(expected, 1) ** 2 - 1 / np.maximum(expected, 1)
        usable = tested & (expected >= 20)
        spread = float(np.clip(np.median(residual[usable]) / 0.4549, 0.02, 1)) if usable.any() else 0.1
        chance = negative_binomial_high(
            np.where(tested, chat[:, 0], np.nan),
            np.maximum(expected, 1.0),
            np.full(len(expected), spread) * (1 + 0.35 / np.maximum(months, 1)),
        )
        return np.where(tested, chance, 1.0), np.where(tested, expected, np.nan)

    def _growth(self, name: str, damping: float) -> Floats:
        """Return the logarithm of now against the middle of what was three months before, damped for small counts."""
        import numpy as np

        past = self.past[name]
        if past.shape[1] < 2:
            return np.full(len(past), np.nan)
        before = past[:, min(3, past.shape[1] - 1)]
        for column in (2, 1):
            if column < past.shape[1]:
                before = np.where(np.isnan(before), past[:, column], before)
        return np.asarray(np.log((past[:, 0] + damping) / (before + damping)))

    def _recent_requests(self, eligible: Floats) -> Floats:
        """Return the requests of three months from their running total; the total itself where there is no past."""
        import numpy as np

        past = self.past["license_requests"]
        now = past[:, 0]
        before = past[:, min(3, past.shape[1] - 1)] if past.shape[1] > 1 else np.zeros(len(now))
        # A total that fell was counted anew.
        recent = np.where(np.isnan(before) | (before > now), now, now - before)
        months = 3 if past.shape[1] > 3 else max(past.shape[1] - 1, 1)
        return np.asarray(100 * recent / np.maximum(eligible, 1) * 3 / months)

    def _built(self, agents: Floats) -> Floats:
        import numpy as np

        kinds = [self.numbers[f"{name}_agents_mau"] for name in ("connector", "plugin", "custom")]
        known = [np.where(np.isnan(each), 0, each) for each in kinds]
        share = np.minimum(sum(known) / np.maximum(agents, 1), 1)
        return np.asarray(
            np.where(np.all([np.isnan(each) for each in kinds], axis=0) | np.isnan(agents), np.nan, share)
        )

    def _renewal(self) -> Floats:
        """Return the days to the nearest renewal that still lies ahead."""
        import numpy as np

        today = (self.portfolio.as_of - _EPOCH).days
        ahead = [self.portfolio.days[name] - today for name in ("csp_renewal_on", "ea_renewal_on")]
        open_days = [np.where(each >= 0, each, np.inf) for each in ahead]
        nearest = np.fmin(open_days[0], open_days[1])
        return np.where(np.isfinite(nearest), nearest, np.nan)


def _groups(portfolio: Portfolio) -> Ints:
    """Return each tenant's group: its dominant SKU and its size."""
    import numpy as np

    size = np.digitize(np.nan_to_num(portfolio.numbers["eligible_seats"]), (50, 300, 2000))
    return np.asarray(portfolio.words["sku_group"].numbered() * 4 + size)


def _coded(column: Words, codes: Mapping[str, float]) -> Floats:
    return column.each(lambda word: codes.get(word.strip().lower(), math.nan))


def _is(column: Words, word: str) -> Floats:
    return column.each(lambda each: float(each.strip().lower() == word))


def _has_word(column: Words, word: str) -> Floats:
    return column.each(lambda each: float(word in each.upper()))


def _promo(column: Words) -> Floats:
    """Read `Available (11)`; `Not Available` is no promotion, nothing is unknown."""
    return column.each(lambda each: float(each.strip().lower().startswith("available")))


def _last_known(matrix: Floats) -> Floats:
    """Return the newest known value of each row."""
    import numpy as np

    answer = matrix[:, -1].copy()
    for column in range(matrix.shape[1] - 2, -1, -1):
        answer = np.where(np.isnan(matrix[:, column]), answer, matrix[:, column])
    return answer


def _middle(values: Floats, group: Ints) -> Floats:
    import numpy as np

    answer = np.full(len(values), np.nan)
    for members in members_of(group):
        known = values[members][~np.isnan(values[members])]
        if len(known):
            answer[members] = np.median(known)
    return answer


def _surprise(chance: Floats) -> Floats:
    import numpy as np

    return np.asarray(np.minimum(-np.log10(np.maximum(chance, 1e-300)), _FURTHEST))
