"""Everything this room can do, as one list for the registry."""

from __future__ import annotations

from fairkeeper.action.operation import Operation
from fairkeeper.customers import queries
from fairkeeper.customers.actions import land, operate, provision, retire, ring_clock
from fairkeeper.customers.actions.custody import move_custody
from fairkeeper.customers.actions.custody.adopt import adopt
from fairkeeper.customers.actions.landing import answers, looks, show_landing
from fairkeeper.customers.actions.marketplace import answer_operation, change_subscription, follow_notice, reconcile
from fairkeeper.customers.actions.marketplace.activate_subscription import activate_subscription
from fairkeeper.customers.actions.marketplace.follow_reading import follow_reading
from fairkeeper.customers.actions.marketplace.receive_webhook import receive_webhook
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.actions.set_change_rule import set_change_rule

OPERATIONS: tuple[Operation, ...] = (
    receive_webhook,
    *follow_notice.OPERATIONS,
    follow_reading,
    answer_operation.record_answer,
    answer_operation.record_change_begun,
    answer_operation.record_wish_refused,
    answer_operation.record_deal,
    activate_subscription,
    *change_subscription.OPERATIONS,
    *provision.OPERATIONS,
    *operate.OPERATIONS,
    *land.OPERATIONS,
    *show_landing.OPERATIONS,
    *looks.OPERATIONS,
    *answers.OPERATIONS,
    revoke_customer,
    *retire.OPERATIONS,
    *ring_clock.OPERATIONS,
    *reconcile.OPERATIONS,
    rename_customer,
    set_change_rule,
    *move_custody.OPERATIONS,
    adopt,
    *queries.OPERATIONS,
)
