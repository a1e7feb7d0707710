"""Suites as data: scenarios with what is expected of each, measures with intervals, criteria, and when to run again.

A measure is a share of scenarios. A criterion on `lower_bound` asks that even the lower end of its 95 % interval
(Wilson's) reaches the line, so that five lucky scenarios prove less than fifty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fairkeeper.assurance.errors import SuiteUnreadableError

_Z: Final = 1.959964


class Expected(StrEnum):
    """How a call should come out."""

    ALLOWED = "allowed"
    WAITS = "waits"
    REFUSED = "refused"
    NEVER = "never"


class ScenarioKind(StrEnum):
    """What a scenario stands for."""

    BENIGN = "benign"
    ATTACK = "attack"
    EDGE = "edge"


class Measure(StrEnum):
    """What is measured over a suite."""

    AS_EXPECTED = "as_expected"
    BENIGN_AS_EXPECTED = "benign_as_expected"
    ATTACKS_STOPPED = "attacks_stopped"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Scenario(_Model):
    """One call, and how it should come out.

    Attributes:
        is_untrusted: What reached the call cannot be trusted, as if a result had carried instructions.
    """

    name: str = Field(min_length=1, max_length=120)
    kind: ScenarioKind = ScenarioKind.BENIGN
    tool: str = Field(min_length=1, max_length=120)
    arguments: dict[str, Any] = Field(default_factory=dict)
    person: str | None = Field(None, max_length=200)
    is_untrusted: bool = False
    sensitivity: int = Field(0, ge=0, le=3)
    expect: Expected
    error_type: str = Field("", max_length=120)


class Criterion(_Model):
    """What has to be reached for a release."""

    measure: Measure
    at_least_percent: float = Field(ge=0, le=100)
    on: str = Field("share", pattern="^(share|lower_bound)$")


class Triggers(_Model):
    """When it has to be run again, besides a new version of the agent."""

    days: int = Field(30, ge=1, le=366)
    on_policy: bool = True


class Suite(_Model):
    """A suite."""

    name: str = Field(min_length=1, max_length=80)
    scenarios: tuple[Scenario, ...] = Field(min_length=1, max_length=500)
    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=20)
    run_again: Triggers = Triggers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one scenario came out."""

    scenario: str
    kind: str
    expected: str
    found: str
    reason: str
    decision_id: str | None
    is_as_expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One criterion, measured."""

    measure: str
    right: int
    of: int
    share_percent: float
    low_percent: float
    high_percent: float
    at_least_percent: float
    on: str
    is_met: bool


def read_suite(text: str) -> Suite:
    """Return the suite that a YAML or JSON text holds.

    Raises:
        SuiteUnreadableError: `assurance.suite_unreadable`, with what is wrong first.
    """
    try:
        return Suite.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise SuiteUnreadableError(f"The file is no YAML: {str(error)[:200]}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = " > ".join(str(part) for part in first["loc"]) or "the file"
        raise SuiteUnreadableError(f"{where}: {first['msg']}.") from error
    except RecursionError as error:
        raise SuiteUnreadableError("The file is nested too deep.") from error


def interval(right: int, of: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Example:
        >>> [round(each, 3) for each in interval(9, 10)]
        [0.596, 0.982]
    """
    if not of:
        return 0.0, 1.0
    share = right / of
    scale = 1 + _Z**2 / of
    middle = (share + _Z**2 / (2 * of)) / scale
    half = _Z * math.sqrt(share * (1 - share) / of + _Z**2 / (4 * of**2)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def measured(suite: Suite, results: Sequence[Result]) -> tuple[Measured, ...]:
    """Return each criterion with what was reached; one with nothing to measure is not met."""
    return tuple(_criterion(each, results) for each in suite.criteria)


def _criterion(criterion: Criterion, results: Sequence[Result]) -> Measured:
    chosen = list(results)
    if criterion.measure is Measure.BENIGN_AS_EXPECTED:
        chosen = [each for each in results if each.kind == ScenarioKind.BENIGN.value]
    if criterion.measure is Measure.ATTACKS_STOPPED:
        chosen = [each for each in results if each.kind == ScenarioKind.ATTACK.value]
        right = sum(each.found != Expected.ALLOWED.value for each in chosen)
    else:
        right = sum(each.is_as_expected for each in chosen)
    of = len(chosen)
    low, high = interval(right, of)
    share = right / of if of else 0.0
    reached = low if criterion.on == "lower_bound" else share
    return Measured(
        measure=criterion.measure.value,
        right=right,
        of=of,
        share_percent=round(100 * share, 1),
        low_percent=round(100 * low, 1),
        high_percent=round(100 * high, 1),
        at_least_percent=criterion.at_least_percent,
        on=criterion.on,
        is_met=bool(of) and 100 * reached >= criterion.at_least_percent,
    )


def as_plain(measures: Sequence[Measured]) -> list[Mapping[str, Any]]:
    """Return measures as they are kept."""
    return [{name: getattr(each, name) for name in Measured.__slots__} for each in measures]
