"""Each broken configuration has its own finding, and a right one none; over the real server and the pretend Microsoft."""

from __future__ import annotations

import datetime as dt
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict
from pydantic import SecretStr
from sqlalchemy import make_url

from fairkeeper.bootstrap.settings import Settings
from fairkeeper.bootstrap.wiring.examining.doctor import Doctor
from fairkeeper.database.secrets import MasterKeys
from fairkeeper.database.tasks import NewTask, enqueue
from fairkeeper.sandbox.directory import DESK_APP_ID, LANDING_APP_ID, LANDING_APP_SECRET
from fairkeeper.values.clock import MovableClock, SystemClock
from tests.channels.stage import HOST, Stage

NOBODY = "99999999-9999-4999-8999-999999999999"
CLOSED = f"http://{HOST}:1"


@pytest.fixture
def right(sqlite_stage: Stage) -> Settings:
    """Return the settings of a publisher whose everything is well."""
    return sqlite_stage.installation.settings


def codes(stage: Stage, settings: Settings, clock: Any = None) -> list[str]:
    """Return what the doctor finds, by code."""
    doctor = Doctor(settings=settings, clock=clock or SystemClock(), house_clock=stage.clock)
    try:
        return [finding.code.removeprefix("doctor.") for seen in doctor.look() for finding in seen.findings]
    finally:
        doctor.close()


def test_a_right_configuration_has_no_finding(sqlite_stage: Stage, right: Settings) -> None:
    assert codes(sqlite_stage, right) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"entra_tenant_id": NOBODY}, ["tenant_unknown"]),
        ({"entra_tenant_id": "fairmile.example"}, ["setting_malformed"]),
        ({"fulfillment_app_id": None}, ["setting_missing"]),
        ({"fulfillment_app_secret": None}, ["setting_missing"]),
        ({"fulfillment_app_id": NOBODY}, ["app_unknown"]),
        ({"fulfillment_app_secret": SecretStr("the-secrets-id")}, ["secret_wrong"]),
        ({"marketplace_app_id": NOBODY}, ["audience_wrong"]),
        (
            {"fulfillment_app_id": LANDING_APP_ID, "fulfillment_app_secret": SecretStr(LANDING_APP_SECRET)},
            ["pair_wrong"],
        ),
        ({"entra_authority": f"{CLOSED}/entra"}, ["entra_unreachable"]),
        ({"fulfillment_base_url": f"{CLOSED}/api"}, ["marketplace_unreachable"]),
        ({"sign_in_app_secret": None}, ["sign_in_missing"]),
        ({"sign_in_app_secret": SecretStr("the-secrets-id")}, ["sign_in_refused"]),
        ({"consent_app_secrets": SecretStr(json.dumps({DESK_APP_ID: "wrong"}))}, ["consent_app_refused"]),
        ({"consent_app_secrets": SecretStr("[]")}, ["consent_app_refused"]),
        ({"ingestion_base_url": f"{CLOSED}/ingestion"}, ["ingestion_unreachable"]),
        ({"teams_webhook_url": SecretStr(f"{CLOSED}/workflow")}, ["teams_unreachable"]),
        ({"insights_connections": Path("nothing-here.yaml")}, ["analytics_unavailable"]),
        ({"database_url": f"postgresql+psycopg://nobody@{HOST}:1/none"}, ["database_unavailable"]),
        ({"master_key": SecretStr(MasterKeys.new_key())}, ["key_wrong"]),
        ({"webhook_forward_url": f"{CLOSED}/old"}, ["old_system_unreachable"]),
        ({"smtp_url": SecretStr(f"smtp://{HOST}:1"), "mail_from": "fk@fairmile.example"}, ["mail_unavailable"]),
        ({"fulfillment_app_secret_expires_on": dt.date(2000, 1, 1)}, ["secret_expired"]),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict | list) else None,
)
def test_each_broken_setting_has_its_own_finding(
    sqlite_stage: Stage, right: Settings, changed: dict[str, Any], expected: list[str]
) -> None:
    found = codes(sqlite_stage, right.model_copy(update=changed))
    assert [code for code in found if code != "database_no_customer_login"] == expected


def test_a_refusal_that_nobody_knows_is_told_as_it_came(sqlite_stage: Stage, right: Settings) -> None:
    sqlite_stage.http.post(f"{sqlite_stage.sandbox.url}/entra/control/faults", json={"code": 53003})
    assert codes(sqlite_stage, right) == ["token_refused"]


def test_an_expired_secret_is_told_by_microsofts_number(sqlite_stage: Stage, right: Settings) -> None:
    sqlite_stage.http.post(f"{sqlite_stage.sandbox.url}/entra/control/faults", json={"code": 7000222})
    assert codes(sqlite_stage, right) == ["secret_expired"]


