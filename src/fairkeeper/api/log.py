"""The evidence log's public files, as any client of C2SP tlog-tiles reads them, and the door for cosignatures.

Nobody signs in here: the files show how many entries there are and when, and nothing of what they say. A full tile
never changes and is cached for good; so is a partial one, since its width stands in its name.

Source: C2SP tlog-tiles, sections "Checkpoints" and "Merkle Tree" (paths, content types, caching), read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from fairkeeper.api.errors import ErrorBody
from fairkeeper.errors import InvalidError, NotFoundError
from fairkeeper.proof.tiles import CHECKPOINT_PATH, LOG_PREFIX, BundleAddress, parse_path

KEYS_PATH: Final = f"{LOG_PREFIX}/keys"
COSIGNATURES_PATH: Final = f"{LOG_PREFIX}/cosignatures"
MAX_COSIGNATURE_BYTES: Final = 64 * 1024

_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=1"
_BINARY = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"
_MISSING: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorBody, "description": "The log does not reach that far, or it is no such path"}
}


class LogFiles(Protocol):
    """Reads what the log publishes; `fairkeeper.evidence.reader.LogReader` does."""

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint."""
        ...

    def tile(self, level: int, index: int, width: int) -> bytes | None:
        """Return a tile of hashes, or None where the log does not reach that far."""
        ...

    def bundle(self, index: int, width: int) -> bytes | None:
        """Return a bundle of entries, or None where the log does not reach that far."""
        ...

    def key_statements(self) -> list[str]:
        """Return the chain of the log's keys."""
        ...


KeepCosignature = Callable[[bytes], str]
"""Keeps a witness's cosigned checkpoint and returns the witness's name, or raises."""


class KeyStatements(BaseModel):
    """How the log's keys followed each other: signed notes, the oldest first."""

    statements: list[str]


class CosignatureKept(BaseModel):
    """A cosignature counts from now on."""

    witness: str


def log_router(files: LogFiles, keep_cosignature: KeepCosignature) -> APIRouter:
    """Return the routes under `/log`.

    Args:
        files: What the log publishes.
        keep_cosignature: Keeps what a witness sends.
    """
    router = APIRouter(tags=["log"])

    @router.get(
        CHECKPOINT_PATH,
        operation_id="log.checkpoint",
        summary="Read the newest signed checkpoint.",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}, "description": "A signed note"}},
    )
    def checkpoint() -> Response:
        return Response(files.checkpoint(), media_type=_TEXT, headers={"Cache-Control": _BRIEFLY})

    @router.get(
        LOG_PREFIX + "/tile/{rest:path}",
        operation_id="log.tile",
        summary="Read a tile of hashes or a bundle of entries.",
        response_class=Response,
        responses={200: {"content": {_BINARY: {}}, "description": "32 bytes a hash or an entry"}, **_MISSING},
    )
    def tile(request: Request, rest: str) -> Response:  # noqa: ARG001 - the whole path is parsed, spelled as it came
        found = _find(files, request.url.path)
        return Response(found, media_type=_BINARY, headers={"Cache-Control": _FOREVER})

    @router.get(KEYS_PATH, operation_id="log.keys", summary="Read how the log's keys followed each other.")
    def keys() -> KeyStatements:
        return KeyStatements(statements=files.key_statements())

    @router.post(
        COSIGNATURES_PATH,
        operation_id="log.cosign",
        summary="Send a checkpoint that a known witness cosigned.",
        responses={
            400: {"model": ErrorBody, "description": "No known witness, or no checkpoint of this log"},
            413: {"model": ErrorBody, "description": "The body is too large"},
        },
        openapi_extra={"requestBody": {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def cosign(request: Request) -> CosignatureKept:
        body = await request.body()
        return CosignatureKept(witness=await run_in_threadpool(keep_cosignature, body))

    return router


def _find(files: LogFiles, path: str) -> bytes:
    missing = NotFoundError(
        f"The log has no {path[:200]!r}.",
        code="api.no_such_tile",
        remedy=f"Ask for what {CHECKPOINT_PATH} covers, spelled as C2SP tlog-tiles says.",
    )
    try:
        address = parse_path(path)
    except InvalidError as error:
        raise missing from error
    if isinstance(address, BundleAddress):
        found = files.bundle(address.index, address.width)
    else:
        found = files.tile(address.level, address.index, address.width)
    if found is None:
        raise missing
    return found
