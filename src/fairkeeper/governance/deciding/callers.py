"""Whether those who ask and tell still may, as their credentials stand in the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from fairkeeper.governance.deciding.tickets import Questions
from fairkeeper.governance.transaction import Transaction
from fairkeeper.policy.decision.facts import Caller

CREDENTIAL_PREFIX: Final = "tok_"
"""What ids of credentials begin with that can be revoked at any time."""


def callers_now(
    transaction: Transaction, callers: Sequence[Caller], questions: Questions, *, now: datetime
) -> Mapping[str, Caller | None]:
    """Return callers by their ids as they are now; None for one that was revoked, nothing for nobody's token."""
    found: dict[str, Caller | None] = {each.id: each for each in callers if not _can_be_revoked(each)}
    ids = sorted({each.id for each in callers if _can_be_revoked(each)})
    return {**found, **questions.credentials.callers(transaction, ids, now=now)} if ids else found


def _can_be_revoked(caller: Caller) -> bool:
    return caller.id.startswith(CREDENTIAL_PREFIX)
