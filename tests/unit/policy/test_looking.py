"""Whether policies look behind names: where they do not, an answer without entities is the answer with them."""

from __future__ import annotations

import pytest

from fairkeeper.policy.decision.looking import looks_at_entities
from fairkeeper.policy.decision.reasons import Reason
from fairkeeper.policy.document import policy_document
from tests.unit.policy.facts import CUSTOMER, TOOL, basis, policies, verdict

ON_ALL = "forbid (principal, action, resource)"


@pytest.mark.parametrize(
    "policy",
    [
        f"{ON_ALL};",
        'permit (principal == Agent::"a", action in Action::"call", resource == Tool::"t");',
        f'{ON_ALL} when {{ context.numbers.hasTag("amount") && context.numbers.getTag("amount") > 5 }};',
        f'{ON_ALL} when {{ context.texts.getTag("to") like "*@contoso.example" || context.depth > 2 }};',
        f"{ON_ALL} unless {{ context has person }};",
    ],
)
def test_names_and_the_context_alone_look_at_nothing(policy: str) -> None:
    assert not looks_at_entities(policy_document(policy))


@pytest.mark.parametrize(
    "policy",
    [
        'forbid (principal in Customer::"c", action, resource);',
        "forbid (principal is Agent, action, resource);",
        "forbid (principal, action, resource is Tool);",
        'forbid (principal, action, resource in Tool::"t");',
        f'{ON_ALL} when {{ resource.effect == "write" }};',
        f"{ON_ALL} when {{ principal has version }};",
        f"{ON_ALL} when {{ context.use in principal }};",
        f'{ON_ALL} when {{ context.use in Agent::"a" }};',
        f'{ON_ALL} unless {{ [Tool::"t"].contains(resource) }};',
        f'{ON_ALL} when {{ if context.depth > 1 then Tool::"t".name == "pay" else false }};',
        "forbid (principal == ?principal, action, resource);",
    ],
)
def test_attributes_ancestors_and_templates_do(policy: str) -> None:
    assert looks_at_entities(policy_document(policy))


def test_one_policy_that_looks_is_enough() -> None:
    both = f'{ON_ALL} when {{ context.depth > 2 }};\n{ON_ALL} when {{ resource.effect == "write" }};'
    assert looks_at_entities(policy_document(both))


@pytest.mark.parametrize(
    "condition",
    [f'resource.name == "{TOOL.name}"', f'principal.customer == Customer::"{CUSTOMER}"', "context.use in principal"],
)
def test_what_is_registered_is_there_for_whoever_looks_at_it(condition: str) -> None:
    """Without entities an attribute could not be read, which is an error, and nobody would have an ancestor."""
    found = verdict(basis(policies=policies(f"{ON_ALL} when {{ {condition} }};")))
    assert (found.reason, found.policies) == (Reason.FORBIDDEN, ("p0",))


def test_a_text_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="unexpected end of input"):
        policy_document("forbid (")
