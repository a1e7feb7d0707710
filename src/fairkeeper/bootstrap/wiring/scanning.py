"""How this installation is looked at from outside its database: its settings, its own address, the feed, folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from sqlalchemy import select

from fairkeeper.access.tables import ApiTokenRow
from fairkeeper.assurance.weaknesses.configuration import Facts, TokenFact, weak_settings
from fairkeeper.assurance.weaknesses.exposure import FORGED, PATHS, Answer, judge_answers
from fairkeeper.assurance.weaknesses.feed import read_feed
from fairkeeper.assurance.weaknesses.model import Found
from fairkeeper.bootstrap.master_keys import FILE_NAME
from fairkeeper.bootstrap.settings import Settings
from fairkeeper.database.session import Database
from fairkeeper.jobs.scanning import Lookout
from fairkeeper.outbound.clients import authorities
from fairkeeper.values.clock import Clock

MOST_FILES: Final = 20_000
LARGEST_FILE_BYTES: Final = 2_000_000
LARGEST_FEED_BYTES: Final = 300_000_000
_MOST_BODY: Final = 20_000
_SKIPPED: Final = frozenset({".git", ".venv", "node_modules", "__pycache__"})
_TIMEOUT_SECONDS: Final = 8.0


def make_lookout(settings: Settings, database: Database, clock: Clock) -> Lookout:
    """Return how scans look at this installation."""
    feed = settings.vulnerability_feed
    # A sandbox's clock jumps by days at a touch; there a scan is asked for.
    is_scheduled = settings.scan_hours > 0 and settings.sandbox_url is None
    return Lookout(
        configuration=lambda: weak_settings(facts_of(settings, database), now=clock.now()),
        exposure=lambda: look_at_own_address(settings.address),
        feed=None if feed is None else lambda: read_feed(feed_files(feed)),
        texts=lambda: texts_in(settings.secret_scan_dirs),
        every=timedelta(hours=settings.scan_hours) if is_scheduled else None,
    )


def facts_of(settings: Settings, database: Database) -> Facts:
    """Return what the settings and the tokens say."""
    key_file = settings.master_key_file or settings.data_dir / FILE_NAME
    url = settings.database_url or ""
    host = urlsplit(url).hostname if url and not url.startswith("sqlite") else None
    with database.read() as session:
        rows = session.scalars(
            select(ApiTokenRow).where(ApiTokenRow.revoked_at.is_(None), ApiTokenRow.signed_in_at.is_(None))
        ).all()
    return Facts(
        base_url=settings.address,
        listens_on=settings.host,
        is_sandbox=settings.sandbox_url is not None,
        log_level=settings.log_level,
        ways_in_per_minute=settings.ways_in_per_minute,
        failures_per_minute=settings.failures_per_minute,
        trusted_proxies=tuple(filter(None, map(str.strip, settings.trusted_proxies.split(",")))),
        key_file_mode=_mode(key_file),
        key_beside_database=key_file.exists() and key_file.parent.resolve() == settings.data_dir.resolve(),
        data_dir_mode=_mode(settings.data_dir),
        database_host=host,
        has_database_tls="sslmode=require" in url or "sslmode=verify" in url,
        provisioning_allows_private=settings.provisioning_allow_private,
        mcp_writes=settings.mcp_writes,
        tokens=tuple(
            TokenFact(
                token_id=row.id,
                name=row.name,
                created_at=row.created_at,
                expires_at=row.expires_at,
                last_used_at=row.last_used_at,
                signs_in_once=row.signs_in_once,
            )
            for row in rows
        ),
    )


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        return None


def look_at_own_address(base_url: str, transport: httpx.BaseTransport | None = None) -> tuple[list[Found], list[str]]:
    """Ask our own address as a stranger would; return what is exposed, and a note where nothing could be asked."""
    answers = []
    try:
        with httpx.Client(
            verify=authorities(),
            base_url=base_url,
            timeout=_TIMEOUT_SECONDS,
            follow_redirects=False,
            trust_env=False,
            transport=transport,
        ) as client:
            answers = [_answer(client.get(path), path) for path in PATHS]
            api = next(each for each in PATHS if each.startswith("/api/"))
            forged = client.get(api, headers={"Authorization": FORGED})
            answers.append(_answer(forged, api, with_forged_token=True))
    except httpx.HTTPError as error:
        why = f"{type(error).__name__}."
        return [], [f"Interfaces: the server could not be asked at {base_url}: {why}"]
    return judge_answers(base_url, answers), []


def _answer(response: httpx.Response, path: str, *, with_forged_token: bool = False) -> Answer:
    return Answer(
        path=path,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=response.text[:_MOST_BODY],
        cookies=response.headers.get_list("set-cookie"),
        with_forged_token=with_forged_token,
    )


def feed_files(feed: Path) -> Iterator[tuple[str, bytes]]:
    """Yield a feed's files; a folder's JSON files in order, as much of them as may be read."""
    left = LARGEST_FEED_BYTES
    paths = sorted(feed.rglob("*.json")) if feed.is_dir() else [feed]
    for path in paths:
        try:
            size = path.stat().st_size
            left -= size
            content = path.read_bytes() if left >= 0 else b""
        except OSError:
            content = b""
        yield str(path), content


def texts_in(folders: str) -> Iterator[tuple[str, str]]:
    """Yield the texts below the folders, with their paths; what is no text, too large or a link is left out."""
    seen = 0
    for folder in filter(None, map(str.strip, folders.split(","))):
        for parent, names, files in os.walk(folder, followlinks=False):
            names[:] = sorted(each for each in names if each not in _SKIPPED)
            for name in sorted(files):
                path = Path(parent, name)
                seen += 1
                if seen > MOST_FILES:
                    return
                text = _text(path)
                if text is not None:
                    yield str(path), text


def _text(path: Path) -> str | None:
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST_FILE_BYTES:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    return None if b"\x00" in content[:4096] else content.decode("utf-8", "replace")
