"""What Azure Resource Manager's answer about a managed application proves, and what follows for the deployment.

One absent answer proves no deletion, as one refused token proves no revocation; only where the notice said so too, or
when it is seen again later, has the application ended.

Source: Azure REST API, "Applications - Get" of Microsoft.Solutions 2019-07-01 (properties); Azure built-in roles (their
ids).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fairkeeper.consent.asking.probing import CONFIRM_AFTER

ROLE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
        "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
        "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9": "User Access Administrator",
    }
)
"""Built-in roles that offers of managed applications list; another one is shown by its id, and not guessed."""


class DeploymentState(StrEnum):
    """Where a deployment stands."""

    HEARD = "heard"
    """Somebody said that it is there; nothing has confirmed it."""
    FOREIGN = "foreign"
    """It is there, and is not of this publisher's plan."""
    DEPLOYING = "deploying"
    RUNNING = "running"
    FAILED = "failed"
    MISSED = "missed"
    """It was there and is not found any more; it is looked for again."""
    ENDED = "ended"


LIVE: Final = frozenset(
    {DeploymentState.DEPLOYING, DeploymentState.RUNNING, DeploymentState.FAILED, DeploymentState.MISSED}
)
"""The states in which a deployment was confirmed and has not ended; so it counts as bought."""


class Answer(StrEnum):
    """What Azure Resource Manager said."""

    FOUND = "found"
    ABSENT = "absent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReading:
    """A managed application as Azure Resource Manager shows it.

    Args:
        tenant_id: Of the subscription that it lies in, the customer's.
        publisher_tenant_id: Whose application it is.
        offer_id, plan_id: Product and name of its marketplace plan.
        provisioning: Microsoft's word.
        roles: Principal and role of each authorization on the managed resource group.
        is_managed: Whether the publisher has access at all.
        may_elevate: Whether the customer allows just-in-time access.
        usage_id: What usage of it is reported under.
    """

    answer: Answer
    tenant_id: str | None = None
    publisher_tenant_id: str | None = None
    offer_id: str | None = None
    plan_id: str | None = None
    provisioning: str = ""
    roles: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    is_managed: bool = True
    may_elevate: bool = False
    usage_id: str | None = None

    def roles_of(self, principal_id: str) -> frozenset[str]:
        """Return the names of the roles that a principal has."""
        if not self.is_managed:
            return frozenset()
        return frozenset(role_name(role) for principal, role in self.roles if principal == principal_id.lower())


def role_name(role_id: str) -> str:
    """Return a role's name, or its id where it is none that we know.

    Example:
        >>> role_name("/providers/Microsoft.Authorization/roleDefinitions/ACDD72A7-3385-48ef-bd42-f606fba81ae7")
        'Reader'
    """
    plain = role_id.rstrip("/").rpartition("/")[2].lower()
    return ROLE_NAMES.get(plain, plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a deployment before it is read.

    Args:
        tenant_id: Of the customer that it was taken for; None before.
        says_gone: The last notice said that it was deleted.
        missed_at: When it was first not found.
    """

    state: DeploymentState
    tenant_id: str | None = None
    says_gone: bool = False
    missed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What follows: where it stands, why, and since when it is missed."""

    state: DeploymentState
    note: str = ""
    missed_at: datetime | None = None


def judge_reading(
    known: Known, reading: ApplicationReading, *, publisher_tenant_id: str | None, offers: frozenset[str], now: datetime
) -> Verdict:
    """Say where a deployment stands, by what reading it back shows; what a notice said moves nothing by itself.

    One that has ended and is found again was deployed anew under its old name, and counts as new.

    Args:
        known: What was known.
        reading: What was read.
        publisher_tenant_id: The publisher's own tenant.
        offers: Ids of its offers of managed applications.
        now: When it was read.
    """
    if reading.answer is not Answer.FOUND:
        return _not_found(known, reading.answer, now)
    foreign = _moved(known, reading) or _foreign(reading, publisher_tenant_id, offers)
    if foreign:
        return Verdict(state=DeploymentState.FOREIGN, note=foreign)
    word = reading.provisioning.lower()
    if word == "failed":
        return Verdict(state=DeploymentState.FAILED, note="Azure says that the deployment failed")
    if word in {"succeeded", "updating", "running", "ready"}:
        return Verdict(state=DeploymentState.RUNNING)
    return Verdict(state=DeploymentState.DEPLOYING, note=f"Azure says {reading.provisioning or 'nothing of its state'}")


def _not_found(known: Known, answer: Answer, now: datetime) -> Verdict:
    is_absent = answer is Answer.ABSENT
    note = "Azure does not know it" if is_absent else "Azure does not let us read it"
    if known.state not in LIVE:
        return Verdict(state=known.state, note=note)
    missed_at = known.missed_at or now
    is_confirmed = now - missed_at >= CONFIRM_AFTER or (is_absent and known.says_gone)
    if is_confirmed:
        return Verdict(state=DeploymentState.ENDED, note=f"{note}, seen twice" if not known.says_gone else note)
    return Verdict(state=DeploymentState.MISSED, note=note, missed_at=missed_at)


def _moved(known: Known, reading: ApplicationReading) -> str:
    """Say that a subscription was handed to another tenant, whose it is then; nothing of it is mixed."""
    is_other = known.tenant_id is not None and (reading.tenant_id or "").lower() != known.tenant_id
    return "its subscription belongs to another tenant now" if is_other else ""


def _foreign(reading: ApplicationReading, publisher_tenant_id: str | None, offers: frozenset[str]) -> str:
    if reading.tenant_id is None:
        return "its subscription names no tenant"
    if publisher_tenant_id is None or (reading.publisher_tenant_id or "").lower() != publisher_tenant_id.lower():
        return "it is another publisher's"
    if reading.offer_id not in offers:
        return f"the consent plan has no managed application {reading.offer_id or 'without a plan'}"
    return ""
