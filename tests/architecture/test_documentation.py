"""Documentation is a tested artefact: links lead somewhere, and what a person may meet is documented."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Protocol

import pytest

import docs_build
from docs_build import drawings, inventory, programs
from docs_build.__main__ import other_files, read_pages
from docs_build.codes import error_codes
from docs_build.pages import Page, broken_links
from docs_build.reference import GENERATED
from docs_build.sandbox import ENTRA_CALLS, control_document, entra_calls
from fairkeeper.action.operation import EvidenceKind
from fairkeeper.cli.outcome import ExitCode
from fairkeeper.customers.path.clocks import CLOCKS
from fairkeeper.customers.store import clock_facts_of_row
from fairkeeper.errors import ErrorKind

NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")
CODE = re.compile(r"""\bcode(?:: str)? ?= ?(["'])([a-z]+\.[a-z0-9_]+)\1""")
EXAMPLE = re.compile(r"^\s*(>>>|\.\.\.) .*$", re.MULTILINE)
"""A line of an example in a docstring, whose codes are made up."""
SETTING = re.compile(r"\bFAIRKEEPER_[A-Z]+(?:_[A-Z]+)*\b")
LONGEST_PAGE_LINES = 200
CLAIMS = re.compile(r"\b(compliant|certified)\b", re.IGNORECASE)


class Source(Protocol):
    """A module of the package, see conftest."""

    @property
    def name(self) -> str: ...

    @property
    def text(self) -> str: ...


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return read_pages()


def missing(names: object, text: str) -> list[str]:
    """Return the names that a page does not show as code or heading."""
    assert isinstance(names, (list, set, tuple, dict))
    assert names, "nothing was found to be documented, so nothing would be missed"
    return sorted(name for name in names if f"`{name}`" not in text and f"# {name}\n" not in text)


def test_every_link_in_the_documentation_leads_somewhere(pages: list[Page]) -> None:
    assert broken_links(pages, other_files()) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_every_link_in_a_root_page_leads_somewhere(root: Path, name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", (root / name).read_text("utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link]
    generated = {f"docs/{path}" for path in GENERATED}
    assert [link for link in local if link not in generated and not (root / link).exists()] == []


def test_every_generated_page_has_its_heading(pages: list[Page]) -> None:
    assert {page.path for page in pages} >= GENERATED.keys()


def test_every_operation_says_what_it_does() -> None:
    found = [operation.name for operation in inventory.operations() if not operation.summary.endswith(".")]
    assert found == []


def test_every_operation_is_in_the_reference(generated: dict[str, str]) -> None:
    names = [operation.name for operation in inventory.operations()]
    assert missing(names, generated["reference/operations.md"]) == []


def test_every_input_of_an_operation_says_what_it_is() -> None:
    found = [
        f"{operation.name}: {name}"
        for operation in inventory.operations()
        if not operation.is_internal
        for name, field in operation.input.model_fields.items()
        if not (field.description or "").strip()
    ]
    assert found == []


def test_every_evidence_kind_is_in_the_reference(generated: dict[str, str]) -> None:
    recorded = {kind.name for operation in inventory.operations() for kind in operation.evidence}
    declared = {kind.name for kind in inventory.set_of(EvidenceKind)}
    assert missing(recorded | declared, generated["reference/evidence-kinds.md"]) == []


def test_every_kind_of_finding_is_in_the_reference(generated: dict[str, str]) -> None:
    codes = [kind.code for kind in inventory.finding_kinds_declared()]
    assert missing(codes, generated["reference/findings.md"]) == []


def test_every_error_says_what_to_do() -> None:
    found = [error.__name__ for error in inventory.errors() if not error.remedy.strip() or not error.__doc__]
    assert inventory.errors()
    assert found == []


def test_every_error_code_in_the_source_is_in_the_reference(modules: list[Source], generated: dict[str, str]) -> None:
    codes = {found for module in modules for _, found in CODE.findall(EXAMPLE.sub("", module.text))}
    assert missing(codes, generated["reference/errors.md"] + generated["reference/findings.md"]) == []


def test_every_error_code_is_told_with_what_happened_and_what_to_do() -> None:
    assert [each.code for each in error_codes() if not (each.meaning.strip() and each.remedy.strip())] == []


def test_every_kind_of_error_and_every_exit_code_is_in_the_reference(generated: dict[str, str]) -> None:
    page = generated["reference/exit-codes.md"]
    assert missing([kind.value for kind in ErrorKind], page) == []
    assert [code.value for code in ExitCode if f"| {code.value} |" not in page] == []


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in inventory.settings() if not setting.meaning.endswith(".")] == []


