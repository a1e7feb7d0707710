"""What this room's queries answer: frozen rows without behaviour, each figure with the day it is of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """A sentence of evidence and what it adds to the log odds."""

    text: str
    odds: float
    is_vendors: bool
    feature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """One account in a ranking.

    Attributes:
        worth: In the partner's own prices and their currency; None without a price.
        card_id: The open card, if there is one.
        card_state: Its state; empty without one.
    """

    rank: int
    tenant_id: str
    name: str
    segment: str
    likelihood: float
    band: str
    confidence: float
    seats: float
    worth: str | None
    currency: str | None
    motion: str
    why_now: str
    why_now_on: date
    reasons: tuple[ReasonView, ...]
    against: tuple[ReasonView, ...]
    missing: tuple[str, ...]
    first: str
    card_id: str | None
    card_state: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedAccounts:
    """A ranking through one lens: which snapshot, by which definition, and the first accounts."""

    lens: str
    title: str
    question: str
    as_of: date
    run_id: str
    connection: str
    order: str
    total: int
    snapshots: int
    accounts: tuple[AccountLine, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMonth:
    """One snapshot's figures of an account; None is unknown, never zero."""

    as_of: date
    snapshot_id: str
    paid_seats: int | None
    paid_users: int | None
    chat_users: int | None
    agent_users: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TermView:
    """One term of a lens: the feature's value, what it adds, and the sentence; None where it is unknown."""

    feature: str
    description: str
    value: float | None
    odds: float | None
    text: str
    is_vendors: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LensView:
    """How an account stands under one lens; the base and the terms add up to the likelihood."""

    lens: str
    title: str
    rank: int
    of: int
    likelihood: float
    band: str
    confidence: float
    seats: float
    motion: str
    why_now: str
    why_now_on: date
    base: float
    terms: tuple[TermView, ...]
    missing: tuple[str, ...]
    changes: tuple[str, ...]
    first: str
    worth: str | None
    currency: str | None
    worth_basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An account: how it stands under every lens that applies, and its past."""

    tenant_id: str
    name: str
    domain: str
    segment: str
    as_of: date
    run_id: str
    connection: str
    owner: str
    match_state: str
    crm_account: str | None
    candidates: tuple[dict[str, Any], ...]
    our_customer: str | None
    lenses: tuple[LensView, ...]
    past: tuple[PastMonth, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One alert."""

    id: str
    tenant_id: str
    name: str
    kind: str
    sentence: str
    before: int
    after: int
    surprise: float
    is_urgent: bool
    as_of: date
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """The alerts, and what the percentage rule would have told of the same snapshot."""

    as_of: date | None
    book: int
    alerts: tuple[AlertLine, ...]
    share_percent: float
    naive_count: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotLine:
    """One imported snapshot."""

    id: str
    connection: str
    tab: str
    file: str
    taken_on: date
    as_of: date
    revision: int
    state: str
    rows: int
    findings: int
    found: tuple[dict[str, Any], ...]
    """Each finding: its level, code, message, place and remedy."""
    imported_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardLine:
    """An open or closed card, for the seller's list."""

    id: str
    tenant_id: str
    account: str
    lens: str
    title: str
    state: str
    motion: str
    owner: str
    likelihood: float
    first_likelihood: float
    confidence: float
    seats: float
    worth: str | None
    currency: str | None
    rank: int
    why_now: str
    why_now_on: date
    reason: str
    band: str
    opened_at: datetime
    opened_as_of: date
    closed_at: datetime | None
    closed_why: str
    snoozed_until: date | None
    run_id: str
    is_pushed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPage:
    """A part of the cards."""

    cards: tuple[CardLine, ...]
    total: int
    as_of: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLine:
    """One record at the CRM, as far as we know."""

    external_key: str
    target: str
    record: str
    state: str
    remote_id: str | None
    attempts: int
    last_error: str
    kept_fields: tuple[str, ...]
    is_unasked: bool
    card_id: str
    account: str
    decision_id: str | None
    asked_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeLine:
    """What somebody said of a card."""

    outcome: str
    reason: str
    note: str
    seats: int | None
    source: str
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDetail:
    """A card with everything on it."""

    line: CardLine
    card: dict[str, Any]
    account: Explanation | None
    pushes: tuple[PushLine, ...]
    outcomes: tuple[OutcomeLine, ...]
    match_state: str
    crm_account: str | None
    may_push: bool
    why_not_push: str
    horizon_months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LensLine:
    """One lens as it is defined."""

    name: str
    title: str
    question: str
    version: int
    outcome: str
    digest: str
    terms: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """The book for leadership."""

    as_of: date
    run_id: str
    tenants: int
    lenses: dict[str, Any]
    months: tuple[dict[str, Any], ...]
    cards: dict[str, int]
    alerts: int
    naive_alerts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureView:
    """One order's measures; lift is against fifty accounts drawn by lot."""

    name: str
    title: str
    lift_at_50: float | None
    seats_lift_at_50: float | None
    precision_at_50: float | None
    ndcg_at_50: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BinView:
    """Accounts of about the same likelihood: what was said, what happened."""

    said: float
    happened: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LensAccount:
    """How one lens did."""

    lens: str
    title: str
    outcome: str
    as_of: date
    until: date
    accounts: int
    outcomes: int
    base_rate: float
    is_ahead: bool
    measures: tuple[MeasureView, ...]
    brier: float | None
    brier_of_base_rate: float | None
    area_under_curve: float | None
    calibration_error: float | None
    bins: tuple[BinView, ...]
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAccount:
    """What became of a lens's cards, as people said."""

    lens: str
    opened: int
    shown: int
    accepted: int
    declined: int
    won: int
    lost: int
    snoozed: int
    brier: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """Accounts that nobody contacts against the others."""

    percent: int
    held_out: int
    contacted: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The account that the ranking gives of itself."""

    as_of: date
    lenses: tuple[LensAccount, ...]
    cards: tuple[CardAccount, ...]
    decline_reasons: dict[str, int]
    holdout: Holdout
    note: str
