"""Random customers, environments, delegations and labels never find a call that crosses from one to another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.policy.decision.compiled import Compiled
from fairkeeper.policy.decision.facts import (
    PUBLISHER,
    Basis,
    Call,
    Caller,
    DelegationFacts,
    Environment,
    Moment,
    Person,
    Resource,
    Verdict,
)
from fairkeeper.policy.decision.labels import NO_LABELS, Labels, join
from fairkeeper.policy.decision.order import decide
from fairkeeper.policy.decision.record import basis_content, read_basis, recorded_inputs, recorded_verdict, replayed
from tests.unit.policy.facts import NOON, agent, basis, call, tool

CUSTOMERS = ("cus_a", "cus_b", "cus_c", None)
customers = st.sampled_from(CUSTOMERS)
environments = st.sampled_from(list(Environment))
people = st.sampled_from([Person(id="ada"), Person(id="eve"), None])
labels = st.builds(
    Labels,
    sources=st.frozensets(st.sampled_from(["mail", "crm", "web"]), max_size=2),
    customers=st.frozensets(st.sampled_from(["cus_a", "cus_b", PUBLISHER]), max_size=2),
    sensitivity=st.integers(0, 3),
    is_trusted=st.booleans(),
)
links = st.builds(
    DelegationFacts,
    id=st.sampled_from(["dlg_1", "dlg_2"]),
    task_id=st.sampled_from(["t1", "t2"]),
    to_agent_id=st.sampled_from(["agt_1", "agt_2"]),
    tools=st.sampled_from([None, ("pay",), ("read",)]),
    ends_at=st.sampled_from([NOON + timedelta(hours=1), NOON - timedelta(hours=1)]),
    revoked_at=st.sampled_from([None, NOON]),
    person=people,
)


@st.composite
def situations(draw: st.DrawFn) -> tuple[Basis, Call, Moment]:
    """Return anything that anybody could ask, with rows of anybody's behind it; half the time they match."""
    own = draw(customers)

    def whose() -> str | None:
        return own if draw(st.booleans()) else draw(customers)

    environment = draw(environments)
    known = basis(
        agent=agent(
            customer_id=own,
            environment=environment,
            acts_alone=draw(st.booleans()),
            chain_limit=draw(st.integers(0, 2)),
        ),
        tool=tool(
            customer_id=whose(),
            environment=environment if draw(st.booleans()) else draw(environments),
            reads=(),
        ),
    )
    asked = call(
        caller=Caller(id="tok_1", customer_id=whose(), may_report=True),
        customer_id=draw(st.sampled_from([None, own or PUBLISHER, "cus_a"])),
        environment=draw(st.sampled_from([None, environment.value, "dev"])),
        resources=tuple(
            Resource(type="invoice", id=str(n), customer_id=whose()) for n in range(draw(st.integers(0, 2)))
        ),
        labels=draw(st.one_of(st.just(NO_LABELS), labels)),
        person=draw(people),
        delegation_id=draw(st.sampled_from([None, "dlg_1", "dlg_2"])),
        task_id=draw(st.sampled_from([None, "t1", "t2"])),
    )
    moment = Moment(
        at=NOON,
        chain=tuple(draw(st.lists(links, max_size=3))),
        task_labels=draw(st.one_of(st.just(NO_LABELS), labels)),
    )
    return known, asked, moment


def crossings(known: Basis, asked: Call, moment: Moment) -> list[str]:
    """Return every way in which a call crosses a boundary, written down without the order's own words."""
    own = known.agent.customer_id
    named = own or PUBLISHER
    found = []
    if asked.caller.customer_id not in {None, own}:
        found.append("asked by another customer's program")
    if known.tool.customer_id not in {None, own}:
        found.append("another customer's tool")
    if asked.customer_id not in {None, named}:
        found.append("another customer named")
    if {each.customer_id for each in asked.resources} - {None, named}:
        found.append("another customer's resource")
    if join(moment.task_labels, asked.labels).customers - {named}:
        found.append("another customer's data")
    if known.tool.environment is not known.agent.environment or asked.environment not in {
        None,
        known.agent.environment.value,
    }:
        found.append("another environment")
    return found + overreaches(known, asked, moment)


def overreaches(known: Basis, asked: Call, moment: Moment) -> list[str]:
    """Return every way in which a call goes beyond what was delegated."""
    chain = moment.chain
    if asked.delegation_id is None:
        return ["for a person who delegated nothing"] if asked.person is not None else []
    found = []
    if not chain or chain[-1].id != asked.delegation_id or chain[-1].to_agent_id != known.agent.id:
        found.append("by a delegation that is not its own")
    for link in chain:
        if link.task_id != asked.task_id or link.revoked_at is not None or link.ends_at <= NOON:
            found.append("by a delegation that does not hold")
        if link.tools is not None and known.tool.name not in link.tools:
            found.append("beyond what was delegated")
    if chain and asked.person is not None and chain[0].person != asked.person:
        found.append("for another person")
    if len(chain) - 1 > known.agent.chain_limit:
        found.append("deeper than the limit")
    return found


@given(situations())
def test_no_call_that_crosses_is_let_through(situation: tuple[Basis, Call, Moment]) -> None:
    known, asked, moment = situation
    verdict: Verdict = decide(asked, Compiled(known), moment)
    assert not (verdict.allowed and crossings(known, asked, moment))


def test_calls_that_do_not_cross_are_let_through() -> None:
    """So that the property above does not hold because nothing ever passes."""
    known = basis(tool=tool(reads=()))
    assert decide(call(), Compiled(known), Moment(at=NOON)).allowed
    assert crossings(known, call(), Moment(at=NOON)) == []


@given(situations())
def test_every_decision_can_be_computed_again_from_its_record(situation: tuple[Basis, Call, Moment]) -> None:
    known, asked, moment = situation
    verdict = decide(asked, Compiled(known), moment)
    payload = {"inputs": recorded_inputs(asked, moment)}
    assert read_basis(basis_content(known)) == known
    assert replayed(payload, basis_content(known), NOON) == recorded_verdict(verdict)


@given(labels, labels, labels)
def test_joining_labels_only_goes_up_and_does_not_care_for_order(one: Labels, other: Labels, third: Labels) -> None:
    both = join(one, other)
    assert both == join(other, one)
    assert join(join(one, other), third) == join(one, join(other, third))
    assert join(both, one) == both
    assert both.sensitivity >= max(one.sensitivity, other.sensitivity)
    assert both.is_trusted == (one.is_trusted and other.is_trusted)
    assert one.customers | other.customers <= both.customers


def test_sources_are_bounded() -> None:
    many = Labels(sources=frozenset(str(number) for number in range(100)))
    assert len(join(NO_LABELS, many).sources) <= 64
    assert "many" in join(NO_LABELS, many).sources
    assert replace(many, sources=frozenset()).sources == frozenset()
