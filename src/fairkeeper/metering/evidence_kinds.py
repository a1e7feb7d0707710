"""The kinds of evidence entry this room records."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"metering.{name}", sentence=sentence)


USAGE_RECORDED: Final = _kind("usage_recorded/1", "{count} usage events were recorded.")
HOURS_COUNTED: Final = _kind("hours_counted/1", "{count} hours of usage were counted.")
USAGE_ANSWERED: Final = _kind("usage_answered/1", "Microsoft answered {count} usage events: {summary}")
HOURS_GIVEN_UP: Final = _kind("hours_given_up/1", "{count} hours could not be sent in time: {summary}")
HOUR_RELEASED: Final = _kind("hour_released/1", "The held hour is sent after all: {reason}")
HOUR_REFUSED: Final = _kind("hour_refused/1", "The held hour is not reported: {reason}")
DIMENSION_SET: Final = _kind("dimension_set/1", "The dimension {dimension} of {plan} has its included quantities.")
RULE_SET: Final = _kind("rule_set/1", "The publisher's rules for usage were set.")
APPLICATION_REGISTERED: Final = _kind("application_registered/1", "The managed application is metered with {plan}.")
APPLICATION_ENDED: Final = _kind("application_ended/1", "The managed application is no longer metered.")
FIXED_USAGE_SET: Final = _kind("fixed_usage_set/1", "{units} of {dimension} are entered every {hours} hours.")
FIXED_USAGE_ENDED: Final = _kind("fixed_usage_ended/1", "Fixed usage of {dimension} is no longer entered.")
LIMIT_SET: Final = _kind("usage_limit_set/1", "The customer limits {dimension} to {units} a term.")
LIMIT_ENDED: Final = _kind("usage_limit_ended/1", "The customer's limit on {dimension} has ended.")
COMPARED: Final = _kind(
    "usage_compared/1", "{days} days of usage were compared with Microsoft's: {differences} differ."
)
DOUBT_SETTLED: Final = _kind("doubt_settled/1", "Microsoft's statement settles {count} hours: {summary}")
OPENING_SET: Final = _kind("opening_set/1", "{units} of {dimension} were used before Fairkeeper counted.")
PROOF_ISSUED: Final = _kind("proof_issued/1", "A proof of usage from {from_on} to {to_on} was made.")
