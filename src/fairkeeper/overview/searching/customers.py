"""Kinds of things about customers: their subscriptions and people, consent, usage, messages."""

from __future__ import annotations

from typing import Final

from fairkeeper.access.actions.invitations import list_invitations
from fairkeeper.access.queries import list_people, list_tokens
from fairkeeper.access.tables import ApiTokenRow, InvitationRow, PersonRow
from fairkeeper.consent.queries import list_tenants, show_customer
from fairkeeper.consent.tables import AgentIdentityRow, ClaimCodeRow, ConnectRow, DeploymentRow, GrantRow, LinkRow
from fairkeeper.customers.actions.custody.move_custody import list_would_have
from fairkeeper.customers.queries import list_customers, show_subscription
from fairkeeper.customers.tables import CustomerRow, JobRow, OperationRow, SubscriptionRow, WouldHaveRow
from fairkeeper.evidence.queries import show_entry
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.messages.queries import list_deliveries, show_mine
from fairkeeper.messages.tables import CopyRow, MessageRow
from fairkeeper.metering.queries import list_usage
from fairkeeper.metering.tables import FixedUsageRow, MeteredResourceRow, UsageCountRow
from fairkeeper.overview.searching.declaring import Kind, at, field_of, fixed

_CUSTOMERS: Final = (
    Kind(
        name="customer",
        prefix="cus",
        door=list_customers,
        row=CustomerRow,
        key=CustomerRow.customer_id,
        page=at("/customers/{}", "slug"),
        own_page=fixed("/"),
        label=field_of("name"),
        line=lambda row: f"tenant {row.tenant_id}",
        guids=(CustomerRow.tenant_id,),
        exact=(CustomerRow.slug, CustomerRow.tenant_id),
        names=(CustomerRow.name, CustomerRow.slug, CustomerRow.tenant_id),
    ),
    Kind(
        name="subscription",
        door=show_subscription,
        row=SubscriptionRow,
        key=SubscriptionRow.subscription_id,
        page=at("/subscriptions/{}", "subscription_id"),
        label=lambda row: row.name or row.plan_id or row.subscription_id,
        line=lambda row: f"{row.plan_id or 'no plan'}, {row.status_text or 'held'}",
        guids=(SubscriptionRow.subscription_id,),
        exact=(SubscriptionRow.subscription_id,),
        names=(SubscriptionRow.name,),
    ),
    Kind(
        name="operation",
        door=show_subscription,
        row=OperationRow,
        key=OperationRow.operation_id,
        page=at("/subscriptions/{}#operations", "subscription_id"),
        label=field_of("action_text", "operation"),
        line=field_of("subscription_id"),
        guids=(OperationRow.operation_id,),
        exact=(OperationRow.operation_id,),
    ),
    Kind(
        name="provisioning",
        prefix="job",
        door=show_subscription,
        row=JobRow,
        key=JobRow.request_id,
        page=at("/subscriptions/{}", "subscription_id"),
        label=field_of("wish"),
        line=field_of("subscription_id"),
    ),
    Kind(
        name="would have been done",
        prefix="wld",
        door=list_would_have,
        row=WouldHaveRow,
        key=WouldHaveRow.note_id,
        page=fixed("/custody/would-have"),
        is_staffs=True,
        label=field_of("what"),
        line=field_of("subscription_id"),
    ),
    Kind(
        name="entry",
        prefix="ent",
        door=show_entry,
        row=EntryRow,
        key=EntryRow.entry_id,
        page=at("/evidence/{}", "entry_id"),
        label=field_of("kind"),
        line=lambda row: f"{row.at:%d %b %Y %H:%M} UTC",
    ),
    Kind(
        name="person",
        prefix="per",
        door=list_people,
        row=PersonRow,
        key=PersonRow.id,
        page=fixed("/settings/people"),
        label=field_of("name", "A person without a name"),
        line=lambda row: ", ".join(filter(None, (row.email, *(role.replace("_", " ") for role in row.roles)))),
        guids=(PersonRow.object_id,),
        exact=(PersonRow.email,),
        names=(PersonRow.name, PersonRow.email),
    ),
    Kind(
        name="API token",
        prefix="tok",
        door=list_tokens,
        row=ApiTokenRow,
        key=ApiTokenRow.id,
        page=fixed("/settings/tokens"),
        label=field_of("name"),
        line=lambda row: "revoked" if row.revoked_at else "in use",
        names=(ApiTokenRow.name,),
    ),
    Kind(
        name="invitation",
        prefix="inv",
        door=list_invitations,
        row=InvitationRow,
        key=InvitationRow.invitation_id,
        page=fixed("/settings/people"),
        label=lambda row: row.name or row.email or "An invitation",
        line=lambda row: f"until {row.expires_at:%d %b %Y}",
        exact=(InvitationRow.email,),
    ),
)

