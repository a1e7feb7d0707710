"""What PostgreSQL's own catalogue says of a migrated database: no way around row security, and no leak beside it.

The tables here come from the migrations, as in an installation, and the questions go to the catalogue, not to our
metadata: what somebody wrote into a migration by hand is seen as well.

Source: PostgreSQL documentation, chapter "Row Security Policies" (owners, unique and foreign keys pass by it).
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from fairkeeper.bootstrap.database.migrations import migrate
from fairkeeper.database.base import Base
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.guard import CustomerSession
from fairkeeper.database.row_security import POLICY_CUSTOMER, POLICY_STAFF, guarded_tables
from fairkeeper.database.session import Database, Scope
from fairkeeper.database.tasks import TaskRow
from fairkeeper.values.ids import CustomerId
from tests.databases import CUSTOMER, OWNER, STAFF, PostgresServer, import_all_tables

pytestmark = pytest.mark.postgresql

import_all_tables()
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
CONTOSO, FABRIKAM = CustomerId("cus_contoso"), CustomerId("cus_fabrikam")
GUARDED = {table.name for table in guarded_tables(Base.metadata)}

RANDOM = "drawn at random, here or by Microsoft: nobody can guess another's"
OURS = "written by Fairkeeper itself alone, never in a customer's session"
OWN = "made of the customer's own ids alone"
KEYS_WITHOUT_CUSTOMER = {
    ("agent", "agent_id"): RANDOM,
    ("agent_behaviour", "agent_id"): OWN,
    ("agent_task", "scope, task_id"): OWN,
    ("api_token", "digest"): RANDOM,
    ("api_token", "id"): RANDOM,
    ("approval", "approval_id"): RANDOM,
    ("approval_answer", "answer_id"): RANDOM,
    ("approval_answer", "approval_id, person_id"): OWN,
    ("behaviour_signal", "agent_id, kind, at"): OWN,
    ("behaviour_signal", "signal_id"): RANDOM,
    ("claim_code", "code_id"): RANDOM,
    ("claim_code", "digest"): RANDOM,
    ("connect_page", "connect_id"): RANDOM,
    ("connect_page", "token_digest"): RANDOM,
    ("consent_grant", "grant_id"): RANDOM,
    ("consent_question", "id"): "a sequence's",
    ("consent_start", "state_digest"): RANDOM,
    ("containment", "containment_id"): RANDOM,
    ("customer", "slug"): OURS,
    ("customer", "tenant_id, object_id"): OURS,
    ("customer_reminder", "code, subject_id, key"): OWN,
    ("customer_reminder", "id"): "a sequence's",
    ("data_grant", "grant_id"): RANDOM,
    ("deal_charge", "id"): "a sequence's",
    ("deal_charge", "subscription_id, number"): OWN,
    ("deal_purchase", "subscription_id"): OWN,
    ("decision", "decision_id"): RANDOM,
    ("decision_basis", "digest"): OURS,
    ("decision_review", "decision_id"): RANDOM,
    ("delegation", "delegation_id"): RANDOM,
    ("deployment", "deployment_id"): RANDOM,
    ("deployment", "resource_digest"): OURS,
    ("deployment_notice", "digest"): OURS,
    ("deployment_notice", "id"): "a sequence's",
    ("evaluation_run", "run_id"): RANDOM,
    ("event_destination", "destination_id"): RANDOM,
    ("evaluation_suite", "agent_id, use_title, name"): OWN,
    ("evaluation_suite", "suite_id"): RANDOM,
    ("evidence_count", "owner"): OURS,
    ("evidence_entry", "entry_id"): RANDOM,
    ("evidence_entry", "id"): "a sequence's",
    ("evidence_entry", "leaf_index"): OURS,
    ("fixed_usage", "schedule_id"): RANDOM,
    ("governance_epoch", "scope"): OWN,
    ("idempotency", "principal_id, key"): "principals are one customer's",
    ("incident", "incident_id"): RANDOM,
    ("incident_drill", "drill_id"): RANDOM,
    ("incident_notice", "notice_id"): RANDOM,
    ("intended_use", "use_id"): RANDOM,
    ("invitation", "digest"): RANDOM,
    ("invitation", "invitation_id"): RANDOM,
    ("landing_answer", "subscription_id, name"): OWN,
    ("landing_step", "id"): "a sequence's",
    ("legal_hold", "hold_id"): RANDOM,
    ("limit_usage", "limit_id, window_key"): OWN,
    ("marketplace_operation", "operation_id"): RANDOM,
    ("measured_call", "decision_id, position"): RANDOM,
    ("message", "code, key"): OURS,
    ("message", "message_id"): RANDOM,
    ("message_copy", "id"): "a sequence's",
    ("message_copy", "message_id, person_id"): OWN,
    ("metered_resource", "resource_id"): RANDOM,
    ("metered_resource", "resource_uri"): OURS,
    ("metered_term", "resource_id, since_at"): OWN,
    ("permit", "permit_id"): RANDOM,
    ("person", "first_of"): OWN,
    ("person", "id"): RANDOM,
    ("person", "tenant_id, object_id"): "a customer adds accounts of its own tenant alone",
    ("policy_bundle", "bundle_id"): RANDOM,
    ("policy_bundle", "owner, number"): OWN,
    ("policy_difference", "difference_id"): RANDOM,
    ("policy_difference", "owner, number, agent_id, tool_name, active_lane, shadow_lane"): OWN,
    ("policy_in_force", "owner"): OWN,
    ("provisioning_job", "request_id"): RANDOM,
    ("spending_limit", "limit_id"): RANDOM,
    ("standing_approval", "standing_id"): RANDOM,
    ("subscription", "subscription_id"): RANDOM,
    ("subscription_claim", "subscription_id, tenant_id, object_id"): OWN,
    ("task", "id"): "a sequence's",
    ("task", "name, key"): OWN,
    ("tenant_link", "link_id"): RANDOM,
    ("tenant_token", "grant_id"): RANDOM,
    ("tool", "tool_id"): RANDOM,
    ("usage_comparison", "resource_id, dimension, plan_id, day_on"): OWN,
    ("usage_count", "count_id"): RANDOM,
    ("usage_count", "resource_id, dimension, hour_at"): OWN,
    ("usage_count", "resource_id, number"): OWN,
    ("usage_counter", "resource_id, dimension, starts_at"): OWN,
    ("usage_event", "id"): "a sequence's",
    ("usage_event", "resource_id, event_id"): OWN,
    ("usage_limit", "resource_id, dimension"): OWN,
    ("web_session", "cookie_digest"): RANDOM,
    ("webhook_notice", "id"): "a sequence's",
    ("webhook_notice", "operation_id, digest"): OURS,
    ("would_have", "note_id"): RANDOM,
    ("would_have", "subscription_id, key"): OWN,
}
"""Unique keys tell of hidden rows by refusing a second one. Each that is not the customer's own has its reason here."""


