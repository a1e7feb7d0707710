"""One card: who, why now, which motion, the evidence for and against, what is missing, what would change our mind.

Every number in it is a figure of the snapshot or computed from such; a sentence of evidence stands with what it adds
to the log odds, so that the parts can be added up by whoever doubts the whole.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from fairkeeper.opportunities.lenses.definition import Lens, Motion
from fairkeeper.opportunities.lenses.features import DESCRIPTIONS
from fairkeeper.values.money import Money

_PLACE: Final = re.compile(r"\{(\w+):([%n1gps])\}")
_LEAST: Final = 0.05
"""A term that adds less than this is not worth a sentence."""
_SECURITY: Final = ("minimal", "limited and unhealthy", "limited and healthy", "advanced and healthy")
_NEAR_RENEWAL_DAYS: Final = 120
_SURPRISING: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A sentence of evidence and what it adds to the log odds."""

    feature: str
    text: str
    odds: float
    is_vendors: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a seller reads."""

    lens: str
    title: str
    likelihood: float
    confidence: float
    band: str
    seats: float
    worth: Money | None
    worth_basis: str
    motion: Motion
    first: str
    why_now: str
    why_now_on: date
    reasons: tuple[Reason, ...]
    against: tuple[Reason, ...]
    missing: tuple[str, ...]
    changes: tuple[str, ...]
    horizon_months: int
    base: float

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept; fractions as texts, since canonical JSON has none."""
        return {
            "lens": self.lens,
            "title": self.title,
            "likelihood": _decimal(self.likelihood),
            "confidence": _decimal(self.confidence),
            "band": self.band,
            "seats": _decimal(self.seats, 1),
            "worth": None if self.worth is None else str(self.worth.to_decimal_text()),
            "currency": None if self.worth is None else self.worth.currency.code,
            "worth_basis": self.worth_basis,
            "motion": self.motion.value,
            "first": self.first,
            "why_now": self.why_now,
            "why_now_on": self.why_now_on.isoformat(),
            "reasons": [_reason_json(each) for each in self.reasons],
            "against": [_reason_json(each) for each in self.against],
            "missing": list(self.missing),
            "changes": list(self.changes),
            "horizon_months": self.horizon_months,
            "base": _decimal(self.base),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One tenant's numbers under one lens.

    Attributes:
        contributions: By term, in the lens's order; NaN where unknown.
        features: Every feature of the tenant by name.
    """

    likelihood: float
    confidence: float
    seats: float
    motion: Motion
    contributions: tuple[float, ...]
    features: Mapping[str, float]


def make_card(  # noqa: PLR0913 - all that a card says
    lens: Lens, scored: Scored, *, as_of: date, worth: Money | None, worth_basis: str, is_new: bool
) -> Card:
    """Write the card of a tenant under a lens.

    Args:
        lens: The lens.
        scored: The tenant's numbers.
        as_of: The day that the figures are of.
        worth: What the seats are worth by the partner's own prices.
        worth_basis: In words, what that rests on.
        is_new: Whether it stands above the lens's line for the first time.
    """
    told = [
        Reason(
            feature=term.feature,
            text=sentence(term.sentence_for(odds), scored.features),
            odds=odds,
            is_vendors=term.is_vendors,
        )
        for term, odds in zip(lens.terms, scored.contributions, strict=True)
        if not math.isnan(odds) and abs(odds) >= _LEAST
    ]
    reasons = tuple(sorted((each for each in told if each.odds > 0), key=lambda each: -each.odds))
    against = tuple(sorted((each for each in told if each.odds < 0), key=lambda each: each.odds))
    by_feature = {term.feature: term for term in lens.terms}
    why, day = _why_now(scored.features, as_of, lens, is_new=is_new)
    return Card(
        lens=lens.name,
        title=lens.title,
        likelihood=scored.likelihood,
        confidence=scored.confidence,
        band=band_of(scored.likelihood, lens),
        seats=scored.seats,
        worth=worth,
        worth_basis=worth_basis,
        motion=scored.motion,
        first=lens.first,
        why_now=why,
        why_now_on=day,
        reasons=reasons,
        against=against,
        missing=tuple(
            label_of(term.feature)
            for term, odds in zip(lens.terms, scored.contributions, strict=True)
            if math.isnan(odds)
        ),
        changes=tuple(by_feature[each.feature].change for each in reasons[:3]),
        horizon_months=lens.horizon_months,
        base=lens.base,
    )


def label_of(feature: str) -> str:
    """Return a feature's name in words, without how it is coded.

    Example:
        >>> label_of("vendor_health")
        "Microsoft's adoption status"
    """
    return DESCRIPTIONS[feature].partition(" (")[0].partition(":")[0]


def band_of(likelihood: float, lens: Lens) -> str:
    """Return the likelihood in a word: high at twice the line at which a card opens, medium from the line on."""
    return "high" if likelihood >= min(2 * lens.enter, 0.9) else "medium" if likelihood >= lens.enter else "low"


def sentence(text: str, features: Mapping[str, float]) -> str:
    """Write a sentence of evidence with the tenant's figures.

    Example:
        >>> sentence("{utilization:%} of {paid_seats:n} seats are used", {"utilization": 0.835, "paid_seats": 1200.0})
        '84 % of 1,200 seats are used'
    """
    return _PLACE.sub(lambda found: _written(features.get(found[1], math.nan), found[2]), text)


def _written(value: float, form: str) -> str:
    if math.isnan(value):
        return "an unknown number"
    if form == "%":
        return f"{value:.0%}".replace("%", " %")
    if form == "n":
        return f"{value:,.0f}"
    if form == "1":
        return f"{value:,.1f}"
    if form == "g":
        return f"{math.exp(value) - 1:+.0%}".replace("%", " %").replace("-", "\N{MINUS SIGN}")
    if form == "p":
        return f"{value * 100:+.0f} points".replace("-", "\N{MINUS SIGN}")
    return _SECURITY[min(max(int(value), 0), 3)]


def _why_now(features: Mapping[str, float], as_of: date, lens: Lens, *, is_new: bool) -> tuple[str, date]:
    """Return the dated event; of several the most pressing. With one snapshot no change is claimed."""
    renewal = features.get("renewal_days", math.nan)
    drop = features.get("drop_surprise", math.nan)
    requests = features.get("requests", math.nan)
    growth = features.get("chat_growth", math.nan)
    if lens.name == "at_risk" and drop >= _SURPRISING:
        return "Licensed users fell more than chance explains", as_of
    if renewal <= _NEAR_RENEWAL_DAYS and lens.name in ("at_risk", "expansion"):
        day = as_of + timedelta(days=round(renewal))
        return f"The subscription renews in {renewal:.0f} days", day
    if growth >= 0.25 and lens.name in ("conversion", "expansion"):
        return f"The free chat's users grew by {math.exp(growth) - 1:.0%}".replace(
            "%", " %"
        ) + " in three months", as_of
    if requests >= 1 and features.get("history_months", 0) > 1 and lens.name in ("conversion", "expansion"):
        return "People asked for licences in the last three months", as_of
    if is_new and features.get("history_months", 0) > 1:
        return f"First above the line of {lens.enter:.0%}".replace("%", " %"), as_of
    if features.get("history_months", 0) > 1:
        return "No dated event: it stands above the line on the newest figures", as_of
    return "As the newest snapshot stands; one snapshot says nothing of change", as_of


def _decimal(value: float, digits: int = 4) -> str:
    return f"{value:.{digits}f}"


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "feature": reason.feature,
        "text": reason.text,
        "odds": _decimal(reason.odds, 2),
        "is_vendors": reason.is_vendors,
    }
