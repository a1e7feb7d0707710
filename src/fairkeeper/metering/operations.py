"""Every operation of the room, for the registry."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.metering import queries
from fairkeeper.metering.actions import (
    answering,
    comparing,
    counting,
    deciding,
    entering,
    limiting,
    proving,
    recording,
    setting,
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    queries.list_usage,
    queries.show_usage,
    queries.show_hour,
    queries.list_hours,
    recording.record_usage,
    recording.record_by_hand,
    recording.import_usage,
    counting.count_hours,
    answering.record_answers,
    answering.give_up_hours,
    comparing.record_comparison,
    entering.meter_actions,
    entering.tell_unplaced,
    entering.set_fixed_usage,
    entering.end_fixed_usage,
    entering.enter_fixed_usage,
    limiting.set_usage_limit,
    limiting.end_usage_limit,
    limiting.follow_limits,
    deciding.release_hour,
    deciding.refuse_hour,
    proving.prove_usage,
    proving.show_proof,
    proving.list_proofs,
    proving.find_proof,
    setting.set_dimension,
    setting.set_rule,
    setting.register_application,
    setting.end_application,
    setting.set_opening,
)
