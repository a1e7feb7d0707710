"""What is erased is gone from everywhere, the log still verifies, and a signed receipt says so; a hold stops it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select

from fairkeeper.assurance.errors import HoldNotFoundError, PersonUnknownError
from fairkeeper.assurance.forwarding.exporting import export_events
from fairkeeper.assurance.keeping.holding import lift_hold, list_holds, place_hold
from fairkeeper.assurance.keeping.proving import ERASE, commitment_of, erase_data
from fairkeeper.assurance.keeping.rules import list_retention, set_retention
from fairkeeper.assurance.keeping.subject import export_subject
from fairkeeper.assurance.monitoring.following import acts_of
from fairkeeper.assurance.tables import BehaviourRow, SignalRow
from fairkeeper.database.base import Base
from fairkeeper.database.session import STAFF, Database
from fairkeeper.database.tasks import Task, TaskRow
from fairkeeper.errors import DeniedError
from fairkeeper.evidence.actions import erase_payload, request_export
from fairkeeper.evidence.errors import UnderLegalHoldError
from fairkeeper.evidence.export import Exporter
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.delegate import delegate
from fairkeeper.governance.actions.leave import forget_people
from fairkeeper.governance.actions.record_outcome import record_outcome
from fairkeeper.governance.approvals.answering import answer_approval
from fairkeeper.governance.approvals.tables import ApprovalRow
from fairkeeper.governance.tables import DecisionRow
from fairkeeper.jobs.keeping import KEEP, KeepingWork
from fairkeeper.overview.searching.looking import search
from fairkeeper.policy.decision.facts import Call, Person, Resource
from fairkeeper.policy.decision.labels import Labels
from fairkeeper.proof.receipt import verify_receipt
from fairkeeper.proof.verification import verify_export
from fairkeeper.values.ids import CustomerId
from tests.actions.governance.world import (
    NOON,
    OWNER,
    READ_SCHEMA,
    Agent,
    World,
    _log_keys,
    call,
    make_world,
    person_of,
)

NAME, SAM = "Samira Sand", "samira@contoso.example"
EVERY_CLASS = ["prompts", "responses", "retrieval_context", "tool_outputs", "payloads"]


@pytest.fixture
def world(database: Database) -> World:
    return make_world(database)


def everything(database: Database) -> str:
    """Return all that the database holds, as text."""
    words: list[str] = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                words += [value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row]
    return "\n".join(words)


def raw(database: Database) -> str:
    """Return the bytes of SQLite's files, also those that no row holds any more; nothing of a server's."""
    if not database.is_sqlite:
        return ""
    path = make_url(database.address.url).database or ""
    files = [Path(path), Path(f"{path}-wal")]
    return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())


def for_person(world: World, agent: Agent, person: Person, **changes: Any) -> Call:
    """Return a call that an agent makes for a person, who handed it a task."""
    delegated = world.run(
        delegate,
        agent_id=agent.id,
        task_id="task-7",
        person_id=person.id,
        person_issuer=person.issuer,
        ends_at=world.clock.now() + timedelta(days=1),
    )
    return call(agent, person=person, task_id="task-7", delegation_id=delegated.delegation_id, **changes)


def live(world: World, name: str) -> Agent:
    """Let an agent of a customer leave traces of a person everywhere; return the agent."""
    customer = world.customer(name)
    agent = world.agent(customer, world.tool(f"{name}.pay"), name=f"{name}-clerk")
    asking = world.agent(customer, world.tool(f"{name}.send"), name=f"{name}-writer", lane="approval")
    tool = world.tool("prompts.get", arguments=READ_SCHEMA, amount_argument=None, currency_argument=None,
                      customer_id=customer)  # fmt: skip
    reading = world.agent(customer, tool, name=f"{name}-reader")
    person = Person(id=SAM, issuer="https://login.contoso.example")
    carried = {"amount": 5, "to": NAME}
    paid = world.one(for_person(world, agent, person, arguments=carried))
    found = world.one(call(agent, arguments=carried, resources=(Resource(type="document", id=f"letter of {NAME}"),)))
    world.one(for_person(world, reading, person, arguments={"query": f"Who is {NAME}?"}))
    labels = Labels(sources=frozenset({NAME}))
    asked = world.one(for_person(world, asking, person, arguments=carried, labels=labels))
    for each in (paid, found):
        assert each.verdict.allowed
        world.run(record_outcome, decision_id=each.decision_id, outcome="error", error=f"{NAME} has no account.",
                  sources=[f"mail of {NAME}"])  # fmt: skip
    (approval,) = world.rows(ApprovalRow, ApprovalRow.decision_id == asked.decision_id)
    world.run(answer_approval, person_of(customer), approval_id=approval.approval_id, verdict="refuse",
              reason=f"{NAME} has left.")  # fmt: skip
    with world.database.write() as session:
        owned = {"agent_id": agent.id, "customer_id": CustomerId(customer)}
        session.add(BehaviourRow(content=json.dumps({"persons": {SAM: 3}}), through_at=NOON, **owned))
        session.add(
            SignalRow(
                signal_id=f"sig_{name}",
                kind="persons",
                at=NOON,
                mode="active",
                rings=True,
                sentence="Unusual.",
                facts={"persons": [SAM], "tools": ["pay"]},
                response="none",
                **owned,
            )
        )
    return agent


def keep(world: World) -> None:
    at = world.clock.now()
    KeepingWork(world.runner).keep(
        Task(id=1, name=KEEP, key=at.isoformat(), payload={}, attempts=1, customer_id=None, due_at=at)
    )


def erase_asked(world: World) -> None:
    """Do what was asked for, as the worker would."""
    for row in world.rows(TaskRow, TaskRow.name == ERASE):
        KeepingWork(world.runner).erase(
            Task(
                id=row.id,
                name=row.name,
                key=row.key,
                payload=row.payload,
                attempts=1,
                customer_id=row.customer_id,
                due_at=row.due_at,
            )
        )


def receipts(world: World) -> list[EntryRow]:
    return [row for row in world.rows(EntryRow) if row.kind == "assurance.data_erased_receipt/1"]


def statement_of(world: World, row: EntryRow) -> dict[str, Any]:
    """Return a receipt's statement as whoever holds the file reads it, who has the log's key alone."""
    world.integrator.run_until_current()
    exporter = Exporter(world.database, _log_keys())
    report = verify_receipt(exporter.write_receipt(exporter.find_entry(row.entry_id, STAFF)), [_key(world)])
    assert report.ok, report.findings
    assert report.statement is not None
    return report.statement


def _key(world: World) -> str:
    from fairkeeper.proof.keys import read_chain

    with world.database.read() as session:
        return read_chain(_log_keys().chain(session))[0].text


def exported(world: World, customer_id: str) -> bytes:
    """Return a customer's export, which has to verify."""
    asked = world.run(request_export, customer_id=customer_id)
    world.integrator.run_until_current()
    exporter = Exporter(world.database, _log_keys())
    lines = list(exporter.write_export(exporter.find_export(asked.token, STAFF)))
    report = verify_export(lines, [_key(world)])
    assert report.ok, report.findings
    whole = list(exporter.write_log())
    assert verify_export(whole, [_key(world)]).ok
    return b"".join(lines)


