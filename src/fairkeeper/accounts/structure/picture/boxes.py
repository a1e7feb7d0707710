"""Which boxes a structure's picture has, and how much of it is folded so that it stays readable.

A box is a thing with a few short lines; its children stand to its right. The deepest level that fits is chosen: plans
by themselves, or counted in their offer, or offers and plans counted in their publisher. One publisher alone can be
asked for whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from fairkeeper.accounts.structure.model import ALL_MARKETS, Location, Offer, Plan, ProfileState, Publisher, Structure

MOST_ROWS: Final = 40
"""More than that nobody reads without losing the place."""
_SHOWN_MARKETS: Final = 4
_NOT_GOOD: Final = {ProfileState.MISSING, ProfileState.REJECTED}


class Detail(IntEnum):
    """How deep the picture goes."""

    PUBLISHERS = 2
    OFFERS = 3
    PLANS = 4


class LineKind(IntEnum):
    """How a line is set."""

    NAME = 1
    ID = 2
    NOTE = 3
    CARE = 4
    """Needs a person; a sign stands before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a box."""

    text: str
    kind: LineKind = LineKind.NOTE


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A thing of the picture.

    Args:
        column: Where it stands from the left: company, locations, publishers, offers, plans.
        kicker: What sort of thing it is.
        is_loose: Whether it hangs on nothing, or does not exist yet.
    """

    column: int
    kicker: str
    lines: Sequence[Line]
    children: Sequence[Box] = field(default_factory=tuple)
    is_loose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """The picture before it is laid out.

    Args:
        company: The global account, with everything under it.
        tenants: The tenants, which stand below it.
        loose: Publishers that belong to no location of the company's.
        folded: What was folded, in words; empty if nothing.
    """

    company: Box
    tenants: Sequence[Box]
    loose: Sequence[Box]
    folded: str
    detail: Detail


def boxes_of(structure: Structure, *, detail: Detail | None = None, publisher_id: str | None = None) -> Boxes:
    """Return the boxes of a structure, as deep as fits or as asked.

    Args:
        structure: The house.
        detail: How deep; as deep as stays readable if left out.
        publisher_id: Show the branch of this publisher alone.
    """
    chosen = [each for each in structure.publishers if publisher_id in {None, each.id}]
    depth = _depth(chosen) if detail is None else detail
    known = {location.partner_id for location in structure.locations}
    locations = [each for each in structure.locations if publisher_id is None or _has(each, chosen)]
    branches = tuple(_location(each, [p for p in chosen if p.location == each.partner_id], depth) for each in locations)
    return Boxes(
        company=_company(structure, branches),
        tenants=tuple(
            Box(
                column=0,
                kicker="Tenant" if each.is_associated else "Tenant, not associated",
                lines=(
                    _name(each.name or (each.domains or ["unnamed"])[0]),
                    *(_note(d) for d in each.domains[:2]),
                    _id(each.id),
                ),
                is_loose=not each.is_associated,
            )
            for each in structure.tenants
        ),
        loose=tuple(_loose(each, depth) for each in chosen if each.location not in known),
        folded=_folded(chosen, depth),
        detail=depth,
    )


def _depth(publishers: Sequence[Publisher]) -> Detail:
    offers = sum(max(1, len(each.offers)) for each in publishers)
    plans = sum(max(1, len(offer.plans)) for each in publishers for offer in each.offers)
    if plans <= MOST_ROWS:
        return Detail.PLANS
    return Detail.OFFERS if offers <= MOST_ROWS else Detail.PUBLISHERS


def _folded(publishers: Sequence[Publisher], depth: Detail) -> str:
    offers = sum(len(each.offers) for each in publishers)
    plans = sum(len(offer.plans) for each in publishers for offer in each.offers)
    if depth is Detail.PLANS or not plans:
        return ""
    what = f"{plans} plans are" if depth is Detail.OFFERS else f"{offers} offers and {plans} plans are"
    return (
        f"{what} counted in their {'offers' if depth is Detail.OFFERS else 'publishers'}, so that this stays readable."
    )


