"""What this room is told by bootstrap, and asks of what lies outside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from fairkeeper.opportunities.insights.fields import Tab, load_tabs
from fairkeeper.opportunities.lenses.definition import Lens, load_lenses


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomSettings:
    """How the publisher set this room up.

    Attributes:
        fields: A list of fields of the publisher's own; the shipped one if None.
        lenses: A folder with lens definitions of the publisher's own.
        holdout_percent: Share of the accounts that nobody is to contact, so that the ranking's effect can be seen.
        crm: `dynamics`, `salesforce` or `hubspot`; empty if none is configured.
    """

    fields: Path | None = None
    lenses: Path | None = None
    holdout_percent: int = 0
    crm: str = ""

    def tabs(self) -> tuple[Tab, ...]:
        """Return the tabs that are known."""
        return load_tabs(self.fields)

    def definitions(self) -> tuple[Lens, ...]:
        """Return the lenses."""
        return load_lenses(self.lenses)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRecord:
    """A record as the CRM holds it.

    Attributes:
        fields: The values of our own fields.
        is_closed: Whether people won, lost or completed it.
        outcome: `won` or `lost` for a closed opportunity; empty otherwise.
    """

    remote_id: str
    fields: Mapping[str, str]
    is_closed: bool = False
    outcome: str = ""


class CRM(Protocol):
    """A CRM that takes records by a key of ours, so that sending twice makes one."""

    @property
    def name(self) -> str:
        """Which it is: `dynamics`, `salesforce` or `hubspot`."""
        ...

    def find(self, record: str, external_key: str) -> RemoteRecord | None:
        """Return the record of a key; None where there is none."""
        ...

    def upsert(self, record: str, external_key: str, fields: Mapping[str, str], parent: str | None) -> RemoteRecord:
        """Make the record of a key under the CRM's account `parent`, or change it where that is None."""
        ...

    def attach(self, record: str, remote_id: str, parent: str) -> None:
        """Put a record that was made under its account, where the CRM does that in a step of its own."""
        ...


class Narrator(Protocol):
    """A model that puts numbers into sentences; it is handed every number and computes none."""

    def narrate(self, question: str, facts: Sequence[Mapping[str, Any]]) -> str | None:
        """Return a narration, or None where it has nothing to say."""
        ...


@dataclass(frozen=True, slots=True)
class Narration:
    """The configured narrator, if there is one."""

    narrator: Narrator | None = field(default=None)
