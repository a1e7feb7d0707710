"""What a receipt states: "stopped" when use has ended, "erased" when the data is gone.

The statement is a plain canonical object; signing and proving it is the evidence room's. It says three things apart:
what was stopped here (and which of it could not be confirmed), what remains on the customer's side, which only the
customer can remove, and until when data is kept. A statement promises nothing that Fairkeeper cannot know.

Source: Microsoft Learn, "Review permissions granted to enterprise applications" and "Delete an enterprise
application" (what an administrator removes, and where); "Access tokens in the Microsoft identity platform" (tokens
that were issued live on for 60 to 90 minutes, with continuous access evaluation up to 28 hours).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.customers.path.clocks import check_retention
from fairkeeper.values.clock import format_instant
from fairkeeper.values.findings import Json
from fairkeeper.values.ids import CustomerId, EntryId, SubscriptionId, TenantId

STOPPED_STATEMENT: Final = "fairkeeper-stopped/1"
ERASED_STATEMENT: Final = "fairkeeper-erased/1"

LONGEST_TOKEN_LIFE: Final = timedelta(hours=28)
"""How long a token that Microsoft issued before the stop may still be accepted by Microsoft's own services."""


class StopCause(StrEnum):
    """Why use ended."""

    UNSUBSCRIBED = "unsubscribed"
    """The subscription ended at Microsoft."""
    DECIDED = "decided"
    """A person decided it here."""


