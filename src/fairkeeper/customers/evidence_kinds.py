"""The kinds of evidence entry this room records, each with the sentence a person reads.

They stand together, because a subscription's change has one of several names depending on what Microsoft stated.
"""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind
from fairkeeper.customers.following.mirror import Field, Following, Mirror
from fairkeeper.customers.path.lifecycle import CommercialStatus


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"customers.{name}", sentence=sentence)


WEBHOOK_RECEIVED = _kind("webhook_received/1", "Microsoft sent notice of {action}.")
NOTICE_SETTLED = _kind("notice_settled/1", "The notice of {action} was worked on: {outcome}")
NOTICE_REOPENED = _kind("notice_reopened/1", "The held notice of {action} is worked on again.")
RECORDED = _kind("subscription_recorded/1", "{plan} of {offer} was bought; Microsoft's status is {status}.")
ACTIVATED = _kind("subscription_activated/1", "The subscription to {plan} is active; Microsoft bills it.")
SUSPENDED = _kind("subscription_suspended/1", "Microsoft suspended the subscription; use is stopped, data is kept.")
REINSTATED = _kind("subscription_reinstated/1", "Microsoft reinstated the subscription; use may go on.")
UNSUBSCRIBED = _kind("subscription_unsubscribed/1", "The subscription has ended at Microsoft; use is being stopped.")
PLAN_CHANGED = _kind("plan_changed/1", "The plan is now {plan}.")
SEATS_CHANGED = _kind("seats_changed/1", "There are now {seats} seats.")
RENEWED = _kind("subscription_renewed/1", "The term now runs to {term_end}.")
UPDATED = _kind("subscription_updated/1", "Microsoft's statement of the subscription changed.")
HELD = _kind("status_held/1", "Microsoft reports the unknown status {status}; use is held.")

TAKEN_OVER = _kind("subscription_taken_over/1", "Fairkeeper runs the subscription from now on.")
HANDED_BACK = _kind("subscription_handed_back/1", "Another system runs the subscription again; Fairkeeper observes.")
LANDING_LOOK_SET = _kind("landing_look_set/1", "What the landing page says and asks was changed.")
LANDING_LOGO_SET = _kind("landing_logo_set/1", "The landing page's logo was changed.")
LANDING_ANSWERED = _kind("landing_answered/1", "{count} questions of the landing page were answered.")
ADOPTED = _kind("subscriptions_adopted/1", "{subscriptions} subscriptions were adopted from a file of {source}.")

SUBSCRIPTION_KINDS = (
    RECORDED,
    ACTIVATED,
    SUSPENDED,
    REINSTATED,
    UNSUBSCRIBED,
    PLAN_CHANGED,
    SEATS_CHANGED,
    RENEWED,
    UPDATED,
    HELD,
)

LANDED = _kind("landing_visited/1", "{who} came to the landing page: {branch}.")
CLAIMED = _kind("subscription_claimed/1", "A person claimed the subscription as theirs to set up.")
CLAIM_CONFIRMED = _kind("claim_confirmed/1", "The claim of the subscription was confirmed.")
ACTIVATION_ASKED = _kind("activation_asked/1", "Activation of {plan} was asked for.")
CHANGE_ASKED = _kind("change_asked/1", "Microsoft is asked for {what}.")
CHANGE_BEGUN = _kind("change_begun/1", "Microsoft began {what}.")
WISH_REFUSED = _kind("wish_refused/1", "Microsoft refused {what}: {message}")
OPERATION_ANSWERED = _kind("operation_answered/1", "Microsoft was answered {answer} to {action}: {outcome}")
DEAL_FOUND = _kind("deal_found/1", "The purchase came through the private offer {offers}.")
PROVISIONING_ACCEPTED = _kind("provisioning_accepted/1", "The publisher's systems took up the wish to {wish}.")
PROVISIONING_ANSWERED = _kind("provisioning_answered/1", "The publisher's systems report: {wish} {result}. {message}")
PROVISIONING_STARTED = _kind("provisioning_started/1", "Provisioning was started by a person.")
WISH_REPEATED = _kind("wish_repeated/1", "The publisher's systems are asked again to {wish}.")
PAUSED = _kind("use_paused/1", "Use was paused: {reason}")
RESUMED = _kind("use_resumed/1", "Use was resumed.")
BLOCKED = _kind("use_blocked/1", "Use was blocked: {reason}")
UNBLOCKED = _kind("use_unblocked/1", "The block on use was lifted; it is paused until somebody resumes it.")
REVOKED = _kind("customer_revoked/1", "Revocation was decided: {reason}")
STOPPED_RECEIPT = _kind("stopped_receipt/1", "Everything has stopped; the receipt lists what remains to be removed.")
ERASURE_ASKED = _kind("erasure_asked/1", "The retention ended; the publisher's systems are asked to erase.")
ERASED_RECEIPT = _kind("erased_receipt/1", "The customer's data is erased; the receipt says what was kept and why.")
REMINDED = _kind("reminder_raised/1", "{message}")
REMINDER_CLOSED = _kind("reminder_closed/1", "Dealt with: {why}")
RECONCILED = _kind(
    "reconciled/1", "Compared with Microsoft's list: {differences} differences in {listed} subscriptions."
)
RULE_SET = _kind("change_rule_set/1", "The rule for plan and seat changes was set.")
RENAMED = _kind("customer_renamed/1", "The customer is now called {name}.")


def kind_of(mirror: Mirror | None, following: Following) -> EvidenceKind:
    """Return the kind that tells best what changed: a new subscription, then its status, plan, seats, term."""
    snapshot = following.snapshot
    if mirror is None:
        return RECORDED
    changed = {difference.field for difference in following.differences}
    if Field.STATUS in changed:
        if snapshot.status is CommercialStatus.SUBSCRIBED:
            return REINSTATED if mirror.status is CommercialStatus.SUSPENDED else ACTIVATED
        by_status = {
            CommercialStatus.SUSPENDED: SUSPENDED,
            CommercialStatus.UNSUBSCRIBED: UNSUBSCRIBED,
            None: HELD,
        }
        return by_status.get(snapshot.status, UPDATED)
    by_field = ((Field.PLAN, PLAN_CHANGED), (Field.SEATS, SEATS_CHANGED), (Field.TERM, RENEWED))
    return next((kind for name, kind in by_field if name in changed), UPDATED)
