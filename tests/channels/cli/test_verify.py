"""Verifying offline: exports and receipts, whole and changed, with and without the server's packages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.channels.cli.conftest import Fairkeeper
from tests.unit.proof.sample_log import WITNESS, SampleLog, filled_log

IMPORT_NAMES = {"pyyaml": "yaml", "django-js-lib-htmx": "js_lib_htmx", "python-multipart": "multipart"}

WITHOUT_SERVER = """
import sys
for name in {forbidden!r}:
    sys.modules[name] = None  # importing it now fails, as if it were not installed
sys.argv = ["fairkeeper", *sys.argv[1:]]
from fairkeeper.__main__ import main
main()
"""


@pytest.fixture
def export(tmp_path: Path) -> Path:
    path = tmp_path / "contoso.jsonl"
    path.write_bytes(b"".join(filled_log().lines(witnesses=[WITNESS])))
    return path


def test_a_whole_export_verifies(fairkeeper: Fairkeeper, export: Path) -> None:
    ran = fairkeeper("evidence", "verify", str(export), "--json")
    assert ran.code == 0
    assert (ran.json["ok"], ran.json["form"], ran.json["entries"], ran.json["erased"]) == (True, "export", 4, 1)
    assert ran.json["key_source"] == "taken from the file"
    assert [witness["name"] for witness in ran.json["witnesses"]] == [WITNESS.name]


def test_a_key_known_otherwise_is_vouched_for(fairkeeper: Fairkeeper, export: Path) -> None:
    ran = fairkeeper("evidence", "verify", str(export), "--json", "--key", filled_log().anchor)
    assert (ran.code, ran.json["key_source"]) == (0, "given")


def test_another_logs_key_is_a_finding(fairkeeper: Fairkeeper, export: Path) -> None:
    ran = fairkeeper("evidence", "verify", str(export), "--json", "--key", SampleLog(seed=9).anchor)
    assert ran.code == 1
    assert [finding["code"] for finding in ran.json["findings"]] == ["proof.key_foreign"]
    assert ran.json["findings"][0]["level"] == "error"


def test_a_changed_payload_is_told_by_line(fairkeeper: Fairkeeper, export: Path) -> None:
    assert fairkeeper("evidence", "verify", str(export)).out.startswith("Everything in this file holds.")
    export.write_bytes(export.read_bytes().replace(b'"number":0', b'"number":1', 1))
    ran = fairkeeper("evidence", "verify", str(export))
    assert ran.code == 1
    assert re.search(r"no proof: 1 finding\.\n  line 3: .+ \(proof\.\w+\)", ran.out)


@pytest.mark.parametrize("keep", [0, 1, 2, 4])
def test_an_export_cut_short_is_no_proof(fairkeeper: Fairkeeper, export: Path, keep: int) -> None:
    export.write_bytes(b"".join(export.read_bytes().splitlines(keepends=True)[:keep]))
    assert fairkeeper("evidence", "verify", str(export)).code == 1


def test_a_receipt_verifies_and_shows_its_statement(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    log = SampleLog()
    placed = log.add(payload={"stopped": ["use of Team"]})
    path = tmp_path / "receipt.json"
    path.write_bytes(log.receipt(placed))
    ran = fairkeeper("evidence", "verify", str(path))
    assert ran.code == 0
    assert '{"stopped": ["use of Team"]}' in ran.out
    path.write_bytes(path.read_bytes().replace(b"use of Team", b"use of Tram"))
    assert fairkeeper("evidence", "verify", str(path)).code == 1


def test_a_missing_file_is_usage(fairkeeper: Fairkeeper, tmp_path: Path) -> None:
    ran = fairkeeper("evidence", "verify", str(tmp_path / "nothing"), "--json")
    assert (ran.code, ran.error["code"]) == (2, "cli.file")


def test_a_malformed_key_is_usage(fairkeeper: Fairkeeper, export: Path) -> None:
    ran = fairkeeper("evidence", "verify", str(export), "--key", "nonsense", "--json")
    assert (ran.code, ran.error["code"]) == (2, "proof.key_malformed")


def light(*words: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as where only the light packages are installed."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    named = {re.split(r"[\[<>=!~; ]", name, maxsplit=1)[0] for name in project["optional-dependencies"]["server"]}
    forbidden = sorted({IMPORT_NAMES.get(name, name.replace("-", "_")) for name in named} | {"starlette"})
    program = WITHOUT_SERVER.format(forbidden=forbidden)
    return subprocess.run(
        [sys.executable, "-c", program, *words], check=False, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def root() -> Path:
    return Path(__file__).resolve().parents[3]


def test_the_light_install_verifies(export: Path, root: Path) -> None:
    whole = light("evidence", "verify", str(export), "--json", root=root)
    assert (whole.returncode, json.loads(whole.stdout)["ok"]) == (0, True), whole.stderr
    export.write_bytes(export.read_bytes().replace(b'"number":0', b'"number":1', 1))
    changed = light("evidence", "verify", str(export), "--json", root=root)
    assert (changed.returncode, json.loads(changed.stdout)["ok"]) == (1, False), changed.stderr


def test_the_light_install_shows_what_it_can_do(root: Path) -> None:
    ran = light("evidence", "--help", root=root)
    assert ran.returncode == 0, ran.stderr
    assert "verify" in ran.stdout
    assert light("--help", root=root).returncode == 0
    assert light("witness", "--help", root=root).returncode == 0


@pytest.mark.parametrize("words", [("serve",), ("customers", "list"), ("demo",), ("whoami",)])
def test_the_light_install_says_what_is_missing(root: Path, words: tuple[str, ...]) -> None:
    ran = light(*words, "--json", root=root)
    assert ran.returncode == 2, ran.stderr
    assert json.loads(ran.stderr.splitlines()[-1])["error"]["code"] == "cli.server_not_installed"
