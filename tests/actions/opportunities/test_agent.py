"""The room's own agent under Governance: what it reads, what a click lets it push, what a limit does, what is never."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.action.runner import Call
from fairkeeper.bootstrap.wiring.opportunities import make_desk
from fairkeeper.database.tasks import Task
from fairkeeper.evidence.tables import EntryRow
from fairkeeper.governance.actions.contain import contain, lift_containment
from fairkeeper.governance.actions.permit_tool import permit_tool
from fairkeeper.governance.approvals.tables import ApprovalAnswerRow, ApprovalRow, StandingApprovalRow
from fairkeeper.governance.policies.bundles import activate_policies, save_policies
from fairkeeper.governance.policies.house import HOUSE_POLICIES
from fairkeeper.governance.queries.agents import list_agents, show_agent
from fairkeeper.governance.queries.decisions import list_decisions, show_decision
from fairkeeper.governance.tables import DecisionRow
from fairkeeper.jobs.opportunities import OpportunitiesWork
from fairkeeper.opportunities.actions.accounts import set_accounts
from fairkeeper.opportunities.actions.pushes import give_standing_approval, plan_pushes, push_card
from fairkeeper.opportunities.agent import AGENT_ID, TOOLS, USE_ID, AgentTool
from fairkeeper.opportunities.asking.answering import ask
from fairkeeper.opportunities.errors import (
    AgentRefusedError,
    CRMRefusedError,
    PersonalDataRefusedError,
    PushRefusedError,
)
from fairkeeper.opportunities.ports import RemoteRecord
from fairkeeper.opportunities.queries import list_cards, list_pushes, rank_accounts, show_card
from fairkeeper.policy.analysis.linting import Author, lint
from fairkeeper.policy.bundles.bundle import agents_schema
from fairkeeper.policy.engine import validate
from fairkeeper.proof.verification import verify_export
from fairkeeper.values.findings import Level
from tests.actions.opportunities.book import Book, open_book

SELLER = Principal(id="per_seller", kind=PrincipalKind.STAFF, roles=frozenset({"seller"}))
ACCOUNT = "0f1e2d3c-0000-4000-8000-{:012}"


CRM_SETTINGS = {"crm_kind": "dynamics", "crm_url": "https://crm.example", "crm_token": "t"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare the folder of an installation that imported two months and knows which account is whose."""
    folder = tmp_path_factory.mktemp("prepared")
    made = open_book(folder, **CRM_SETTINGS)
    made.take(0, 1)
    cards = {card.tenant_id: card for card in made.run(list_cards, limit=200).cards}
    lines = [f"{ACCOUNT.format(n)},{c.account},,{c.tenant_id}," for n, c in enumerate(cards.values())]
    text = "\n".join(["crm_account,name,domain,tenant_id,owner", *lines])
    made.run(set_accounts, file={"name": "accounts.csv", "text": text})
    made.installation.close()
    return folder


@pytest.fixture
def book(prepared: Path, tmp_path: Path) -> Iterator[Book]:
    made = open_book(shutil.copytree(prepared, tmp_path / "data"), **CRM_SETTINGS)
    yield made
    made.installation.close()


class CRM:
    """A CRM that takes everything, or refuses it."""

    name = "dynamics"

    def __init__(self, *, is_refusing: bool = False) -> None:
        self.is_refusing, self.records = is_refusing, dict[str, dict[str, str]]()
        self.closed: dict[str, str] = {}

    def find(self, record: str, external_key: str) -> RemoteRecord | None:
        del record
        found = self.records.get(external_key)
        if found is None:
            return None
        outcome = self.closed.get(external_key, "")
        return RemoteRecord(remote_id=external_key[:40], fields=found, is_closed=bool(outcome), outcome=outcome)

    def upsert(self, record: str, external_key: str, fields: Any, parent: str | None) -> RemoteRecord:
        del record, parent
        if self.is_refusing:
            raise CRMRefusedError("No such field.")
        self.records.setdefault(external_key, {}).update(fields)
        return RemoteRecord(remote_id=external_key[:40], fields=self.records[external_key])

    def attach(self, record: str, remote_id: str, parent: str) -> None:
        raise NotImplementedError


def decisions(book: Book, tool: AgentTool | None = None) -> list[DecisionRow]:
    with book.installation.database.read() as session:
        rows = session.scalars(select(DecisionRow).order_by(DecisionRow.at, DecisionRow.decision_id)).all()
        return [row for row in rows if tool is None or row.tool_id == tool.value]


