"""The log is JSON, one line an event, and carries no secret, whoever logged it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from fairkeeper.bootstrap.logging import HIDDEN, configure_logging, redact

TOKEN = "fk_" + "aZ09_-" * 7 + "x"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything logged from here on; the process's own configuration comes back afterwards."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    stream = io.StringIO()
    configure_logging("info", stream)
    yield stream
    root.handlers[:], level = before[0], before[1]
    root.setLevel(level)
    structlog.reset_defaults()


def events(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_our_events_and_libraries_records_have_one_form(log: io.StringIO) -> None:
    structlog.get_logger("fairkeeper.x").info("customer.moved", customer="cus_1", count=2)
    logging.getLogger("somebody.else").warning("old %s", "thing")
    ours, theirs = events(log)
    assert (ours["event"], ours["customer"], ours["count"], ours["level"]) == ("customer.moved", "cus_1", 2, "info")
    assert (theirs["event"], theirs["logger"]) == ("old thing", "somebody.else")
    assert str(ours["timestamp"]).endswith("Z")


def test_the_request_id_is_on_every_line_of_a_request(log: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        structlog.get_logger("a").info("one")
        logging.getLogger("b").warning("two")
    structlog.get_logger("a").info("three")
    assert [event.get("request_id") for event in events(log)] == ["req_1", "req_1", None]


def test_what_is_below_the_level_is_left_out(log: io.StringIO) -> None:
    structlog.get_logger("a").debug("unseen")
    logging.getLogger("httpx").info("unseen too")
    assert log.getvalue() == ""


@pytest.mark.parametrize(
    "secret",
    [JWT, TOKEN, f"whsec_{'A' * 32}", "Bearer abcdefgh12345678"],
)
def test_what_looks_like_a_credential_is_hidden_wherever_it_stands(log: io.StringIO, secret: str) -> None:
    structlog.get_logger("a").info("sent", text=f"tried {secret} twice", inner={"list": [f"x={secret}"]})
    logging.getLogger("b").warning("refused %s", secret)
    try:
        raise ValueError(f"bad {secret}")
    except ValueError:
        structlog.get_logger("a").exception("failed")
    assert secret.rsplit(maxsplit=1)[-1] not in log.getvalue()
    assert log.getvalue().count(HIDDEN) >= 4
    assert "tried [hidden] twice" in log.getvalue()


@pytest.mark.parametrize(
    "name",
    ["token", "owner_token", "client_secret", "Authorization", "cookie", "Set-Cookie", "password", "code_verifier"],
)
def test_a_value_under_a_telling_name_is_hidden(log: io.StringIO, name: str) -> None:
    structlog.get_logger("a").info("x", **{name: "hunter2"}, more={name: ["hunter2"]})
    assert "hunter2" not in log.getvalue()


@pytest.mark.parametrize("name", ["token_id", "tokens", "secret_count", "customer", "cookie_digest"])
def test_a_harmless_name_is_shown(log: io.StringIO, name: str) -> None:
    structlog.get_logger("a").info("x", **{name: "plain"})
    assert events(log)[0][name] == "plain"


def test_secrets_in_addresses_are_hidden(log: io.StringIO) -> None:
    structlog.get_logger("a").info(
        "x", url="https://h.example/landing?token=abc%2F&plan=team", database="postgresql://staff:word@db/f"
    )
    (event,) = events(log)
    assert event["url"] == f"https://h.example/landing?{HIDDEN}&plan=team"
    assert event["database"] == f"postgresql://{HIDDEN}@db/f"


@given(st.recursive(st.text() | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)))
def test_redaction_takes_whatever_is_logged(value: object) -> None:
    assert redact(redact(value)) == redact(value)
