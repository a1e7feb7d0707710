"""What the record says of messages: who was told what on which occasion, and never in which words."""

from __future__ import annotations

from typing import Final

from fairkeeper.action.operation import EvidenceKind

TOLD: Final = EvidenceKind(name="messages.told/1", sentence="{people} hear of {code}, to {to}")
HANDED_OVER: Final = EvidenceKind(name="messages.handed_over/1", sentence="{copies} messages left for {person_id}")
NOT_HANDED_OVER: Final = EvidenceKind(
    name="messages.not_handed_over/1", sentence="{copies} messages for {person_id} did not leave: {problem}"
)
ESCALATED: Final = EvidenceKind(name="messages.escalated/1", sentence="nobody read {code}, so {to} hears of it")
SETTLED: Final = EvidenceKind(name="messages.settled/1", sentence="{code} needs nobody any more")
RULE_SET: Final = EvidenceKind(name="messages.rule_set/1", sentence="the rule for messages was set")
WORDING_SET: Final = EvidenceKind(name="messages.wording_set/1", sentence="the wording of {code} was set")
