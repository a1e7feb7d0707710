"""Every operation of this room."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import Operation
from fairkeeper.assurance.evaluation.running import run_suite, save_suite, show_release
from fairkeeper.assurance.forwarding.destinations import (
    add_destination,
    end_destination,
    keep_secret,
    list_destinations,
)
from fairkeeper.assurance.forwarding.exporting import export_events, list_parsers
from fairkeeper.assurance.forwarding.following import follow_receiver
from fairkeeper.assurance.incidents.acting import (
    close_incident,
    open_incident,
    open_incident_by_fact,
    package_incident,
    settle_notice,
    take_step,
)
from fairkeeper.assurance.incidents.drilling import (
    end_drill,
    list_drills,
    record_drill_step,
    start_drill,
    take_drill_step,
)
from fairkeeper.assurance.incidents.queries import list_incidents, show_incident, show_reach
from fairkeeper.assurance.keeping.holding import lift_hold, list_holds, place_hold
from fairkeeper.assurance.keeping.proving import erase_data, prove_erasure
from fairkeeper.assurance.keeping.rules import list_retention, set_retention
from fairkeeper.assurance.keeping.subject import export_subject
from fairkeeper.assurance.monitoring.following import judge_hour, raise_signal
from fairkeeper.assurance.monitoring.hearing import list_signal_rules, list_signals, set_signal_rule, settle_signal
from fairkeeper.assurance.posture.answers.answering import answer_questions
from fairkeeper.assurance.posture.data_flow import show_data_flow
from fairkeeper.assurance.posture.inventory import list_dependencies
from fairkeeper.assurance.posture.showing import list_controls, show_posture
from fairkeeper.assurance.transparency.showing import list_reader_questions, show_transparency
from fairkeeper.assurance.weaknesses.recording import (
    accept_weakness,
    ask_for_scan,
    list_scans,
    list_weaknesses,
    record_scan,
)

OPERATIONS: Final[tuple[Operation, ...]] = (
    judge_hour,
    raise_signal,
    list_signals,
    settle_signal,
    set_signal_rule,
    list_signal_rules,
    open_incident,
    open_incident_by_fact,
    take_step,
    settle_notice,
    close_incident,
    package_incident,
    list_incidents,
    show_incident,
    show_reach,
    save_suite,
    run_suite,
    show_release,
    show_posture,
    list_controls,
    answer_questions,
    list_dependencies,
    show_data_flow,
    show_transparency,
    list_reader_questions,
    export_events,
    list_parsers,
    add_destination,
    end_destination,
    list_destinations,
    keep_secret,
    follow_receiver,
    set_retention,
    list_retention,
    place_hold,
    lift_hold,
    list_holds,
    erase_data,
    prove_erasure,
    export_subject,
    start_drill,
    record_drill_step,
    take_drill_step,
    end_drill,
    list_drills,
    record_scan,
    ask_for_scan,
    list_weaknesses,
    list_scans,
    accept_weakness,
)
