"""What this room asks of Microsoft: the product ingestion API, as far as private offers go.

Implemented by `fairkeeper.microsoft`; tests use the sandbox. Documents go in and come out as Microsoft writes them:
what they mean is decided in `submission`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Whether deals can be submitted here.

    Args:
        missing: Settings without which Microsoft cannot be asked; empty if all are there.
    """

    missing: tuple[str, ...] = ()


Document = dict[str, Any]
"""A JSON object as Microsoft writes it; numbers with a point are decimals."""


class Documents(Protocol):
    """What a list of the API holds."""

    @property
    def documents(self) -> tuple[Document, ...]:
        """The documents."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the list was read to its end."""
        ...


class PrivateOffers(Protocol):
    """Microsoft's product ingestion API.

    Every call may raise an `UnavailableError` (try later; `detail["outcome_unknown"]` says whether the request may have
    been carried out), a `DeniedError` (our application may not), an `UpstreamError` (Microsoft's fault), and where an
    id is given a `NotFoundError`.
    """

    def submit(self, resources: Sequence[Mapping[str, Any]]) -> str:
        """Ask Microsoft to configure resources and return the id of the job.

        Raises:
            InvalidError: The schema was not followed.
        """
        ...

    def job_status(self, job_id: str) -> Document:
        """Ask once how far a job is; Microsoft wants to be asked at most once a minute."""
        ...

    def read_job(self, job_id: str) -> tuple[Document, ...]:
        """Read the resources that came of a job."""
        ...

    def read_private_offer_with_prices(self, private_offer_id: str) -> tuple[Document, ...]:
        """Read a private offer and its prices, joined by name; the offer comes last."""
        ...

    def list_private_offers(self) -> Documents:
        """Read all private offers."""
        ...

    def list_products(self) -> Documents:
        """Read all products."""
        ...

    def list_plans(self, product_id: str) -> Documents:
        """Read the plans of a product."""
        ...