def test_every_setting_is_in_the_reference(modules: list[Source], root: Path, generated: dict[str, str]) -> None:
    declared = {setting.name for setting in inventory.settings()}
    texts = [module.text for module in modules] + [(root / "Makefile").read_text("utf-8")]
    named = {name for text in texts for name in SETTING.findall(text)}
    assert missing(declared | named, generated["reference/settings.md"]) == []


def test_settings_that_others_rely_on_keep_their_names() -> None:
    relied_on = {
        "FAIRKEEPER_BASE_URL",
        "FAIRKEEPER_DATABASE_URL",
        "FAIRKEEPER_DATA_DIR",
        "FAIRKEEPER_ENTRA_AUTHORITY",
        "FAIRKEEPER_ENTRA_TENANT_ID",
        "FAIRKEEPER_FULFILLMENT_APP_ID",
        "FAIRKEEPER_FULFILLMENT_APP_SECRET",
        "FAIRKEEPER_FULFILLMENT_BASE_URL",
        "FAIRKEEPER_HOST",
        "FAIRKEEPER_PORT",
    }
    assert {setting.name for setting in inventory.settings()} >= relied_on


def test_every_command_with_its_options_is_in_the_reference(generated: dict[str, str]) -> None:
    page = generated["reference/commands.md"]
    assert missing([command.line for command in programs.commands()], page) == []
    assert (
        missing({name for command in programs.commands() for each in command.options for name in each.opts}, page) == []
    )


def test_every_target_of_the_makefile_is_in_the_reference(root: Path, generated: dict[str, str]) -> None:
    lines = (root / "Makefile").read_text("utf-8").splitlines()
    named = {line.partition(":")[0] for line in lines if re.match(r"[a-z][a-z-]*:(?!=)", line)}
    assert missing([f"make {name}" for name in named], generated["reference/make.md"]) == []


def test_every_call_of_the_sandbox_is_in_the_reference(generated: dict[str, str]) -> None:
    page = generated["reference/sandbox.md"]
    calls = [
        f"{method.upper()} /sandbox{path}"
        for path, methods in control_document()["paths"].items()
        for method in methods
    ]
    assert missing(calls, page) == []
    assert ENTRA_CALLS.keys() == entra_calls()


def test_every_table_that_is_drawn_is_shown_and_no_other_is_asked_for(written: dict[str, str]) -> None:
    assert set().union(*map(drawings.asked_for, written.values())) == drawings.TABLES.keys()


def test_every_labelled_assumption_says_what_changes_it() -> None:
    found = drawings.assumptions()
    assert [place for place in found if not drawings.changed(place)[1]] == []
    assert drawings.CHANGED_BY.keys() - found.keys() == set()


def test_the_assumptions_found_are_those_in_the_source(modules: list[Source]) -> None:
    labels = sum(module.text.count("Assumption: ") for module in modules)
    assert labels == len(drawings.assumptions()) > 0


def test_clocks_that_are_said_to_wait_for_other_rooms_get_no_facts_yet(written: dict[str, str]) -> None:
    waiting = {
        "landing_token": "landing_token_received_at",
        "offer_to_subscription": "offer_accepted_at",
        "webhook_retry": "webhooks_failing_since_at",
        "usage_event": "unreported_usage_at",
        "final_usage": "has_final_usage",
    }
    facts = inspect.getsource(clock_facts_of_row)
    assert waiting.keys() <= {name.value for name in CLOCKS}
    assert [fact for fact in waiting.values() if f"{fact}=" in facts] == []
    assert missing(waiting, written["docs/explanation/clocks.md"]) == []


def test_decisions_are_numbered_without_gaps(root: Path) -> None:
    names = sorted(path.name for path in (root / "docs" / "decisions").glob("*.md"))
    numbers = [int(found.group(1)) for name in names if (found := NUMBERED.fullmatch(name))]
    assert len(numbers) == len(names)
    assert numbers == list(range(1, len(names) + 1))


def test_no_written_page_is_too_long(written: dict[str, str]) -> None:
    assert [name for name, text in written.items() if len(text.splitlines()) > LONGEST_PAGE_LINES] == []


def test_no_page_claims_what_only_others_can_say(written: dict[str, str], generated: dict[str, str]) -> None:
    assert [name for name, text in (written | generated).items() if CLAIMS.search(text)] == []


def test_the_examples_in_the_documentation_program_hold() -> None:
    names = [f"docs_build.{info.name}" for info in pkgutil.iter_modules(docs_build.__path__) if info.name != "__main__"]
    results = [doctest.testmod(importlib.import_module(name)) for name in names]
    assert sum(result.attempted for result in results) > 0
    assert sum(result.failed for result in results) == 0
