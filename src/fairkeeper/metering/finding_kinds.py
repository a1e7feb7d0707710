"""The kinds of findings of the room `metering`."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds


def _declare(code: str, level: Level, title: str, *texts: str) -> FindingKind:
    remedy, resource, example = texts
    return finding_kinds.declare(
        FindingKind(
            code=f"metering.{code}", level=level, title=title, remedy=remedy, resource=resource, example=example
        )
    )


HELD: Final = _declare(
    "hour_held",
    Level.WARNING,
    "An hour of usage is held before it is sent",
    "Release it if the usage is real, refuse it if not; without a decision the publisher's rule decides in time.",
    "learn-metering-api",
    "500 units where no hour before had more than 2",
)
CONFLICT: Final = _declare(
    "quantity_differs",
    Level.ERROR,
    "Microsoft has accepted another quantity for an hour than ours",
    "Find out who reported it: another system with the same application. Correct it in Partner Center.",
    "learn-metering-api",
    "ours 5, accepted 4",
)
FAULTY: Final = _declare(
    "not_taken",
    Level.ERROR,
    "Microsoft does not take an hour of usage",
    "Compare dimension, plan and status of the subscription with Partner Center; it is tried again until it expires, "
    "and goes into a later hour then.",
    "learn-metering-api",
    "InvalidDimension",
)
LOST: Final = _declare(
    "usage_lost",
    Level.ERROR,
    "Usage could not be reported before the end of a subscription's last day",
    "It is not billed: under-reporting cannot be corrected at Microsoft. Agree with the customer.",
    "learn-metering-faq",
    "usage of a cancelled subscription, recorded two days later",
)
DOUBTFUL: Final = _declare(
    "outcome_unknown",
    Level.WARNING,
    "It is not known whether Microsoft accepted an hour of usage",
    "The daily comparison with Microsoft's list decides; look in Partner Center if it stays open for two days.",
    "learn-metering-api",
    "the connection broke, and the hour expired before it came back",
)
DIMENSION_UNKNOWN: Final = _declare(
    "dimension_unknown",
    Level.ERROR,
    "Usage of a dimension waits, because its included quantity is not known",
    "Set the dimension with its included quantities as in Partner Center; what waits is counted then.",
    "learn-metered-billing",
    "usage of documents, and no dimension documents for the plan",
)
TERM_UNKNOWN: Final = _declare(
    "term_unknown",
    Level.WARNING,
    "Usage waits, because the subscription's plan or term is not known",
    "Read the subscription from Microsoft again; what waits is counted then.",
    "learn-metered-billing",
    "usage of a subscription that was never activated",
)
STATED_OTHERWISE: Final = _declare(
    "stated_otherwise",
    Level.ERROR,
    "Microsoft's list of usage differs from ours",
    "Look at the day's events in Partner Center; the comparison says which way it differs.",
    "learn-metering-api",
    "ours 12 on 21 Nov 2026, Microsoft's 10",
)
CALL_NOT_MEASURED: Final = _declare(
    "call_not_measured",
    Level.ERROR,
    "A governed call ran and did not say how much it counts for",
    "Look at the tool's meter: the field it names was not in the arguments or in the result that was told. What was "
    "used is not billed until it is recorded by hand.",
    "learn-metered-billing",
    "a result without usage.tokens",
)
CALL_UNPLACED: Final = _declare(
    "call_unplaced",
    Level.ERROR,
    "Governed calls count for a dimension that no plan of the customer has",
    "Set the dimension for the customer's plan, or change the tool's meter; the calls wait and are counted then.",
    "learn-metered-billing",
    "calls for pages, and a plan with documents",
)
LIMIT_REACHED: Final = _declare(
    "limit_reached",
    Level.WARNING,
    "A customer's own limit on usage is reached",
    "Governed calls of the dimension are refused from now on, or asked about where the limit says so; raise or end it "
    "to let them through.",
    "learn-metered-billing",
    "limit 1,000, used 1,002",
)
