"""A bundle: policies that take effect together, under one digest, sliced by whom and what they name.

The publisher's bundle is the frame. A customer's bundle holds forbids on its own agents alone (`linting`), and since a
forbid can only take away, frame and narrowing together never allow what the frame does not; a property test walks that.
A policy that names one agent or one tool in its head is only asked where it can apply, so that a decision costs the
same however many policies there are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from fairkeeper.errors import BugError
from fairkeeper.policy.analysis.reading import Policy, read_policies


def agents_schema() -> str:
    """Return the schema that agents' policies are written against."""
    return files("fairkeeper.policy").joinpath("agents.cedarschema").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPolicy:
    """One policy and what its head names.

    Attributes:
        text: The policy alone, in Cedar.
        agent_id, tool_id, customer_id: What it is linked to; None means any.
    """

    id: str
    text: str
    agent_id: str | None = None
    tool_id: str | None = None
    customer_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Policies that take effect together.

    Attributes:
        owner: `publisher`, or the customer's id.
        number: Counts the owner's bundles.
        text: All policies, in Cedar, as they were saved.
    """

    owner: str
    number: int
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of owner, number and text; decisions and signatures name it.

        Example:
            >>> Bundle(owner="publisher", number=1, text="").digest[:8]
            'c8c31625'
        """
        content = json.dumps([self.owner, self.number, self.text], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()

    def statement(self) -> str:
        """Return the text that is signed: which bundle of whom, by its digest."""
        return f"fairkeeper policy bundle\n{self.owner}\n{self.number}\n{self.digest}\n"

    def linked(self) -> tuple[LinkedPolicy, ...]:
        """Return its policies with what each is linked to."""
        return linked(self.text)


def linked(text: str) -> tuple[LinkedPolicy, ...]:
    """Return policies one by one with what their heads name.

    Example:
        >>> [each.tool_id for each in linked('@id("a") forbid (principal, action, resource == Tool::"mail");')]
        ['mail']
    """
    policies = read_policies(text)
    return tuple(_linked(policy, part) for policy, part in zip(policies, _parts(text, len(policies)), strict=True))


def _linked(policy: Policy, text: str) -> LinkedPolicy:
    agent, customer = _named(policy, "principal", "Agent"), _named(policy, "principal", "Customer")
    return LinkedPolicy(
        id=policy.id, text=text, agent_id=agent, customer_id=customer, tool_id=_named(policy, "resource", "Tool")
    )


def _named(policy: Policy, variable: str, kind: str) -> str | None:
    """Return the one entity that a head names, where nothing else can match it."""
    scope = policy.body[variable]
    inside = scope.get("in", scope)
    entity = inside.get("entity")
    if entity is None or entity["type"] != kind:
        return None
    return str(entity["id"])


def _parts(text: str, count: int) -> list[str]:
    """Cut a text into its policies, at each semicolon outside of texts and comments."""
    parts: list[str] = []
    start = at = depth = 0
    while at < len(text):
        character = text[at]
        if character == '"':
            at = _after_text(text, at)
            continue
        if text.startswith("//", at):
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
            continue
        depth += (character in "([{") - (character in ")]}")
        at += 1
        if character == ";" and depth == 0:
            parts.append(text[start:at].strip())
            start = at
    if len(parts) != count:
        msg = f"Cedar reads {count} policies where {len(parts)} end"
        raise BugError(msg)
    return parts


def _after_text(text: str, at: int) -> int:
    at += 1
    while text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def slice_for(
    policies: Iterable[LinkedPolicy], *, agent_id: str, tool_id: str, customer_id: str | None
) -> tuple[LinkedPolicy, ...]:
    """Return the policies that can apply to a call; the others' heads exclude it."""
    return tuple(
        each
        for each in policies
        if each.agent_id in (None, agent_id)
        and each.tool_id in (None, tool_id)
        and each.customer_id in (None, customer_id)
    )


def digest_in_force(bundles: Sequence[Bundle]) -> str:
    """Return the digest of bundles that apply together, the publisher's first.

    Example:
        >>> digest_in_force([]) == hashlib.sha256(b"").hexdigest()
        True
    """
    return hashlib.sha256("".join(f"{bundle.digest}\n" for bundle in bundles).encode()).hexdigest()
