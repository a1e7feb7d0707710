"""Every page and action of the console that the palette leads to; a test proves that none of the routes is missing."""

from __future__ import annotations

from typing import Final

from fairkeeper.access.actions.people import change_roles, remove_person
from fairkeeper.access.actions.tokens import revoke_token
from fairkeeper.access.queries import list_people, list_tokens
from fairkeeper.accounts.actions.state_structure import adopt_seen, ask_products, import_structure, observe_file
from fairkeeper.accounts.actions.track_verification import open_programme, record_event
from fairkeeper.accounts.queries import list_differences, show_structure
from fairkeeper.accounts.verification.tracking import list_programmes
from fairkeeper.assurance.evaluation.running import show_release
from fairkeeper.assurance.forwarding.destinations import list_destinations
from fairkeeper.assurance.incidents.acting import close_incident, open_incident, package_incident, take_step
from fairkeeper.assurance.incidents.drilling import end_drill, list_drills, start_drill, take_drill_step
from fairkeeper.assurance.incidents.queries import list_incidents
from fairkeeper.assurance.keeping.holding import lift_hold, place_hold
from fairkeeper.assurance.keeping.proving import erase_data
from fairkeeper.assurance.keeping.rules import list_retention
from fairkeeper.assurance.keeping.subject import export_subject
from fairkeeper.assurance.monitoring.hearing import list_signal_rules, list_signals
from fairkeeper.assurance.posture.data_flow import show_data_flow
from fairkeeper.assurance.posture.showing import list_controls, show_posture
from fairkeeper.assurance.transparency.showing import show_transparency
from fairkeeper.assurance.weaknesses.recording import accept_weakness, ask_for_scan, list_weaknesses
from fairkeeper.consent.actions.unlink import unlink
from fairkeeper.consent.deployments.showing import list_application_notices, list_deployments
from fairkeeper.consent.queries import list_tenants
from fairkeeper.consent.queries import show_customer as show_consent
from fairkeeper.customers.actions.custody.move_custody import (
    list_custody,
    list_would_have,
    show_custody,
)
from fairkeeper.customers.actions.landing.looks import list_landing_looks
from fairkeeper.customers.actions.marketplace.reconcile import reconcile
from fairkeeper.customers.actions.rename_customer import rename_customer
from fairkeeper.customers.actions.revoke import revoke_customer
from fairkeeper.customers.queries import list_customers, list_notices, show_change_rule
from fairkeeper.deals.actions.approve_deal import approve_deal, show_approval_rules
from fairkeeper.deals.actions.draft_deal import draft_deal
from fairkeeper.deals.actions.save_deal import save_deal
from fairkeeper.deals.book.approvals import Reason
from fairkeeper.deals.book.queries import list_deals, list_renewals, show_deal
from fairkeeper.evidence.actions import request_export, rotate_log_key
from fairkeeper.evidence.queries import list_entries, show_entry, show_log
from fairkeeper.governance.actions.contain import contain
from fairkeeper.governance.approvals.queries import list_approvals
from fairkeeper.governance.policies.bundle_queries import list_policies
from fairkeeper.governance.policies.bundles import save_policies
from fairkeeper.governance.queries.agents import list_agents
from fairkeeper.governance.queries.decisions import list_decisions
from fairkeeper.messages.queries import show_rule
from fairkeeper.metering.actions.limiting import end_usage_limit, set_usage_limit
from fairkeeper.metering.actions.proving import prove_usage
from fairkeeper.metering.queries import list_usage
from fairkeeper.opportunities.accountability.queries import report
from fairkeeper.opportunities.actions.accounts import match_account
from fairkeeper.opportunities.actions.cards import record_outcome
from fairkeeper.opportunities.actions.pushes import give_standing_approval, push_card, revoke_standing_approval
from fairkeeper.opportunities.asking.answering import ask
from fairkeeper.opportunities.crm.queries import show_pushing
from fairkeeper.opportunities.queries import list_alerts, list_cards, list_snapshots, portfolio_summary
from fairkeeper.overview.connections.looking import list_connections
from fairkeeper.overview.guide.guiding import show_guide
from fairkeeper.overview.onboarding import show_funnel
from fairkeeper.overview.readiness.reviewing import list_reviews
from fairkeeper.overview.tracing.tracing import trace_anything
from fairkeeper.payouts.actions.findings import close_finding
from fairkeeper.payouts.chain_queries import trace_id
from fairkeeper.payouts.queries import list_files, list_findings, list_payments
from fairkeeper.web.routes import subscription_actions
from fairkeeper.web.routes.deals import actions as deal_actions
from fairkeeper.web.serving.palette import Deed, Place

