"""The policies in force, as the hot path asks for them: read in the decision's transaction, their signature checked.

A bundle whose text or signature is not what was put in force is answered by a policy that forbids everything, so that
whoever can write into the table, and has no key, can stop agents and never let them through.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from fairkeeper.errors import InvalidError
from fairkeeper.governance.policies.house import HOUSE_POLICIES
from fairkeeper.governance.ports import ActivePolicies, ScopedPolicy
from fairkeeper.governance.transaction import Transaction
from fairkeeper.policy.bundles.bundle import Bundle, LinkedPolicy, digest_in_force, linked
from fairkeeper.policy.decision.facts import PUBLISHER, PolicyText
from fairkeeper.proof.note import Note, VerifierKey, verified_signatures

UNVERIFIED: Final = "policies-not-verified"
"""Id of the policy that stands in for a bundle that is not what was signed."""

_ACTIVE: Final = (
    "SELECT b.owner, b.number, b.text, b.digest, b.signature FROM policy_in_force f"
    " JOIN policy_bundle b ON b.owner = f.owner AND b.number = f.active_number"
    " WHERE f.owner IN (?, ?) ORDER BY CASE WHEN b.owner = 'publisher' THEN 0 ELSE 1 END"
)
_KEYS: Final = "SELECT vkey FROM evidence_log_key ORDER BY number"
_STOP: Final = f'@id("{UNVERIFIED}") forbid (principal, action, resource);'


class BundlesInForce:
    """`Policies` from the tables of this room."""

    def active(self, transaction: Transaction, customer_id: str | None) -> ActivePolicies:
        """Return what is in force for a customer; None is the publisher's own agents."""
        rows = transaction.rows(_ACTIVE, (PUBLISHER, customer_id or PUBLISHER))
        policies: list[ScopedPolicy] = list(HOUSE_POLICIES) if customer_id is None else []
        if not rows:
            return ActivePolicies(digest=digest_in_force([]), policies=tuple(policies))
        keys = tuple(row[0] for row in transaction.rows(_KEYS))
        bundles = [Bundle(owner=row[0], number=int(row[1]), text=row[2]) for row in rows]
        for bundle, row in zip(bundles, rows, strict=True):
            if bundle.digest != row[3] or not _is_signed(bundle.statement(), row[4] or "", keys):
                policies.append(ScopedPolicy(policy=PolicyText(id=UNVERIFIED, text=_STOP)))
            else:
                policies += scoped(bundle, customer_id)
        return ActivePolicies(digest=digest_in_force(bundles), policies=tuple(policies))


def scoped(bundle: Bundle, customer_id: str | None) -> list[ScopedPolicy]:
    """Return the policies of a bundle that can concern a customer's agents, with the agent and tool each names."""
    owner = customer_id or PUBLISHER
    return [
        ScopedPolicy(
            policy=PolicyText(id=each.id, text=each.text, is_customers=bundle.owner != PUBLISHER),
            agent_id=each.agent_id,
            tool_id=each.tool_id,
        )
        for each in _linked(bundle.text)
        if each.customer_id in (None, owner)
    ]


@lru_cache(maxsize=256)
def _linked(text: str) -> tuple[LinkedPolicy, ...]:
    return linked(text) if text.strip() else ()


@lru_cache(maxsize=512)
def _is_signed(statement: str, signature: str, keys: tuple[str, ...]) -> bool:
    """Say whether one of the log's keys, of now or before, signed exactly this statement."""
    try:
        note = Note.parse(signature.encode())
        verified_signatures(note, [VerifierKey.parse(key) for key in keys])
    except InvalidError:
        return False
    return note.text == statement
