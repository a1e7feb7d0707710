"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"assurance.{name}", sentence=sentence)


SUITE_SAVED = _kind("suite_saved/1", "The suite {name} was saved with {scenarios} scenarios.")
EVALUATED = _kind("evaluated/1", "The suite {suite} was run for version {version}: {verdict}.")
RULE_SET = _kind("signal_rule_set/1", "Signals of the kind {kind} are now {mode}; the response is {response}.")
SIGNAL_RAISED = _kind("signal_raised/1", "{agent}: {what}")
SIGNAL_SETTLED = _kind("signal_settled/1", "A signal was judged {verdict}: {why}")
INCIDENT_OPENED = _kind("incident_opened/1", "The incident {title} was opened ({severity}).")
INCIDENT_STEP = _kind("incident_step_taken/1", "In the incident {title}: {step}")
INCIDENT_CLOSED = _kind("incident_closed/1", "The incident {title} was closed. Cause: {cause}")
NOTICE_SETTLED = _kind("incident_notice_settled/1", "The notice to the {audience} was marked as {state}.")
PACKAGED = _kind("incident_packaged/1", "The incident {title} was packed with {entries} entries: {sha256}.")
DESTINATION_ADDED = _kind("destination_added/1", "Events are delivered to {name} from now on, as {event_format}.")
DESTINATION_ENDED = _kind("destination_ended/1", "No events are delivered to {name} any more: {reason}")
RETENTION_SET = _kind("retention_set/1", "Data of the class {data_class} is kept for {days} days.")
HOLD_PLACED = _kind("legal_hold_placed/1", "The data is under a legal hold: {reason}")
HOLD_LIFTED = _kind("legal_hold_lifted/1", "A legal hold was lifted: {reason}")
ERASURE_WISHED = _kind("erasure_wished/1", "The erasure of {what} was asked for: {reason}")
DATA_ERASED = _kind("data_erased_receipt/1", "Data was erased; the receipt says what, and what was kept and why.")
SUBJECT_EXPORTED = _kind("subject_exported/1", "What is kept about one person was handed out: {things} things.")
SCAN_WISHED = _kind("scan_wished/1", "A scan of the installation was asked for.")
SCANNED = _kind("scanned/1", "The installation was scanned: {found} weaknesses, {opened} of them new, {gone} gone.")
WEAKNESS_ACCEPTED = _kind("weakness_accepted/1", "The weakness {code} was accepted until {until}: {reason}")
DRILL_STARTED = _kind("drill_started/1", "A drill of the runbook {runbook} was started.")
DRILL_STEP = _kind("drill_step_taken/1", "In a drill: {step}, after {seconds} seconds.")
DRILL_ENDED = _kind("drill_ended/1", "A drill of the runbook {runbook} ended after {seconds} seconds.")
