"""The master key has one place: environment, file, key vault, or a file of our own; and it stays what it was."""

from __future__ import annotations

import base64
import http.server
import json
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fairkeeper.bootstrap.master_keys import VaultUnavailableError, open_master_keys
from fairkeeper.bootstrap.settings import Settings, SettingsError, read_settings
from fairkeeper.database.secrets import MasterKeys, Secret, SecretKeyError

# Fixed, so that every worker collects tests of the same names.
OLD, NEW = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))


def settings(folder: Path, **given: object) -> Settings:
    return read_settings(data_dir=folder, **given)


def opens(keys: MasterKeys, key: str) -> bool:
    try:
        keys.open(MasterKeys([key]).seal(Secret(b"x")))
    except SecretKeyError:
        return False
    return True


def test_the_environment_gives_several_the_newest_first(tmp_path: Path) -> None:
    keys = open_master_keys(settings(tmp_path, master_key=f"{NEW},{OLD}"))
    assert opens(keys, NEW)
    assert opens(keys, OLD)
    assert MasterKeys([NEW]).open(keys.seal(Secret(b"x"))).reveal() == b"x"
    assert list(tmp_path.iterdir()) == []


def test_a_file_gives_one_a_line(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{NEW}\n{OLD}\n")
    keys = open_master_keys(settings(tmp_path, master_key_file=path))
    assert opens(keys, OLD)
    assert MasterKeys([NEW]).open(keys.seal(Secret(b"x"))).reveal() == b"x"


def test_a_file_that_is_named_is_never_made(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        open_master_keys(settings(tmp_path, master_key_file=tmp_path / "missing"))
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_a_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    sealed = open_master_keys(settings(folder)).seal(Secret(b"kept"))
    path = folder / "master.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert open_master_keys(settings(folder)).open(sealed).reveal() == b"kept"
    assert [found.name for found in folder.iterdir()] == ["master.key"]


def test_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def start() -> MasterKeys:
        barrier.wait()
        return open_master_keys(settings(tmp_path))

    with ThreadPoolExecutor(8) as pool:
        opened = [future.result() for future in [pool.submit(start) for _ in range(8)]]
    sealed = opened[0].seal(Secret(b"x"))
    assert all(keys.open(sealed).reveal() == b"x" for keys in opened)


def test_two_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FAIRKEEPER_MASTER_KEY, FAIRKEEPER_MASTER_KEY_FILE"):
        open_master_keys(settings(tmp_path, master_key=NEW, master_key_file=tmp_path / "k"))


@pytest.mark.parametrize("text", ["", " , ", "short", f"{43 * 'A'}=, short"])
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    with pytest.raises(SecretKeyError) as raised:
        open_master_keys(settings(tmp_path, master_key=text))
    assert "short" not in str(raised.value)


@dataclass
class Vault:
    """A double of the key vault on loopback."""

    url: str = ""
    status: int = 200
    body: object = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def vault() -> Iterator[Vault]:
    double = Vault(body={"value": f"{NEW} {OLD}", "id": "x"})

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            double.asked.append((self.path, self.headers["authorization"]))
            content = double.body if isinstance(double.body, bytes) else json.dumps(double.body).encode()
            self.send_response(double.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    double.url = f"http://127.0.0.1:{server.server_port}/secrets/fairkeeper-master"
    yield double
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_key_vault_is_asked_with_a_token_and_its_version(tmp_path: Path, vault: Vault) -> None:
    keys = open_master_keys(settings(tmp_path, master_key_vault_url=vault.url), vault_token=lambda: "vault-token")
    assert opens(keys, NEW)
    assert opens(keys, OLD)
    assert vault.asked == [("/secrets/fairkeeper-master?api-version=7.4", "Bearer vault-token")]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (403, {"error": {"code": "Forbidden", "message": "no policy"}}, r"answered 403 \(Forbidden\)"),
        (404, {"error": {"code": "SecretNotFound"}}, "answered 404"),
        (500, b"<html>", "answered 500"),
        (302, {}, "answered 302"),
        (200, {"id": "x"}, "without a value"),
        (200, b"<html>", "without a value"),
    ],
)
def test_a_vault_without_the_key_keeps_the_server_from_starting(
    tmp_path: Path, vault: Vault, status: int, body: object, told: str
) -> None:
    vault.status, vault.body = status, body
    with pytest.raises(VaultUnavailableError, match=told):
        open_master_keys(settings(tmp_path, master_key_vault_url=vault.url), vault_token=lambda: "t")


def test_a_vault_that_does_not_answer_keeps_the_server_from_starting(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as gone:
        url = f"http://127.0.0.1:{gone.server_port}/secrets/x"
    with pytest.raises(VaultUnavailableError, match="did not answer"):
        open_master_keys(settings(tmp_path, master_key_vault_url=url), vault_token=lambda: "t")


def test_a_vault_over_plain_http_is_refused_before_a_token_is_sent(tmp_path: Path) -> None:
    def token() -> str:
        raise AssertionError("no token may be asked for")

    with pytest.raises(SettingsError, match="not https"):
        open_master_keys(settings(tmp_path, master_key_vault_url="http://vault.example/s"), vault_token=token)