_CONSENT: Final = (
    Kind(
        name="tenant link",
        prefix="lnk",
        door=show_customer,
        row=LinkRow,
        key=LinkRow.link_id,
        page=at("/customers/{}/consent", "customer_id"),
        own_page=fixed("/permissions"),
        label=lambda row: f"tenant {row.tenant_id}",
        line=field_of("state"),
    ),
    Kind(
        name="consent",
        prefix="gra",
        door=show_customer,
        row=GrantRow,
        key=GrantRow.grant_id,
        page=at("/customers/{}/consent", "customer_id"),
        own_page=fixed("/permissions"),
        label=lambda row: f"{row.registration}: {row.tier}",
        line=field_of("state"),
    ),
    Kind(
        name="consent page",
        prefix="con",
        door=show_customer,
        row=ConnectRow,
        key=ConnectRow.connect_id,
        page=at("/customers/{}/consent", "customer_id"),
        own_page=fixed("/permissions"),
        label=field_of("purpose"),
        line=lambda row: f"until {row.expires_at:%d %b %Y}",
    ),
    Kind(
        name="claim code",
        prefix="cla",
        door=list_tenants,
        row=ClaimCodeRow,
        key=ClaimCodeRow.code_id,
        page=at("/customers/{}/consent", "customer_id"),
        own_page=fixed("/permissions"),
        label=field_of("offer_id"),
        line=lambda row: f"until {row.expires_at:%d %b %Y}",
    ),
    Kind(
        name="deployment",
        prefix="dep",
        door=list_tenants,
        row=DeploymentRow,
        key=DeploymentRow.deployment_id,
        page=lambda row: f"/customers/{row.customer_id}/consent" if row.customer_id else "/consent",
        own_page=fixed("/permissions"),
        label=field_of("resource_id"),
        line=field_of("state"),
    ),
    Kind(
        name="agent identity",
        prefix="agi",
        door=show_customer,
        row=AgentIdentityRow,
        key=AgentIdentityRow.placed_id,
        guids=(AgentIdentityRow.identity_id,),
        page=lambda row: f"/customers/{row.customer_id}/consent",
        own_page=fixed("/permissions"),
        label=field_of("name"),
        line=field_of("state"),
    ),
)

_USAGE: Final = (
    Kind(
        name="metered hour",
        prefix="cnt",
        door=list_usage,
        row=UsageCountRow,
        key=UsageCountRow.count_id,
        page=at("/usage/hours/{}", "count_id"),
        label=lambda row: f"{row.dimension}, {row.hour_at:%d %b %Y %H:00} UTC",
        line=field_of("state"),
    ),
    Kind(
        name="fixed usage",
        prefix="fix",
        door=list_usage,
        row=FixedUsageRow,
        key=FixedUsageRow.schedule_id,
        page=at("/usage/{}", "resource_id"),
        label=field_of("dimension"),
        line=lambda row: f"every {row.every_hours} hours",
    ),
    Kind(
        name="metered application",
        prefix="app",
        door=list_usage,
        row=MeteredResourceRow,
        key=MeteredResourceRow.resource_id,
        page=at("/usage/{}", "resource_id"),
        label=lambda row: row.resource_uri or row.resource_id,
        line=field_of("offer_id"),
    ),
)

_MESSAGES: Final = (
    Kind(
        name="message",
        prefix="msg",
        door=show_mine,
        row=MessageRow,
        key=MessageRow.message_id,
        page=at("/messages/{}", "message_id"),
        label=lambda row: row.code.partition(".")[2].replace("_", " "),
        line=lambda row: f"told on {row.told_at:%d %b %Y}",
    ),
    Kind(
        name="delivery of messages",
        prefix="dlv",
        door=list_deliveries,
        row=CopyRow,
        key=CopyRow.delivery_id,
        page=fixed("/settings/messages"),
        is_staffs=True,
        label=field_of("message_id"),
        line=field_of("state"),
    ),
)
KINDS: Final = (*_CUSTOMERS, *_CONSENT, *_USAGE, *_MESSAGES)
