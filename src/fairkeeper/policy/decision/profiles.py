"""The narrower profiles that a constraint leaves, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fairkeeper.policy.decision.facts import Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a constraint leaves.

    Attributes:
        effects: Effects of tools that are left.
        needs_approval: Whether a person has to approve what is left.
        sentence: What a person reads.
    """

    effects: frozenset[Effect]
    needs_approval: bool
    sentence: str


_ALL: Final = frozenset(Effect)
_READS: Final = frozenset({Effect.READ})

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        "reads_only": Profile(effects=_READS, needs_approval=False, sentence="Only tools that read."),
        "reads_with_approval": Profile(
            effects=_READS, needs_approval=True, sentence="Only tools that read, each call approved by a person."
        ),
        "approval_only": Profile(
            effects=_ALL, needs_approval=True, sentence="Everything as before, each call approved by a person."
        ),
        "nothing_outside": Profile(
            effects=frozenset({Effect.READ, Effect.WRITE}),
            needs_approval=False,
            sentence="Nothing that reaches outside the customer or cannot be undone.",
        ),
    }
)
"""By name; a name that is not here leaves nothing."""
