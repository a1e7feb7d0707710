"""The one trace over a whole chain, on both databases: from any of its ids, for whoever may see which stretch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from fairkeeper.action.principal import Principal, PrincipalKind
from fairkeeper.consent.tables import GrantRow, LinkRow
from fairkeeper.errors import NotFoundError
from fairkeeper.governance.tables import AgentRow, DecisionRow
from fairkeeper.overview.tracing.tracing import trace_anything
from fairkeeper.overview.tracing.views import CHAIN, WholeTrace
from fairkeeper.values.ids import CustomerId
from tests.actions.house import customer_person, staff
from tests.channels.stage import Stage
from tests.channels.tracing import EARNING, PAYMENT, RECORD, WholeChain, make_chain

OWNER = Principal(id="per_test", kind=PrincipalKind.STAFF, roles=frozenset({"owner"}))
REPORTS = ("bank", "paid", "earned", "billed", "usage")


def traced(stage: Stage, subject: str, by: Principal = OWNER) -> WholeTrace:
    found: WholeTrace = stage.run(trace_anything, by, id=subject)
    assert tuple(link.name for link in found.chain) == CHAIN
    return found


def ids(found: WholeTrace) -> Mapping[str, set[str]]:
    return {link.name: {thing.id for thing in link.things} for link in found.chain}


def states(found: WholeTrace) -> Mapping[str, str]:
    return {link.name: link.state.value for link in found.chain}


def subjects(stage: Stage, chain: WholeChain) -> Mapping[str, str]:
    """An id of every link, from the payment to the tenant link."""
    with stage.installation.database.read() as session:
        of = stage.contoso.customer_id
        link = session.scalars(select(LinkRow).where(LinkRow.customer_id == of)).first()
        grant = session.scalars(select(GrantRow).where(GrantRow.customer_id == of)).first()
    assert link is not None
    assert grant is not None
    return {
        "payment": PAYMENT,
        "earning": EARNING,
        "revenue line": f"{RECORD}:1",
        "order": chain.subscription,
        "deal": "deal-of-contoso",
        "deal line": "deal-of-contoso#1",
        "metered hour": chain.count,
        "action": chain.outcome_entry,
        "decision": chain.decision,
        "permit": chain.permit,
        "data grant": chain.data_grant,
        "tenant's grant": grant.grant_id,
        "tenant link": link.link_id,
        "customer": stage.contoso.slug,
    }


def test_every_id_of_the_chain_leads_to_both_of_its_ends(stage: Stage, tmp_path: Path) -> None:
    chain = make_chain(stage, tmp_path)
    for what, subject in subjects(stage, chain).items():
        whole = traced(stage, subject)
        at = ids(whole)
        assert whole.missing == (), what
        assert PAYMENT in at["paid"], what
        assert at["earned"] == {EARNING}, what
        assert chain.subscription in at["order"], what
        assert "deal-of-contoso" in at["deal"], what
        assert chain.count in at["metered"], what
        assert chain.decision in at["decision"], what
        assert chain.outcome_entry in at["action"], what
        assert chain.permit in at["policy"], what
        assert chain.data_grant in at["grant"], what
        assert {link.name for link in whole.chain if link.why} <= set(REPORTS), what
        assert at["link"], what
    # A payment leads to the hours of the days that it pays for, and to each thing's page.
    found = {link.name: link for link in traced(stage, PAYMENT).chain}
    assert {f"{thing.at:%Y-%m-%d}" for thing in found["metered"].things} == {"2026-11-22"}
    assert {thing.page for thing in found["metered"].things} >= {f"/usage/hours/{chain.count}"}
    assert [(each.amount, each.currency) for each in found["earned"].things] == [("11.64", "USD")]
    assert {thing.page for thing in found["decision"].things} >= {f"/decisions/{chain.decision}"}


def test_a_link_that_is_missing_says_which_and_why(stage: Stage) -> None:
    """Of a call that nothing meters, the chain ends where nothing names it any more."""
    with stage.installation.database.read() as session:
        own = AgentRow.customer_id == stage.contoso.customer_id
        agent = session.scalars(select(AgentRow).where(own, AgentRow.name == "assistant")).one()
        of = (DecisionRow.agent_id == agent.agent_id, DecisionRow.outcome == "ok")
        decision = session.scalars(select(DecisionRow).where(*of)).first()
    assert decision is not None
    found = traced(stage, decision.decision_id)
    at = {link.name: link for link in found.chain}
    assert at["metered"].why == (
        "No usage names this decision: the tool has no meter, or its calls are not metered yet."
    )
    assert at["order"].why.endswith("nothing leads from here to an order.")
    assert at["paid"].why == "No payment: nothing on this chain names an order."
    assert at["metered"].why in found.missing
    assert {name for name, state in states(found).items() if state == "found"} >= {"action", "decision", "link"}


def test_a_chain_whose_reports_are_not_there_says_so(stage: Stage) -> None:
    at = {link.name: link for link in traced(stage, stage.contoso.subscription_id).chain}
    assert at["paid"].why.startswith("No payment: no row of any report names")
    assert at["order"].things[0].page == f"/subscriptions/{stage.contoso.subscription_id}"


HIDDEN: Mapping[str, set[str]] = {
    "finance": {"action", "decision", "policy", "grant", "link"},
    "security": {*REPORTS, "deal"},
    "seller": {*REPORTS, "metered", "action", "decision", "policy", "grant", "link"},
    "auditor": set(),
}


def test_staff_see_the_links_that_their_roles_read(stage: Stage, tmp_path: Path) -> None:
    chain = make_chain(stage, tmp_path)
    for role, hidden in HIDDEN.items():
        found = traced(stage, chain.subscription, staff(role))
        assert {name for name, state in states(found).items() if state == "hidden"} == hidden, role
        assert not any(link.things for link in found.chain if link.name in hidden), role
    # An id of a room that one may not enter is an id of nobody.
    refused: list[Any] = [(staff("finance"), chain.decision), (staff("seller"), PAYMENT), (staff("security"), EARNING)]
    for by, subject in refused:
        with pytest.raises(NotFoundError, match="Nothing on the chain has the id") as told:
            traced(stage, subject, by)
        assert told.value.code == "overview.nothing_traced"


def test_a_customer_sees_its_own_stretch_alone(stage: Stage, tmp_path: Path) -> None:
    chain = make_chain(stage, tmp_path)
    admin = customer_person(stage.contoso.customer_id, "customer_admin")
    found = traced(stage, chain.decision, admin)
    assert {name for name, state in states(found).items() if state == "hidden"} == {*REPORTS, "deal"}
    assert ids(found)["metered"] == {chain.count}
    pages = {thing.page for link in found.chain for thing in link.things if link.name == "link"}
    assert pages == {"/permissions"}
    with pytest.raises(NotFoundError):
        traced(stage, PAYMENT, admin)
    other = customer_person(CustomerId(stage.fabrikam.customer_id), "customer_admin")
    for subject in (chain.decision, chain.count, chain.subscription, chain.agent, stage.contoso.slug):
        with pytest.raises(NotFoundError):
            traced(stage, subject, other)
