"""Scans: advisories by name and range, secrets by form and checksum, weak settings, and what a stranger is answered."""

from __future__ import annotations

import json
import string
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.assurance.posture.inventory import inventory_of
from fairkeeper.assurance.weaknesses.configuration import Facts, TokenFact, weak_settings
from fairkeeper.assurance.weaknesses.exposure import PATHS, Answer, judge_answers
from fairkeeper.assurance.weaknesses.feed import is_affected, known_vulnerabilities, read_feed
from fairkeeper.assurance.weaknesses.model import Found, Level, Source
from fairkeeper.assurance.weaknesses.secrets import find_secrets, has_github_checksum, secrets_in
from fairkeeper.assurance.weaknesses.versions import version_key
from fairkeeper.bootstrap.wiring.scanning import feed_files, look_at_own_address, texts_in

NOW = datetime(2026, 11, 28, tzinfo=UTC)
INVENTORY = inventory_of(distributions(), at=NOW)
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def advisory(name: str, *events: dict[str, str], **more: object) -> dict[str, object]:
    affected = {
        "package": {"ecosystem": "PyPI", "name": name},
        "ranges": [{"type": "ECOSYSTEM", "events": list(events)}],
    }
    return {"id": "TEST-2026-1", "summary": "It breaks.", "affected": [affected], **more}


# --- dependencies


def test_an_installed_version_in_a_range_is_found_under_any_spelling_of_the_name() -> None:
    installed = version("sqlalchemy")
    told = advisory("SQLAlchemy", {"introduced": "0"}, {"fixed": "999"}, aliases=["CVE-2026-0001"])
    (found,) = known_vulnerabilities(INVENTORY, [told])
    assert (found.source, found.code, found.place) == (Source.DEPENDENCY, "TEST-2026-1", f"sqlalchemy {installed}")
    assert found.level is Level.ERROR
    assert "CVE-2026-0001" in found.what
    assert found.remedy == "Update it to 999."
    assert known_vulnerabilities(INVENTORY, [advisory("sqlalchemy", {"introduced": "0"}, {"fixed": installed})]) == []
    assert known_vulnerabilities(INVENTORY, [advisory("sqlalchemy-of-another", {"introduced": "0"})]) == []


def test_withdrawn_advisories_and_other_ecosystems_count_for_nothing() -> None:
    told = advisory("sqlalchemy", {"introduced": "0"}, withdrawn="2026-01-01T00:00:00Z")
    other = json.loads(json.dumps(advisory("sqlalchemy", {"introduced": "0"})).replace("PyPI", "npm"))
    assert known_vulnerabilities(INVENTORY, [told, other]) == []


@pytest.mark.parametrize(
    ("installed", "expected"),
    [("0.9", False), ("1.0", True), ("1.4.9", True), ("1.5", False), ("2.0", True), ("2.1", True), ("2.1.1", False)],
)
def test_several_ranges_open_and_close_as_the_format_says(installed: str, expected: bool) -> None:
    events = [{"introduced": "1.0"}, {"fixed": "1.5"}, {"introduced": "2.0"}, {"last_affected": "2.1"}]
    assert is_affected(installed, {"ranges": [{"type": "ECOSYSTEM", "events": events}]}) is expected
    assert is_affected(installed, {"ranges": [{"type": "ECOSYSTEM", "events": events[::-1]}]}) is expected


def test_versions_that_are_named_one_by_one_count_and_commits_do_not() -> None:
    assert is_affected("1.0", {"versions": ["1.0"]})
    assert not is_affected("1.0", {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]})


NUMBERS = st.integers(0, 30)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS), st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_releases_order_as_their_numbers(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    one, other = (version_key(".".join(map(str, each))) for each in (first, second))
    assert one is not None
    assert other is not None
    assert (one < other) == (first < second)


@given(st.text(max_size=40))
def test_any_text_is_a_version_or_none(text: str) -> None:
    version_key(text)


def test_a_broken_file_of_a_feed_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([advisory("sqlalchemy", {"introduced": "0"})]))
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "notes.txt").write_text("no advisory")
    feed = read_feed(feed_files(tmp_path))
    assert len(feed.advisories) == 1
    assert [Path(each).name for each in feed.unreadable] == ["b.json"]
    assert read_feed(feed_files(tmp_path / "nowhere.json")).unreadable


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=8),
        lambda each: (
            st.lists(each, max_size=3)
            | st.dictionaries(
                st.sampled_from(["id", "affected", "package", "ranges", "events", "introduced", "name", "versions"]),
                each,
                max_size=5,
            )
        ),
        max_leaves=12,
    )
)
def test_any_advisory_whatever_is_read_without_a_crash(told: object) -> None:
    feed = read_feed([("x.json", json.dumps(told).encode())])
    known_vulnerabilities(INVENTORY, feed.advisories)


