"""The kinds of evidence entry this room records, each with the sentence a person reads."""

from __future__ import annotations

from fairkeeper.action.operation import EvidenceKind


def _kind(name: str, sentence: str) -> EvidenceKind:
    return EvidenceKind(name=f"opportunities.{name}", sentence=sentence)


SNAPSHOT_IMPORTED = _kind("snapshot_imported/1", "{rows} rows of {tab}, taken on {taken_on}, were imported.")
RANKED = _kind(
    "accounts_ranked/1", "{tenants} accounts were ranked as of {as_of}; {opened} cards opened, {closed} closed."
)
CARDS_SHOWN = _kind("cards_shown/1", "{count} cards were shown to a person for the first time.")
OUTCOME_RECORDED = _kind("outcome_recorded/1", "The card on {account} ({lens}) was {outcome}. {reason}")
DEAL_DRAFTED = _kind("deal_drafted/1", "A deal was drafted from the card on {account}.")
ACCOUNTS_SET = _kind("accounts_set/1", "The list of accounts and owners was set: {count} accounts.")
ACCOUNT_MATCHED = _kind("account_matched/1", "A person said which account {account} is.")
PRICES_SET = _kind("prices_set/1", "The price list was set: {count} prices.")
PUSH_ASKED = _kind("push_asked/1", "The card on {account} is to be pushed to {target}.")
PUSHES_PLANNED = _kind("pushes_planned/1", "The agent planned {count} pushes under a standing approval.")
PUSH_RECORDED = _kind("push_recorded/1", "{target} answered to a push: {state}.")
APPROVAL_GIVEN = _kind("standing_approval_given/1", "The agent may push up to {daily_limit} cards a day to {target}.")
APPROVAL_REVOKED = _kind("standing_approval_revoked/1", "The standing approval to push was revoked.")
ALERTS_TOLD = _kind("alerts_told/1", "{count} alerts were told through {channel}.")
OLD_DROPPED = _kind("snapshots_dropped/1", "{count} daily snapshots older than 90 days were dropped; months are kept.")
