"""What runs the server on a machine names only commands, settings and files that exist."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import click
import pytest
import yaml

from fairkeeper.bootstrap.settings import Settings
from fairkeeper.cli.root import root as command_line

FILES = ("fairkeeper.service", "Containerfile", "several.yaml", "Caddyfile")


@pytest.fixture(scope="module")
def texts(root: Path) -> dict[str, str]:
    return {name: (root / "packaging" / name).read_text(encoding="utf-8") for name in FILES}


def test_every_named_setting_exists(texts: dict[str, str]) -> None:
    settings = {f"FAIRKEEPER_{name.upper()}" for name in Settings.model_fields}
    named = {name for text in texts.values() for name in re.findall(r"\bFAIRKEEPER_[A-Z_]+[A-Z]\b", text)}
    assert named - settings - {"FAIRKEEPER_NAME"} == set()
    assert len(named) >= 5


def test_the_unit_starts_the_server_and_keeps_its_data_to_itself(texts: dict[str, str]) -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(texts["fairkeeper.service"])
    service = unit["Service"]
    assert service["ExecStart"].split()[1:] == ["serve"]
    assert (service["StateDirectoryMode"], service["UMask"], service["NoNewPrivileges"]) == ("0700", "0077", "yes")
    assert service["CapabilityBoundingSet"] == ""


def test_the_image_installs_with_hashes_and_runs_as_nobody_special(texts: dict[str, str], root: Path) -> None:
    text = texts["Containerfile"]
    assert "--require-hashes -r server.lock" in text
    assert (root / "requirements/server.lock").is_file()
    assert re.search(r"^USER fairkeeper$", text, re.MULTILINE)
    assert re.search(r'^CMD \["fairkeeper", "serve"\]$', text, re.MULTILINE)


def test_several_servers_migrate_once_and_know_no_owner(texts: dict[str, str]) -> None:
    services = yaml.safe_load(texts["several.yaml"])["services"]
    assert services["server"]["env_file"] == ["settings.env"]
    assert services["server"]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}
    assert services["prepare"]["restart"] == "no"
    assert services["server"]["deploy"]["replicas"] == 3


def test_every_command_in_the_files_exists(texts: dict[str, str]) -> None:
    context = click.Context(command_line, **command_line.context_settings)
    quoted = re.findall(r'\bfairkeeper(?:", "| )([a-z]+)(?: ([a-z]+) (?:--|&|"))?', _commands(texts))
    assert {first for first, _ in quoted} == {"serve", "database"}
    for first, second in quoted:
        command = command_line.get_command(context, first)
        assert command is not None, first
        if second:
            assert isinstance(command, click.Group)
            assert command.get_command(context, second) is not None, second


def _commands(texts: dict[str, str]) -> str:
    """Return the lines that run something, without comments and names of packages."""
    wanted = re.compile(r"^(?:ExecStart=|CMD |    command: )")
    return "\n".join(line for text in texts.values() for line in text.splitlines() if wanted.match(line))
