"""A module's tests share a stage on each database; each test has companies of its own on it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator

import pytest

from fairkeeper.database.engine import DatabaseAddress
from tests.actions.consent.world import Stage, World, open_stage
from tests.databases import PostgresServer


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """An installation beside a pretend Microsoft."""
    folder = tmp_path_factory.mktemp("consent")
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_installed"), folder / "fairkeeper.db")
        with open_stage(folder, DatabaseAddress(url=f"sqlite:///{folder / 'fairkeeper.db'}")) as opened:
            yield opened
        return
    server: PostgresServer = request.getfixturevalue("postgresql_server")
    name = f"consent_{uuid.uuid4().hex[:16]}"
    server.create(name, template=server.installed())
    try:
        with open_stage(folder, server.address(name)) as opened:
            yield opened
    finally:
        server.drop(name)


@pytest.fixture
def world(stage: Stage) -> Iterator[World]:
    """This test's part of it; trouble that it switched on is over at its end."""
    yield World(stage=stage)
    stage.http.delete(f"{stage.sandbox.url}/entra/control/faults")
