"""Every operation of the room."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.messages.actions.hand_over import begin_delivery, record_delivery
from fairkeeper.messages.actions.settings import mark_read, set_rule, set_wording
from fairkeeper.messages.actions.take_up import escalate_message, settle_message, take_up
from fairkeeper.messages.queries import list_deliveries, list_mine, list_templates, show_mine, show_rule, word_message

OPERATIONS: tuple[Operation, ...] = (
    take_up,
    settle_message,
    escalate_message,
    begin_delivery,
    record_delivery,
    set_rule,
    set_wording,
    mark_read,
    list_mine,
    show_mine,
    list_deliveries,
    show_rule,
    list_templates,
    word_message,
)
