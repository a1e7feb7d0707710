"""Templates of policies for the common cases, filled in with names and numbers.

Cedar's own templates have slots for principal and resource alone, not for an amount or an hour, so a template here is
a text with typed places that becomes ordinary policies. What it becomes is shown, checked and saved like any other;
nothing is hidden behind the form. Hours are UTC.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fairkeeper.errors import InvalidError

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@-]{0,119}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class TemplateRefusedError(InvalidError):
    """A template cannot be filled in with what was given."""

    code = "policy.template_refused"
    remedy = "Give each place what its description asks for."


class PlaceKind(StrEnum):
    """What goes into a place."""

    AGENT = "agent"
    TOOL = "tool"
    CUSTOMER = "customer"
    USE = "use"
    NUMBER = "number"
    CLOCK = "clock"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One thing to fill in.

    Attributes:
        is_optional: Left out, the policy holds for all.
        example: What the documentation fills in.
    """

    name: str
    kind: PlaceKind
    words: str
    example: str
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A common case.

    Attributes:
        narrows: Whether it only takes away, so that a customer may use it.
    """

    key: str
    title: str
    explains: str
    places: tuple[Place, ...]
    narrows: bool
    _write: Callable[[str, Mapping[str, str]], str]

    def fill(self, policy_id: str, values: Mapping[str, str]) -> str:
        """Return the policies, in Cedar, under ids that begin with the one given.

        Raises:
            TemplateRefusedError: A place is missing, unknown, or holds something else than it asks for.
        """
        known = {place.name for place in self.places}
        unknown = sorted(set(values) - known)
        if unknown:
            raise TemplateRefusedError(f"The template {self.key} has no place {', '.join(unknown)}.")
        if not _ID.fullmatch(policy_id):
            raise TemplateRefusedError(f"{policy_id!r} cannot be the name of a policy.")
        return self._write(policy_id, {place.name: _filled(place, values.get(place.name, "")) for place in self.places})


def _filled(place: Place, value: str) -> str:
    value = value.strip()
    if not value and place.is_optional:
        return ""
    if place.kind is PlaceKind.NUMBER:
        if not value.isascii() or not value.isdigit() or len(value) > 15:
            raise TemplateRefusedError(f"{place.words}: {value!r} is not a whole number from 0.")
        return str(int(value))
    if place.kind is PlaceKind.CLOCK:
        found = _CLOCK.fullmatch(value)
        if not found:
            raise TemplateRefusedError(f"{place.words}: {value!r} is not a time such as 08:30.")
        return str(int(found[1]) * 60 + int(found[2]))
    if place.kind is PlaceKind.TEXT:
        if not value or len(value) > 120 or not value.isprintable() or "*" in value:
            raise TemplateRefusedError(f"{place.words}: {value!r} is no plain text of up to 120 characters.")
        return value
    if not _ID.fullmatch(value):
        raise TemplateRefusedError(f"{place.words}: {value!r} is not an id.")
    return value


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _head(values: Mapping[str, str], action: str) -> str:
    """Return the head of a policy, linked to what was filled in."""
    principal = "principal"
    if values.get("agent"):
        principal = f"principal == Agent::{_quoted(values['agent'])}"
    elif values.get("customer"):
        principal = f"principal in Customer::{_quoted(values['customer'])}"
    resource = f"resource == Tool::{_quoted(values['tool'])}" if values.get("tool") else "resource"
    return f"({principal}, {action}, {resource})"


def _policy(policy_id: str, reason: str, effect: str, head: str, *conditions: str) -> str:
    joined = " &&\n  ".join(each for each in conditions if each)
    when = f"\nwhen {{\n  {joined}\n}}" if joined else ""
    return f"@id({_quoted(policy_id)})\n@reason({_quoted(reason)})\n{effect} {head}{when};\n"


_ALL: Final = 'action in Action::"call"'
_APPROVED: Final = 'action == Action::"call"'
_UNATTENDED: Final = 'action == Action::"call_unattended"'


def _use(values: Mapping[str, str]) -> str:
    return f"context.use == IntendedUse::{_quoted(values['use'])}"


def _own(values: Mapping[str, str]) -> str:
    """Say again whose agent it is where the head names the agent."""
    if values.get("agent") and values.get("customer"):
        return f"principal.customer == Customer::{_quoted(values['customer'])}"
    return ""


def _read(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "Reading within the customer's own tenant runs by itself."
    person = "(if context has person then context.person in principal.customer else true)"
    return _policy(
        policy_id,
        reason,
        "permit",
        _head(values, _ALL),
        _use(values),
        'resource.effect == "read"',
        person,
        _own(values),
    )


def _write_below(policy_id: str, values: Mapping[str, str]) -> str:
    limit, currency = values["limit"], values["currency"]
    below = f"context has amount && context has currency && context.currency == {_quoted(currency)}"
    writes = '["write", "external"].contains(resource.effect)'
    by_itself = _policy(
        policy_id,
        f"Writing for at most {limit} {currency} (smallest unit) runs by itself.",
        "permit",
        _head(values, _UNATTENDED),
        _use(values),
        writes,
        f"{below} && context.amount <= {limit}",
        _own(values),
    )
    asked = _policy(
        f"{policy_id}-asked",
        f"Writing runs once a person approved it; only up to {limit} {currency} it runs by itself.",
        "permit",
        _head(values, _APPROVED),
        _use(values),
        writes,
        _own(values),
    )
    return f"{by_itself}\n{asked}"


def _never_across(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "An agent never acts for a person of another tenant than its own."
    return _policy(
        policy_id,
        reason,
        "forbid",
        _head(values, _ALL),
        "context has person && !(context.person in principal.customer)",
        _own(values),
    )


def _untrusted(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "This tool is never called once content that cannot be trusted has reached the task."
    return _policy(policy_id, reason, "forbid", _head(values, _ALL), "!context.labels.trusted", _own(values))


def _ask_untrusted(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "A person looks at the call once content that cannot be trusted has reached the task."
    return _policy(policy_id, reason, "forbid", _head(values, _UNATTENDED), "!context.labels.trusted", _own(values))


def _hours(policy_id: str, values: Mapping[str, str]) -> str:
    begins, ends = int(values["begins"]), int(values["ends"])
    if begins >= ends:
        raise TemplateRefusedError("The first hour is not before the last.")
    open_hours = f"context.at.minute >= {begins} && context.at.minute < {ends} && context.at.weekday <= 5"
    reason = "Outside of business hours (UTC, Monday to Friday) a person is asked."
    return _policy(policy_id, reason, "forbid", _head(values, _UNATTENDED), f"!({open_hours})", _own(values))


def _environment(policy_id: str, values: Mapping[str, str]) -> str:
    environment = values["environment"]
    if environment not in ("dev", "test", "live"):
        raise TemplateRefusedError(f"{environment!r} is no environment: dev, test or live.")
    reason = f"Only agents of the environment {environment} call this."
    condition = f"principal.environment != Environment::{_quoted(environment)}"
    return _policy(policy_id, reason, "forbid", _head(values, _ALL), condition, _own(values))


def _sensitive(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "Sensitive data never leaves the customer."
    condition = f'resource.effect == "external" && context.labels.sensitivity > {values["most"]}'
    return _policy(policy_id, reason, "forbid", _head(values, _ALL), condition, _own(values))


def _argument(policy_id: str, values: Mapping[str, str]) -> str:
    name = _quoted(values["argument"])
    given = f"context.texts.hasTag({name}) && context.texts.getTag({name}) like {_quoted('*' + values['ending'])}"
    reason = f"Unless the argument {values['argument']} ends in {values['ending']}, a person is asked."
    return _policy(policy_id, reason, "forbid", _head(values, _UNATTENDED), f"!({given})", _own(values))


def _person(policy_id: str, values: Mapping[str, str]) -> str:
    reason = "Only on behalf of a person, never by itself."
    return _policy(policy_id, reason, "forbid", _head(values, _ALL), "!(context has person)", _own(values))


def _ask(policy_id: str, values: Mapping[str, str]) -> str:
    return _policy(policy_id, "Every call is approved by a person.", "forbid", _head(values, _UNATTENDED), _own(values))


def _stop(policy_id: str, values: Mapping[str, str]) -> str:
    return _policy(policy_id, "This is not to be done.", "forbid", _head(values, _ALL), _own(values))


_AGENT: Final = Place(name="agent", kind=PlaceKind.AGENT, words="Agent", example="agt_mailbox", is_optional=True)
_TOOL: Final = Place(name="tool", kind=PlaceKind.TOOL, words="Tool", example="tol_send_mail", is_optional=True)
_ONE_TOOL: Final = Place(name="tool", kind=PlaceKind.TOOL, words="Tool", example="tol_send_mail")
_CUSTOMER: Final = Place(
    name="customer", kind=PlaceKind.CUSTOMER, words="Customer", example="cus_adatum", is_optional=True
)
_USE: Final = Place(name="use", kind=PlaceKind.USE, words="Intended use", example="use_answer_mail")
_WHOSE: Final = (_AGENT, _CUSTOMER)

TEMPLATES: Final[Mapping[str, Template]] = {
    template.key: template
    for template in (
        Template(
            key="read-within-tenant",
            title="Read within the tenant",
            explains="Reading runs by itself, for nobody or for a person of the agent's own customer.",
            places=(_USE, *_WHOSE, _TOOL),
            narrows=False,
            _write=_read,
        ),
        Template(
            key="write-below-limit",
            title="Write; above a limit a person approves",
            explains="Writing up to an amount runs by itself; above it, or without a known amount, a person approves.",
            places=(
                _USE,
                Place(name="limit", kind=PlaceKind.NUMBER, words="Limit in the smallest unit", example="5000"),
                Place(name="currency", kind=PlaceKind.TEXT, words="Currency", example="EUR"),
                *_WHOSE,
                _TOOL,
            ),
            narrows=False,
            _write=_write_below,
        ),
        Template(
            key="never-across-tenants",
            title="Never across tenants",
            explains="Never for a person of another tenant, whoever approves.",
            places=(*_WHOSE, _TOOL),
            narrows=True,
            _write=_never_across,
        ),
        Template(
            key="never-after-untrusted",
            title="Never this tool after untrusted content",
            explains="Once content that cannot be trusted has reached a task, this tool is out of reach for it.",
            places=(_ONE_TOOL, *_WHOSE),
            narrows=True,
            _write=_untrusted,
        ),
        Template(
            key="ask-after-untrusted",
            title="Ask a person after untrusted content",
            explains="Once content that cannot be trusted has reached a task, a person approves each call.",
            places=(*_WHOSE, _TOOL),
            narrows=True,
            _write=_ask_untrusted,
        ),
        Template(
            key="business-hours",
            title="By itself in business hours only",
            explains="Outside of Monday to Friday between two times (UTC) a person approves each call.",
            places=(
                Place(name="begins", kind=PlaceKind.CLOCK, words="From", example="08:00"),
                Place(name="ends", kind=PlaceKind.CLOCK, words="Until", example="17:00"),
                *_WHOSE,
                _TOOL,
            ),
            narrows=True,
            _write=_hours,
        ),
        Template(
            key="environment",
            title="In one environment only",
            explains="Agents of other environments never call it.",
            places=(
                Place(name="environment", kind=PlaceKind.TEXT, words="dev, test or live", example="test"),
                _ONE_TOOL,
                *_WHOSE,
            ),
            narrows=True,
            _write=_environment,
        ),
        Template(
            key="sensitive-stays",
            title="Sensitive data stays",
            explains="Nothing above a sensitivity goes to a party outside the customer.",
            places=(
                Place(name="most", kind=PlaceKind.NUMBER, words="Most sensitive that may leave (0 to 3)", example="1"),
                *_WHOSE,
                _TOOL,
            ),
            narrows=True,
            _write=_sensitive,
        ),
        Template(
            key="argument-ends-with",
            title="By itself only to known addresses",
            explains="Where an argument does not end as stated, such as a mail address in a domain, a person approves.",
            places=(
                Place(name="argument", kind=PlaceKind.TEXT, words="Argument", example="to"),
                Place(name="ending", kind=PlaceKind.TEXT, words="Ends in", example="@adatum.example"),
                _ONE_TOOL,
                *_WHOSE,
            ),
            narrows=True,
            _write=_argument,
        ),
        Template(
            key="person-required",
            title="Only for a person",
            explains="The agent calls this on behalf of a person, never by itself.",
            places=(*_WHOSE, _TOOL),
            narrows=True,
            _write=_person,
        ),
        Template(
            key="ask-always",
            title="Always ask",
            explains="A person approves every call.",
            places=(_CUSTOMER, _AGENT, _TOOL),
            narrows=True,
            _write=_ask,
        ),
        Template(
            key="stop",
            title="Not at all",
            explains="The agent or the tool is not used, whoever approves.",
            places=(_CUSTOMER, _AGENT, _TOOL),
            narrows=True,
            _write=_stop,
        ),
    )
}
"""Every template by its key."""