# --- secrets


def github_token(body: str) -> str:
    number, written = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        written = BASE62[digit] + written
    return f"ghp_{body}{written.rjust(6, '0')}"


def planted() -> dict[str, str]:
    """Made where they are needed, so that no file of ours holds one."""
    irregular = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zC"
    return {
        "private_key": f"-----BEGIN {'RSA'} PRIVATE KEY-----\n{irregular}",
        "fairkeeper_token": "fk_" + (irregular + irregular)[:43],
        "entra_client_secret": "abc" + "8Q~" + irregular,
        "azure_storage_key": "AccountKey=" + ("aB3+" * 22)[:86] + "==",
        "github_token": github_token("aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0"),
        "aws_access_key": "AKIA" + "QWERTYUIOPASDFGH",
        "slack_token": "xoxb-" + "123456789012-abcdefghijkl",
        "webhook_secret": "whsec_" + irregular,
        "signed_token": "eyJ" + "hbGciOiJSUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NTY3ODkwIn0" + "." + irregular,
        "password_in_address": "postgresql://fair:" + "s3cretPassw0rd" + "@db.example/fair",
        "assigned": f'api_key = "{irregular}"',
    }


@pytest.mark.parametrize("kind", sorted(planted()))
def test_each_kind_of_secret_is_found_and_never_told(kind: str) -> None:
    text = f"first line\nbefore {planted()[kind]} after\n"
    (found,) = secrets_in([("notes.txt", text)])
    assert found.code == kind
    assert found.place.startswith("notes.txt, fingerprint ")
    assert "line 2" in found.what
    secret = planted()[kind].strip('="& ')[-20:]
    assert secret not in f"{found.what}{found.place}{found.remedy}"


@pytest.mark.parametrize(
    "text",
    [
        "password: your-password-goes-here",
        "token = os.environ['THE_TOKEN_OF_THE_SERVICE']",
        "secret = '****************'",
        "api_key=aaaaaaaaaaaaaaaaaaaaaaaa",
        "https://user:${PASSWORD}@db.example/x",
        "the secret of a good password is length",
        "fk_short",
        '"token": "tok_01M8H7WQ88G6PG0S9YMYF7D424"',
        "sha256 = 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ],
)
def test_words_placeholders_and_digests_are_none(text: str) -> None:
    assert list(find_secrets(text)) == []


def test_a_token_with_a_wrong_checksum_is_none() -> None:
    token = planted()["github_token"]
    assert has_github_checksum(token)
    assert list(find_secrets(f"see {token[:-1]}{'0' if token[-1] != '0' else '1'}")) == []


def test_our_own_sources_hold_none() -> None:
    root = Path(__file__).parents[3] / "src"
    found = [each.place for each in secrets_in(texts_in(str(root))) if each.level is Level.ERROR]
    # The page that shows a signing secret once is drawn with one that signs nothing.
    assert [each for each in found if "web/preview/assurance.py" not in each] == []


# --- settings


FINE = Facts(
    base_url="https://desk.example",
    listens_on="127.0.0.1",
    is_sandbox=False,
    log_level="info",
    ways_in_per_minute=120,
    failures_per_minute=30,
    trusted_proxies=("127.0.0.1",),
    key_file_mode=0o600,
    key_beside_database=False,
    data_dir_mode=0o700,
    database_host=None,
    has_database_tls=False,
    provisioning_allows_private=False,
    mcp_writes="",
)


def token(**changes: Any) -> TokenFact:
    told = TokenFact(
        token_id="tok_1",
        name="reports",
        created_at=NOW - timedelta(days=10),
        expires_at=NOW + timedelta(days=80),
        last_used_at=NOW - timedelta(days=1),
        signs_in_once=False,
    )
    return replace(told, **changes)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (replace(FINE, base_url="http://desk.example"), "plain_address"),
        (replace(FINE, is_sandbox=True), "public_sandbox"),
        (replace(FINE, base_url="http://localhost:8700", listens_on="0.0.0.0"), "listens_in_the_open"),
        (replace(FINE, log_level="debug"), "debug_log"),
        (replace(FINE, failures_per_minute=0), "no_slowing"),
        (replace(FINE, trusted_proxies=("0.0.0.0/0",)), "every_proxy_trusted"),
        (replace(FINE, key_file_mode=0o644), "key_file_readable"),
        (replace(FINE, key_beside_database=True), "key_beside_database"),
        (replace(FINE, data_dir_mode=0o755), "data_folder_readable"),
        (replace(FINE, database_host="db.example"), "database_without_tls"),
        (replace(FINE, provisioning_allows_private=True), "private_provisioning"),
        (replace(FINE, mcp_writes="customers.note:staff"), "mcp_writes"),
        (replace(FINE, tokens=(token(expires_at=None),)), "endless_token"),
        (replace(FINE, tokens=(token(expires_at=NOW + timedelta(days=900)),)), "long_token"),
        (replace(FINE, tokens=(token(created_at=NOW - timedelta(days=100), last_used_at=None),)), "unused_token"),
        (replace(FINE, tokens=(token(signs_in_once=True),)), "unused_first_owner_token"),
    ],
)
def test_each_weak_setting_is_found_alone(facts: Facts, code: str) -> None:
    assert [each.code for each in weak_settings(facts, now=NOW)] == [code]