def told(world: World) -> str:
    """Return what a security system, a search and a subject's own question would be told."""
    found: list[Any] = [world.run(search, text=NAME), world.run(search, text=SAM)]
    after = -1
    while True:
        page = world.run(export_events, after=after, limit=500)
        found.append(page.events)
        if page.next_after == after:
            return json.dumps(found, default=str)
        after = page.next_after


def test_erasing_a_customers_payloads_leaves_nothing_of_them_anywhere_and_is_proved(world: World) -> None:
    live(world, "contoso")
    assert NAME in everything(world.database)
    assert NAME.encode() in exported(world, "cus_contoso")
    headers = [(row.entry_id, row.header) for row in world.rows(EntryRow)]
    world.clock.move(timedelta(days=2))
    asked = world.run(erase_data, customer_id="cus_contoso", reason="The contract says so.")
    erase_asked(world)

    left = everything(world.database)
    assert NAME not in left
    assert SAM not in left.replace(f"'{SAM}': 3", "").replace(f'"{SAM}": 3', ""), "monitoring alone remembers whom"
    assert NAME not in raw(world.database)
    assert NAME not in told(world)
    export = exported(world, "cus_contoso")
    assert NAME.encode() not in export
    assert SAM.encode() not in export
    assert [(row.entry_id, row.header) for row in world.rows(EntryRow)][: len(headers)] == headers
    assert len(world.rows(DecisionRow)) == 4, "that there were calls is still known"

    (receipt,) = receipts(world)
    statement = statement_of(world, receipt)
    gone = [row.entry_id for row in world.rows(EntryRow) if row.erased_at is not None]
    assert statement["entry_ids"] == sorted(gone)
    assert {each["kind"]: each["count"] for each in statement["erased"]} == {
        "approval_payload": 1,
        "call_payload": 4,
        "delegation_payload": 3,
        "outcome_payload": 2,
    }
    assert (statement["erasure_id"], statement["customer_id"]) == (asked.erasure_id, "cus_contoso")
    assert statement["kept"]
    erase_asked(world)
    assert len(receipts(world)) == 1, "one that is run again is proved once"


