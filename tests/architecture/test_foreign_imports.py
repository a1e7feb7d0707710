"""Which packages from outside may be imported where.

The light packages are what an agent, a customer or an auditor installs without the server; capabilities speak to no
channel and to no network, so that every rule can be run without either.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

LIGHT_PACKAGES = {"__init__", "errors", "values", "policy", "proof", "token", "agent"}
CAPABILITIES = {
    "access",
    "accounts",
    "action",
    "assurance",
    "consent",
    "customers",
    "database",
    "deals",
    "evidence",
    "governance",
    "messages",
    "metering",
    "opportunities",
    "overview",
    "payouts",
}
CHANNEL_LIBRARIES = {"click", "fastapi", "flask", "httpx", "jinja2", "mcp", "requests", "starlette", "uvicorn"}
IMPORT_NAMES = {"pyyaml": "yaml", "django-js-lib-htmx": "js_lib_htmx", "python-multipart": "multipart"}

IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
for name in {forbidden!r}:
    sys.modules[name] = None  # importing it now fails, as if it were not installed
import fairkeeper
count = 0
for package in {packages!r}:
    module = importlib.import_module(f"fairkeeper.{{package}}")
    for info in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
        importlib.import_module(info.name)
        count += 1
print(count)
"""


class Source(Protocol):
    name: str
    package: str
    tree: ast.Module


def foreign_imports(tree: ast.Module) -> Iterator[str]:
    """The top-level packages that a module imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def names_of(requirements: list[str]) -> set[str]:
    plain = {re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements}
    return {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in plain}


def test_imports_are_found_wherever_they_stand() -> None:
    tree = ast.parse("import a.b\ndef f():\n    from c.d import e\n    from . import here")
    assert list(foreign_imports(tree)) == ["a", "c"]


def test_light_packages_import_light_dependencies_alone(modules: list[Source], root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    allowed = names_of(project["dependencies"]) | set(sys.stdlib_module_names) | {"fairkeeper"}
    found = [
        f"{module.name} imports {name}"
        for module in modules
        if module.package in LIGHT_PACKAGES
        for name in foreign_imports(module.tree)
        if name not in allowed
    ]
    assert found == []


def test_light_packages_work_without_the_server_installed(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    forbidden = names_of(project["optional-dependencies"]["server"]) | {"starlette"}
    source = root / "src" / "fairkeeper"
    packages = sorted(
        name
        for name in LIGHT_PACKAGES - {"__init__"}
        if (source / name / "__init__.py").exists() or (source / f"{name}.py").exists()
    )
    program = IMPORT_EVERYTHING.format(forbidden=sorted(forbidden), packages=packages)
    answer = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=60, cwd=root / "src"
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 5


def test_capabilities_know_no_channel_and_no_network(modules: list[Source]) -> None:
    found = [
        f"{module.name} imports {name}"
        for module in modules
        if module.package in CAPABILITIES
        for name in foreign_imports(module.tree)
        if name in CHANNEL_LIBRARIES
    ]
    assert found == []


def test_every_package_is_known_here(modules: list[Source]) -> None:
    channels_and_connectors = {
        "__main__",
        "api",
        "bootstrap",
        "cli",
        "gateway",
        "jobs",
        "mcp",
        "microsoft",
        "outbound",
        "sandbox",
        "web",
    }
    known = LIGHT_PACKAGES | CAPABILITIES | channels_and_connectors
    assert {module.package for module in modules} - known == set()