PLACES: Final = (
    Place(label="Today", href="/", also="start home front"),
    Place(label="Home", href="/", is_for="customers"),
    Place(label="Your messages", href="/messages", also="told inbox", is_for="everybody"),
    Place(label="Trace an id", href="/trace", needs=(trace_anything,), also="chain follow", is_for="everybody"),
    Place(label="Search", href="/search", also="find", is_for="everybody"),
    # deals
    Place(label="Deals", href="/deals", needs=(list_deals,), also="board private offers"),
    Place(label="All deals", href="/deals/all", needs=(list_deals,)),
    Place(label="Renewals", href="/deals/renewals", needs=(list_renewals,), also="deals ends"),
    Place(label="Approval rules of deals", href="/deals/rules", needs=(show_approval_rules,)),
    Place(label="Write a deal", href="/deals/new", needs=(draft_deal, save_deal), also="new", is_action=True),
    Place(label="Write a deal as text", href="/deals/text", needs=(save_deal,), also="new import", is_action=True),
    # customers
    Place(label="Customers", href="/customers", needs=(list_customers,), also="subscriptions"),
    Place(label="Onboarding", href="/onboarding", needs=(show_funnel,), also="funnel landing page"),
    Place(label="Custody", href="/custody", needs=(show_custody,), also="observed adopt take over"),
    Place(label="Managed subscriptions", href="/custody/managed", needs=(list_custody,), also="custody"),
    Place(label="What would have been done", href="/custody/would-have", needs=(list_would_have,), also="custody"),
    Place(label="Webhooks", href="/webhooks", needs=(list_notices,), also="notices microsoft"),
    Place(label="Compare with Microsoft", href="/webhooks/compare", needs=(reconcile,), also="sync", is_action=True),
    Place(label="Revoke everything", href="/revoke", needs=(revoke_customer,), is_action=True, is_for="customers"),
    # consent
    Place(label="Consent", href="/consent", needs=(list_tenants,), also="tenants permissions grants"),
    Place(label="Deployments", href="/consent/deployments", needs=(list_deployments,), also="managed applications"),
    Place(label="Notices of deployments", href="/consent/notices", needs=(list_application_notices,), also="azure"),
    Place(label="Permissions", href="/permissions", needs=(show_consent,), also="consent", is_for="customers"),
    # agents
    Place(label="Agents", href="/agents", needs=(list_agents,), also="governance tools", is_for="everybody"),
    Place(label="Approvals", href="/approvals", needs=(list_approvals,), also="inbox waiting", is_for="everybody"),
    Place(label="Decisions", href="/decisions", needs=(list_decisions,), also="calls", is_for="everybody"),
    Place(label="Policies", href="/policies", needs=(list_policies,), also="cedar rules", is_for="everybody"),
    Place(
        label="Write policies",
        href="/policies/new",
        needs=(save_policies,),
        also="cedar new",
        is_action=True,
        is_for="everybody",
    ),
    # assurance
    Place(label="Assurance", href="/assurance", needs=(list_signals,), also="signals", is_for="everybody"),
    Place(label="Rules of signals", href="/assurance/rules", needs=(list_signal_rules,), also="alarms"),
    Place(label="Incidents", href="/incidents", needs=(list_incidents,), is_for="everybody"),
    Place(label="Open an incident", href="/incidents/open", needs=(open_incident,), is_action=True),
    Place(label="Posture", href="/assurance/posture", needs=(show_posture,), also="risks", is_for="everybody"),
    Place(label="Controls", href="/assurance/controls", needs=(list_controls,), also="tests", is_for="everybody"),
    Place(
        label="Fill in a questionnaire",
        href="/assurance/answers",
        needs=(list_controls,),
        also="security answers posture",
        is_action=True,
    ),
    Place(
        label="Data",
        href="/assurance/data",
        needs=(list_retention,),
        also="retention holds erasure privacy",
        is_for="everybody",
    ),
    Place(label="Where data flows", href="/assurance/data/flow", needs=(show_data_flow,), also="location payloads"),
    Place(label="Place a legal hold", href="/assurance/data/holds/place", needs=(place_hold,), is_action=True),
    Place(
        label="Erase data",
        href="/assurance/data/erase",
        needs=(erase_data,),
        also="delete privacy",
        is_action=True,
        is_for="everybody",
    ),
    Place(
        label="Hand out a person’s data",
        href="/assurance/data/subject",
        needs=(export_subject,),
        also="subject access privacy export",
        is_action=True,
        is_for="everybody",
    ),
    Place(label="Drills", href="/assurance/drills", needs=(list_drills,), also="exercise", is_for="everybody"),
    Place(label="Hold a drill", href="/assurance/drills/start", needs=(start_drill,), also="new", is_action=True),
    Place(label="Weaknesses", href="/assurance/weaknesses", needs=(list_weaknesses,), also="vulnerabilities scan"),
    Place(label="Scan for weaknesses", href="/assurance/weaknesses/scan", needs=(ask_for_scan,), is_action=True),
    Place(
        label="Destinations of events",
        href="/assurance/destinations",
        needs=(list_destinations,),
        also="siem sentinel forward",
        is_for="everybody",
    ),
    # usage and money
    Place(label="Usage", href="/usage", needs=(list_usage,), also="metering dimensions", is_for="everybody"),
    Place(label="Payouts", href="/payouts", needs=(list_findings,), also="differences money"),
    Place(label="Trace a payout", href="/payouts/trace", needs=(trace_id,), also="earning order"),
    Place(label="Payments", href="/payouts/payments", needs=(list_payments,), also="bank payouts"),
    Place(label="Months", href="/payouts/months", needs=(list_findings,), also="close journal payouts"),
    Place(label="Reports", href="/payouts/files", needs=(list_files,), also="files upload payouts hand over"),
    # opportunities
    Place(label="Opportunities", href="/opportunities", needs=(list_cards,), also="cards sellers"),
    Place(label="Alerts", href="/opportunities/alerts", needs=(list_alerts,), also="opportunities losing users"),
    Place(label="Ask the insights", href="/opportunities/ask", needs=(ask,), also="question opportunities"),
    Place(label="Portfolio", href="/opportunities/portfolio", needs=(portfolio_summary,), also="opportunities"),
    Place(label="Track record", href="/opportunities/track-record", needs=(report,), also="opportunities held"),
    Place(label="Insights handed over", href="/opportunities/files", needs=(list_snapshots,), also="upload import"),
    Place(label="Pushed to the CRM", href="/opportunities/crm", needs=(show_pushing,), also="opportunities"),
    Place(
        label="Let cards be pushed unasked",
        href="/opportunities/crm/give",
        needs=(give_standing_approval,),
        also="standing approval crm",
        is_action=True,
    ),
    Place(
        label="Stop pushing unasked",
        href="/opportunities/crm/revoke",
        needs=(revoke_standing_approval,),
        also="standing approval crm",
        is_action=True,
    ),
    # accounts
    Place(label="Accounts", href="/accounts", needs=(show_structure,), also="structure partner center"),
    Place(label="Seen in the account", href="/accounts/seen", needs=(list_differences,), also="differences"),
    Place(label="State the structure", href="/accounts/state", needs=(import_structure,), is_action=True),
    Place(label="Adopt what was seen", href="/accounts/adopt", needs=(adopt_seen,), also="accounts", is_action=True),
    Place(label="Read the account’s products", href="/accounts/seen/ask", needs=(ask_products,), is_action=True),
    Place(label="Hand over what was seen", href="/accounts/observe", needs=(observe_file,), is_action=True),
    Place(label="Verification", href="/accounts/verification", needs=(list_programmes,), also="accounts"),
    Place(
        label="Track a verification",
        href="/accounts/verification/open",
        needs=(open_programme,),
        also="new",
        is_action=True,
    ),
    Place(label="Readiness", href="/accounts/readiness", needs=(list_reviews,), also="review marketplace publish"),
    # evidence
    Place(label="Evidence", href="/evidence", needs=(show_log,), also="record log entries proofs"),
    Place(label="Record", href="/evidence", needs=(list_entries,), also="evidence log", is_for="customers"),
    Place(label="Receipts", href="/receipts", needs=(show_entry,), is_for="everybody"),
    Place(
        label="Ask for an export",
        href="/exports/ask",
        needs=(request_export,),
        also="evidence download",
        is_action=True,
        is_for="everybody",
    ),
    # settings
    Place(label="Settings", href="/settings", needs=(list_people, list_tokens), is_for="everybody"),
    Place(
        label="People",
        href="/settings/people",
        needs=(list_people,),
        also="invite roles settings",
        is_for="everybody",
    ),
    Place(label="API tokens", href="/settings/tokens", needs=(list_tokens,), also="settings", is_for="everybody"),
    Place(label="Rules of plan and seat changes", href="/settings/change-rule", needs=(show_change_rule,)),
    Place(label="Provisioning", href="/settings/provisioning", needs=(show_change_rule,), also="settings webhook"),
    Place(label="Values for Partner Center", href="/settings/partner-center", needs=(show_change_rule,), also="setup"),
    Place(label="Keys and witnesses", href="/settings/keys", needs=(rotate_log_key,), also="settings log"),
    Place(label="Rotate the log’s key", href="/settings/keys/rotate", needs=(rotate_log_key,), is_action=True),
    Place(label="Connections", href="/settings/connections", needs=(list_connections,), also="doctor settings check"),
    Place(label="Connect a publisher", href="/guide", needs=(show_guide,), also="guide first setup"),
    Place(label="Look of the landing page", href="/settings/landing", needs=(list_landing_looks,), also="logo brand"),
    Place(label="Messages", href="/settings/messages", needs=(show_rule,), also="mail teams settings deadlines"),
)
"""What can be reached with nothing chosen before."""