def test_retention_by_class_and_customer_erases_what_is_older_and_nothing_else(world: World) -> None:
    live(world, "contoso")
    live(world, "fabrikam")
    world.run(set_retention, data_class="payloads", days=365)
    world.run(set_retention, person_of("cus_contoso"), data_class="payloads", days=30)
    world.run(set_retention, data_class="prompts", days=60)
    world.clock.move(timedelta(days=20))
    keep(world)
    assert receipts(world) == []

    def gone() -> Counter[str]:
        rows = [row for row in world.rows(EntryRow) if row.erased_at is not None]
        return Counter(f"{row.customer_id[4:]} {row.kind.partition('.')[2].partition('/')[0]}" for row in rows)

    world.clock.move(timedelta(days=20))
    keep(world)
    # Contoso's calls and approvals went; the prompt, the document and the outcomes have times of their own or none.
    of_contoso = {
        "contoso approval_refused": 1,
        "contoso authority_delegated": 3,
        "contoso call_allowed": 1,
        "contoso call_waits": 1,
    }
    assert gone() == of_contoso
    assert [row.customer_id for row in receipts(world)] == ["cus_contoso"]
    world.clock.move(timedelta(days=30))
    keep(world)
    assert gone() == {**of_contoso, "contoso call_allowed": 2, "fabrikam call_allowed": 1}
    assert [row.customer_id for row in receipts(world)] == ["cus_contoso", "cus_contoso", "cus_fabrikam"]
    keep(world)
    assert len(receipts(world)) == 3

    kept = {each.data_class: (each.days, each.set_for) for each in world.run(list_retention, customer_id="cus_contoso")}
    assert kept["payloads"] == (30, "customer")
    assert kept["prompts"] == (60, "everybody")
    assert kept["tool_outputs"] == (None, "nobody")
    world.run(set_retention, customer_id="cus_contoso", data_class="payloads")
    (again,) = [e for e in world.run(list_retention, customer_id="cus_contoso") if e.data_class == "payloads"]
    assert (again.days, again.set_for) == (365, "everybody")


def test_a_legal_hold_stops_retention_requests_and_single_erasure_until_it_is_lifted(world: World) -> None:
    live(world, "contoso")
    world.run(set_retention, data_class="payloads", days=10)
    world.clock.move(timedelta(days=2))
    world.run(erase_data, customer_id="cus_contoso", reason="Asked for before the hold.")
    held = world.run(place_hold, customer_id="cus_contoso", reason="The matter Contoso against Fabrikam.")
    second = world.run(place_hold, customer_id="cus_contoso", reason="Another matter.")
    world.clock.move(timedelta(days=30))
    keep(world)
    with pytest.raises(UnderLegalHoldError):
        erase_asked(world)
    with pytest.raises(UnderLegalHoldError):
        world.run(erase_data, customer_id="cus_contoso", reason="Asked for again.")
    entry = world.rows(EntryRow, EntryRow.kind == "governance.call_allowed/1")[0]
    with pytest.raises(UnderLegalHoldError):
        world.run(erase_payload, entry_id=entry.entry_id, reason="A person asked for it.")
    assert not [row for row in world.rows(EntryRow) if row.erased_at is not None]
    assert NAME in everything(world.database)

    world.run(lift_hold, hold_id=held.hold_id, reason="Settled.")
    with pytest.raises(UnderLegalHoldError):
        erase_asked(world)
    world.run(lift_hold, hold_id=second.hold_id, reason="Settled too.")
    erase_asked(world)
    assert NAME not in everything(world.database)
    assert len(receipts(world)) == 1
    with pytest.raises(HoldNotFoundError):
        world.run(lift_hold, hold_id=second.hold_id, reason="Again.")
    assert {each.lifted_why for each in world.run(list_holds)} == {"Settled.", "Settled too."}


