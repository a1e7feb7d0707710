"""Whose ids there are, by kind, as a stage's database has them; and ids of the same shape that nobody has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from tests.channels.stage import Stage, Tenant

UNKNOWN_NUMBER: Final = 987_654_321
SHORTEST_TEXT: Final = 6

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "customer": ("customer", "customer_id"),
    "slug": ("customer", "slug"),
    "tenant": ("customer", "tenant_id"),
    "object": ("person", "object_id"),
    "person": ("person", "id"),
    "token": ("api_token", "id"),
    "subscription": ("subscription", "subscription_id"),
    "operation": ("marketplace_operation", "operation_id"),
    "job": ("provisioning_job", "request_id"),
    "notice": ("webhook_notice", "id"),
    "reminder": ("customer_reminder", "id"),
    "entry": ("evidence_entry", "entry_id"),
    "subject": ("evidence_entry", "subject_id"),
    "task": ("task", "id"),
    "task_key": ("task", "key"),
    "agent_task": ("agent_task", "task_id"),
    "session": ("web_session", "cookie_digest"),
    "idempotency": ("idempotency", "key"),
    "question": ("consent_question", "id"),
    "consent_grant": ("consent_grant", "grant_id"),
    "deployment": ("deployment", "deployment_id"),
    "message": ("message", "message_id"),
    "agent": ("agent", "agent_id"),
    "tool": ("tool", "tool_id"),
    "use": ("intended_use", "use_id"),
    "permit": ("permit", "permit_id"),
    "grant": ("data_grant", "grant_id"),
    "limit": ("spending_limit", "limit_id"),
    "containment": ("containment", "containment_id"),
    "delegation": ("delegation", "delegation_id"),
    "decision": ("decision", "decision_id"),
    "approval": ("approval", "approval_id"),
    "standing": ("standing_approval", "standing_id"),
    "invitation": ("invitation", "invitation_id"),
    "signal": ("behaviour_signal", "signal_id"),
    "incident": ("incident", "incident_id"),
    "drill": ("incident_drill", "drill_id"),
    "notice_draft": ("incident_notice", "notice_id"),
    "suite": ("evaluation_suite", "suite_id"),
    "destination": ("event_destination", "destination_id"),
    "hold": ("legal_hold", "hold_id"),
    "count": ("usage_count", "count_id"),
    "fixed": ("fixed_usage", "schedule_id"),
}
"""Where the ids of each kind are kept."""


def first_id(stage: Stage, tenant: Tenant, kind: str, where: Callable[[Mapping[str, Any]], bool] | None = None) -> Any:
    """Return the first of a customer's ids of a kind."""
    return ids_of(stage, tenant, kind, where)[0]


def ids_of(
    stage: Stage, tenant: Tenant, kind: str, where: Callable[[Mapping[str, Any]], bool] | None = None
) -> list[Any]:
    """Return a customer's ids of a kind, from the database; the newest last."""
    telling = _ids(stage, tenant.customer_id, kind) if where is None else _found(stage, tenant.customer_id, kind, where)
    table, column = KINDS[kind]
    assert telling, f"{tenant.name} has nothing in {table}.{column}"
    return list(telling)


@cache
def _ids(stage: Stage, customer_id: str, kind: str) -> tuple[Any, ...]:
    """Return them, looked up once: they are asked for tens of thousands of times."""
    return _found(stage, customer_id, kind, lambda _row: True)


def _found(stage: Stage, customer_id: str, kind: str, where: Callable[[Mapping[str, Any]], bool]) -> tuple[Any, ...]:
    table, column = KINDS[kind]
    rows = [row for row in stage.rows.kept[table].values() if row["customer_id"] == customer_id]
    found = [row[column] for row in rows if row[column] is not None and where(row)]
    # A text of a few letters is part of anything: a search finds one's own by it.
    telling = [value for value in dict.fromkeys(found) if isinstance(value, int) or len(value) >= SHORTEST_TEXT]
    return tuple(value.hex() if isinstance(value, bytes) else value for value in telling)


def twin_of(value: Any) -> Any:
    """Return an id of the same shape that does not exist.

    Example:
        >>> twin_of("cus_01KQ"), twin_of("fabrikam"), twin_of("0b020001-0000-4000-8000-000000000002")
        ('cus_00ZZ', 'nobodyxx', '99999999-9999-4999-8999-999999999999')
    """
    if isinstance(value, int):
        return UNKNOWN_NUMBER
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value):
        return "99999999-9999-4999-8999-999999999999"
    if re.fullmatch(r"[0-9a-f]{64}", value):
        return "9" * 64
    prefix, separator, rest = value.partition("_")
    if separator:
        return f"{prefix}_{('00' + 'Z' * len(rest))[: len(rest)]}"
    return ("nobody" + "x" * len(value))[: len(value)]
