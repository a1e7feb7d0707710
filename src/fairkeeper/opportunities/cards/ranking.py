"""One whole ranking of a portfolio: every lens, the cards and alerts it proposes, and the tables that are kept.

Pure: what goes in decides what comes out, to the byte of the digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fairkeeper.opportunities.cards.alerts import detect, is_over, naive_drops
from fairkeeper.opportunities.cards.card import Scored, make_card
from fairkeeper.opportunities.cards.prices import Price, price_on, worth_of
from fairkeeper.opportunities.insights.portfolio import PLACE, Portfolio
from fairkeeper.opportunities.lenses.columns import to_parquet
from fairkeeper.opportunities.lenses.definition import Lens, Motion
from fairkeeper.opportunities.lenses.features import DESCRIPTIONS, Features, compute
from fairkeeper.opportunities.lenses.scoring import LensScores, score

CARDS_PER_LENS: Final = 50
MOTIONS: Final = tuple(Motion)
_SEGMENT_UNKNOWN: Final = "unknown"
_SCORES: Final = f"""
    SELECT lens, rank, place, tenant_id, coalesce(tenant_name, '') AS tenant_name,
        coalesce(segment, '{_SEGMENT_UNKNOWN}') AS segment, given.* EXCLUDE (lens, rank, place, line)
    FROM given JOIN (SELECT tenant_id, tenant_name, segment, {{place}} FROM read_parquet('{{path}}')) USING (place)
    ORDER BY line"""
_FEATURES: Final = f"""
    SELECT place, tenant_id, coalesce(tenant_name, '') AS tenant_name, coalesce(tenant_domain, '') AS tenant_domain,
        coalesce(tpid, '') AS tpid, coalesce(country, '') AS country, coalesce(sku_group, '') AS sku_group,
        coalesce(segment, '{_SEGMENT_UNKNOWN}') AS segment, given.* EXCLUDE (place)
    FROM (SELECT tenant_id, tenant_name, tenant_domain, tpid, country, sku_group, segment, {{place}}
        FROM read_parquet('{{path}}')) JOIN given USING (place)
    ORDER BY place"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """What came out.

    Attributes:
        scores: Parquet, one row for each lens and tenant it applies to, ordered by lens and place.
        features: Parquet, one row for each tenant, ordered by its id.
        cards: Card drafts: those above the line, and those of cards that are open.
        alerts: Alert drafts, and the open ones that end.
        summary: Counts for leadership: by lens, motion and segment.
        digest: SHA-256 over every score in order; the same data give the same.
    """

    scores: bytes
    features: bytes
    cards: tuple[dict[str, Any], ...]
    alerts: tuple[dict[str, Any], ...]
    ended_alerts: tuple[str, ...]
    summary: dict[str, Any]
    digest: str
    tenants: int


def rank_portfolio(
    portfolio: Portfolio,
    lenses: Sequence[Lens],
    prices: Sequence[Price] = (),
    *,
    open_cards: Collection[tuple[str, str]] = (),
    open_alerts: Mapping[str, tuple[str, str]] | None = None,
) -> Ranking:
    """Rank a portfolio through every lens.

    Args:
        portfolio: The tenants.
        lenses: The definitions.
        prices: The partner's own prices; without them cards say seats alone.
        open_cards: Tenant id and lens of cards that are open, whose present numbers are wanted too.
        open_alerts: Kind and tenant id of alerts that are open, by their id.
    """
    import numpy as np

    features = compute(portfolio)
    scored = [score(lens, features) for lens in lenses]
    cards = [
        draft
        for each in scored
        for draft in _drafts(portfolio, features, each, prices, {t for t, lens in open_cards if lens == each.lens.name})
    ]
    ended = tuple(
        key
        for key, (kind, tenant) in (open_alerts or {}).items()
        if is_over(kind, portfolio.place_of(tenant), features)
    )
    alerts = detect(portfolio, features)
    names = portfolio.names["tenant_name"]
    return Ranking(
        scores=to_parquet(_score_columns(scored), _SCORES.format(path=portfolio.sources[0].path, place=PLACE)),
        features=to_parquet(
            {name: features[name] for name in DESCRIPTIONS} | {"place": np.arange(portfolio.size, dtype=np.int32)},
            _FEATURES.format(path=portfolio.sources[0].path, place=PLACE),
        ),
        cards=tuple(cards),
        alerts=tuple(
            {
                "tenant_id": str(portfolio.tenant_ids[each.place]),
                "tenant_name": str(names[each.place] or portfolio.tenant_ids[each.place]),
                "kind": each.kind,
                "sentence": each.sentence,
                "before": each.before,
                "after": each.after,
                "surprise_milli": round(each.surprise * 1000),
                "is_urgent": each.is_urgent,
            }
            for each in alerts
        ),
        ended_alerts=ended,
        summary=_summary(portfolio, scored, alerts_naive=int(naive_drops(portfolio).sum()), alerts=len(alerts)),
        digest=_digest(portfolio, scored),
        tenants=portfolio.size,
    )


def _drafts(
    portfolio: Portfolio, features: Features, scores: LensScores, prices: Sequence[Price], opened: Collection[str]
) -> list[dict[str, Any]]:
    """Return the cards of a lens: the first above its line, then what became of the open ones."""
    ranks = scores.ranks
    above = scores.order[scores.likelihood[scores.order] >= scores.lens.enter][:CARDS_PER_LENS].tolist()
    chosen = set(above)
    wanted = above + sorted(
        place
        for tenant in opened
        if (place := portfolio.place_of(tenant)) is not None and ranks[place] and place not in chosen
    )
    price = price_on(prices, scores.lens.worth.product, portfolio.as_of)
    product = scores.lens.worth.product.replace("_", " ")
    basis = (
        f"{product} at {price.price} a seat and month since {price.from_on}, {price.source}"
        if price
        else f"no price of {product} is known; give your own list"
    )
    drafts = []
    for place in wanted:
        numbers = scored_of(scores, features, place)
        tenant = str(portfolio.tenant_ids[place])
        card = make_card(
            scores.lens,
            numbers,
            as_of=portfolio.as_of,
            worth=worth_of(price, numbers.seats, scores.lens.worth.months),
            worth_basis=basis,
            is_new=tenant not in opened,
        )
        drafts.append(
            {
                "tenant_id": tenant,
                "tenant_name": str(portfolio.names["tenant_name"][place] or tenant),
                "domain": str(portfolio.names["tenant_domain"][place] or ""),
                "lens": scores.lens.name,
                "rank": int(ranks[place]),
                "likelihood_ppm": round(numbers.likelihood * 1_000_000),
                "confidence_ppm": round(numbers.confidence * 1_000_000),
                "seats_milli": round(numbers.seats * 1000),
                "is_above": place in chosen,
                "stays": bool(numbers.likelihood >= scores.lens.leave),
                "card": card.to_json(),
            }
        )
    return drafts


def scored_of(scores: LensScores, features: Features, place: int) -> Scored:
    """Return one tenant's numbers under a lens."""
    return Scored(
        likelihood=float(scores.likelihood[place]),
        confidence=float(scores.confidence[place]),
        seats=float(scores.seats[place]),
        motion=MOTIONS[int(scores.motion[place])],
        contributions=tuple(float(each) for each in scores.contributions[place]),
        features={name: float(features[name][place]) for name in DESCRIPTIONS},
    )


