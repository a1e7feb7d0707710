"""Watches what an agent does with a server and proposes what a person may make of it: registration, effects, policies.

Nothing is switched on by it. Effects are guessed from the server's own hints and from names, which nobody vouches for;
the folder of a path is the narrowest that holds every path that was seen. Source of the hints: MCP 2025-11-25,
ToolAnnotations, which the specification itself calls untrusted.
"""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from fairkeeper.agent.client import Answer, Came, Question
from fairkeeper.agent.manifests import PSEUDO_SCHEMAS, Pin
from fairkeeper.gateway.asking import UNKNOWN_RESULT
from fairkeeper.policy.decision.arguments import digest_of, flatten
from fairkeeper.policy.decision.labels import Labels

PROPOSAL: Final = "proposal.json"
POLICIES: Final = "policies.cedar"
_FILL: Final = "To be filled in"
_READS: Final = re.compile(r"^(?:get|list|read|search|find|fetch|show|describe|count|query|open|directory)(?:_|-|$)")


@dataclass(slots=True)
class Observed:
    """What was seen of one tool: the arguments of each call, in short."""

    pin: Pin | None
    calls: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Observation:
    """An `Asker` that lets everything through and remembers it."""

    server: str
    pins: dict[str, Pin] = field(default_factory=dict)
    seen: dict[str, Observed] = field(default_factory=dict)
    on_call: Callable[[], None] = lambda: None
    """Called after each: a client may end this process at any time."""

    async def decide(self, question: Question) -> Answer:
        """Remember the call and let it through: this is for a first look, without any protection."""
        observed = self.seen.setdefault(question.tool, Observed(pin=self.pins.get(question.tool)))
        observed.calls.append(dict(question.arguments))
        self.on_call()
        return Answer(allowed=True, reason="observed", sentence="Observed.")

    def told(self, came: Came) -> None:
        """Take nothing: without a decision there is no outcome to record."""

    async def shows(self, pins: dict[str, Pin]) -> dict[str, str | None] | None:
        """Show everything."""
        self.pins |= {pin.name: pin for pin in pins.values()}
        return None

    async def permits(self, name: str) -> bool:
        """Permit everything."""
        del name
        return True

    def result_labels(self, name: str) -> Labels:
        """Trust nothing."""
        del name
        return UNKNOWN_RESULT


def effect_of(name: str, annotations: Mapping[str, Any]) -> str:
    """Return the effect that a tool probably has.

    Example:
        >>> effect_of("read_file", {}), effect_of("move_file", {}), effect_of("send", {"openWorldHint": True})
        ('read', 'write', 'external')
    """
    if annotations.get("readOnlyHint") is True or (not annotations and _READS.match(name)):
        return "read"
    return "external" if annotations.get("openWorldHint") is True else "write"


def proposal_of(observation: Observation, *, agent: str, environment: str) -> dict[str, Any]:
    """Return what a person may register, as inputs of the operations that do it."""
    tools = [_tool(name, observed, environment) for name, observed in sorted(observation.seen.items())]
    return {
        "agent": {
            "name": agent,
            "environment": environment,
            "version": "1",
            "title": agent.replace("-", " ").capitalize(),
            "owner": f"{_FILL}: the team or company that owns it",
            "accountable": f"{_FILL}: the person who answers for it",
            "acts_for": f"{_FILL}: on whose behalf it acts",
            "publisher_duties": f"{_FILL}: what the publisher answers for",
            "customer_duties": f"{_FILL}: what the customer answers for",
        },
        "use": {
            "title": "What was observed",
            "owner": f"{_FILL}: who owns the use",
            "business_context": f"{_FILL}: what it is for",
            "value_measure": f"{_FILL}: how its value is measured",
        },
        "tools": tools,
        "lanes": {tool["name"]: "automatic" for tool in tools},
        "not_called": sorted(set(observation.pins) - set(observation.seen)),
    }


def _tool(name: str, observed: Observed, environment: str) -> dict[str, Any]:
    short = name.partition("/")[2]
    if observed.pin is None:
        arguments, manifest, annotations = PSEUDO_SCHEMAS[short], {}, {"readOnlyHint": short.startswith("re")}
    else:
        arguments, manifest = observed.pin.arguments, observed.pin.manifest
        annotations = manifest.get("annotations") or {}
    effect = effect_of(short, annotations)
    is_read = effect == "read"
    return {
        "name": name,
        "environment": environment,
        "title": str(manifest.get("title") or annotations.get("title") or short)[:200],
        "effect": effect,
        "severity": "low" if is_read else "medium",
        "reversibility": "reversible" if is_read else "costly",
        "business_impact": "low",
        "arguments": arguments,
        "manifest": manifest,
        "result_sensitivity": 1,
        "result_is_trusted": False,
    }


