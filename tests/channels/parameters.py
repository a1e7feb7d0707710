"""Every parameter of every route, page and tool: what one's own is, and whose ids of what kind to put there.

A new parameter is unknown here until somebody says how to fill it, and the tests that go through all routes fail until
then; so nobody adds a door that nobody has tried to open with another customer's id. What can hold no id (a flag, a
choice of words) is filled from its own description.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.channels.ids import UNKNOWN_NUMBER, first_id
from tests.channels.stage import DEAL, Stage, Tenant

STRANGER_IN_CONTOSO: Final = "0b019999-0000-4000-8000-000000000001"
"""An account that nobody here has seen, in whatever tenant it is said to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How one parameter is filled.

    Attributes:
        own: What a customer who means well puts there.
        kinds: Whose ids of which kinds to try; none for what no id can be mistaken for (a number of rows, a flag).
        is_list: Whether ids are sent in a list.
    """

    own: Callable[[Stage, Tenant], Any]
    kinds: tuple[str, ...] = ()
    is_list: bool = False

    def sent(self, value: Any) -> Any:
        """Return an id as it is sent."""
        return [value] if self.is_list else value


def fixed(value: Any, *kinds: str) -> Filling:
    """Fill with the same value for everybody."""
    return Filling(own=lambda _stage, _tenant: value, kinds=kinds)


def export_token(stage: Stage, tenant: Tenant) -> str:
    """Return the token of the export that a customer asked for."""
    return str(first_id(stage, tenant, "subject", lambda row: row["subject_type"] == "export"))


def _user(stage: Stage, tenant: Tenant) -> str:
    return str(first_id(stage, tenant, "person", lambda row: row["roles"] == ["customer_user"]))


_TEXT = ("customer", "slug", "tenant", "object", "person", "token", "subscription", "operation", "job", "entry")
_TEXT_OR_SUBJECT = (*_TEXT, "subject", "task_key", "session", "idempotency")

FILLINGS: Final[Mapping[str, Filling]] = {
    # whose and what
    "subscription_id": Filling(own=lambda _stage, tenant: tenant.subscription_id, kinds=("subscription", "operation")),
    "customers.activate_subscription:subscription_id": Filling(
        own=lambda _stage, tenant: tenant.waiting_id, kinds=("subscription",)
    ),
    "customers.pause_use:subscription_id": Filling(
        own=lambda _stage, tenant: tenant.waiting_id, kinds=("subscription",)
    ),
    "customer": Filling(own=lambda _stage, tenant: tenant.slug, kinds=("slug", "customer", "tenant")),
    "customer_id": Filling(own=lambda _stage, tenant: tenant.customer_id, kinds=("customer", "slug")),
    "request_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "job", lambda row: row["answered_at"] is None),
        kinds=("job", "operation"),
    ),
    "entry_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "entry"), kinds=("entry",)),
    "person_id": Filling(own=_user, kinds=("person", "object")),
    "token_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "token"), kinds=("token",)),
    "token": Filling(own=export_token, kinds=("subject", "token")),
    "notice_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "notice"), kinds=("notice",)),
    "reminder_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "reminder"), kinds=("reminder",)),
    "task_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "task"), kinds=("task",)),
    "tenant_id": Filling(own=lambda _stage, tenant: tenant.tenant_id, kinds=("tenant",)),
    "object_id": fixed(STRANGER_IN_CONTOSO, "object"),
    "cookie_digest": Filling(own=lambda stage, tenant: first_id(stage, tenant, "session"), kinds=("session",)),
    "ids": Filling(
        own=lambda _stage, tenant: [tenant.customer_id], kinds=("customer", "person", "token"), is_list=True
    ),
    "subject_id": Filling(own=lambda _stage, tenant: tenant.subscription_id, kinds=_TEXT_OR_SUBJECT),
    "before": fixed(UNKNOWN_NUMBER),
    "invitation_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "invitation"), kinds=("invitation",)),
    "message_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "message"), kinds=("message",)),
    "overview.skip_guide_step:step": fixed("messages"),
    "overview.take_up_guide_step:step": fixed("messages"),
    "overview.check_connections:step": fixed("tenant"),
    # words that are looked for
    "text": Filling(own=lambda _stage, tenant: tenant.name, kinds=_TEXT_OR_SUBJECT),
    "subject_type": fixed("subscription", "customer", "subscription"),
    "kind": fixed("access.token_created/1", "customer", "entry"),
    "status": fixed("Subscribed", "customer", "subscription"),
    "plan": fixed("team", "customer", "subscription"),
    "customers.list_notices:subscription_id": Filling(
        own=lambda _stage, tenant: tenant.subscription_id, kinds=("subscription",)
    ),
    "state": fixed("held", "customer"),
    "consent.list_tenants:state": fixed("linked"),
    "consent.list_deployments:state": fixed("running"),
    "deployment_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "deployment"), kinds=("deployment",)),
    "access": fixed("repair-vault", "customer"),
    "hours": fixed(4),
    "unplaced": fixed(value=True),
    "dated_on": fixed("2026-11-20"),
    "permissions": fixed({"name": "permissions.json", "text": "{}"}),
    "consent.look_up_permission:name": fixed("Mail.Read", "customer"),
    "consent.make_claim_code:offer_id": fixed("fairmile-desk-cluster", "customer"),
    "consent.make_claim_code:plan_id": fixed("standard"),
    "consent.list_deployments:offer_type": fixed("container"),
    "consent.place_agent_identity:registration": fixed("sorter", "customer"),
    "consent.end_elevation:grant_id": Filling(
        own=lambda stage, tenant: first_id(
            stage, tenant, "consent_grant", lambda row: row["tier"] == "just_in_time_access"
        ),
        kinds=("consent_grant",),
    ),
    "sponsor_id": Filling(own=lambda _stage, tenant: tenant.people[0].object_id, kinds=("object",)),
    "sponsor_kind": fixed("user"),
    "identity_id": fixed("fa111111-0000-4000-8000-00000000beef"),
    "customers.list_reminders:customer": Filling(
        own=lambda _stage, tenant: tenant.slug, kinds=("slug", "customer", "tenant")
    ),
    # words that are kept
    "name": fixed("A name", "customer"),
    "reason": fixed("A reason.", "customer"),
    "why": fixed("A reason.", "customer"),
    "message": fixed("A message.", "customer"),
    "email": fixed("somebody@contoso.example", "customer"),
    "plan_id": fixed("team-plus", "customer"),
    "witness_key": fixed("witness.example+00000000+AAAA", "customer"),
    "subject": fixed("{what}", "customer"),
    "code": fixed("customers.deadline", "customer"),
    "time_zone": fixed("UTC", "customer"),
    "quiet_from": fixed("20:00", "customer"),
    "quiet_until": fixed("07:00", "customer"),
    "digest_at": fixed("08:00", "customer"),
    "escalate_to": fixed("owner", "customer"),
    "answer": fixed("An answer.", "customer"),
    "registration": fixed("desk", "customer"),
    "question_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "question"), kinds=("question",)),
    # the landing page's words, and what another system runs
    "customers.set_landing_look:offer": fixed("fairmile-assistant", "customer"),
    "customers.set_landing_look:plan": fixed("team", "customer"),
    "product_name": fixed("Fairmile Assistant", "customer"),
    "welcome": fixed("Welcome.", "customer"),
    "support_url": fixed("https://fairmile.example/support"),
    "terms_url": fixed("https://fairmile.example/terms"),
    "privacy_url": fixed("https://fairmile.example/privacy"),
    "customers.set_landing_look:fields": fixed([{"name": "workspace", "label": "Workspace"}]),
    "customers.set_landing_logo:content": fixed("iVBORw0KGgoAAAA="),
    "customers.list_custody:custody": fixed("observed"),
    # neither
    "days": fixed(90),
    "within_days": fixed(90),
    "escalate_after_hours": fixed(4),
    "escalate_digest_after_hours": fixed(72),
    "include_removed": fixed(value=True),
    "include_revoked": fixed(value=True),
    "roles": fixed(["customer_auditor"]),
    "expires_in_days": fixed(7),
    "quantity": fixed(20),
    "limit": fixed(100),
    "offset": fixed(0),
    "allowed_moves": fixed([{"from_plan": "team", "to_plan": "team-plus"}]),
    "minimum_seats": fixed(1),
    "maximum_seats": fixed(100),
    # deals that are only calculated with: a file's text, amounts, days, months
    "files": fixed([{"name": "deal.yaml", "text": "private_offer: {}"}]),
    "file": fixed({"name": "deal.yaml", "text": "private_offer: {}"}),
    "against": fixed({"name": "other.yaml", "text": "private_offer: {}"}),
    "align_with": fixed({"name": "other.yaml", "text": "private_offer: {}"}),
    "pasted": fixed({"name": "rows.tsv", "text": "start\t1000"}),
    "without": Filling(own=lambda _stage, _tenant: ["ceiling_converts"], kinds=("customer",), is_list=True),
    "as_of": fixed("2026-11-22", "customer"),
    "starts_on": fixed("2026-12-01", "customer"),
    "total": fixed("1000.00", "customer"),
    "setup_fee": fixed("100.00", "customer"),
    "currency": fixed("USD", "customer"),
    "term_months": fixed(12),
    "every_months": fixed(3),
    "free_months": fixed(0),
    "fiscal_year_starts": fixed(7),
    "year_weights": fixed([1]),
    # the account's structure in a file
    "ahead_days": fixed(60),
    "publisher_id": fixed("fairmile", "customer"),
    "offer_id": fixed("fairmile-assistant", "customer", "slug"),
    "programme": fixed("commercial-marketplace", "customer", "slug"),
    "document_id": fixed("vdo_0", "customer", "entry"),
    "incident_id": fixed("inc_0", "customer", "entry"),
    "document_ids": Filling(own=lambda _stage, _tenant: ["vdo_0"], kinds=("entry",), is_list=True),
    "validity_months": fixed(12),
    "closing_days": fixed(30),
    "happened_on": fixed("2026-11-20", "customer"),
    "issued_on": fixed("2026-11-20", "customer"),
    "expires_on": fixed("2027-11-20", "customer"),
    "ticket": fixed("2611200001", "customer"),
    "note": fixed("A note.", "customer"),
    "title": fixed("A document", "customer"),
    "scope": fixed("The company.", "customer"),
    "reference": fixed("The archive.", "customer"),
    "sha256": fixed("0" * 64, "session"),
    "file_name": fixed("document.pdf", "customer"),
    "content_base64": fixed("", "customer"),
    "words": Filling(own=lambda _stage, _tenant: ["tier=team"], kinds=("customer",), is_list=True),
    # usage
    "resource_id": Filling(own=lambda _stage, tenant: tenant.subscription_id, kinds=("subscription", "operation")),
    "count_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "count"), kinds=("count",)),
    "proof_id": Filling(
        own=lambda stage, tenant: first_id(
            stage, tenant, "entry", lambda row: row["kind"] == "metering.proof_issued/1"
        ),
        kinds=("entry",),
    ),
    "schedule_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "fixed"), kinds=("fixed",)),
    "event_id": fixed("event-1", "customer"),
    "dimension": fixed("documents", "customer"),
    "used_at": fixed("2026-11-22T12:00:00Z"),
    "first_at": fixed("2026-11-22T12:00:00Z"),
    "from_on": fixed("2026-11-01"),
    "to_on": fixed("2026-12-01"),
    "began_on": fixed("2026-11-01"),
    "every_hours": fixed(24),
    "unit": fixed("document", "customer"),
    "included_monthly": fixed("0", "customer"),
    "included_annual": fixed("0", "customer"),
    "resource_uri": fixed("/subscriptions/1/resourceGroups/a", "customer"),
    "grace_minutes": fixed(10),
    "hold_factor": fixed(10),
    "hold_floor": fixed(100),
    "hold_hours_known": fixed(12),
    "decide_before_minutes": fixed(120),
    "at": fixed("2026-11-22T12:00:00Z"),
    "metering.record_by_hand:quantity": fixed("2"),
    "metering.set_opening:quantity": fixed("2"),
    "metering.set_fixed_usage:quantity": fixed("2"),
    "metering.set_usage_limit:quantity": fixed("2000"),
    "metering.record_usage:events": fixed(
        [{"event_id": "e", "dimension": "documents", "quantity": "1", "used_at": "2026-11-22T12:00:00Z"}]
    ),
    # deals that are kept, which no customer role reads or changes
    "deal": fixed("deal-of-contoso", "slug", "customer"),
    "with": fixed("deal-of-contoso", "slug", "customer"),
    "side": fixed("originator", "customer"),
    "look": fixed("light", "customer"),
    "deals.list_deals:state": fixed("draft"),
    "billing_account": fixed("12345678", "customer"),
    "tenant": fixed("", "tenant"),
    "country": fixed("US", "customer"),
    "partner": fixed("Litware", "customer"),
    "partner_seller_id": fixed("61000002", "customer"),
    "offer": fixed("fairmile-assistant", "customer"),
    "new_plan": fixed("contoso-team", "customer"),
    "accept_by": fixed("2026-11-30", "customer"),
    "renewal_evidence": fixed("A paid deal", "customer"),
    "prepared_by": fixed("dana@fairmile.example", "customer"),
    "markets": Filling(own=lambda _stage, _tenant: ["DE:EUR"], kinds=("customer",), is_list=True),
    "columns": fixed({"currency": "Currency"}),
    "deals.read_market_prices:file": fixed({"name": "deal.yaml", "text": DEAL.format(name="X", tenant_id="y")}),
    "deals.write_market_prices:file": fixed({"name": "deal.yaml", "text": DEAL.format(name="X", tenant_id="y")}),
    "workbook_base64": fixed("UGxhbixNYXJrZXQsQ3VycmVuY3ksTGluZSxBbW91bnQK"),
    "table_base64": fixed("RGVhbCxDdXN0b21lcgo="),
    "source": fixed("list", "customer"),
    "accounts.observe_file:source": fixed("users"),
    "deals": fixed([{"text": "private_offer: {}"}]),
    "import_id": fixed("imp_01", "customer"),
    "deals.answer_renewal:plan": fixed("ends"),
    "deals.answer_renewal:reason": fixed("renewal"),
    "deals.approve_deal:reason": fixed("discount"),
    "deal_reminder_id": fixed(1, "reminder"),
    "owner": fixed("Somebody", "customer"),
    "crm_id": fixed("OPP-1", "customer"),
    "digest": fixed("", "customer"),
    "expected_digest": fixed("", "customer"),
    "document_urls": fixed({"terms.pdf": "https://files.fairmile.example/terms.pdf"}),
    "private_offer_id": fixed("", "customer"),
    "on": fixed("2026-11-22", "customer"),
    "since": fixed("2026-11-22", "customer"),
    "months": fixed(12),
    "discount_above": fixed("15", "customer"),
    "standard_terms": Filling(own=lambda _stage, _tenant: ["terms.pdf"], kinds=("customer",), is_list=True),
    "term_above_months": fixed(36),
    "usd_above": fixed(1_000_000),
    # agents, what they may do, and what they asked for
    **{
        name: Filling(own=lambda stage, tenant, kind=kind: first_id(stage, tenant, kind), kinds=(kind,))  # type: ignore[misc]
        for name, kind in (
            ("agent_id", "agent"),
            ("tool_id", "tool"),
            ("use_id", "use"),
            ("permit_id", "permit"),
            ("grant_id", "grant"),
            ("limit_id", "limit"),
            ("delegation_id", "delegation"),
            ("parent_id", "delegation"),
            ("decision_id", "decision"),
            ("standing_id", "standing"),
        )
    },
    "containment_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "containment", lambda row: row["lifted_at"] is None),
        kinds=("containment",),
    ),
    "approval_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "approval", lambda row: row["state"] == "pending"),
        kinds=("approval",),
    ),
    "governance.contain:subject_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "agent"), kinds=("agent", "tool")
    ),
    "governance.contain:scope": fixed("agent"),
    "governance.contain:state": fixed("paused"),
    "governance.contain:profile": fixed(None),
    "governance.set_limit:subject_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "agent"), kinds=("agent", "tool")
    ),
    "governance.set_limit:agent_id": fixed(None, "agent"),
    "governance.delegate:parent_id": fixed(None, "delegation"),
    "governance.set_limit:scope": fixed("agent"),
    "governance.set_limit:currency": fixed(None),
    "governance.list_approvals:state": fixed("pending"),
    "governance.endorse_task:task_id": fixed("t2", "agent_task"),
    "governance.show_task:task_id": fixed("t2", "agent_task"),
    "governance.delegate:task_id": fixed("t1", "task_key"),
    "governance.delegate:person_id": fixed("somebody@contoso.example", "person"),
    "governance.list_decisions:before": fixed(""),
    "governance.grant_data:may_read": fixed(value=True),
    "governance.list_descriptions:name": fixed("", "agent"),
    "governance.grant_data:owner_kind": fixed("customer"),
    "governance.grant_standing:reason": fixed("A reason that is long enough.", "customer"),
    "governance.list_decisions:reason": fixed("permitted"),
    "governance.register_agent:name": fixed("another"),
    "governance.register_tool:name": fixed("another"),
    "number": fixed(2),
    "version": fixed("2.0", "customer"),
    "accountable": fixed("Somebody", "customer"),
    "acts_for": fixed("Everybody.", "customer"),
    "publisher_duties": fixed("Runs it.", "customer"),
    "customer_duties": fixed("Says what it may do.", "customer"),
    "chain_limit": fixed(3),
    "callers": Filling(own=lambda _stage, _tenant: [], kinds=("token",), is_list=True),
    "threat_notes": fixed({"ASI01": "Thought of."}),
    "assessment": fixed("", "customer"),
    "business_context": fixed("Letters.", "customer"),
    "value_measure": fixed("Letters a day.", "customer"),
    "known_errors": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "not_for": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "reads": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "writes": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "arguments": fixed({"type": "object", "properties": {}}),
    "manifest": fixed({"name": "write"}),
    "manifest_digest": fixed("0" * 64, "session"),
    "amount_argument": fixed(None, "customer"),
    "currency_argument": fixed(None, "customer"),
    "meter": fixed("calls"),
    "meters": fixed([{"dimension": "documents"}]),
    "measured": fixed({"usage.tokens": "1"}),
    "at_limit": fixed("stop"),
    "most_sensitive": fixed(3),
    "result_sensitivity": fixed(0),
    "sensitivity": fixed(1),
    "review_percent": fixed(0),
    "ends_at": fixed("2026-12-20T00:00:00Z"),
    "until_at": fixed("2026-12-20T00:00:00Z"),
    "data_class": fixed("letters", "customer"),
    "quality_note": fixed("", "customer"),
    "person_issuer": fixed("entra", "customer"),
    "tools": Filling(own=lambda _stage, _tenant: ["write"], kinds=("tool",), is_list=True),
    "maximum": fixed(10),
    "profile": fixed("read_only", "customer"),
    "result_digest": fixed("0" * 64, "session"),
    "error": fixed("", "customer"),
    "took_milliseconds": fixed(1),
    "sources": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "policies": fixed({"name": "other.cedar", "text": ""}),
    # policies and approvals
    "old": fixed({"name": "old.cedar", "text": ""}),
    "new": fixed({"name": "new.cedar", "text": ""}),
    "template": fixed("stop", "customer"),
    "values": fixed({}),
    "governance.save_policies:text": fixed("", "customer"),
    "governance.save_policies:files": fixed([]),
    "binding_digest": fixed("", "session"),
    "typed_word": fixed("send", "customer"),
    "same": Filling(own=lambda _stage, _tenant: [], kinds=("customer",), is_list=True),
    "daily_limit": fixed(1),
    # signals, incidents, suites
    "signal_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "signal"), kinds=("signal",)),
    "destination_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "destination"), kinds=("destination",)),
    "assurance.export_events:after": fixed(-1),
    "assurance.add_destination:address": fixed("https://siem.contoso.example/events", "customer"),
    "assurance.add_destination:kind": fixed("webhook", "customer"),
    "assurance.add_destination:tenant_id": fixed("", "tenant"),
    **{
        f"assurance.add_destination:{name}": fixed("", "customer")
        for name in ("rule_id", "stream", "client_id", "authority", "audience", "secret")
    },
    "hold_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "hold"), kinds=("hold",)),
    "assurance.set_retention:data_class": fixed("payloads"),
    "assurance.set_retention:days": fixed(30),
    "assurance.erase_data:data_classes": Filling(
        own=lambda _stage, _tenant: ["payloads"], kinds=("customer",), is_list=True
    ),
    "assurance.erase_data:before_at": fixed("2026-11-20T00:00:00Z"),
    "assurance.erase_data:person": fixed("", "person", "object"),
    "assurance.export_subject:person": Filling(own=_user, kinds=("person", "object")),
    "suite_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "suite"), kinds=("suite",)),
    "assurance.run_suite:agent_id": fixed("", "agent"),
    **{
        f"{name}:incident_id": Filling(
            own=lambda stage, tenant: first_id(stage, tenant, "incident"), kinds=("incident",)
        )
        for name in (
            "assurance.show_incident",
            "assurance.take_step",
            "assurance.settle_notice",
            "assurance.close_incident",
            "assurance.package_incident",
        )
    },
    "assurance.settle_notice:notice_id": Filling(
        own=lambda stage, tenant: first_id(stage, tenant, "notice_draft"), kinds=("notice_draft",)
    ),
    "assurance.settle_notice:state": fixed("sent"),
    "assurance.settle_signal:verdict": fixed("real"),
    "assurance.set_signal_rule:kind": fixed("first_tool"),
    "assurance.open_incident:category": fixed("other"),
    "assurance.open_incident:severity": fixed("low"),
    "assurance.save_suite:file": fixed({"name": "suite.yaml", "text": "name: x"}),
    "assurance.take_step:step": fixed("A step.", "customer"),
    "risk": fixed("ASI01", "customer"),
    "control": fixed("separation", "customer"),
    "questionnaire_base64": fixed("UXVlc3Rpb24KRG8geW91IGtlZXAgbG9ncz8K"),
    "base_url": fixed("https://desk.fairmile.example"),
    "statements": fixed(None),
    "weakness_id": fixed("wkn_0", "customer", "entry"),
    "drill_id": Filling(own=lambda stage, tenant: first_id(stage, tenant, "drill"), kinds=("drill",)),
    "assurance.start_drill:category": fixed("other"),
    "assurance.start_drill:agent_id": fixed(None, "agent"),
    "assurance.take_drill_step:step": fixed("A step.", "customer"),
    "learned": fixed("Something.", "customer"),
    "assurance.open_incident:summary": fixed("A summary.", "customer"),
    "assurance.close_incident:cause": fixed("A cause.", "customer"),
    "assurance.close_incident:limited_by": fixed("A limit.", "customer"),
    "assurance.close_incident:changes": fixed("A change.", "customer"),
    "assurance.open_incident:began_at": fixed("2026-11-20T00:00:00Z"),
    # reports of the publisher, which no customer reads
    "payouts.receive_file:sha256": fixed("0" * 64, "customer"),
    "payouts.withdraw_file:sha256": fixed("0" * 64),
    "payouts.fetch_reports:reports": Filling(own=lambda _stage, _tenant: ["orders"], kinds=("customer",), is_list=True),
    "covers_from": fixed("2026-11-01", "customer"),
    "covers_to": fixed("2026-11-22", "customer"),
    "payouts.list_findings:state": fixed("open", "customer"),
    "payouts.list_findings:code": fixed("payouts.restated", "customer"),
    "payouts.list_files:state": fixed("read", "customer"),
    "payouts.save_mapping:name": fixed("bank", "customer"),
    "payment_id": fixed("2026050010042", "customer", "subscription"),
    "finding_id": fixed("pf_0123456789abcdef0123", "customer", "subscription"),
    "only_differences": fixed(value=True),
    "payouts.trace:id": fixed("pf-0001", *_TEXT),
    "overview.trace:id": Filling(
        own=lambda _stage, tenant: tenant.subscription_id,
        kinds=(
            *("customer", "slug", "tenant", "subscription", "entry", "decision", "agent", "permit", "grant"),
            *("approval", "consent_grant", "count", "operation", "subject"),
        ),
    ),
    "payouts.trace:rows": fixed(200),
    "payouts.forecast:months": fixed(6),
    "month": fixed("2026-05", "customer"),
    "group_by": fixed("month", "customer"),
    "pairs": Filling(own=lambda _stage, _tenant: ["amount=Betrag"], kinds=("customer",), is_list=True),
    # opportunities, which are the publisher's alone
    "snapshot_id": fixed("snp_unknown", "customer", "entry"),
    "card_id": fixed("opp_unknown", "customer", "entry"),
    "card": fixed("opp_unknown", "customer", "entry"),
    "opportunities.record_outcome:reason": fixed("incorrect", "customer"),
    "opportunities.record_outcome:source": fixed("person"),
    "opportunities.explain_account:tenant": Filling(own=lambda _stage, tenant: tenant.tenant_id, kinds=("tenant",)),
    "opportunities.compare_snapshots:tenant": Filling(own=lambda _stage, tenant: tenant.tenant_id, kinds=("tenant",)),
    "earlier": fixed("2026-02", "customer", "tenant"),
    "later": fixed("2026-03", "customer", "tenant"),
    "card_ids": Filling(own=lambda _stage, _tenant: ["opp_unknown"], kinds=("customer",), is_list=True),
    "connection": fixed("files", "customer"),
    "lens": fixed("expansion", "customer"),
    "top": fixed(10),
    "segment": fixed("Small", "customer"),
    "crm_account": fixed("A-1", "customer"),
    "motion": fixed("sell", "customer"),
    "include_closed": fixed(value=True),
    "until": fixed("2027-01-31", "customer"),
    "seats": fixed(5),
    "dry_run": fixed(value=True),
    "question": fixed("Who this week?", "customer", "slug"),
    # the log's files, which are the same for everybody
    "rest": fixed("0/000.p/1", "customer", "entry"),
    # a header
    "Idempotency-Key": fixed("a-key-of-ones-own", "idempotency"),
}


def filling_of(operation: str, name: str) -> Filling:
    """Return how a parameter of an operation is filled."""
    found = FILLINGS.get(f"{operation}:{name}") or FILLINGS.get(name)
    assert found is not None, (
        f"{operation} has a parameter {name!r} that nobody has tried with another customer's id: "
        "say in tests/channels/parameters.py what one's own is, and ids of which kinds to put there."
    )
    return found
