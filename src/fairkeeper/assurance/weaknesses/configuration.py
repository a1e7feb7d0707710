"""Weak settings: judged from facts of the installation, without opening or changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from fairkeeper.assurance.weaknesses.model import Found, Level, Source

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
OLD_TOKEN: Final = timedelta(days=365)
UNUSED_TOKEN: Final = timedelta(days=90)
UNUSED_FIRST_TOKEN: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFact:
    """An API token that works: its id and name, since when, until when, when it was last used."""

    token_id: str
    name: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    signs_in_once: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the installation's configuration.

    Attributes:
        key_file_mode: The permission bits of the master key's file; None where there is none.
        has_database_tls: Whether the address of a PostgreSQL on another machine asks for TLS.
    """

    base_url: str
    listens_on: str
    is_sandbox: bool
    log_level: str
    ways_in_per_minute: int
    failures_per_minute: int
    trusted_proxies: tuple[str, ...]
    key_file_mode: int | None
    key_beside_database: bool
    data_dir_mode: int | None
    database_host: str | None
    has_database_tls: bool
    provisioning_allows_private: bool
    mcp_writes: str
    tokens: tuple[TokenFact, ...] = ()


def weak_settings(facts: Facts, *, now: datetime) -> list[Found]:
    """Return what is weak in it."""
    return [*_settings(facts), *_tokens(facts, now)]


def _settings(facts: Facts) -> Iterator[Found]:
    for is_weak, code, place, level, what, remedy in (*_address(facts), *_server(facts), *_files(facts)):
        if is_weak:
            yield _found(code, place, level, what, remedy)


_Line = tuple[bool, str, str, Level, str, str]
"""Whether it is so, code, place, level, what, remedy."""


def _is_public(facts: Facts) -> bool:
    return (urlsplit(facts.base_url).hostname or "") not in LOOPBACK


def _address(facts: Facts) -> tuple[_Line, ...]:
    is_plain = urlsplit(facts.base_url).scheme != "https"
    return (
        (
            _is_public(facts) and is_plain,
            "plain_address",
            "FAIRKEEPER_BASE_URL",
            Level.ERROR,
            "The public address is plain http.",
            "Put a proxy with a certificate in front, and name its https address.",
        ),
        (
            _is_public(facts) and facts.is_sandbox,
            "public_sandbox",
            "FAIRKEEPER_SANDBOX_URL",
            Level.ERROR,
            "A sandbox, in which anybody signs in as anybody, stands at a public address.",
            "Take the sandbox away from the public address, or unset the variable.",
        ),
        (
            facts.listens_on not in LOOPBACK and is_plain,
            "listens_in_the_open",
            "FAIRKEEPER_HOST",
            Level.ERROR,
            f"The server listens on {facts.listens_on} without TLS.",
            "Listen on 127.0.0.1 behind a proxy that holds the certificate.",
        ),
        (
            facts.database_host is not None and facts.database_host not in LOOPBACK and not facts.has_database_tls,
            "database_without_tls",
            "FAIRKEEPER_DATABASE_URL",
            Level.ERROR,
            "The database is on another machine, and its address does not ask for TLS.",
            "Add sslmode=verify-full to the addresses.",
        ),
    )


def _server(facts: Facts) -> tuple[_Line, ...]:
    slowing = (("WAYS_IN", facts.ways_in_per_minute), ("FAILURES", facts.failures_per_minute))
    return (
        (
            facts.log_level == "debug",
            "debug_log",
            "FAIRKEEPER_LOG_LEVEL",
            Level.WARNING,
            "The log tells more than in use it should.",
            "Set it to info.",
        ),
        *(
            (
                value == 0,
                "no_slowing",
                f"FAIRKEEPER_{name}_PER_MINUTE",
                Level.WARNING,
                "Whoever guesses is not slowed down.",
                "Set a number a minute.",
            )
            for name, value in slowing
        ),
        (
            any(network.endswith("/0") for network in facts.trusted_proxies),
            "every_proxy_trusted",
            "FAIRKEEPER_TRUSTED_PROXIES",
            Level.ERROR,
            "Everybody may say whose address a request has.",
            "Name your proxies alone.",
        ),
        (
            facts.provisioning_allows_private,
            "private_provisioning",
            "FAIRKEEPER_PROVISIONING_ALLOW_PRIVATE",
            Level.WARNING,
            "The provisioning webhook may lead into a private network, and by plain http.",
            "Unset it once the webhook has a public https address.",
        ),
        (
            bool(facts.mcp_writes),
            "mcp_writes",
            "FAIRKEEPER_MCP_WRITES",
            Level.WARNING,
            "Commands are offered to models as tools.",
            "Offer those alone that a person looks at.",
        ),
    )


def _files(facts: Facts) -> tuple[_Line, ...]:
    return (
        (
            bool((facts.key_file_mode or 0) & 0o077),
            "key_file_readable",
            "the master key's file",
            Level.ERROR,
            "Others on the machine may read the master key.",
            "Let its owner alone read it: chmod 600.",
        ),
        (
            facts.key_beside_database and _is_public(facts),
            "key_beside_database",
            "the master key's file",
            Level.WARNING,
            "The master key lies in the data folder: a copy of the folder has both.",
            "Give it by FAIRKEEPER_MASTER_KEY_FILE outside the folder, or by a vault.",
        ),
        (
            bool((facts.data_dir_mode or 0) & 0o007),
            "data_folder_readable",
            "FAIRKEEPER_DATA_DIR",
            Level.WARNING,
            "Everybody on the machine may read the data folder.",
            "Let its owner alone read it: chmod 700.",
        ),
    )


def _tokens(facts: Facts, now: datetime) -> Iterator[Found]:
    for each in facts.tokens:
        place = f"token {each.name} ({each.token_id})"
        if each.signs_in_once and now - each.created_at > UNUSED_FIRST_TOKEN:
            yield _found(
                "unused_first_owner_token",
                place,
                Level.ERROR,
                "A token that makes whoever has it the first owner was never used.",
                "Revoke it.",
            )
        elif each.expires_at is None:
            yield _found(
                "endless_token",
                place,
                Level.WARNING,
                "It works until somebody revokes it.",
                "Make another with an end, and revoke this one.",
            )
        elif each.expires_at - each.created_at > OLD_TOKEN:
            yield _found(
                "long_token",
                place,
                Level.WARNING,
                "It works for longer than a year.",
                "Make another for a shorter time.",
            )
        if not each.signs_in_once and now - (each.last_used_at or each.created_at) > UNUSED_TOKEN:
            yield _found(
                "unused_token", place, Level.WARNING, f"It was not used for {UNUSED_TOKEN.days} days.", "Revoke it."
            )


def _found(code: str, place: str, level: Level, what: str, remedy: str) -> Found:
    return Found(
        source=Source.CONFIGURATION, code=code, place=place[:200], level=level, what=f"{place}: {what}", remedy=remedy
    )
