"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind
from fairkeeper.consent.lifecycle import GrantState, LinkState


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"consent.{name}", sentence=sentence)


PLAN_APPLIED = _kind("plan_applied/1", "Version {version} of the consent plan was applied.")
PERMISSIONS_IMPORTED = _kind(
    "permissions_imported/1",
    "Microsoft's permissions.json of {dated_on} was laid beside the catalogue: {new} new names.",
)
LINK_OPENED = _kind("link_opened/1", "Trust in the tenant {tenant} begins with the purchase.")
LINK_IDENTIFIED = _kind("link_identified/1", "Somebody of the tenant signed in; Microsoft Entra vouched for it.")
LINK_LINKED = _kind("link_linked/1", "The tenant is linked: the purchase is active.")
LINK_SUSPENDED = _kind("link_suspended/1", "The link is suspended with the purchase; nothing is asked for.")
LINK_SUSPECTED = _kind("link_suspected/1", "Our sign-in application was not found: {note}. It is looked for again.")
LINK_BROKEN = _kind("link_broken/1", "Trust is broken: {note}, seen twice.")
LINK_FOUND = _kind("link_found/1", "Our sign-in application was found again; the suspicion was wrong.")
LINK_OWN_FAULT = _kind("link_own_fault/1", "A fault of our own kept our sign-in from being looked for: {note}.")
LINK_ENDING = _kind("link_ending/1", "The link was ended: {reason}")
LINK_ENDED = _kind("link_ended/1", "Nothing of ours is left in the tenant; the link has ended.")
WANTED_CHANGED = _kind("wanted_changed/1", "What the tenant is asked for follows version {version} of the plan.")
ASKED = _kind("asked/1", "The tenant was asked for {what}.")
PAGE_MADE = _kind("page_made/1", "An address of the connect page was made; it is good until {until}.")
PAGE_WITHDRAWN = _kind("page_withdrawn/1", "An address of the connect page was withdrawn.")
HANDED_OVER = _kind("handed_over/1", "The request for {what} waits for the tenant's administrator.")
STARTED = _kind("started/1", "Somebody went to Microsoft's page to consent to {what}.")
ANSWER_TAKEN = _kind(
    "answer_taken/1", "Microsoft's page says that {what} is granted. That is unsigned, and is being proved."
)
ANSWER_REFUSED = _kind("answer_refused/1", "An answer was refused and changed nothing: {why}")
DECLINED = _kind("declined/1", "{what} was declined: {reason}")
QUESTION_ASKED = _kind("question_asked/1", "Somebody of the customer asked a question about what is asked for.")
QUESTION_ANSWERED = _kind("question_answered/1", "A question about what is asked for was answered.")
PROVED = _kind("proved/1", "A token proved it: {what} is granted.")
PROVED_PARTLY = _kind("proved_partly/1", "A token proved a part of {what}: {note}")
DRIFTED = _kind("drifted/1", "What is granted differs from what was asked for ({what}): {note}")
DISPROVED = _kind("disproved/1", "No token could be had for {what}: {note}. It is as if nobody had answered.")
SUSPECTED = _kind("suspected/1", "{what} may have been taken back: {note}. It is looked at again.")
LOST = _kind("lost/1", "{what} was taken back: {note}, seen twice.")
OWN_FAULT = _kind("own_fault/1", "A fault of our own kept {what} from being looked at: {note}.")
DROPPED = _kind("dropped/1", "{what} is no longer needed by the plan.")
TOKEN_SERVED = _kind("token_served/1", "A token of the tenant was served for {what}.")
NOTICE_KEPT = _kind("notice_kept/1", "A notice about a managed application was kept: {what}. Azure is being asked.")
DEPLOYMENT_READ = _kind("deployment_read/1", "Azure confirmed {what}: it is {state}.")
DEPLOYMENT_FOREIGN = _kind("deployment_foreign/1", "{what} is not one of this publisher's: {note}.")
DEPLOYMENT_MISSED = _kind("deployment_missed/1", "{what} was not found: {note}. It is looked for again.")
DEPLOYMENT_ENDED = _kind("deployment_ended/1", "{what} has ended: {note}.")
ACCESS_OPENED = _kind("access_opened/1", "The deployment is to give {what}; it is being proved.")
ELEVATION_ASKED = _kind("elevation_asked/1", "Just-in-time access was asked for, {what} for {hours} hours: {reason}")
ELEVATION_DECIDED = _kind("elevation_decided/1", "Just-in-time access {what} is {state}: {note}")
CODE_MADE = _kind("code_made/1", "A claim code for {what} was made; it is good until {until}.")
INSTANCE_REGISTERED = _kind("instance_registered/1", "An instance of {what} proved itself with its identity's token.")
INSTANCE_REFUSED = _kind("instance_refused/1", "An instance was refused and nothing was linked: {why}")
AGENT_PLACED = _kind("agent_placed/1", "{what}: who answers for its agent identity, or which one it has, was named.")
AGENT_MADE = _kind("agent_made/1", "The agent identity {identity} of {what} is in the tenant.")
AGENT_UNMADE = _kind("agent_unmade/1", "No agent identity of {what} could be made: {note}.")
AGENT_REMOVED = _kind("agent_removed/1", "The agent identity {identity} of {what} is gone from the tenant: {note}.")
ELEVATION_GIVEN_BACK = _kind("elevation_given_back/1", "Just-in-time access {what} was ended early: {reason}")

KIND_OF_GRANT = {
    GrantState.VERIFIED: PROVED,
    GrantState.PARTIAL: PROVED_PARTLY,
    GrantState.DRIFTED: DRIFTED,
    GrantState.REQUESTED: DISPROVED,
    GrantState.SUSPECTED_LOST: SUSPECTED,
    GrantState.REVOKED: LOST,
}
"""What a probe records, by the state that it led to."""

KIND_OF_LINK = {
    LinkState.PENDING: LINK_OPENED,
    LinkState.IDENTIFIED: LINK_IDENTIFIED,
    LinkState.LINKED: LINK_LINKED,
    LinkState.SUSPENDED: LINK_SUSPENDED,
    LinkState.BROKEN: LINK_BROKEN,
    LinkState.UNLINKING: LINK_ENDING,
    LinkState.UNLINKED: LINK_ENDED,
}
