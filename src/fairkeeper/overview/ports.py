"""What the overview asks of the installation: its own addresses, and what others add to the reviewer's package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAddresses:
    """Where this installation is reached by buyers and by Microsoft."""

    landing_page: str
    webhook: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """A file that another room adds to the reviewer's package."""

    name: str
    content: bytes


class AddsToReview(Protocol):
    """Adds what another room knows of an offer to the reviewer's package."""

    def files(self, session: Session, offer_id: str, *, now: datetime) -> Sequence[AddedFile]:
        """Return the files to add."""
        ...


class NothingToAdd:
    """For an installation in which no other room has anything for a reviewer."""

    def files(self, session: Session, offer_id: str, *, now: datetime) -> Sequence[AddedFile]:  # noqa: ARG002
        """Return no file."""
        return ()
