"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind
from fairkeeper.deals.book.lifecycle import Step


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"deals.{name}", sentence=sentence)


SAVED = _kind("deal_saved/1", "The deal {name} was written: {total}.")
CHANGED = _kind("deal_changed/1", "The deal {name} was changed: {total}. {voided}")
ASSIGNED = _kind("deal_assigned/1", "The deal {name} belongs to {owner}, CRM opportunity {crm_id}.")
APPROVED = _kind("deal_approved/1", "The deal {name} was approved ({reason}): {note}")
SUBMISSION_ASKED = _kind("submission_asked/1", "The deal {name} is to be submitted to Microsoft.")
SUBMITTED = _kind("deal_submitted/1", "The deal {name} was handed to Microsoft in job {job_id}.")
REFUSED = _kind("submission_refused/1", "Microsoft refused the deal {name}: {message}")
WITHDRAWAL_ASKED = _kind("withdrawal_asked/1", "The deal {name} is to be withdrawn: {reason}")
WITHDRAWAL_REFUSED = _kind("withdrawal_refused/1", "Microsoft did not withdraw the deal {name}: {message}")
SHARED = _kind("deal_shared/1", "The deal {name} waits for the channel partner.")
OFFERED = _kind("deal_offered/1", "The deal {name} is open for the customer to accept.")
ACCEPTED = _kind("deal_accepted/1", "The deal {name} was accepted.")
ENDED = _kind("deal_ended/1", "The deal {name} has ended: {reason}")
WITHDRAWN = _kind("deal_withdrawn/1", "The deal {name} was withdrawn: {reason}")
EXPIRED = _kind("deal_expired/1", "The deal {name} has expired: {reason}")
LOST = _kind("deal_lost/1", "The deal {name} was lost to {lost_to}: {reason}")
REOPENED = _kind("deal_reopened/1", "The deal {name} is a draft again.")
BOUGHT = _kind("deal_bought/1", "{plan} of the deal {name} was bought. {reason}")
MATCH_HELD = _kind("match_held/1", "A purchase of {plan} may have come from a deal; a person has to say. {reason}")
MATCH_REFUSED = _kind("match_refused/1", "The purchase of {plan} came from no deal known here.")
READ_BACK = _kind("deal_read_back/1", "Microsoft's copy of the deal {name} was compared: {differences} differences.")
REMINDED = _kind("reminder_raised/1", "{message}")
REMINDER_CLOSED = _kind("reminder_closed/1", "Dealt with: {why}")
RENEWAL_ANSWERED = _kind(
    "renewal_answered/1", "After the deal {name}: {plan}. Renewal attestation: {qualifies}. {note}"
)
IMPORTED = _kind("deal_imported/1", "The deal {name} was taken over from {source}: {total}.")
IMPORT_ASKED = _kind("import_asked/1", "Deals are to be taken over from {source}.")
IMPORT_FINISHED = _kind("import_finished/1", "Deals were taken over from {source}: {saved} of {read} are new here.")
MAPPING_SAVED = _kind("mapping_saved/1", "The column mapping {name} was saved.")
RULES_SET = _kind("approval_rules_set/1", "The rules for approvals of deals were set.")

BY_STEP = {
    Step.DRAFTED: READ_BACK,
    Step.SHARED: SHARED,
    Step.OFFERED: OFFERED,
    Step.ACCEPTED: ACCEPTED,
    Step.ENDED: ENDED,
    Step.WITHDRAWN: WITHDRAWN,
    Step.EXPIRED: EXPIRED,
}
"""What is recorded when Microsoft's word, or time, moves a deal on."""
