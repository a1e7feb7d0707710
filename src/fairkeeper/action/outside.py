"""Whether something outside may be changed: the question that stands before every write to somebody else's system.

Separate from the rooms, because each of them asks it, and from the connectors, because the answer lies in what the
publisher decided: to observe alone, or to manage, and which subscriptions.
"""

from __future__ import annotations

from typing import Protocol

from fairkeeper.errors import InvalidError


class ObservedOnlyError(InvalidError):
    """Fairkeeper only observes here, so nothing outside is changed; what it would have done is shown."""

    code = "action.observed_only"
    remedy = "Take the subscription over; where the whole installation observes, set FAIRKEEPER_MODE=manage first."


class OutsideWrites(Protocol):
    """Knows what may be changed outside."""

    @property
    def is_observing(self) -> bool:
        """Whether the whole installation observes and changes nothing anywhere."""
        ...

    def allow(self, what: str, *, subscription_id: str | None = None, key: str = "") -> None:
        """Return if this may be done outside now; otherwise note that it would have been done, and refuse.

        Never called within a transaction: the note is one of its own.

        Args:
            what: In words, `activate the plan team`.
            subscription_id: For which subscription, if for one.
            key: What makes it one thing, so that a repeated try is noted once; the words by default.

        Raises:
            ObservedOnlyError: It may not.
        """
        ...


class EverythingManaged:
    """For an installation that manages all it knows, such as a sandbox, and for tests."""

    is_observing = False

    def allow(self, what: str, *, subscription_id: str | None = None, key: str = "") -> None:
        """Return: it may be done."""