class RemainingKind(StrEnum):
    """What may remain in the customer's tenant."""

    ENTERPRISE_APPLICATION = "enterprise_application"
    DELEGATED_GRANT = "delegated_grant"
    APPLICATION_GRANT = "application_grant"
    AGENT_IDENTITY = "agent_identity"
    AZURE_ROLE_ASSIGNMENT = "azure_role_assignment"
    PORTAL_ENTRY = "portal_entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedThing:
    """One thing that was stopped here.

    Args:
        kind: What sort of thing (`agent`, `session`, `api_token`, `provisioned_system` …).
        name: What a person calls it.
        stopped_at: When; None if its end was asked for and is not confirmed.
        entry_id: The evidence entry that records it.
    """

    kind: str
    name: str
    stopped_at: datetime | None
    entry_id: EntryId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingThing:
    """One thing in the customer's tenant that only the customer can remove.

    Args:
        name: What the customer's administrator sees it as.
        app_id: Application (client) id, where there is one.
    """

    kind: RemainingKind
    name: str
    app_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whom a statement is about."""

    customer_id: CustomerId
    subscription_id: SubscriptionId
    tenant_id: TenantId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFacts:
    """What the stopped statement is made of.

    Args:
        stopped_at: When the last of it had stopped.
        retention_started_at: When the retention clock began.
        proofs: Evidence entries behind it: the end of the subscription or the decision, the stop itself.
    """

    whose: Whose
    cause: StopCause
    stopped_at: datetime
    stopped: tuple[StoppedThing, ...]
    remaining: tuple[RemainingThing, ...]
    retention_started_at: datetime
    retention_days: int
    proofs: tuple[EntryId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedThing:
    """One kind of data that was erased.

    Args:
        kind: What it was (`evidence_payload`, `person`, `provisioned_data` …).
        count: How many records; None where only the fact is known (the publisher's own systems).
        erased_by: Who erased it: `fairkeeper`, or the publisher's system that reported it.
    """

    kind: str
    count: int | None
    erased_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseFacts:
    """What the erased statement is made of.

    Args:
        kept: What was kept, each with the reason (amounts for the books, evidence headers).
        stopped_receipt: Evidence entry of the stopped receipt.
    """

    whose: Whose
    erased_at: datetime
    retention_ended_at: datetime
    erased: tuple[ErasedThing, ...]
    kept: tuple[tuple[str, str], ...] = ()
    stopped_receipt: EntryId | None = None
    proofs: tuple[EntryId, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Removal:
    why: str
    who: str
    steps: tuple[str, ...]


_OPEN_APPLICATION: Final = (
    "Open the Microsoft Entra admin center, entra.microsoft.com.",
    "Choose Identity, Applications, Enterprise applications, All applications.",
    "Find the application by its application id and open it.",
)

_REMOVALS: Final[Mapping[RemainingKind, _Removal]] = MappingProxyType(
    {
        RemainingKind.ENTERPRISE_APPLICATION: _Removal(
            why="A publisher cannot delete its application in another tenant. Deleting it ends every grant it holds.",
            who="Cloud Application Administrator, or Application Administrator",
            steps=(*_OPEN_APPLICATION, "Choose Properties, then Delete, and confirm."),
        ),
        RemainingKind.DELEGATED_GRANT: _Removal(
            why="People or an administrator allowed the application to act in their name.",
            who="Cloud Application Administrator, or Application Administrator",
            steps=(
                *_OPEN_APPLICATION,
                "Choose Permissions. Under Admin consent, choose the permission's menu, then Revoke permission.",
                "What single people consented to needs a script: choose Review permissions on the same page for it.",
            ),
        ),
        RemainingKind.APPLICATION_GRANT: _Removal(
            why="An administrator allowed the application to act without a signed-in person.",
            who="Privileged Role Administrator",
            steps=(
                *_OPEN_APPLICATION,
                "Choose Permissions. Under Admin consent, choose the permission's menu, then Revoke permission.",
            ),
        ),
        RemainingKind.AGENT_IDENTITY: _Removal(
            why="An agent acted under this identity. Deleting its blueprint removes it too, about a day later; either "
            "can be restored for 30 days.",
            who="Agent ID Administrator, or an owner of the identity",
            steps=(
                "Open the Microsoft Entra admin center, entra.microsoft.com.",
                "Choose Identity, Agent ID, and find the agent identity by its id.",
                "Disable it to stop it at once; delete it, or its blueprint under Enterprise applications, for good.",
            ),
        ),
        RemainingKind.AZURE_ROLE_ASSIGNMENT: _Removal(
            why="The application was given a role on Azure resources.",
            who="Owner, or User Access Administrator, of the resource",
            steps=(
                "Open the Azure portal, portal.azure.com, and the resource group or subscription.",
                "Choose Access control (IAM), Role assignments.",
                "Find the application, select it and choose Remove.",
            ),
        ),
        RemainingKind.PORTAL_ENTRY: _Removal(
            why="The cancelled subscription is still listed at Microsoft; nothing is billed for it.",
            who="whoever bought it",
            steps=(
                "Open the Azure portal, portal.azure.com, and search for SaaS.",
                "Open the subscription and choose Delete, if Microsoft still offers it.",
            ),
        ),
    }
)


def stopped_statement(facts: StopFacts) -> dict[str, Json]:
    """Return the statement of a stopped receipt, ready for canonical bytes.

    Raises:
        RetentionTooShortError: The retention is shorter than Microsoft's minimum.

    Example:
        >>> from datetime import UTC
        >>> at = datetime(2026, 11, 22, 8, tzinfo=UTC)
        >>> statement = stopped_statement(
        ...     StopFacts(
        ...         whose=Whose(
        ...             customer_id=CustomerId("cus_1"), subscription_id=SubscriptionId("s"), tenant_id=TenantId("t")
        ...         ),
        ...         cause=StopCause.UNSUBSCRIBED,
        ...         stopped_at=at,
        ...         stopped=(),
        ...         remaining=(),
        ...         retention_started_at=at,
        ...         retention_days=30,
        ...         proofs=(EntryId("ent_1"),),
        ...     )
        ... )
        >>> statement["retention"]["ends_at"]
        '2026-12-22T08:00:00.000000Z'
    """
    ends_at = facts.retention_started_at + timedelta(days=check_retention(facts.retention_days))
    return {
        "statement": STOPPED_STATEMENT,
        **_whose(facts.whose),
        "cause": facts.cause.value,
        "stopped_at": format_instant(facts.stopped_at),
        "stopped": [_stopped(thing) for thing in facts.stopped],
        "unconfirmed": sum(thing.stopped_at is None for thing in facts.stopped),
        "remaining": [_remaining(thing) for thing in facts.remaining],
        "tokens_may_live_until": format_instant(facts.stopped_at + LONGEST_TOKEN_LIFE),
        "retention": {
            "started_at": format_instant(facts.retention_started_at),
            "days": facts.retention_days,
            "ends_at": format_instant(ends_at),
        },
        "proofs": list(facts.proofs),
    }


def erased_statement(facts: EraseFacts) -> dict[str, Json]:
    """Return the statement of an erased receipt, ready for canonical bytes."""
    return {
        "statement": ERASED_STATEMENT,
        **_whose(facts.whose),
        "retention_ended_at": format_instant(facts.retention_ended_at),
        "erased_at": format_instant(facts.erased_at),
        "erased": [{"kind": item.kind, "count": item.count, "erased_by": item.erased_by} for item in facts.erased],
        "kept": [{"what": what, "why": why} for what, why in facts.kept],
        "stopped_receipt": facts.stopped_receipt,
        "proofs": list(facts.proofs),
    }


def _whose(whose: Whose) -> dict[str, Json]:
    return {
        "customer_id": whose.customer_id,
        "subscription_id": whose.subscription_id,
        "tenant_id": whose.tenant_id,
    }


def _stopped(thing: StoppedThing) -> Json:
    return {
        "kind": thing.kind,
        "name": thing.name,
        "stopped_at": None if thing.stopped_at is None else format_instant(thing.stopped_at),
        "entry_id": thing.entry_id,
    }


def _remaining(thing: RemainingThing) -> Json:
    removal = _REMOVALS[thing.kind]
    return {
        "kind": thing.kind.value,
        "name": thing.name,
        "app_id": thing.app_id,
        "why": removal.why,
        "who": removal.who,
        "steps": list(removal.steps),
    }