def test_one_person_gets_what_is_kept_and_can_be_erased_without_being_named_in_the_proof(world: World) -> None:
    live(world, "contoso")
    live(world, "fabrikam")
    admin = person_of("cus_contoso")
    found = world.run(export_subject, admin, person=SAM)
    document = found.document
    assert {name: len(document[name]) for name in ("calls", "approvals", "signals", "remembered")} == {
        "calls": 3,
        "approvals": 1,
        "signals": 1,
        "remembered": 1,
    }
    assert len(document["records"]) == 7, "three calls, the delegations they rest on, and what was answered"
    assert found.is_cut is False
    with pytest.raises(PersonUnknownError):
        world.run(export_subject, admin, person="nobody@contoso.example")

    asked = world.run(erase_data, admin, person=SAM, reason="The person asked for it.")
    erase_asked(world)
    (receipt,) = receipts(world)
    statement = statement_of(world, receipt)
    assert statement["person_commitment"] == commitment_of(asked.nonce, SAM)
    assert SAM not in json.dumps(statement)
    with pytest.raises(PersonUnknownError):
        world.run(export_subject, admin, person=SAM)
    with world.database.read() as session:
        for table in Base.metadata.sorted_tables:
            if "customer_id" in table.c:
                for row in session.execute(select(table).where(table.c.customer_id == "cus_contoso")):
                    assert SAM not in str(tuple(row)), table.name
    assert SAM not in exported(world, "cus_contoso").decode()
    assert SAM in exported(world, "cus_fabrikam").decode()
    assert world.run(export_subject, customer_id="cus_fabrikam", person=SAM).things > 0


@pytest.mark.parametrize("role", ["customer_user", "customer_approver", "customer_auditor"])
def test_a_customers_other_people_erase_nothing_and_its_administrator_only_its_own(world: World, role: str) -> None:
    live(world, "contoso")
    world.customer("fabrikam")
    with pytest.raises(DeniedError):
        world.run(erase_data, person_of("cus_contoso", role), reason="Curiosity.")
    with pytest.raises(DeniedError):
        world.run(place_hold, person_of("cus_contoso"), reason="To keep it.")
    world.run(erase_data, person_of("cus_fabrikam"), customer_id="cus_fabrikam", reason="Ours.")
    erase_asked(world)
    assert NAME in everything(world.database)


def test_a_customer_that_leaves_takes_what_its_approvals_carried_with_it(world: World) -> None:
    live(world, "contoso")
    with world.database.write() as session:
        assert forget_people(session, CustomerId("cus_contoso")) > 0
    for row in world.rows(ApprovalRow):
        assert NAME not in f"{row.arguments}{row.resources}{row.labels}{row.person_id}"


def test_monitoring_sees_what_reached_a_call(world: World) -> None:
    customer = world.customer("contoso")
    agent = world.agent(customer, world.tool("pay"))
    world.one(call(agent, labels=Labels(sources=frozenset({"mail"}), sensitivity=2, is_trusted=False)))
    world.one(call(agent))
    with world.database.read() as session:
        acts = acts_of(session, NOON - timedelta(hours=1), NOON + timedelta(hours=1), {agent.id})
    assert sorted((act.is_untrusted, act.is_sensitive) for act in acts) == [(False, False), (True, True)]
    assert OWNER.roles
