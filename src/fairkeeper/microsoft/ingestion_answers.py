"""What the product ingestion API answers: documents, ids, and refusals translated once for all calls.

Separate from the client, whose calls read like Microsoft's page; here is what they share. Pure.

Source: Microsoft Learn, "Private offers submission API overview" (ids, versions); "Private offers submission API
troubleshooting and resources" (`error`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fairkeeper.errors import FairkeeperError
from fairkeeper.microsoft.ingestion_errors import (
    IngestionAccessRefusedError,
    IngestionFaultError,
    IngestionRefusedError,
    IngestionUnknownError,
)
from fairkeeper.microsoft.ingestion_transport import IngestionRequest, IngestionResponse
from fairkeeper.microsoft.marketplace_transport import message_of

GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TOLD_DETAILS: Final = 5

Document = dict[str, Any]
"""A JSON object as Microsoft writes it; numbers with a point are decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionVersions:
    """The `$version` of each kind of call, from configuration."""

    configure: str = "2022-07-01"
    private_offer: str = "2023-07-15"
    catalog: str = "2022-07-01"
    price: str = "2023-07-15"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentList:
    """What a list of the API holds.

    Args:
        is_complete: False where its pages ran in a circle or never ended.
    """

    documents: tuple[Document, ...] = field(repr=False)
    is_complete: bool = True


def checked_guid(text: str, kind: str) -> str:
    """Return the GUID of a durable id, with or without its kind, so that nothing else gets into a path.

    Raises:
        IngestionUnknownError: It is no such id.

    Example:
        >>> checked_guid("product/5D0C3F0E-6a5f-4c38-9b8e-0f5b6f0f3a01", "product")
        '5d0c3f0e-6a5f-4c38-9b8e-0f5b6f0f3a01'
    """
    guid = text.removeprefix(f"{kind}/")
    if not GUID.fullmatch(guid):
        raise IngestionUnknownError(f"{text[:80]!r} is no id of a {kind}.")
    return guid.lower()


def objects_of(response: IngestionResponse, key: str) -> tuple[Document, ...]:
    """Return the objects of a list in an answer.

    Raises:
        IngestionFaultError: There is no such list.
    """
    listed = response.document.get(key)
    if not isinstance(listed, list):
        raise IngestionFaultError(f"Microsoft's answer holds no list {key!r}.", detail=dict(response.about))
    return tuple(each for each in listed if isinstance(each, dict))


def refusal_of(request: IngestionRequest, response: IngestionResponse) -> FairkeeperError:
    """Translate a refusal, once for all calls."""
    kinds: dict[int, type[FairkeeperError]] = {
        400: IngestionRefusedError,
        401: IngestionAccessRefusedError,
        403: IngestionAccessRefusedError,
        404: IngestionUnknownError,
        409: IngestionRefusedError,
        422: IngestionRefusedError,
    }
    kind = kinds.get(response.status, IngestionFaultError)
    told = [message_of(response.document), *_details(response.document)]
    return kind(
        f"Microsoft answered {request.name} with HTTP {response.status}: {'; '.join(told)}", detail=dict(response.about)
    )


def _details(document: Mapping[str, Any]) -> list[str]:
    """Return the places that a refusal names, shortened."""
    error = document.get("error")
    listed = error.get("details") if isinstance(error, dict) else None
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [f"{str(each.get('target', ''))[:120]}: {message_of(each)}" for each in found[:_TOLD_DETAILS]]
