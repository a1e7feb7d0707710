"""The API over the tiny room."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.channels.api.shelf import client_of, shelf_api


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    """A client of the API over the tiny room."""
    return client_of(shelf_api(tmp_path))
