"""What the process writes down about itself: one JSON object a line on stderr, and never a secret.

Two nets: values under a telling name (`authorization`, `client_secret`) are replaced whole, and whatever looks like a
credential is replaced inside any text, so that an exception's message cannot carry a token out. Records of libraries
go through the same nets. Request ids come from the channel by way of structlog's context variables.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, Final, TextIO

import structlog
from structlog.typing import EventDict, Processor

HIDDEN: Final = "[hidden]"

_TELLING_NAME: Final = re.compile(
    r"(?:^|_)(?:token|secret|password|passwd|authorization|cookie|cookies|credential|credentials|assertion|"
    r"code_verifier|private_key|master_key|api_key|set_cookie)$"
)
_HARMLESS_NAMES: Final = frozenset({"token_id", "cookie_digest"})
_CREDENTIALS: Final = (
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),
    re.compile(r"\bfk_[A-Za-z0-9_-]{20,}"),
    re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]{8,}"),
    re.compile(r"(?i)(?<=[?&])(?:token|code|id_token|access_token|client_secret|sig)=[^&\s\"']+"),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
_QUIET_LIBRARIES: Final = ("httpx", "httpcore", "msal", "alembic", "uvicorn.access", "asyncio", "stamina")


def redact(value: Any) -> Any:
    """Return a value with whatever looks like a credential replaced, however deep it lies.

    Example:
        >>> redact({"authorization": "Bearer abcdefghijkl", "url": "/landing?token=abc&x=1"})
        {'authorization': '[hidden]', 'url': '/landing?[hidden]&x=1'}
    """
    if isinstance(value, str):
        for pattern in _CREDENTIALS:
            value = pattern.sub(HIDDEN, value)
        return value
    if isinstance(value, Mapping):
        return {key: HIDDEN if is_telling(str(key)) and item else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    return value


def is_telling(name: str) -> bool:
    """Say whether a name announces a secret.

    Example:
        >>> is_telling("client_secret"), is_telling("Set-Cookie"), is_telling("token_id"), is_telling("tokens_used")
        (True, True, False, False)
    """
    plain = name.lower().replace("-", "_")
    return plain not in _HARMLESS_NAMES and _TELLING_NAME.search(plain) is not None


def _hide_secrets(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace secrets in an event; the last step before it is written."""
    hidden: EventDict = redact(event)
    return hidden


def configure_logging(level: str, stream: TextIO | None = None) -> None:
    """Send everything that is logged, ours and libraries', as JSON lines to one stream.

    Args:
        level: debug, info, warning or error.
        stream: Where to; stderr, so that stdout stays for answers.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _hide_secrets,
                structlog.processors.JSONRenderer(default=str, ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
