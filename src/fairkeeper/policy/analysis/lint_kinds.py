"""The findings of the linter of policies, each with an example in `examples/policies/faults` that has it."""

from __future__ import annotations

from typing import Final

from fairkeeper.values.findings import FindingKind, Level, finding_kinds

_RESOURCE: Final = "blog-governing-agents"


def _declare(code: str, level: Level, title: str, remedy: str, example: str) -> FindingKind:
    return finding_kinds.declare(
        FindingKind(code=code, level=level, title=title, remedy=remedy, resource=_RESOURCE, example=example)
    )


UNREADABLE: Final = _declare(
    "policy.unreadable",
    Level.ERROR,
    "Policies are written in Cedar",
    "Correct the place that the message names.",
    'permit (principal, action, resource) where { context.amount < 100 };  // "when"',
)
ID_MISSING: Final = _declare(
    "policy.id_missing",
    Level.ERROR,
    "Each policy has an @id of its own",
    'Write @id("…") before the policy, with a name that no other has: decisions name policies by it.',
    "permit (principal, action, resource);",
)
INVALID: Final = _declare(
    "policy.invalid",
    Level.ERROR,
    "A policy fits the schema",
    "Compare as the schema declares the values: texts with texts, numbers with numbers, entities by ==.",
    'when { resource.effect in ["write"] }',
)
ATTRIBUTE_UNKNOWN: Final = _declare(
    "policy.attribute_unknown",
    Level.ERROR,
    "A policy reads attributes that exist",
    "Use one that the schema declares; the message lists those that are near.",
    "when { context.ammount > 100 }",
)
ATTRIBUTE_UNGUARDED: Final = _declare(
    "policy.attribute_unguarded",
    Level.ERROR,
    "A policy asks whether an optional attribute is given before it reads it",
    "Add `context has …` (or `.hasTag(…)`) before it. Without, the policy fails where it is absent.",
    "forbid (…) when { context.amount > 100 }",
)
NEVER_MATCHES: Final = _declare(
    "policy.never_matches",
    Level.ERROR,
    "A policy can match a request",
    "Correct one of the conditions that exclude each other, or remove the policy.",
    "when { context has amount && context.amount > 100 && context.amount < 50 }",
)
ALWAYS_FORBIDDEN: Final = _declare(
    "policy.permit_always_forbidden",
    Level.ERROR,
    "A permit is not forbidden wherever it applies",
    "Narrow the forbid or remove the permit: a forbid wins over every permit.",
    'permit for resource.effect == "external" beside forbid for resource.effect != "read"',
)
HALF_FORBIDDEN: Final = _declare(
    "policy.forbid_half",
    Level.ERROR,
    "A forbid of calls covers those that run by themselves",
    'Write `action in Action::"call"`: `action == Action::"call"` leaves the unattended call open.',
    'forbid (principal, action == Action::"call", resource)',
)
USE_UNNAMED: Final = _declare(
    "policy.use_unnamed",
    Level.ERROR,
    "A permit names the intended use that it serves",
    'Add `context.use == IntendedUse::"…"` to its conditions.',
    "permit without context.use",
)
CUSTOMER_PERMITS: Final = _declare(
    "policy.customer_permits",
    Level.ERROR,
    "A customer's policies only narrow",
    "Write it as a forbid: what may be done at all is the publisher's to permit.",
    "permit (…) among a customer's policies",
)
CUSTOMER_ELSEWHERE: Final = _declare(
    "policy.customer_elsewhere",
    Level.ERROR,
    "A customer's policies concern its own agents",
    'Name the customer in the head: `principal in Customer::"…"`.',
    "forbid (principal, action, resource) among a customer's policies",
)
NO_PERMIT: Final = _declare(
    "policy.no_permit",
    Level.WARNING,
    "A set of policies permits something",
    "Add a permit, or leave it if nothing is to be allowed: without a permit every call is refused.",
    "a file of forbids alone",
)
UNBOUNDED: Final = _declare(
    "policy.permit_unbounded",
    Level.WARNING,
    "A permit says for what",
    "Name an agent, a tool or a condition, so that a new tool is not permitted before anybody thought of it.",
    "permit (principal, action, resource) for a use, and nothing else",
)
CONDITION_IDLE: Final = _declare(
    "policy.condition_idle",
    Level.WARNING,
    "A condition can fail",
    "Remove it, or correct it if it was to restrict something.",
    'when { resource.effect == "read" || resource.effect != "read" }',
)
REDUNDANT: Final = _declare(
    "policy.redundant",
    Level.WARNING,
    "A policy does something that no other does",
    "Remove it, or narrow the policy that covers it.",
    "a permit below 100 beside the same permit below 1,000",
)
WILDCARD_LITERAL: Final = _declare(
    "policy.wildcard_literal",
    Level.WARNING,
    "A wildcard stands in a pattern",
    "Use `like` where * means any text; == compares it as a star.",
    'when { resource.name == "send_*" }',
)
REASON_MISSING: Final = _declare(
    "policy.reason_missing",
    Level.INFO,
    "A policy says why it is there",
    'Write @reason("…"): whoever is refused, or asked to approve, reads it.',
    '@id("a") permit (…) without @reason',
)
UNPROVEN: Final = _declare(
    "policy.unproven",
    Level.INFO,
    "A policy is small enough to be analysed",
    "Split it into several policies, so that what can be proved about it is proved.",
    "twelve conditions of two alternatives each",
)
