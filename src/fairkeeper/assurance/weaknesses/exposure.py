"""What our own server answers to somebody whom nobody knows: routes that should be shut, headers, cookies, debug.

The requests are sent elsewhere; here they are named, and what came back is judged. They are what any visitor may send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fairkeeper.assurance.weaknesses.model import Found, Level, Source

_SHUT: Final = ("/customers", "/assurance", "/settings/people", "/api/v1/customers", "/api/v1/people", "/mcp")
_NOT_THERE: Final = ("/debug", "/metrics", "/.env", "/.git/config", "/fairkeeper.db", "/server-status", "/admin")
_STRANGE: Final = "/a-page-that-is-not-there"
PATHS: Final = ("/", *_SHUT, *_NOT_THERE, _STRANGE)
"""What is asked for, without signing in."""
FORGED: Final = "Bearer fk_" + "A" * 43
"""A token in the form of ours that nobody was given; sent to the first path of the API."""
_HEADERS: Final = (
    ("content-security-policy", "scripts from elsewhere could run on a page"),
    ("x-content-type-options", "a browser may take a file for another kind"),
    ("referrer-policy", "addresses of the console are told to other sites"),
)
_TRACE: Final = re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\.py\", line \d+|werkzeug|DEBUG = True")
_VERSIONED: Final = re.compile(r"/\d+\.\d+")
_OPEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: headers in lower case, the beginning of the body."""

    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    cookies: Sequence[str] = ()
    with_forged_token: bool = False


def judge_answers(base_url: str, answers: Sequence[Answer], *, failed: str = "") -> list[Found]:
    """Return what is exposed.

    Args:
        base_url: What was asked.
        answers: What came back.
        failed: Why nothing came back, where that is so; then nothing else is known.
    """
    if failed:
        what = f"The server could not be asked at {base_url}: {failed}"
        return [_found("not_reachable", base_url, Level.WARNING, what, "Ask from a machine that reaches it.")]
    return [each for answer in answers for each in _judge(answer, is_https=base_url.startswith("https:"))]


def _judge(answer: Answer, *, is_https: bool) -> Iterator[Found]:
    path, is_open = answer.path, answer.status in _OPEN
    if answer.with_forged_token and is_open:
        yield _found(
            "forged_token",
            path,
            Level.ERROR,
            f"{path} answers to a token that nobody was given.",
            "Take the server from the network, and report it.",
        )
    elif path in _SHUT and is_open and not _asks_to_sign_in(answer):
        yield _found(
            "open_route",
            path,
            Level.ERROR,
            f"{path} answers {answer.status} without signing in.",
            "Look whether a proxy signs everybody in, and shut it.",
        )
    elif path in _NOT_THERE and is_open and not _asks_to_sign_in(answer):
        yield _found(
            "foreign_route",
            path,
            Level.ERROR,
            f"{path} answers {answer.status}, and is no page of ours.",
            "Something in front of the server serves it; shut it.",
        )
    if _TRACE.search(answer.body):
        yield _found(
            "debug",
            path,
            Level.ERROR,
            f"{path} shows where in the code something failed.",
            "Turn debugging off in whatever stands in front.",
        )
    if _VERSIONED.search(answer.headers.get("server", "")) or "x-powered-by" in answer.headers:
        yield _found(
            "told_version",
            "header Server",
            Level.WARNING,
            "The answer tells which version serves it.",
            "Take the header away at the proxy.",
        )
    if path == "/" and answer.headers.get("content-type", "").startswith("text/html"):
        for name, why in _HEADERS:
            if name not in answer.headers:
                yield _found(
                    "missing_header",
                    f"header {name}",
                    Level.WARNING,
                    f"The answer lacks {name}: {why}.",
                    "Let the proxy pass it on.",
                )
        if is_https and "strict-transport-security" not in answer.headers:
            yield _found(
                "missing_header",
                "header strict-transport-security",
                Level.WARNING,
                "A browser may be led to plain http once.",
                "Let the proxy add Strict-Transport-Security.",
            )
    for cookie in answer.cookies:
        lower = cookie.lower()
        if "httponly" not in lower or "samesite" not in lower or (is_https and "secure" not in lower):
            name = cookie.partition("=")[0]
            yield _found("weak_cookie", f"cookie {name}", Level.WARNING,
                         f"The cookie {name} lacks HttpOnly, SameSite or Secure.",
                         "Look whether a proxy rewrites cookies.")  # fmt: skip


def _asks_to_sign_in(answer: Answer) -> bool:
    return "sign in" in answer.body.lower() and 'name="password"' not in answer.body


def _found(code: str, place: str, level: Level, what: str, remedy: str) -> Found:
    return Found(source=Source.EXPOSURE, code=code, place=place[:200], level=level, what=what, remedy=remedy)