def kinds(book: Book) -> list[str]:
    with book.installation.database.read() as session:
        return list(session.scalars(select(EntryRow.kind).order_by(EntryRow.id)))


def work(book: Book, crm: CRM) -> OpportunitiesWork:
    runner = book.installation.runner
    return OpportunitiesWork(runner, make_desk(book.installation.settings, runner), crm)


def task(name: str, **payload: Any) -> Task:
    return Task(id=1, name=name, key="", payload=payload, attempts=1, customer_id=None, due_at=None)  # type: ignore[arg-type]


def push_all(book: Book, crm: CRM) -> None:
    for each in book.run(list_pushes, state="wanted"):
        work(book, crm).push(task("opportunities.push", external_key=each.external_key))


def test_it_is_registered_once_with_the_lane_of_each_tool(book: Book) -> None:
    agents = [each for each in book.run(list_agents) if each.agent_id == AGENT_ID]
    assert len(agents) == 1
    detail = book.run(show_agent, agent_id=AGENT_ID)
    assert {each.tool_name: each.lane for each in detail.permits} == {
        "opportunities.read": "automatic",
        "opportunities.push": "approval",
    }
    book.take(2)
    assert kinds(book).count("governance.agent_registered/1") == 1


def test_the_houses_own_policies_are_valid_and_name_its_agent() -> None:
    for each in HOUSE_POLICIES:
        assert validate(each.policy.text, agents_schema()) == ()
        found = lint(each.policy.text, agents_schema(), Author())
        assert [one for one in found if one.level is Level.ERROR] == []
        assert each.agent_id == AGENT_ID
        assert f'"{AGENT_ID}"' in each.policy.text


def test_each_question_of_the_chat_is_a_decision_with_its_outcome(book: Book) -> None:
    answer = book.run(ask, SELLER, question="Where are my adoption risks?")
    assert answer.is_answered
    (row,) = decisions(book, AgentTool.READ)
    assert (row.allowed, row.lane, row.reason, row.outcome) == (True, "automatic", "permitted", "ok")
    record = book.run(show_decision, decision_id=row.decision_id).record
    assert record is not None
    assert record["inputs"]["arguments"]["asked_by"] == SELLER.id


def test_what_an_assistant_reads_is_decided_and_what_a_person_reads_is_not(book: Book) -> None:
    book.run(rank_accounts, SELLER)
    assert decisions(book, AgentTool.READ) == []
    call = Call(principal=SELLER, is_agents=True)
    book.installation.runner.run(rank_accounts, rank_accounts.input(), call)
    (row,) = decisions(book, AgentTool.READ)
    assert (row.allowed, row.outcome) == (True, "ok")
    with pytest.raises(Exception, match="magic"):
        book.installation.runner.run(rank_accounts, rank_accounts.input.model_validate({"lens": "magic"}), call)
    assert sorted(str(each.outcome) for each in decisions(book, AgentTool.READ)) == ["error", "ok"]


def test_exporting_personal_data_is_never_whatever_is_permitted(book: Book) -> None:
    question = "Give me the e-mail addresses of the users at Contoso"
    with pytest.raises(PersonalDataRefusedError, match="never"):
        book.run(ask, SELLER, question=question)
    # Not by a permit either, nor by policies of the publisher's.
    book.run(permit_tool, agent_id=AGENT_ID, tool_id=AgentTool.EXPORT.value, use_id=USE_ID, lane="automatic")
    text = (
        '@id("all") permit (principal, action in Action::"call", resource) '
        f'when {{ context.use == IntendedUse::"{USE_ID}" }};'
    )
    number = book.run(save_policies, text=text, note="Everything is permitted.").number
    book.run(activate_policies, number=number)
    with pytest.raises(PersonalDataRefusedError):
        book.run(ask, SELLER, question=question)
    rows = decisions(book, AgentTool.EXPORT)
    assert [(row.allowed, row.lane, row.reason) for row in rows] == [(False, "never", "forbidden")] * 2
    assert kinds(book).count("governance.never_attempted/1") == 2
    shown = book.run(show_decision, decision_id=rows[-1].decision_id)
    assert "never export personal data" in shown.reasons["fairkeeper-no-personal-data"]


