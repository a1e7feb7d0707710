"""Every command that a page quotes and that does not run on a new data folder runs here, against a whole server.

A page says `SUBSCRIPTION_ID` or names a file of the reader's; what stands for each is said once. A command that is run
nowhere here is named with the test that runs it, or with the reason why none can. A page's commands run in its order.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from docs_build.quotes import RUNNABLE, Quoted, blocks, quoted
from fairkeeper.bootstrap.programs import Installed
from fairkeeper.cli.root import run
from tests.actions.opportunities.book import export
from tests.channels.ids import first_id
from tests.channels.stage import Stage

ROOT: Final = Path(__file__).parents[3]
DOCS: Final = ROOT / "docs"

ELSEWHERE: Final[Mapping[tuple[str, ...], str]] = {
    ("serve",): "tests/stories/test_serve.py",
    ("demo",): "tests/stories/test_demo.py",
    ("sandbox",): "tests/stories/test_serve.py",
    ("gateway",): "tests/channels/gateway/test_gateway.py",
    ("witness",): "tests/channels/cli/test_witness.py",
    ("database",): "tests/database/test_preparation.py",
    ("doctor",): "tests/channels/test_doctor.py",
    ("open",): "tests/actions/opportunities/test_opening.py",
    ("adopt",): "tests/actions/customers/test_adoption.py",
    ("evidence", "add-witness"): "tests/channels/cli/test_witness.py",
    ("evidence", "verify"): "tests/channels/cli/test_verify.py",
    ("metering", "verify"): "tests/stories/test_usage_story.py",
    ("deals", "import-offers"): "tests/contracts/test_deal_round_trip.py",
    ("accounts", "read-products"): "tests/contracts/test_ingestion_client.py",
    ("accounts", "observe"): "tests/actions/accounts/test_structure.py",
    ("consent", "check", "plan.yaml", "--permissions"): "tests/actions/consent/test_importing.py",
    ("consent", "import-permissions"): "tests/actions/consent/test_importing.py",
    ("customers", "apply-landing"): "tests/channels/web/test_landing_look.py",
    ("customers", "retry-provisioning"): "tests/actions/customers/test_provisioning.py",
    ("deals", "approve"): "tests/actions/deals/test_path.py",
    ("deals", "import", "deals.xlsx"): "tests/actions/deals/test_taking_over.py",
    ("deals", "record"): "tests/actions/deals/test_path.py",
    ("deals", "set-rules"): "tests/actions/deals/test_path.py",
    ("deals", "status"): "tests/actions/deals/test_path.py",
    ("deals", "submit"): "tests/actions/deals/test_path.py",
    ("deals", "withdraw"): "tests/actions/deals/test_path.py",
    ("metering", "proof"): "tests/actions/metering/test_proof.py",
    ("assurance", "start-drill"): "tests/actions/assurance/test_drills.py",
    ("assurance", "take-drill-step"): "tests/actions/assurance/test_drills.py",
    ("assurance", "end-drill"): "tests/actions/assurance/test_drills.py",
    ("posture", "accept"): "tests/actions/assurance/test_scanning.py",
    ("consent", "elevate"): "tests/actions/consent/test_managed_application.py",
    ("consent", "end-elevation"): "tests/actions/consent/test_managed_application.py",
    ("opportunities", "compare"): "tests/actions/opportunities/test_book.py",
    ("opportunities", "explain"): "tests/actions/opportunities/test_book.py",
    ("opportunities", "rank"): "tests/actions/opportunities/test_book.py",
    ("payouts", "close-finding"): "tests/actions/payouts/test_importing.py",
    ("trace", "2026120010077"): "tests/channels/test_trace.py",
    ("governance", "endorse-task"): "tests/actions/governance/test_decisions.py",
}
"""Commands that are served, wait, speak to Microsoft, or read what only the reader has; and the tests that run them."""

DONE, FOUND, USAGE, REFUSED = 0, 1, 2, 3
"""Exit codes: it did it, something has to be mended, it cannot be read so, and the state does not allow it."""

ENDS: Final[Mapping[str, tuple[tuple[int, ...], str]]] = {
    "consent check examples/consent/fault-reason-missing.yaml --json": ((FOUND,), "it is an example of a fault"),
    "deals check deal.yaml": ((FOUND,), "its days have passed"),
    "deals check *.yaml --as-of 2024-11-30": ((FOUND,), "a file here is no deal"),
    "deals check deal.yaml --without month_boundaries": ((FOUND,), "its days have passed"),
    "deals price deal.yaml": ((FOUND,), "its days have passed"),
    "deals price deal.yaml --against alternative.yaml": ((FOUND,), "its days have passed"),
    "deals sheet deal.yaml": ((FOUND,), "its days have passed"),
    "deals sheet deal.yaml --side channel_partner": ((FOUND,), "its days have passed"),
    "governance contain agent AGENT_ID paused --reason Drill. --is-drill --until-at 2026-12-01T10:05:00Z": (
        (USAGE,),
        "a drill ends within a day, and the stage's day is another",
    ),
    "governance lift CONTAINMENT_ID --reason The mapping was corrected.": ((REFUSED,), "it was lifted before"),
    "payouts close 2026-05 --reason Compared with the ledger.": ((DONE, REFUSED), "one page closes it after another"),
    "payouts findings": ((DONE, FOUND), "the differences are found while it is read"),
    "opportunities copilot-package opportunities.zip --mcp-url https://fairkeeper.contoso.example/mcp "
    "--schema ai-plugin.json=plugin-v2.4.json --schema declarativeAgent.json=agent-v1.8.json": (
        (USAGE,),
        "Microsoft's schemas are files of the reader's, and are not kept here",
    ),
}
"""Commands that end with another code than 0 on purpose, and why."""

FILES: Final[Mapping[str, str]] = {
    "deal.yaml": "examples/deals/three-years.yaml",
    "alternative.yaml": "examples/deals/three-years.yaml",
    "structure.yaml": "examples/accounts/small-company.yaml",
    "plan.yaml": "examples/consent/clean.yaml",
    "mailbox.cedar": "examples/policies/mailbox.cedar",
    "mailbox-tests.yaml": "examples/policies/mailbox-tests.yaml",
    "new.cedar": "examples/policies/mailbox-next.cedar",
}
"""What a reader has as a file of their own, and which file of the repository stands for it."""


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md"))}


def parsed(pages: Mapping[str, str]) -> Iterator[Quoted]:
    """Return the commands in blocks that no other test runs."""
    for page, text in pages.items():
        for block in blocks({page: text}):
            if RUNNABLE not in block.info and block.info[:1] == ("sh",):
                yield from quoted({page: f"```sh\n{block.text}```\n"}, "fairkeeper")


def elsewhere(quote: Quoted) -> str | None:
    return next((test for words, test in ELSEWHERE.items() if quote.words[: len(words)] == words), None)


def test_what_is_run_elsewhere_is_run_by_a_test_that_is_there() -> None:
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).is_file()] == []


def values(stage: Stage) -> Mapping[str, str]:
    """Return what stands for each name of a page."""
    contoso = stage.contoso

    def first(kind: str) -> str:
        return str(first_id(stage, contoso, kind))

    return {
        "SUBSCRIPTION_ID": contoso.subscription_id,
        "7a6f1d5c-0000-4000-8000-000000000001": contoso.subscription_id,
        "RESOURCE_ID": contoso.subscription_id,
        "CUSTOMER_ID": contoso.customer_id,
        "CUSTOMER": contoso.slug,
        "contoso": contoso.slug,
        "AGENT_ID": first("agent"),
        "TOOL_ID": first("tool"),
        "CONTAINMENT_ID": first("containment"),
        "USE_ID": first("use"),
        "TOKEN_ID": first("token"),
        "ENTRY_ID": first("entry"),
        "entra:TENANT/APPLICATION": f"entra:{contoso.tenant_id}/22222222-bbbb-4bbb-8bbb-222222222222",
        "DEPLOYMENT-ID": first("deployment"),
        "dec_01KAV0000000000000000000": first("decision"),
    }


@contextmanager
def at_work(stage: Stage) -> Iterator[None]:
    """Let background work and the log go on, as they do in a server."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.1):
            stage.installation.worker.run_due()
            stage.place_entries()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def lay_out(folder: Path) -> None:
    """Put what a reader has at hand into a folder."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name, stands_for in FILES.items():
        shutil.copyfile(ROOT / stands_for, folder / name)
    (folder / "observed").mkdir()
    shutil.copyfile(folder / "mailbox.cedar", folder / "observed" / "policies.cedar")
    (folder / "rows.tsv").write_text("2024-12-01\t80000000\n", encoding="utf-8")
    for name in ("copilot-2026-11-28.csv", "FILE..."):
        (folder / name).write_bytes(export(0)[1])


@pytest.mark.slow
def test_every_quoted_command_runs_against_a_server(
    pages: dict[str, str],
    sqlite_stage: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("FAIRKEEPER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAIRKEEPER_URL", sqlite_stage.url)
    monkeypatch.setenv("FAIRKEEPER_TOKEN", sqlite_stage.owner_token)
    monkeypatch.setenv("FAIRKEEPER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path)
    known = values(sqlite_stage)
    wrong, ran = [], 0
    with at_work(sqlite_stage):
        for quote in parsed(pages):
            if elsewhere(quote) is not None:
                continue
            words = tuple(each for word in quote.words for each in _spread(known.get(word, word), tmp_path))
            code = run(Installed(), words)
            told = capsys.readouterr()
            ran += 1
            if code not in ENDS.get(" ".join(quote.words), ((DONE,), ""))[0]:
                wrong.append(f"{quote}: {code}: {(told.err or told.out)[:200]}")
    assert not wrong, "\n".join(wrong)
    assert ran > 70


def _spread(word: str, folder: Path) -> list[str]:
    """Return what a shell makes of a word: the files that a pattern names."""
    if "*" not in word:
        return [word]
    return sorted(path.relative_to(folder).as_posix() for path in folder.glob(word)) or [word]
