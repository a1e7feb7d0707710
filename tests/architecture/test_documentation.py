"""Documentation is a tested artefact: links lead somewhere, and what a person may meet is documented."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs_build import inventory
from docs_build.__main__ import other_files, read_pages
from docs_build.pages import Page, broken_links
from docs_build.reference import GENERATED

NUMBERED = re.compile(r"(\d{4})-[a-z0-9-]+\.md")


@pytest.fixture(scope="module")
def pages() -> list[Page]:
    return read_pages()


def test_every_link_in_the_documentation_leads_somewhere(pages: list[Page]) -> None:
    assert broken_links(pages, other_files()) == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_every_link_in_a_root_page_leads_somewhere(root: Path, name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", (root / name).read_text("utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in local if not (root / link).exists()] == []


def test_every_generated_page_has_its_heading(pages: list[Page]) -> None:
    assert {page.path for page in pages} >= GENERATED.keys()


def test_every_operation_says_what_it_does() -> None:
    found = [operation.name for operation in inventory.operations() if not operation.summary.endswith(".")]
    assert found == []


def test_every_error_says_what_to_do() -> None:
    found = [error.__name__ for error in inventory.errors() if not error.remedy.strip() or not error.__doc__]
    assert inventory.errors()
    assert found == []


def test_every_setting_says_what_it_is_for() -> None:
    assert [setting.name for setting in inventory.settings() if not setting.meaning.endswith(".")] == []


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


def test_decisions_are_numbered_without_gaps(root: Path) -> None:
    names = sorted(path.name for path in (root / "docs" / "decisions").glob("*.md"))
    numbers = [int(found.group(1)) for name in names if (found := NUMBERED.fullmatch(name))]
    assert len(numbers) == len(names)
    assert numbers == list(range(1, len(names) + 1))