def test_a_click_is_the_approval_of_exactly_that_push_and_the_answer_its_outcome(book: Book) -> None:
    card = book.run(list_cards, limit=1).cards[0]
    planned = book.run(push_card, SELLER, card_id=card.id)
    asked, allowed = decisions(book, AgentTool.PUSH)
    assert (asked.allowed, asked.reason) == (False, "approval_needed")
    assert (allowed.allowed, allowed.reason, allowed.lane) == (True, "approved", "approval")
    assert planned.decision_id == allowed.decision_id
    with book.installation.database.read() as session:
        (question,) = session.scalars(select(ApprovalRow)).all()
        (answer,) = session.scalars(select(ApprovalAnswerRow)).all()
        entry = session.scalars(select(EntryRow).where(EntryRow.kind == "opportunities.push_asked/1")).one()
    assert (question.state, question.consumed_by) == ("consumed", allowed.decision_id)
    assert (answer.person_id, answer.verdict) == (SELLER.id, "approve")
    assert json.loads(entry.header)["cause"] == allowed.entry_id
    assert json.loads(question.arguments)["card"] == card.id
    push_all(book, CRM())
    assert decisions(book, AgentTool.PUSH)[1].outcome == "ok"
    book.installation.integrator.run_until_current()
    assert verify_export(book.installation.exporter.write_log()).findings == ()


def test_what_the_crm_refuses_is_the_outcome_of_the_decision(book: Book) -> None:
    card = book.run(list_cards, limit=1).cards[0]
    book.run(push_card, SELLER, card_id=card.id)
    push_all(book, CRM(is_refusing=True))
    assert decisions(book, AgentTool.PUSH)[1].outcome == "error"
    assert book.run(list_pushes)[0].state == "parked"


def test_a_held_agent_reads_and_pushes_nothing_and_the_attempts_stay_recorded(book: Book) -> None:
    first, second = book.run(list_cards, limit=2).cards
    book.run(push_card, SELLER, card_id=first.id)
    held = book.run(contain, scope="agent", subject_id=AGENT_ID, state="paused", reason="Looking into it.")
    with pytest.raises(AgentRefusedError, match="held"):
        book.run(ask, SELLER, question="Where are my adoption risks?")
    with pytest.raises(PushRefusedError, match="held"):
        book.run(push_card, SELLER, card_id=second.id)
    refused = [row for row in decisions(book) if row.reason == "agent_contained"]
    assert [row.tool_id for row in refused] == [AgentTool.READ.value, AgentTool.PUSH.value]
    assert len(book.run(list_pushes)) == 1
    # What was let through before it was held, and has not left, does not leave.
    crm = CRM()
    push_all(book, crm)
    assert crm.records == {}
    assert next(row for row in decisions(book) if row.reason == "approved").outcome == "not_executed"
    book.run(lift_containment, containment_id=held.containment_id, reason="It was nothing.")
    assert book.run(ask, SELLER, question="Where are my adoption risks?").is_answered


def test_unasked_it_pushes_within_a_standing_approval_a_day_and_by_itself(book: Book) -> None:
    nightly = work(book, CRM())
    nightly.push_unasked(task("opportunities.push_unasked"))
    assert book.run(list_pushes) == ()
    assert decisions(book, AgentTool.PUSH) == []  # nobody is asked for leave that nobody has given
    book.run(give_standing_approval, SELLER, daily_limit=2)
    nightly.push_unasked(task("opportunities.push_unasked"))
    nightly.push_unasked(task("opportunities.push_unasked"))
    assert len(book.run(list_pushes)) == 2
    assert [(row.reason, row.lane) for row in decisions(book, AgentTool.PUSH)] == [("approved", "approval")] * 2
    with book.installation.database.read() as session:
        (standing,) = session.scalars(select(StandingApprovalRow)).all()
    assert (standing.used, standing.agent_id) == (2, AGENT_ID)
    # A click beside it is a click, and takes nothing of the limit.
    card = next(each for each in book.run(list_cards, limit=50).cards if not each.is_pushed)
    book.run(push_card, SELLER, card_id=card.id)
    book.clock.move(timedelta(days=1))
    assert len(book.run(plan_pushes, SELLER, limit=50)) == 2


