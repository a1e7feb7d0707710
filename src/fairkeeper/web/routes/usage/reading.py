"""What the pages of usage share: where they stand, how states are called, and one subscription's usage."""

from __future__ import annotations

from typing import Final

from fairkeeper.metering.queries import show_usage
from fairkeeper.metering.views import (
    UsageDetail,
)
from fairkeeper.web.parts import Link
from fairkeeper.web.serving.visit import Visit

ROOM: Final = "Usage"
TRAIL: Final = (Link(label=ROOM, href="/usage"),)
WORDS: Final = {
    "ready": "waits to be sent",
    "held": "held for a person",
    "faulty": "not taken by Microsoft",
    "accepted": "accepted",
    "conflict": "differs at Microsoft",
    "refused": "refused here",
    "folded": "moved to a later hour",
    "doubtful": "not known yet",
    "nothing": "nothing to report",
    "elsewhere": "reported by another system",
    "lost": "could not be reported",
}
"""What a state is called."""


def detail_of(visit: Visit) -> UsageDetail:
    """Return the usage of the subscription that the path names, of the dimension that the query does."""
    asked = {"dimension": visit.query("dimension")[:120]} if visit.query("dimension") else {}
    detail: UsageDetail = visit.run(show_usage, resource_id=visit.named("resource_id")[:64], **asked)
    return detail