def policies_of(observation: Observation) -> str:
    """Return Cedar policies that keep calls where they were seen: below the folders whose paths were given.

    Every one is a forbid: what is permitted at all is said by the permits of the proposal.
    """
    written = [
        "// From what was observed. Read it, change it, and put it in force with `fairkeeper policy save`.\n",
    ]
    calls = [call for observed in observation.seen.values() for call in observed.calls]
    folders = _folders(text for call in calls for text in flatten(call)[0].values() if text.startswith("/"))
    for name, observed in sorted(observation.seen.items()):
        paths: dict[str, list[str]] = {}
        counts: dict[str, int] = {}
        for call in observed.calls:
            texts, numbers, _ = flatten(call)
            for argument, text in texts.items():
                if text.startswith("/"):
                    paths.setdefault(argument, []).append(text)
            for argument, number in numbers.items():
                if argument.endswith(".count") and f"{argument[:-6]}[0]" in texts:
                    counts[argument] = max(number, counts.get(argument, 0))
        written += [
            _keeps_below(name, argument, [folders[path] for path in seen]) for argument, seen in sorted(paths.items())
        ]
        written += [
            _keeps_count(name, argument, most)
            for argument, most in sorted(counts.items())
            if f"{argument[:-6]}[0]" in paths
        ]
    return "\n".join(written)


def _folders(paths: Iterable[str]) -> dict[str, str]:
    """Return by path the folder that it is in, or that it is: where others were seen below it."""
    known = {path.rstrip("/") for path in paths}
    return {
        each: path if any(other.startswith(f"{path}/") for other in known) else str(Path(path).parent)
        for path in known
        for each in (path, f"{path}/")
    }


def _keeps_below(tool: str, argument: str, folders: list[str]) -> str:
    folder = os.path.commonpath(folders).rstrip("/")
    get = f"context.texts.getTag({json.dumps(argument)})"
    below = f"!({get} like {_like(folder + '/')} || {get} == {json.dumps(folder)})"
    return (
        f"@id({json.dumps(_id(tool, argument, 'below'))})\n"
        f"@reason({json.dumps(f'{tool} was only seen below {folder}/.')})\n"
        f'forbid (principal, action in Action::"call", resource)\n'
        f"when {{\n"
        f"  resource.name == {json.dumps(tool)} && context.texts.hasTag({json.dumps(argument)}) &&\n"
        f'  ({below} || {get} like "*..*")\n'
        f"}};\n"
    )


def _keeps_count(tool: str, argument: str, most: int) -> str:
    return (
        f"@id({json.dumps(_id(tool, argument, 'most'))})\n"
        f"@reason({json.dumps(f'{tool} was seen with at most {most} of {argument[:-6]}.')})\n"
        f'forbid (principal, action in Action::"call", resource)\n'
        f"when {{\n"
        f"  resource.name == {json.dumps(tool)} && context.numbers.hasTag({json.dumps(argument)}) &&\n"
        f"  context.numbers.getTag({json.dumps(argument)}) > {most}\n"
        f"}};\n"
    )


def _like(folder: str) -> str:
    """Return a pattern for what begins so; a star in a folder's name stands for itself."""
    return json.dumps(folder).replace("*", "\\*")[:-1] + '*"'


def _id(tool: str, argument: str, word: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", f"{tool}-{argument}-{word}".lower()).strip("-")
    return f"{plain[:60]}-{digest_of([tool, argument, word])[:6]}"


def write_proposal(observation: Observation, folder: Path, *, agent: str, environment: str) -> dict[str, Any]:
    """Write proposal and policies into a folder; return how much was seen."""
    folder.mkdir(parents=True, exist_ok=True)
    proposal = proposal_of(observation, agent=agent, environment=environment)
    (folder / PROPOSAL).write_text(json.dumps(proposal, indent=2) + "\n", encoding="utf-8")
    (folder / POLICIES).write_text(policies_of(observation), encoding="utf-8")
    calls = sum(len(observed.calls) for observed in observation.seen.values())
    return {"folder": str(folder), "tools": len(observation.seen), "calls": calls}