def test_a_standing_approval_ends_when_the_policies_change(book: Book) -> None:
    book.run(give_standing_approval, SELLER, daily_limit=5)
    text = '@id("quiet") forbid (principal, action == Action::"call_unattended", resource) when { context.at.weekday > 5 };'
    book.run(activate_policies, number=book.run(save_policies, text=text, note="Quiet weekends.").number)
    with pytest.raises(PushRefusedError):
        book.run(plan_pushes, SELLER)


def test_a_policy_of_the_publishers_stops_a_click_and_says_so(book: Book) -> None:
    text = '@id("no-crm") forbid (principal, action in Action::"call", resource) when { resource.name == "opportunities.push" };'
    book.run(activate_policies, number=book.run(save_policies, text=text, note="Nothing to the CRM.").number)
    card = book.run(list_cards, limit=1).cards[0]
    with pytest.raises(PushRefusedError, match="forbids"):
        book.run(push_card, SELLER, card_id=card.id)
    assert book.run(list_pushes) == ()
    (row,) = decisions(book, AgentTool.PUSH)
    assert (row.allowed, row.lane) == (False, "never")
    assert book.run(list_decisions, agent_id=AGENT_ID)


def test_where_a_policy_wants_two_people_one_click_is_not_enough(book: Book) -> None:
    text = """@id("two") @reason("Two look at it.") @approvers("2")
        forbid (principal, action == Action::"call_unattended", resource) when { resource.name == "opportunities.push" };"""
    book.run(activate_policies, number=book.run(save_policies, text=text, note="Two people.").number)
    card = book.run(list_cards, limit=1).cards[0]
    with pytest.raises(PushRefusedError):
        book.run(push_card, SELLER, card_id=card.id)
    assert book.run(list_pushes) == ()
    with book.installation.database.read() as session:
        (question,) = session.scalars(select(ApprovalRow)).all()
        (answer,) = session.scalars(select(ApprovalAnswerRow)).all()
    assert (question.state, question.approvers_needed) == ("pending", 2)
    assert (answer.person_id, answer.verdict) == (SELLER.id, "approve")


def test_no_tool_of_its_own_touches_personal_data_but_the_one_that_is_never() -> None:
    assert {each.name for each in TOOLS if not each.lane} == {"opportunities.export_personal_data"}
    assert not any("personal_data" in (*each.reads, *each.writes) for each in TOOLS)


def test_what_people_won_and_lost_at_the_crm_is_read_back_once_a_day(book: Book) -> None:
    cards = list({each.tenant_id: each for each in book.run(list_cards, limit=50).cards}.values())[:4]
    crm = CRM()
    for card in cards:
        book.run(push_card, SELLER, card_id=card.id)
    push_all(book, crm)
    keys = {each.card_id: each.external_key for each in book.run(list_pushes)}
    crm.closed = {keys[cards[0].id]: "won", keys[cards[1].id]: "lost"}
    del crm.records[keys[cards[2].id]]
    for _ in range(2):
        work(book, crm).read_back(task("opportunities.read_back"))
    shown = [book.run(show_card, card_id=card.id) for card in cards]
    assert [each.line.state for each in shown] == ["won", "lost", "open", "open"]
    assert [each.pushes[0].state for each in shown] == ["closed_there"] * 3 + ["sent"]
    assert [(one.outcome, one.source) for each in shown for one in each.outcomes] == [("won", "crm"), ("lost", "crm")]


def test_a_program_or_an_assistant_clicks_nothing_and_pushes_only_within_a_standing_approval(book: Book) -> None:
    first, second = list({each.tenant_id: each for each in book.run(list_cards, limit=50).cards}.values())[:2]
    program = Principal(id="tok_1", kind=PrincipalKind.SERVICE, roles=frozenset({"seller"}))
    wish = push_card.input.model_validate({"card_id": first.id})
    assistants = Call(principal=SELLER, is_agents=True)
    for call in (Call(principal=program), assistants):
        with pytest.raises(PushRefusedError, match="Nobody clicked"):
            book.installation.runner.run(push_card, wish, call)
    limit = give_standing_approval.input.model_validate({"daily_limit": 5})
    with pytest.raises(PushRefusedError):
        book.installation.runner.run(give_standing_approval, limit, assistants)
    book.run(give_standing_approval, SELLER, daily_limit=1)
    book.installation.runner.run(push_card, wish, assistants)
    with pytest.raises(PushRefusedError):
        book.run(push_card, program, card_id=second.id)
    (pushed,) = book.run(list_pushes)
    assert pushed.is_unasked