def _company(structure: Structure, branches: Sequence[Box]) -> Box:
    account = structure.global_account
    if account is None:
        lines = (_name(structure.company), _care("no global account stated"))
    else:
        lines = (_name(account.legal_name), _id(f"PartnerID {account.partner_id}"))
    return Box(column=0, kicker="Global account (PGA)", lines=lines, children=branches, is_loose=account is None)


def _location(location: Location, publishers: Sequence[Publisher], depth: Detail) -> Box:
    serves = location.serves.value.replace("_", " ")
    where = f"{serves}, {location.country}" if location.country else serves
    lines = [_name(location.name), _id(f"PartnerID {location.partner_id}"), _note(where)]
    if not publishers:
        lines.append(_care("no publisher"))
    children = tuple(_publisher(each, depth) for each in publishers)
    return Box(column=1, kicker="Location (PLA)", lines=tuple(lines), children=children, is_loose=not publishers)


def _publisher(publisher: Publisher, depth: Detail) -> Box:
    lines = [_name(publisher.name), _id(publisher.id)]
    lines.append(_id(f"Seller ID {publisher.seller_id}") if publisher.seller_id else _care("Seller ID not stated"))
    is_verified = publisher.verification.lower() in {"accepted", "authorized"}
    lines.append(_note("verified") if is_verified else _care(f"verification {publisher.verification.lower()}"))
    for word, profile in (("tax", publisher.tax_profile), ("payout", publisher.payout_profile)):
        until = f", to {profile.valid_until}" if profile.valid_until else ""
        text = f"{word} {profile.state.value}{until}"
        lines.append(_care(text) if profile.state in _NOT_GOOD else _note(text))
    if depth is Detail.PUBLISHERS:
        plans = sum(len(offer.plans) for offer in publisher.offers)
        lines.append(_note(f"{_count(len(publisher.offers), 'offer')}, {_count(plans, 'plan')}"))
    children = () if depth is Detail.PUBLISHERS else tuple(_offer(offer, depth) for offer in publisher.offers)
    return Box(
        column=2,
        kicker="Publisher" + _life(publisher.life),
        lines=tuple(lines),
        children=children,
        is_loose=publisher.life == "planned",
    )


def _loose(publisher: Publisher, depth: Detail) -> Box:
    return replace(_publisher(publisher, depth), kicker="Publisher, no location", is_loose=True)


def _offer(offer: Offer, depth: Detail) -> Box:
    lines = [_name(offer.name or offer.id), _id(offer.id)]
    if depth is Detail.OFFERS:
        markets = {market for plan in offer.plans if plan.markets != ALL_MARKETS for market in plan.markets}
        where = (
            "all markets"
            if any(plan.markets == ALL_MARKETS for plan in offer.plans)
            else _count(len(markets), "market")
        )
        lines.append(_note(f"{_count(len(offer.plans), 'plan')}, {where}"))
    children = tuple(_plan(plan) for plan in offer.plans) if depth is Detail.PLANS else ()
    return Box(
        column=3,
        kicker="Offer" + _life(offer.life),
        lines=tuple(lines),
        children=children,
        is_loose=offer.life == "planned",
    )


def _plan(plan: Plan) -> Box:
    if plan.markets == ALL_MARKETS:
        where = _note("all 141 markets")
    elif not plan.markets:
        where = _care("no market")
    elif len(plan.markets) <= _SHOWN_MARKETS:
        where = _note(", ".join(plan.markets))
    else:
        where = _note(f"{', '.join(list(plan.markets)[:2])} and {len(plan.markets) - 2} more markets")
    kicker = ("Private plan" if plan.is_private else "Plan") + _life(plan.life)
    return Box(column=4, kicker=kicker, lines=(_id(plan.id), where), is_loose=plan.life == "planned")


def _has(location: Location, publishers: Sequence[Publisher]) -> bool:
    return any(publisher.location == location.partner_id for publisher in publishers)


def _life(life: str) -> str:
    return "" if life == "live" else f", {life}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _name(text: str) -> Line:
    return Line(text=text, kind=LineKind.NAME)


def _id(text: str) -> Line:
    return Line(text=text, kind=LineKind.ID)


def _note(text: str) -> Line:
    return Line(text=text)


def _care(text: str) -> Line:
    return Line(text=text, kind=LineKind.CARE)
