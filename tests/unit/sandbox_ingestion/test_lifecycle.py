"""Which step leads where. Documents: Manage existing private offers via API; Private offers submission API overview."""

from __future__ import annotations

import itertools
from datetime import date

import pytest

from fairkeeper.sandbox.ingestion.lifecycle import (
    Standing,
    dashboard_status,
    partner_step,
    publisher_step,
    shown_state,
)
from fairkeeper.sandbox.ingestion.requests.shapes import OfferState, OfferType

DAY = date(2026, 11, 22)
CUSTOMER, ORIGINATOR, CSP = OfferType.CUSTOMER, OfferType.ORIGINATOR, OfferType.CSP


@pytest.mark.parametrize(
    ("kind", "standing"),
    [(CUSTOMER, Standing.WITH_CUSTOMER), (ORIGINATOR, Standing.WITH_PARTNER), (CSP, Standing.AVAILABLE)],
)
def test_going_live_leads_to_whoever_is_next(kind: OfferType, standing: Standing) -> None:
    """OVER, table: the originator's audience is the selling partner, a customer offer's the customer."""
    assert publisher_step(None, OfferState.LIVE, kind) is standing
    assert publisher_step(Standing.DRAFT, OfferState.LIVE, kind) is standing


@pytest.mark.parametrize(("standing", "state"), [*itertools.product([Standing.ACCEPTED, Standing.DELETED], OfferState)])
def test_nothing_changes_what_is_accepted_or_deleted(standing: Standing, state: OfferState) -> None:
    """2022, Withdraw: only if your customer hasn't accepted it."""
    assert all(publisher_step(standing, state, kind) is None for kind in (CUSTOMER, ORIGINATOR, CSP))
    assert partner_step(standing, state) is None


def test_only_drafts_are_deleted() -> None:
    """Manage, Delete: while it is still in draft state."""
    can = {
        standing
        for standing in Standing
        for kind in (CUSTOMER, ORIGINATOR, CSP)
        if publisher_step(standing, OfferState.DELETED, kind)
    }
    assert can == {Standing.DRAFT}
    assert not any(partner_step(standing, OfferState.DELETED) for standing in Standing)


def test_an_originator_withdraws_only_while_the_customer_cannot_accept() -> None:
    """Manage, Withdraw, note: the selling partner must first withdraw."""
    assert publisher_step(Standing.WITH_CUSTOMER, OfferState.WITHDRAWN, CUSTOMER) is Standing.WITHDRAWN
    assert publisher_step(Standing.WITH_CUSTOMER, OfferState.WITHDRAWN, ORIGINATOR) is None
    assert partner_step(Standing.WITH_CUSTOMER, OfferState.WITHDRAWN) is Standing.PARTNER_WITHDREW
    assert publisher_step(Standing.PARTNER_WITHDREW, OfferState.WITHDRAWN, ORIGINATOR) is Standing.WITHDRAWN


def test_a_withdrawn_offer_is_a_draft_before_it_is_live() -> None:
    """Manage, Withdraw, note: revert back to a draft state to make edits."""
    assert publisher_step(Standing.WITHDRAWN, OfferState.LIVE, CUSTOMER) is None
    assert publisher_step(Standing.WITHDRAWN, OfferState.DRAFT, CUSTOMER) is Standing.DRAFT


def test_both_sides_read_a_word_for_every_standing() -> None:
    """SCHEMA: state is one of four, subState one of three or absent."""
    for standing, to_partner in itertools.product(Standing, [False, True]):
        state, sub_state = shown_state(standing, to_partner=to_partner)
        assert state in OfferState
        assert sub_state in {None, "pendingAcceptance", "accepted", "pendingPartnerAction"}
        assert sub_state is None or state is OfferState.LIVE
    assert shown_state(Standing.WITH_PARTNER, to_partner=True) == (OfferState.DRAFT, None)


@pytest.mark.parametrize(
    ("standing", "accept_by", "end", "word"),
    [
        (Standing.DRAFT, None, None, "Draft"),
        (Standing.WITH_CUSTOMER, DAY, DAY, "Pending acceptance"),
        (Standing.WITH_CUSTOMER, date(2026, 11, 21), DAY, "Expired"),
        (Standing.ACCEPTED, date(2026, 11, 1), DAY, "Accepted"),
        (Standing.ACCEPTED, date(2026, 10, 1), date(2026, 10, 31), "Ended"),
        (Standing.AVAILABLE, None, date(2026, 10, 31), "Ended"),
    ],
)
def test_the_dashboard_has_its_own_words(
    standing: Standing, accept_by: date | None, end: date | None, word: str
) -> None:
    """PO: Draft, Pending acceptance, Accepted, Expired, Ended."""
    assert dashboard_status(standing, accept_by=accept_by, end=end, on=DAY) == word
