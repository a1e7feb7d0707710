"""The log's public files, cosignatures, and what the platform is told about health."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from fairkeeper.action.operation import Circumstances, EvidenceDraft
from fairkeeper.action.principal import system
from fairkeeper.api.health import (
    CHECKPOINT_LATE,
    PLACE_LATE,
    Probe,
    alive_probe,
    checkpoint_probe,
    database_probe,
    schema_probe,
)
from fairkeeper.database.engine import DatabaseAddress
from fairkeeper.database.errors import SchemaBehindError
from fairkeeper.database.secrets import MasterKeys, SecretStore
from fairkeeper.database.session import Database
from fairkeeper.evidence.append import append
from fairkeeper.evidence.integrator import Integrator, ensure_head
from fairkeeper.evidence.signing import LogKeys
from fairkeeper.values.clock import FixedClock, MovableClock
from tests.actions.house import NOW
from tests.channels.api.shelf import client_of, shelf_api

FOREVER = "public, max-age=31536000, immutable"


# --- the log ---


def test_the_checkpoint_is_text_and_hardly_cached(client: TestClient) -> None:
    answer = client.get("/log/checkpoint")
    assert answer.text.startswith("shelf.example/log\n2\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=1"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/log/tile/0/000.p/2", b"h" * 64),
        ("/log/tile/0/000.p/1", b"h" * 32),
        ("/log/tile/entries/000.p/2", b"ee"),
    ],
)
def test_a_tile_is_bytes_that_never_change(client: TestClient, path: str, body: bytes) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, body)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == FOREVER


@pytest.mark.parametrize(
    "path",
    [
        "/log/tile/0/000",
        "/log/tile/0/000.p/3",
        "/log/tile/0/000.p/0",
        "/log/tile/0/000.p/256",
        "/log/tile/0/001.p/1",
        "/log/tile/0/0",
        "/log/tile/0/x000/000",
        "/log/tile/00/000",
        "/log/tile/64/000",
        "/log/tile/-1/000",
        "/log/tile/0/..%2f..%2fsecret",
        "/log/tile/0/%00",
        "/log/tile/entries/000",
        "/log/tile/entries/000.p/2/",
        "/log/tile/",
    ],
)
def test_any_other_path_is_nothing(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "api.no_such_tile")


def test_the_chain_of_keys_is_public(client: TestClient) -> None:
    assert client.get("/log/keys").json() == {"statements": ["statement 0"]}


def test_a_cosignature_is_handed_on_as_it_came(tmp_path: Path) -> None:
    came: list[bytes] = []

    def keep(body: bytes) -> str:
        came.append(body)
        return "witness.example"

    client = client_of(shelf_api(tmp_path, keep_cosignature=keep))
    assert client.post("/log/cosignatures", content=b"note\n\xff").json() == {"witness": "witness.example"}
    assert client.post("/log/cosignatures", content=b"x" * 70_000).status_code == 413
    assert client.get("/log/cosignatures").status_code == 405
    assert came == [b"note\n\xff"]


# --- health ---


def _ready(tmp_path: Path, *probes: Probe) -> tuple[int, dict[str, str]]:
    answer = client_of(shelf_api(tmp_path, probes=probes)).get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_a_living_process_says_so_whatever_else_is_wrong(tmp_path: Path) -> None:
    client = client_of(shelf_api(tmp_path, probes=[Probe(name="broken", check=lambda: "no")]))
    assert (client.get("/healthz").status_code, client.get("/healthz").json()) == (200, {"status": "ok"})


def test_ready_means_that_every_probe_is_content(tmp_path: Path) -> None:
    fine = Probe(name="fine", check=lambda: None)
    assert _ready(tmp_path, fine) == (200, {"fine": "ok"})
    assert _ready(tmp_path, fine, Probe(name="workers", check=lambda: "they stopped")) == (
        503,
        {"fine": "ok", "workers": "they stopped"},
    )


def test_a_probe_that_crashes_is_not_ready_and_shows_nothing(tmp_path: Path) -> None:
    def crash() -> str | None:
        raise RuntimeError("postgresql://user:hunter2@db")

    status, checks = _ready(tmp_path, Probe(name="database", check=crash))
    assert (status, "hunter2" in str(checks)) == (503, False)


def test_a_database_that_takes_writes_is_ready(database: Database, tmp_path: Path) -> None:
    assert _ready(tmp_path, database_probe(database)) == (200, {"database": "ok"})


def test_a_database_that_is_gone_is_not_ready(tmp_path: Path) -> None:
    database = Database(DatabaseAddress(url=f"sqlite:///{tmp_path}/none/x.db"))
    status, checks = _ready(tmp_path, database_probe(database))
    assert (status, checks["database"].partition(":")[0]) == (503, "database.unavailable")
    assert str(tmp_path) not in checks["database"]
    database.dispose()


@pytest.mark.postgresql
def test_a_database_that_only_reads_is_not_ready(postgresql_address: DatabaseAddress, tmp_path: Path) -> None:
    url = f"{postgresql_address.url}&options=-c%20default_transaction_read_only%3Don"
    database = Database(DatabaseAddress(url=url))
    status, checks = _ready(tmp_path, database_probe(database))
    assert (status, checks["database"].partition(":")[0]) == (503, "database.read_only")
    database.dispose()


def test_older_tables_and_stopped_workers_are_not_ready(tmp_path: Path) -> None:
    def behind() -> None:
        raise SchemaBehindError("The tables are those of revision 7.")

    status, checks = _ready(tmp_path, schema_probe(behind), alive_probe("workers", lambda: False))
    assert (status, checks["workers"]) == (503, "it has stopped")
    assert checks["schema"].startswith("database.schema_behind")
    assert _ready(tmp_path, schema_probe(lambda: None), alive_probe("workers", lambda: True))[0] == 200


def test_a_log_that_lags_is_not_ready(database: Database, tmp_path: Path) -> None:
    clock = MovableClock(FixedClock(NOW))
    keys = LogKeys("shelf.example/log", SecretStore(MasterKeys([MasterKeys.new_key()])))
    probe = checkpoint_probe(database, clock)
    assert _ready(tmp_path, probe)[1]["checkpoint"].startswith("evidence.no_checkpoint")
    with database.write() as session:
        ensure_head(session, keys, now=clock.now())
    integrator = Integrator(database, keys, clock)
    integrator.run_once()
    assert _ready(tmp_path, probe) == (200, {"checkpoint": "ok"})

    with database.write() as session:
        draft = EvidenceDraft(kind="shelf.book_kept/1", subject_type="book", subject_id="1", payload={})
        append(session, draft, Circumstances(operation="shelf.keep_book", principal=system("test"), at=clock.now()))
    clock.move(PLACE_LATE)
    assert _ready(tmp_path, probe)[0] == 200
    clock.move(timedelta(seconds=1))
    assert _ready(tmp_path, probe) == (503, {"checkpoint": "an entry has waited 31 seconds for its place in the log"})
    integrator.run_once()
    assert _ready(tmp_path, probe)[0] == 200
    clock.move(CHECKPOINT_LATE + timedelta(seconds=1))
    assert _ready(tmp_path, probe)[0] == 503
