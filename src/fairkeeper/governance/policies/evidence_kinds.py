"""The kinds of evidence entry that policies record, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"governance.{name}", sentence=sentence)


POLICIES_SAVED = _kind("policies_saved/1", "Policies were saved as number {number}: {note}")
POLICIES_WANTED = _kind("policies_wanted/1", "Policies number {number} shall take effect.")
POLICIES_IN_FORCE = _kind("policies_in_force/1", "Policies number {number} are in force; before it was {before}.")
POLICIES_TRIED = _kind("policies_tried/1", "Policies number {number} are tried beside those in force.")
POLICIES_NOT_TRIED = _kind("policies_not_tried/1", "No policies are tried any more.")