@pytest.fixture(scope="module")
def address(postgresql_server: PostgresServer) -> Iterator[DatabaseAddress]:
    """A database that the migrations made."""
    name = f"catalogue_{uuid.uuid4().hex[:12]}"
    postgresql_server.create(name, template="template1")
    found = postgresql_server.address(name)
    migrate(found)
    yield found
    postgresql_server.drop(name)


@pytest.fixture(scope="module")
def owner(address: DatabaseAddress) -> Iterator[Connection]:
    assert address.owner_url is not None
    engine = create_engine(address.owner_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _rows(connection: Connection, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(text(statement), values)]


def test_every_table_of_customers_is_guarded_by_both_policies(owner: Connection) -> None:
    tables = _rows(
        owner,
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,"
        " ARRAY(SELECT p.polname::text FROM pg_policy p WHERE p.polrelid = c.oid ORDER BY 1)"
        " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'customer_id'"
        " WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace",
    )
    policies = sorted([POLICY_CUSTOMER, POLICY_STAFF])
    assert {row[0] for row in tables} == GUARDED
    assert [row for row in tables if row[1:] != (True, True, policies)] == []


def test_no_policy_is_for_everybody_or_compares_anything_else(owner: Connection) -> None:
    own = "((customer_id)::text = NULLIF(current_setting('fairkeeper.customer_id'::text, true), ''::text))"
    policies = _rows(
        owner, "SELECT DISTINCT policyname, permissive, roles::text, cmd, qual, with_check FROM pg_policies"
    )
    assert sorted(policies) == sorted(
        [
            (POLICY_CUSTOMER, "PERMISSIVE", f"{{{CUSTOMER}}}", "ALL", own, own),
            (POLICY_STAFF, "PERMISSIVE", f"{{{STAFF}}}", "ALL", "true", "true"),
        ]
    )


def test_the_customer_login_may_touch_rows_of_customers_tables_and_nothing_else(owner: Connection) -> None:
    for name, *granted in _rows(
        owner,
        "SELECT c.relname, "
        + ", ".join(f"has_table_privilege('{CUSTOMER}', c.oid, '{p}')" for p in _PRIVILEGES)
        + " FROM pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm') AND c.relnamespace = 'public'::regnamespace",
    ):
        held = {privilege for privilege, is_held in zip(_PRIVILEGES, granted, strict=True) if is_held}
        assert held == ({"SELECT", "INSERT", "UPDATE", "DELETE"} if name in GUARDED else set()), name


_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")


def test_no_login_can_become_more_than_it_is(owner: Connection) -> None:
    flags = "rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
    for login, *held in _rows(owner, f"SELECT rolname, {flags} FROM pg_roles WHERE rolname LIKE 'fairkeeper%'"):
        assert not any(held), login
    members = "SELECT m.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
    assert not {row[0] for row in _rows(owner, members)} & {STAFF, CUSTOMER}
    for login in (STAFF, CUSTOMER):
        assert _rows(owner, f"SELECT has_schema_privilege('{login}', 'public', 'CREATE')") == [(False,)]


def test_staff_and_customers_own_nothing(owner: Connection) -> None:
    owners = _rows(
        owner,
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    )
    assert owners == [(OWNER,)]


def test_nothing_runs_as_its_owner(owner: Connection) -> None:
    """A view without `security_invoker`, a function with `SECURITY DEFINER` or a rule would pass by the policies."""
    kinds = "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = 'public'::regnamespace"
    functions = "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace"
    triggers = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    for statement in (kinds, functions, triggers):
        assert _rows(owner, statement) == []


def test_foreign_keys_between_customers_tables_carry_the_customer(owner: Connection) -> None:
    keys = _rows(
        owner,
        "SELECT k.conrelid::regclass::text, k.confrelid::regclass::text,"
        " ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)),"
        " ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))"
        " FROM pg_constraint k WHERE k.contype = 'f'",
    )
    between = [key for key in keys if {key[0], key[1]} <= GUARDED]
    assert len(between) >= 5
    assert [key for key in between if "customer_id" not in key[2] or "customer_id" not in key[3]] == []


def test_a_unique_key_without_the_customer_has_a_reason(owner: Connection) -> None:
    keys = _rows(
        owner,
        "SELECT i.indrelid::regclass::text, (SELECT string_agg(a.attname, ', ' ORDER BY k.place)"
        " FROM unnest(i.indkey) WITH ORDINALITY k(number, place)"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number)"
        " FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace",
    )
    without = {key for key in keys if key[0] in GUARDED and "customer_id" not in key[1].split(", ")}
    assert without == set(KEYS_WITHOUT_CUSTOMER)