@pytest.mark.parametrize("days", [60, 30, 7, 0])
def test_the_end_of_a_credential_is_announced(sqlite_stage: Stage, right: Settings, days: int) -> None:
    ends = SystemClock().now().date() + dt.timedelta(days=days)
    changed = right.model_copy(update={"fulfillment_app_secret_expires_on": ends})
    assert codes(sqlite_stage, changed) == ["credential_expires"]
    later = right.model_copy(update={"fulfillment_app_secret_expires_on": ends + dt.timedelta(days=61)})
    assert codes(sqlite_stage, later) == []


@pytest.mark.parametrize("minutes", [-9, 9])
def test_a_clock_that_is_off_is_noticed(sqlite_stage: Stage, right: Settings, minutes: int) -> None:
    clock = MovableClock()
    clock.set_offset(dt.timedelta(minutes=minutes))
    assert codes(sqlite_stage, right, clock) == ["clock_off"]


@pytest.mark.parametrize(("broken", "expected"), [("POST", "webhook_unreachable"), ("GET", "landing_unreachable")])
def test_a_gateway_that_answers_before_us_is_noticed(
    sqlite_stage: Stage, right: Settings, broken: str, expected: str
) -> None:
    with gateway(sqlite_stage.url, broken) as url:
        assert codes(sqlite_stage, right.model_copy(update={"base_url": url})) == [expected]


def test_a_public_address_without_https_is_noticed(sqlite_stage: Stage, right: Settings, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text((right.data_dir / "master.key").read_text("utf-8"), "utf-8")
    outside = {"sandbox_url": None, "master_key_file": key, "teams_webhook_url": SecretStr(f"{right.sandbox_url}/")}
    assert codes(sqlite_stage, right.model_copy(update=outside)) == ["not_https"]
    beside = {"sandbox_url": None, "teams_webhook_url": SecretStr(f"{right.sandbox_url}/")}
    assert codes(sqlite_stage, right.model_copy(update=beside)) == ["key_beside_data", "not_https"]
    silent = {"sandbox_url": None, "master_key_file": key}
    assert codes(sqlite_stage, right.model_copy(update=silent)) == ["not_https", "no_way_out"]


def test_a_certificate_that_nobody_trusts_is_noticed(sqlite_stage: Stage, right: Settings, tmp_path: Path) -> None:
    with gateway(sqlite_stage.url, "", certificate=self_signed(tmp_path)) as url:
        assert codes(sqlite_stage, right.model_copy(update={"base_url": url})) == ["certificate_bad"]


def test_a_certificate_that_soon_ends_is_noticed(
    sqlite_stage: Stage, right: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = self_signed(tmp_path, days=13)
    monkeypatch.setenv("SSL_CERT_FILE", str(soon))  # this machine trusts it
    with gateway(sqlite_stage.url, "", certificate=soon) as url:
        assert codes(sqlite_stage, right.model_copy(update={"base_url": url})) == ["certificate_expires"]


def test_tables_of_another_version_are_noticed(sqlite_stage: Stage, right: Settings, tmp_path: Path) -> None:
    empty = right.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'empty.db'}"})
    assert "schema_behind" in codes(sqlite_stage, empty)


def test_work_that_stands_still_is_noticed(sqlite_stage: Stage, right: Settings) -> None:
    now = sqlite_stage.clock.now()
    with sqlite_stage.installation.database.write() as session:
        task = NewTask(name="customers.reconcile", key="late", due_at=now - dt.timedelta(hours=1), payload={})
        enqueue(session, task, now=now)
    assert codes(sqlite_stage, right) == ["work_stands"]


@pytest.mark.postgresql
def test_a_superusers_login_and_weak_durability_are_noticed(
    stage_on_postgresql: Stage, failures: list[Any], postgresql_server: Any
) -> None:
    right = stage_on_postgresql.installation.settings
    assert codes(stage_on_postgresql, right) == []
    name = str(make_url(str(right.database_url)).database)
    login = conninfo_to_dict(postgresql_server.superuser_url)["user"]
    superuser = right.model_copy(update={"database_url": postgresql_server.url(login, name)})
    assert codes(stage_on_postgresql, superuser) == ["database_superuser"]
    separator = "&" if "?" in str(right.database_url) else "?"
    weak = f"{right.database_url}{separator}options=-csynchronous_commit%3Doff"
    assert codes(stage_on_postgresql, right.model_copy(update={"database_url": weak})) == ["database_not_durable"]
    alone = right.model_copy(update={"database_customer_url": None})
    assert codes(stage_on_postgresql, alone) == ["database_no_customer_login"]


@contextmanager
def gateway(url: str, broken: str, certificate: Path | None = None) -> Iterator[str]:
    """Stand before the server; answer calls of one method as a gateway does that wants another sign-in."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _pass(self) -> None:
            if self.command == broken:
                self.send_response(403)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length) if length else None
            answer = httpx.request(self.command, f"{url}{self.path}", content=body, trust_env=False)
            self.send_response(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = _pass  # noqa: N815 - the base's own names

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
    scheme: str = "http"
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{scheme}://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def self_signed(folder: Path, days: int = 90) -> Path:
    """Make a certificate that nobody trusts by itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
