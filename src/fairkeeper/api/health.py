"""Whether the process lives, and whether it can do its work: for the platform that restarts and routes.

`/healthz` asks nothing, so a slow database gets nobody killed. `/readyz` asks everything the work needs and answers 503
with the reasons; no reason shows an address, a login or a trace, since nobody has to sign in here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from fairkeeper.database.session import Database
from fairkeeper.errors import FairkeeperError
from fairkeeper.evidence.integrator import FRESHNESS
from fairkeeper.evidence.reader import read_head, read_waiting_since
from fairkeeper.values.clock import Clock

_log = structlog.get_logger(__name__)

PLACE_LATE = timedelta(seconds=30)
"""An entry gets its place within about a second."""
CHECKPOINT_LATE = FRESHNESS + timedelta(seconds=60)
"""A head is signed anew when it is that old, in whatever log; another minute is for a busy machine."""

HEALTH_PATH = "/healthz"
READY_PATH = "/readyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One thing that the work needs.

    Attributes:
        name: What it is called in the answer.
        check: Returns a reason why it does not work, or None.
    """

    name: str
    check: Callable[[], str | None]


class Health(BaseModel):
    """The process lives."""

    status: str


class Readiness(BaseModel):
    """Whether the work can be done.

    Attributes:
        status: `ready` or `not_ready`.
        checks: `ok`, or the reason, by name.
    """

    status: str
    checks: dict[str, str]


def health_router(probes: Sequence[Probe]) -> APIRouter:
    """Return the routes of health and readiness."""
    router = APIRouter(tags=["health"])

    @router.get(HEALTH_PATH, operation_id="health.alive", summary="Say that the process lives.")
    def alive() -> Health:
        return Health(status="ok")

    @router.get(
        READY_PATH,
        operation_id="health.ready",
        summary="Say whether the work can be done, and if not, why.",
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "It cannot; `checks` says why"}},
    )
    def ready() -> JSONResponse:
        reasons = {probe.name: _reason(probe) for probe in probes}
        is_ready = not any(reasons.values())
        answer = Readiness(
            status="ready" if is_ready else "not_ready",
            checks={name: reason or "ok" for name, reason in reasons.items()},
        )
        return JSONResponse(answer.model_dump(), status_code=200 if is_ready else 503)

    return router


def _reason(probe: Probe) -> str | None:
    try:
        return probe.check()
    except FairkeeperError as error:
        _log.warning("health.probe_failed", probe=probe.name, error=error.message)
        return f"{error.code}: {error.remedy}"
    except Exception as error:  # noqa: BLE001 - boundary of a probe: whatever failed, it is not ready
        _log.warning("health.probe_failed", probe=probe.name, error=f"{type(error).__name__}: {error}")
        return "it failed; the log has the reason"


def database_probe(database: Database) -> Probe:
    """Return the probe that the database takes writes (not: that it answers from a read-only replica)."""

    def check() -> str | None:
        database.check_writable()
        return None

    return Probe(name="database", check=check)


def schema_probe(check_schema: Callable[[], None]) -> Probe:
    """Return the probe that the tables are those of this version.

    Args:
        check_schema: Raises an error of ours when they are not.
    """

    def check() -> str | None:
        check_schema()
        return None

    return Probe(name="schema", check=check)


def alive_probe(name: str, is_alive: Callable[[], bool]) -> Probe:
    """Return the probe that a background part of this process runs."""
    return Probe(name=name, check=lambda: None if is_alive() else "it has stopped")


def checkpoint_probe(database: Database, clock: Clock) -> Probe:
    """Return the probe that entries get their place in the log, and the head its signature, by whichever process."""

    def check() -> str | None:
        now = clock.now()
        with database.read() as session:
            signed_at, waiting_since = read_head(session).signed_at, read_waiting_since(session)
        if waiting_since is not None and now - waiting_since > PLACE_LATE:
            return f"an entry has waited {_seconds(now - waiting_since)} seconds for its place in the log"
        if now - signed_at > CHECKPOINT_LATE:
            return f"the log's checkpoint is {_seconds(now - signed_at)} seconds old"
        return None

    return Probe(name="checkpoint", check=check)


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