# --- connections that are used again


@pytest.fixture
def database(address: DatabaseAddress) -> Iterator[Database]:
    found = Database(address)
    with found.write() as session:
        for row in session.scalars(select(TaskRow)):
            session.delete(row)
        session.flush()
        for customer_id in (CONTOSO, FABRIKAM, None):
            key = customer_id or "publisher"
            session.add(TaskRow(name="t", key=key, payload={}, due_at=NOW, created_at=NOW, customer_id=customer_id))
    yield found
    found.dispose()


@pytest.fixture
def one_connection(address: DatabaseAddress, database: Database) -> Iterator[Engine]:
    """The customer login's pool, of a single connection: whoever comes next gets the one that was just used."""
    assert address.customer_url is not None
    engine = create_engine(address.customer_url, pool_size=1, max_overflow=0)
    yield engine
    engine.dispose()


def _seen(engine: Engine, customer_id: CustomerId, *, is_failing: bool = False) -> list[str]:
    with CustomerSession(engine, customer_id=customer_id) as session:
        session.bind_row_security(begin_with=None)
        found = list(session.scalars(select(TaskRow.key)))
        if is_failing:
            raise RuntimeError
        session.commit()
        return found


def _nobody_sees(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return list(session.execute(text("SELECT key FROM task")).scalars())


def test_a_connection_that_is_used_again_belongs_to_nobody(one_connection: Engine) -> None:
    for customer_id in (CONTOSO, FABRIKAM, CONTOSO):
        assert _seen(one_connection, customer_id) == [customer_id]
        assert _nobody_sees(one_connection) == []


def test_a_transaction_that_failed_leaves_nobody_behind(one_connection: Engine) -> None:
    with pytest.raises(RuntimeError):
        _seen(one_connection, CONTOSO, is_failing=True)
    assert _nobody_sees(one_connection) == []
    with Session(one_connection) as session:
        session.execute(text("SELECT set_config('fairkeeper.customer_id', 'cus_contoso', true)"))
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(text("UPDATE task SET customer_id = 'cus_fabrikam'"))
    assert _nobody_sees(one_connection) == []
    assert _seen(one_connection, FABRIKAM) == [FABRIKAM]


def test_many_threads_of_two_customers_never_see_each_others_rows(database: Database) -> None:
    strange: list[list[str]] = []

    def look(customer_id: CustomerId) -> None:
        for number in range(40):
            opened = database.read if number % 2 else database.write
            with opened(Scope(customer_id)) as session:
                found = list(session.scalars(select(TaskRow.key)))
            if found != [customer_id]:
                strange.append(found)

    threads = [threading.Thread(target=look, args=((CONTOSO, FABRIKAM)[number % 2],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert strange == []