def test_a_sound_configuration_has_no_weakness() -> None:
    assert weak_settings(replace(FINE, tokens=(token(),)), now=NOW) == []


# --- interfaces


SOUND = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(path="/customers", status=200, body="<h1>Customers</h1>"), "open_route"),
        (Answer(path="/.git/config", status=200, body="[core]"), "foreign_route"),
        (Answer(path="/api/v1/customers", status=200, with_forged_token=True), "forged_token"),
        (Answer(path="/nowhere", status=500, body="Traceback (most recent call last):"), "debug"),
        (Answer(path="/", status=200, headers={**SOUND, "server": "nginx/1.18.0"}), "told_version"),
        (Answer(path="/", status=200, headers=SOUND, cookies=("fair=1; Path=/",)), "weak_cookie"),
        (
            Answer(path="/", status=200, headers={k: v for k, v in SOUND.items() if k != "content-security-policy"}),
            "missing_header",
        ),
    ],
)
def test_each_exposure_is_found_alone(answer: Answer, code: str) -> None:
    assert [each.code for each in judge_answers("https://desk.example", [answer])] == [code]


def test_what_is_shut_or_asks_to_sign_in_is_no_weakness() -> None:
    answers = [
        Answer(path="/", status=200, headers=SOUND, cookies=("fair=1; HttpOnly; Secure; SameSite=Lax",)),
        Answer(path="/customers", status=303),
        Answer(path="/assurance", status=200, body="<a>Sign in</a>"),
        Answer(path="/api/v1/customers", status=401, with_forged_token=True),
        Answer(path="/metrics", status=404),
    ]
    assert judge_answers("https://desk.example", answers) == []


def test_a_server_that_answers_nobody_is_a_note_and_no_weakness() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no", request=request)

    found, notes = look_at_own_address("http://127.0.0.1:1", httpx.MockTransport(refuse))
    assert found == []
    assert notes == ["Interfaces: the server could not be asked at http://127.0.0.1:1: ConnectError."]


def test_every_path_is_asked_once_without_credentials_and_one_with_a_forged_token() -> None:
    asked: list[tuple[str, bool]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((request.url.path, "authorization" in request.headers))
        return httpx.Response(200, text="everything")

    found, notes = look_at_own_address("http://127.0.0.1:1", httpx.MockTransport(answer))
    assert sorted(asked) == sorted([*((path, False) for path in PATHS), ("/api/v1/customers", True)])
    assert notes == []
    assert {each.code for each in found} == {"open_route", "foreign_route", "forged_token"}


def test_the_same_weakness_at_the_same_place_is_the_same() -> None:
    one = Found(source=Source.SECRET, code="a", place="b", level=Level.ERROR, what="w", remedy="r")
    assert one.key == replace(one, what="other words", level=Level.WARNING).key
    assert one.key != replace(one, place="c").key
