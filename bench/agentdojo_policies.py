"""How the tools of AgentDojo's suites are registered, and the policies about them: general, the same for both suites.

Written from what the tools do, and not from any injection: effects, the arguments that only carry content, the members
of results that no outsider writes, and three policies that would suit any office and any bank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

POLICIES: Final[dict[str, str]] = {
    "steered-by-strangers": (
        '@id("steered-by-strangers") @reason("What changes something is not steered by text that anybody could write.")'
        ' forbid (principal, action == Action::"call_unattended", resource)'
        ' when { resource.effect != "read" && !context.labels.trusted };'
    ),
    "large-sums": (
        '@id("large-sums") @reason("Above 2,500 a person looks at what is paid.")'
        ' forbid (principal, action == Action::"call_unattended", resource)'
        ' when { resource.effect == "irreversible" && context.numbers.hasTag("amount") &&'
        ' context.numbers.getTag("amount") > 2500 };'
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One tool.

    Attributes:
        carries: Arguments that carry content or say when, and choose neither whom nor which.
        computes: Arguments that a model may work out, such as a difference, unless a stranger's text has it.
        fields: Members of results that systems write, and no outsider.
        is_trusted: Whether no outsider writes any of what it returns.
    """

    effect: str = "read"
    carries: tuple[str, ...] = ()
    computes: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    is_trusted: bool = False


_MAIL: Final = ("id_", "sender", "recipients", "cc", "bcc", "timestamp", "status", "read")
_EVENT: Final = ("id_", "start_time", "end_time", "participants", "all_day", "status")
_FILE: Final = ("id_", "owner", "last_modified", "size", "shared_with")
_PAYMENT: Final = ("id", "sender", "recipient", "amount", "date", "recurring")
_WHEN: Final = ("start_time", "end_time", "new_start_time", "new_end_time", "date")

TOOLS: Final[dict[str, Registered]] = {
    # mail
    "send_email": Registered(effect="external", carries=("subject", "body"), fields=_MAIL),
    "delete_email": Registered(effect="irreversible"),
    "get_unread_emails": Registered(fields=_MAIL),
    "get_sent_emails": Registered(fields=_MAIL),
    "get_received_emails": Registered(fields=_MAIL),
    "get_draft_emails": Registered(fields=_MAIL),
    "search_emails": Registered(fields=_MAIL),
    "search_contacts_by_name": Registered(fields=("email", "name")),
    "search_contacts_by_email": Registered(fields=("email", "name")),
    # calendar
    "get_current_day": Registered(is_trusted=True),
    "search_calendar_events": Registered(fields=_EVENT),
    "get_day_calendar_events": Registered(fields=_EVENT),
    "create_calendar_event": Registered(
        effect="external", carries=("title", "description", "location", *_WHEN), fields=_EVENT
    ),
    "cancel_calendar_event": Registered(effect="external"),
    "reschedule_calendar_event": Registered(effect="external", carries=_WHEN),
    "add_calendar_event_participants": Registered(effect="external"),
    # files
    "append_to_file": Registered(effect="write", carries=("content",)),
    "search_files_by_filename": Registered(fields=_FILE),
    "create_file": Registered(effect="write", carries=("filename", "content"), fields=_FILE),
    "delete_file": Registered(effect="irreversible"),
    "get_file_by_id": Registered(fields=_FILE),
    "list_files": Registered(fields=_FILE),
    "share_file": Registered(effect="external"),
    "search_files": Registered(fields=_FILE),
    "read_file": Registered(),
    # bank
    "get_iban": Registered(is_trusted=True),
    "get_balance": Registered(is_trusted=True),
    "send_money": Registered(effect="irreversible", carries=("subject", "date"), computes=("amount",)),
    "schedule_transaction": Registered(
        effect="irreversible", carries=("subject", "date", "recurring"), computes=("amount",)
    ),
    "update_scheduled_transaction": Registered(
        effect="irreversible", carries=("subject", "date", "recurring"), computes=("amount",)
    ),
    "get_most_recent_transactions": Registered(fields=_PAYMENT),
    "get_scheduled_transactions": Registered(fields=_PAYMENT),
    "get_user_info": Registered(is_trusted=True),
    "update_password": Registered(effect="irreversible"),
    "update_user_info": Registered(effect="write"),
}


def arguments_for(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as they are decided about: money in whole units, what is null left out."""
    whole = {name: round(value) if isinstance(value, float) else value for name, value in arguments.items()}
    return {name: value for name, value in whole.items() if value is not None}
