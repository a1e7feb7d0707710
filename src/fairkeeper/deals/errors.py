"""Refusals of this room: what cannot be built, changed or priced as it was asked."""

from __future__ import annotations

from fairkeeper.errors import InvalidError


class DealsError(InvalidError):
    """Root of this room's refusals."""

    code = "deals.refused"


class PatternRefusedError(DealsError):
    """A schedule cannot be built from this total and pattern."""

    code = "deals.pattern_refused"
    remedy = "Choose a pattern that fits into the term and a setup fee within the total."


class EditRefusedError(DealsError):
    """A change to a schedule cannot be made."""

    code = "deals.edit_refused"
    remedy = "Change another line, or let the total move."


class NotPricedError(DealsError):
    """A deal has no price that could be worked out."""

    code = "deals.not_priced"
    remedy = "Give the plan a schedule or regular billing."


class NoChannelPartnerError(DealsError):
    """A channel partner's part was asked of an offer that has none."""

    code = "deals.no_channel_partner"
    remedy = "Ask for the publisher's part, or make it a multiparty offer."


class PayloadRefusedError(DealsError):
    """A payload cannot be made of a deal, or not be read back."""

    code = "deals.payload_refused"
    remedy = "Give the durable ids of the products and plans, and a payload of the configured schema."
