"""How far a private offer has come, and which step leads from where to where: tables and pure functions.

The API shows two words, `state` (what a publisher set) and `subState` (what the others did), and to a channel partner
others than to the originator; Partner Center's dashboard has words of its own. All follow from one standing here.
Source: "Manage existing private offers via API" (delete drafts; withdraw while nobody accepted; of a multiparty offer
the partner first); "Private offers submission API overview" (table of what originator and seller may do); Private
offers for customers (statuses of the dashboard), read 2026-11-22.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from fairkeeper.sandbox.ingestion.requests.shapes import OfferState, OfferType


class Standing(StrEnum):
    """How far a private offer has come."""

    DRAFT = "draft"
    WITH_PARTNER = "with-partner"
    """Submitted by its originator, not yet by the channel partner."""
    PARTNER_WITHDREW = "partner-withdrew"
    """The channel partner took it back from the customer."""
    AVAILABLE = "available"
    """Open to resellers, who accept nothing."""
    WITH_CUSTOMER = "with-customer"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    DELETED = "deleted"


_SUBMITTED: Final = {
    OfferType.CUSTOMER: Standing.WITH_CUSTOMER,
    OfferType.CSP: Standing.AVAILABLE,
    OfferType.ORIGINATOR: Standing.WITH_PARTNER,
}

_ANY: Final = frozenset(_SUBMITTED)
PUBLISHER_STEPS: Final[dict[tuple[Standing | None, OfferState], frozenset[OfferType]]] = {
    (None, OfferState.DRAFT): _ANY,
    (None, OfferState.LIVE): _ANY,
    (Standing.DRAFT, OfferState.DRAFT): _ANY,
    (Standing.DRAFT, OfferState.LIVE): _ANY,
    (Standing.DRAFT, OfferState.DELETED): _ANY,
    (Standing.WITH_CUSTOMER, OfferState.WITHDRAWN): frozenset({OfferType.CUSTOMER}),
    (Standing.AVAILABLE, OfferState.WITHDRAWN): _ANY,
    (Standing.WITH_PARTNER, OfferState.WITHDRAWN): _ANY,
    (Standing.PARTNER_WITHDREW, OfferState.WITHDRAWN): _ANY,
    (Standing.WITHDRAWN, OfferState.DRAFT): _ANY,
}
"""What a publisher may set from where, and for which kinds of offer; nothing else is possible."""

PARTNER_STEPS: Final[dict[tuple[Standing, OfferState], Standing]] = {
    (Standing.WITH_PARTNER, OfferState.DRAFT): Standing.WITH_PARTNER,
    (Standing.WITH_PARTNER, OfferState.LIVE): Standing.WITH_CUSTOMER,
    (Standing.PARTNER_WITHDREW, OfferState.DRAFT): Standing.PARTNER_WITHDREW,
    (Standing.PARTNER_WITHDREW, OfferState.LIVE): Standing.WITH_CUSTOMER,
    (Standing.WITH_CUSTOMER, OfferState.WITHDRAWN): Standing.PARTNER_WITHDREW,
}
"""Where a channel partner's step leads."""

_SHOWN: Final[dict[Standing, tuple[OfferState, str | None]]] = {
    Standing.DRAFT: (OfferState.DRAFT, None),
    Standing.WITH_PARTNER: (OfferState.LIVE, "pendingPartnerAction"),
    Standing.PARTNER_WITHDREW: (OfferState.LIVE, "pendingPartnerAction"),
    Standing.AVAILABLE: (OfferState.LIVE, None),
    Standing.WITH_CUSTOMER: (OfferState.LIVE, "pendingAcceptance"),
    Standing.ACCEPTED: (OfferState.LIVE, "accepted"),
    Standing.WITHDRAWN: (OfferState.WITHDRAWN, None),
    Standing.DELETED: (OfferState.DELETED, None),
}
_SHOWN_TO_PARTNER: Final[dict[Standing, tuple[OfferState, str | None]]] = {
    **_SHOWN,
    Standing.WITH_PARTNER: (OfferState.DRAFT, None),
    Standing.PARTNER_WITHDREW: (OfferState.WITHDRAWN, None),
}


def publisher_step(standing: Standing | None, wanted: OfferState, kind: OfferType) -> Standing | None:
    """Return where a publisher's step leads; None where it is not possible.

    Example:
        >>> publisher_step(None, OfferState.LIVE, OfferType.CUSTOMER).value
        'with-customer'
        >>> publisher_step(Standing.ACCEPTED, OfferState.WITHDRAWN, OfferType.CUSTOMER) is None
        True
    """
    if kind not in PUBLISHER_STEPS.get((standing, wanted), frozenset()):
        return None
    return _SUBMITTED[kind] if wanted is OfferState.LIVE else Standing(wanted.value)


def partner_step(standing: Standing, wanted: OfferState) -> Standing | None:
    """Return where a channel partner's step leads; None where it is not possible."""
    return PARTNER_STEPS.get((standing, wanted))


def shown_state(standing: Standing, *, to_partner: bool) -> tuple[OfferState, str | None]:
    """Return `state` and `subState` as originator or channel partner read them.

    Example:
        >>> [str(word) for word in shown_state(Standing.WITH_PARTNER, to_partner=False)]
        ['live', 'pendingPartnerAction']
    """
    return (_SHOWN_TO_PARTNER if to_partner else _SHOWN)[standing]


_DASHBOARD: Final = {
    Standing.DRAFT: "Draft",
    Standing.WITH_PARTNER: "Pending partner action",
    Standing.PARTNER_WITHDREW: "Pending partner action",
    Standing.AVAILABLE: "Live",
    Standing.WITH_CUSTOMER: "Pending acceptance",
    Standing.ACCEPTED: "Accepted",
    Standing.WITHDRAWN: "Withdrawn",
    Standing.DELETED: "Deleted",
}


def dashboard_status(standing: Standing, *, accept_by: date | None, end: date | None, on: date) -> str:
    """Return the word that Partner Center's dashboard has for an offer today.

    Example:
        >>> day = date(2026, 11, 22)
        >>> dashboard_status(Standing.WITH_CUSTOMER, accept_by=date(2026, 11, 21), end=None, on=day)
        'Expired'
    """
    if standing is Standing.WITH_CUSTOMER and accept_by is not None and on > accept_by:
        return "Expired"
    if standing in {Standing.ACCEPTED, Standing.AVAILABLE} and end is not None and on > end:
        return "Ended"
    return _DASHBOARD[standing]
