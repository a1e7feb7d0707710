"""What a ranking must beat: four simple orders that anybody could make from the same export.

The five-signal Priority Score is that of a public Power BI template for the export, as its description states it:
40 points for eligible seats (full at 150), 25 for whitespace (full at 50), 15 for free to paid, 10 for Grow or
Monetize, 10 for a high agent intensity.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from fairkeeper.opportunities.insights.portfolio import Portfolio
from fairkeeper.opportunities.lenses.features import Features

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BASELINES: Final = ("whitespace", "vendor", "priority_score", "random")
TITLES: Final = {
    "whitespace": "Seats whitespace alone",
    "vendor": "Microsoft's own labels",
    "priority_score": "The five-signal Priority Score",
    "random": "By lot",
}


def baseline_ranks(portfolio: Portfolio, features: Features, lens: str) -> dict[str, Floats]:
    """Return each baseline's rank values for a lens; higher is earlier. Equal labels are ordered by seats."""
    import numpy as np

    def known(name: str) -> Floats:
        return np.nan_to_num(features[name])

    whitespace, paid = known("whitespace"), known("paid_seats")
    seats = paid if lens == "at_risk" else whitespace
    priority = (
        40 * np.minimum(known("eligible_seats") / 150, 1)
        + 25 * np.minimum(whitespace / 50, 1)
        + 15 * known("free_to_paid")
        + 10 * ((known("vendor_grow") + known("vendor_monetize")) > 0)
        + 10 * (known("vendor_intensity") > 0)
    )
    return {
        "whitespace": whitespace,
        "vendor": _vendor(features, lens) + seats / 1e7,
        "priority_score": priority + seats / 1e7,
        "random": _lot(portfolio),
    }


def _vendor(features: Features, lens: str) -> Floats:
    """Return the order of Microsoft's labels that speak of the lens's question."""
    import numpy as np

    labels = {
        "expansion": ("vendor_expansion", "vendor_grow"),
        "conversion": ("vendor_monetize", "vendor_expansion"),
        "transformation": ("vendor_intensity", "e7_flag"),
        "agent_365": ("vendor_intensity", "e7_flag"),
        "e7": ("e7_flag", "vendor_intensity"),
    }
    if lens == "at_risk":
        return -np.nan_to_num(features["vendor_health"])
    main, other = labels.get(lens, ("vendor_expansion", "vendor_grow"))
    return np.asarray(2 * np.nan_to_num(features[main]) + 0.5 * np.nan_to_num(features[other]))


def _lot(portfolio: Portfolio) -> Floats:
    """Draw lots by the tenants' ids, so that the same book is drawn the same way."""
    import numpy as np

    return np.array(
        [int(hashlib.sha256(f"lot {each}".encode()).hexdigest()[:12], 16) for each in portfolio.tenant_ids],
        dtype=np.float64,
    )