def _score_columns(scored: Sequence[LensScores]) -> dict[str, Any]:
    import numpy as np

    widest = max(len(each.lens.terms) for each in scored)
    parts: dict[str, list[Any]] = {}
    for each in scored:
        places = np.flatnonzero(each.applies)  # by place, so that one tenant's rows are found by reading little
        odds = np.full((widest, len(places)), np.nan)
        odds[: each.contributions.shape[1]] = each.contributions[places].T
        columns = {
            "lens": np.full(len(places), each.lens.name, dtype=object),
            "rank": each.ranks[places].astype(np.int32),
            "place": places.astype(np.int32),
            "likelihood": each.likelihood[places],
            "confidence": each.confidence[places],
            "seats": each.seats[places],
            "motion": each.motion[places].astype(np.int8),
            **{f"odds_{n}": odds[n] for n in range(widest)},
        }
        for name, values in columns.items():
            parts.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in parts.items()}
    return whole | {"line": np.arange(len(whole["rank"]), dtype=np.int32)}


def _summary(portfolio: Portfolio, scored: Sequence[LensScores], *, alerts_naive: int, alerts: int) -> dict[str, Any]:
    """Count for leadership: by lens, those above its line by motion and segment; and the months of the whole book."""
    import numpy as np

    segment = portfolio.words["segment"]
    names = (*segment.words, _SEGMENT_UNKNOWN)
    used = np.unique(segment.codes)  # -1, the unknown one, is the last of the names
    lenses = {}
    for each in scored:
        above = each.applies & (np.nan_to_num(each.likelihood) >= each.lens.enter)
        lenses[each.lens.name] = {
            "applies": int(each.applies.sum()),
            "above": int(above.sum()),
            "seats": round(float(np.nansum(np.where(above, each.likelihood * each.seats, 0)))),
            "motions": {m.value: int((above & (each.motion == n)).sum()) for n, m in enumerate(MOTIONS)},
            "segments": {
                name: int((above & (segment.codes == code)).sum())
                for name, code in sorted((names[code], code) for code in used.tolist())
            },
        }
    months = [
        {
            "as_of": source.as_of.isoformat(),
            **{
                name: int(np.nansum(portfolio.past[name][:, column]))
                for name in ("paid_seats", "paid_mau", "chat_mau", "agents_mau")
            },
        }
        for column, source in enumerate(portfolio.sources)
    ]
    return {"lenses": lenses, "months": months[::-1], "alerts": alerts, "naive_alerts": alerts_naive}


def _digest(portfolio: Portfolio, scored: Sequence[LensScores]) -> str:
    import numpy as np

    digest = hashlib.sha256()
    for each in scored:
        digest.update(each.lens.digest.encode())
        digest.update(",".join(portfolio.tenant_ids[each.order]).encode())
        digest.update(np.round(each.likelihood[each.order], 9).astype("<f8").tobytes())
    return digest.hexdigest()
