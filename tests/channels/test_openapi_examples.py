"""What the description promises, held against what comes back: generated requests, valid and not, over every route.

Schemathesis makes the requests from the application's description and compares status, content type and body of each
answer with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.channels.stage import Stage

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 2
"""For each of sixty routes, thrice; `HYPOTHESIS_PROFILE=deep` tries a hundred."""
NOT_READY = {"/readyz"}
"""Tells the truth about a server whose background work stands still: 503."""


@pytest.fixture
def stage(sqlite_stage: Stage) -> Stage:
    """On one database: the answers' form does not depend on it."""
    return sqlite_stage


def operations_of(stage: Stage) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(stage.app.openapi())
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        if found.ok().path not in NOT_READY:
            yield found.ok()


def _told(error: BaseException) -> str:
    """Return what schemathesis found, without its groups and its advice."""
    parts = getattr(error, "exceptions", None)
    return "; ".join(map(_told, parts)) if parts else f"{type(error).__name__}: {str(error)[:600]}"


def test_every_part_of_a_path_is_described_and_no_other_is_sent_in_its_place(stage: Stage) -> None:
    for path, methods in stage.app.openapi()["paths"].items():
        named = set(re.findall(r"{([^}]+)}", path))
        for method, told in methods.items():
            described = {each["name"] for each in told.get("parameters", ()) if each["in"] == "path"}
            assert described == named, f"{method} {path}"


@pytest.mark.parametrize(
    ("who", "mode"),
    [("owner", GenerationMode.POSITIVE), ("customer", GenerationMode.POSITIVE), ("owner", GenerationMode.NEGATIVE)],
)
def test_answers_are_as_described(stage: Stage, failures: list[Any], who: str, mode: GenerationMode) -> None:
    token = stage.owner_token if who == "owner" else stage.contoso.tokens["every"]
    headers = {"authorization": f"Bearer {token}"}
    examples = 100 if settings().max_examples > 1000 else EXAMPLES
    wrong: list[str] = []
    tried = 0
    for operation in operations_of(stage):

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            nonlocal tried
            case.validate_response(case.call(base_url=stage.url, headers=headers), checks=CHECKS)
            tried += 1

        try:
            ask()
        except Unsatisfiable:
            continue  # it takes nothing that could be wrong
        except (Failure, FailureGroup) as error:
            wrong.append(f"{operation.label}: {_told(error)}")
        stage.rows.restore()
    assert wrong == []
    assert failures == []
    assert tried > 60
