"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"accounts.{name}", sentence=sentence)


STRUCTURE_STATED = _kind(
    "structure_stated/1",
    "The account's structure was stated; publishers: {publishers}, offers: {offers}, plans: {plans}.",
)
OBSERVED = _kind("observed/1", "What {source} shows of the account was read from {origin}.")
PRODUCTS_ASKED = _kind("products_asked/1", "Microsoft is asked for the products and plans of the account.")
PROGRAMME_OPENED = _kind("programme_opened/1", "The verification of {name} is tracked from now on.")
EVENT_RECORDED = _kind("verification_event/1", "Verification, {step}, on {happened_on}: {kind}.")
DOCUMENT_ADDED = _kind("document_added/1", "The document {title}, issued {issued_on}, was added for {proves}.")
DOCUMENT_REMOVED = _kind("document_removed/1", "The document {title} was removed, and its content erased.")
WARNINGS_GIVEN = _kind("warnings_given/1", "Warned of what is due in the verification: {count}.")
INCIDENT_OPENED = _kind("incident_opened/1", "The verification of {step} was lost on {lost_on}; an incident is open.")
INCIDENT_CLOSED = _kind("incident_closed/1", "The incident of the lost verification was closed: {why}")
