"""Runbooks: what to do in which kind of incident, in order; and the notices that may be due, with their deadlines.

Assumption: the deadlines. A customer's is the publisher's own promise (24 hours here); an authority's is the 72 hours
of Article 33 GDPR, where personal data were affected. Whether a notice is due is a person's decision, not this file's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Category(StrEnum):
    """What kind of incident it is."""

    PROMPT_ABUSE = "prompt_abuse"
    UNINTENDED_ACTION = "unintended_action"
    DATA_EXPOSURE = "data_exposure"
    DELEGATED_ACCESS = "delegated_access"
    EVALUATION_FAILED = "evaluation_failed"
    OTHER = "other"


class Severity(StrEnum):
    """How bad it is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Audience(StrEnum):
    """Whom a notice is for."""

    CUSTOMER = "customer"
    AUTHORITY = "authority"


_COMMON_FIRST: Final = "Pause the agent, or constrain it to what is certainly harmless."
_COMMON_LAST: Final = (
    "Read the blast radius; ask each affected customer's contact for what is missing from it.",
    "Decide about each drafted notice, and send it before its deadline.",
    "Write the review: cause, what limited it, what changes; then lift the hold.",
)
RUNBOOKS: Final = MappingProxyType(
    {
        Category.PROMPT_ABUSE: (
            _COMMON_FIRST,
            "Find the first result that could not be trusted, and every call that followed in its tasks.",
            "Refuse the source: end the grant of its data, or label it as not trusted.",
            *_COMMON_LAST,
        ),
        Category.UNINTENDED_ACTION: (
            _COMMON_FIRST,
            "List what was carried out, and take back what can be taken back at the systems themselves.",
            "Move the tool to the lane of approvals until the cause is known.",
            *_COMMON_LAST,
        ),
        Category.DATA_EXPOSURE: (
            _COMMON_FIRST,
            "Find where the data went: the tools that wrote or sent after it was read.",
            "End the grants of the data's class, and ask recipients to delete what they got.",
            "Decide whether personal data were affected; then a supervisory authority may have to be told.",
            *_COMMON_LAST,
        ),
        Category.DELEGATED_ACCESS: (
            _COMMON_FIRST,
            "End the delegations that were used, and ask the people in whose name it acted.",
            "Have sessions and tokens of those people ended in their tenant.",
            *_COMMON_LAST,
        ),
        Category.EVALUATION_FAILED: (
            "Withdraw the intended use, or stop the release.",
            "Find what changed since the last run that passed: version, policies, tools, data.",
            *_COMMON_LAST,
        ),
        Category.OTHER: (_COMMON_FIRST, *_COMMON_LAST),
    }
)

CUSTOMER_HOURS: Final = 24
AUTHORITY_HOURS: Final = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice as it is drafted."""

    audience: Audience
    about_customer_id: str | None
    due_at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a notice tells: facts of the incident, in words for whoever is affected."""

    title: str
    summary: str
    agent: str
    began_at: datetime
    opened_at: datetime
    calls: int
    tools: tuple[str, ...]
    data: tuple[str, ...]
    is_held: bool


def draft_notices(category: Category, customers: tuple[str, ...], told: Told) -> tuple[Draft, ...]:
    """Return a draft for every affected customer, and one for an authority where data were exposed."""
    drafts = [
        Draft(
            audience=Audience.CUSTOMER,
            about_customer_id=customer,
            due_at=told.opened_at + timedelta(hours=CUSTOMER_HOURS),
            text=_text(told, "You are affected by an incident with an agent that acts for you."),
        )
        for customer in customers
    ]
    if category in {Category.DATA_EXPOSURE, Category.DELEGATED_ACCESS}:
        drafts.append(
            Draft(
                audience=Audience.AUTHORITY,
                about_customer_id=None,
                due_at=told.opened_at + timedelta(hours=AUTHORITY_HOURS),
                text=_text(told, "Draft for a supervisory authority, should personal data have been affected."),
            )
        )
    return tuple(drafts)


def _text(told: Told, opening: str) -> str:
    held = "The agent is held and does nothing more." if told.is_held else "The agent is not held."
    reached = (
        f"What it reached: {told.calls} calls that were carried out, by {_list(told.tools)}; data: {_list(told.data)}."
    )
    when = (
        f"Which agent: {told.agent}. It went on from {told.began_at:%d %b %Y %H:%M} UTC; it was found on "
        f"{told.opened_at:%d %b %Y %H:%M} UTC."
    )
    parts = (
        opening,
        f"What happened: {told.summary}",
        when,
        reached,
        f"What was done: {held}",
        "What you can do: look at the agent's decisions in the console; pause it there yourself if you want to.",
        "[Add: what is not known yet, and when you will tell more.]",
    )
    return "\n\n".join(parts)


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) if names else "none that is known"