DEEDS: Final = (
    *(
        Deed(
            kind="subscription",
            label=name.replace("-", " ").capitalize(),
            path=f"{{page}}/{name}",
            operation=verb.operation,
            is_for="everybody",
        )
        for name, verb in subscription_actions.VERBS.items()
    ),
    Deed(kind="customer", label="Revoke", path="{page}/revoke", operation=revoke_customer),
    Deed(kind="customer", label="Rename", path="{page}/rename", operation=rename_customer),
    Deed(kind="customer", label="Consent of", path="{page}/consent", operation=show_consent),
    Deed(kind="customer", label="Unlink the tenant of", path="{page}/consent/unlink", operation=unlink),
    *(
        Deed(kind="deal", label=name.replace("-", " ").capitalize(), path=f"{{page}}/{name}", operation=verb.operation)
        for name, verb in deal_actions.VERBS.items()
    ),
    Deed(kind="deal", label="Edit", path="{page}/edit", operation=save_deal),
    Deed(kind="deal", label="Hand over", path="{page}/hand-over", operation=show_deal),
    Deed(kind="deal", label="Print the sheet of", path="{page}/sheet", operation=show_deal),
    Deed(kind="deal", label="Compare versions of", path="{page}/compare", operation=show_deal),
    *(
        Deed(
            kind="deal",
            label=f"Approve ({each.value.replace('_', ' ')})",
            path=f"{{page}}/approve-{each.value}",
            operation=approve_deal,
        )
        for each in Reason
    ),
    *(
        Deed(kind="agent", label=how.capitalize(), path=f"{{page}}/{how}", operation=contain, is_for="everybody")
        for how in ("pause", "constrain", "revoke")
    ),
    Deed(
        kind="agent",
        label="Release of",
        path="{page}/release",
        operation=show_release,
        is_for="everybody",
    ),
    Deed(
        kind="agent",
        label="Transparency of",
        path="{page}/transparency",
        operation=show_transparency,
        is_for="everybody",
    ),
    Deed(kind="drill", label="Take the next step of", path="{page}/step", operation=take_drill_step),
    Deed(kind="drill", label="End", path="{page}/end", operation=end_drill),
    Deed(kind="legal hold", label="Lift", path="/assurance/data/holds/{id}/lift", operation=lift_hold),
    Deed(kind="weakness", label="Accept", path="/assurance/weaknesses/{id}/accept", operation=accept_weakness),
    Deed(kind="incident", label="Take the next step of", path="{page}/step", operation=take_step),
    Deed(kind="incident", label="Close", path="{page}/close", operation=close_incident),
    Deed(kind="incident", label="Package", path="{page}/package", operation=package_incident),
    Deed(
        kind="subscription",
        label="Prove the usage of",
        path="/usage/{id}/prove",
        operation=prove_usage,
        is_for="everybody",
    ),
    Deed(
        kind="subscription",
        label="Limit the usage of",
        path="/usage/{id}/limit",
        operation=set_usage_limit,
        is_for="everybody",
    ),
    Deed(
        kind="subscription",
        label="End the limit of",
        path="/usage/{id}/end-limit",
        operation=end_usage_limit,
        is_for="everybody",
    ),
    Deed(kind="difference in payouts", label="Close", path="{page}/close", operation=close_finding),
    *(
        Deed(kind="opportunity", label=label, path=f"{{page}}/{name}", operation=record_outcome)
        for name, label in (
            ("accepted", "Accept"),
            ("declined", "Decline"),
            ("snoozed", "Snooze"),
            ("won", "Won"),
            ("lost", "Lost"),
        )
    ),
    Deed(kind="opportunity", label="Push to the CRM", path="{page}/push", operation=push_card),
    Deed(kind="opportunity", label="Match with a customer", path="{page}/match", operation=match_account),
    Deed(kind="verification", label="Record an event of", path="{page}/record", operation=record_event),
    Deed(
        kind="person",
        label="Change the roles of",
        path="/settings/people/{id}/roles",
        operation=change_roles,
        is_for="everybody",
    ),
    Deed(
        kind="person",
        label="Remove",
        path="/settings/people/{id}/remove",
        operation=remove_person,
        is_for="everybody",
    ),
    Deed(
        kind="API token",
        label="Revoke",
        path="/settings/tokens/{id}/revoke",
        operation=revoke_token,
        is_for="everybody",
    ),
)
"""What is done with something that has to be found first."""
